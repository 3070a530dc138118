"""The books as text in the syntax of beancount, whose own checker can then confirm them.

Source: the beancount language syntax (``open``, transactions, ``balance``). An account stands under one of beancount's five
roots by what it is in the chart of accounts; a balance directive there speaks of the *beginning* of its day.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

ROOTS: Final[dict[str, str]] = {
    "Liabilities": "買掛金 前受金 契約負債 仮受金 仮受消費税 預り保証金 返金負債",
    "Equity": "期首残高",
    "Income": "売上高 売上値引 為替差益 雑収入",
    "Expenses": "支払手数料 手形売却損 債権売却損 貸倒損失 貸倒引当金繰入額 為替差損 雑損失",
}
"""The accounts under each root; every other account is an asset."""

_ROOT_OF: Final = {name: root for root, names in ROOTS.items() for name in names.split()}


def root(name: str) -> str:
    """Under which of the five roots an account stands.

    >>> root("売掛金"), root("前受金"), root("売上高")
    ('Assets', 'Liabilities', 'Income')
    """
    return _ROOT_OF.get(name, "Assets")


def account(name: str) -> str:
    """The account (勘定科目) as beancount names it: under its root, after a capital letter, which a name there must have.

    >>> account("売掛金"), account("売上高"), account("現金(本社)")
    ('Assets:A-売掛金', 'Income:I-売上高', 'Assets:A-現金-本社-')
    """
    first = root(name)
    spelled = "".join(
        letter if unicodedata.category(letter)[0] == "L" or letter.isdecimal() else "-" for letter in name
    )
    return f"{first}:{first[0]}-{spelled}"


def printed(
    entries: Iterable[Mapping[str, Any]],
    balances: Iterable[Mapping[str, Any]] = (),
    as_of: date | None = None,
    decimals: int = 0,
) -> str:
    """The entries (仕訳) as a beancount ledger: accounts opened, transactions, and balances asserted.

    ``entries`` are rows of the journal report: ``no, date, source, description, lines`` of ``account, debit, credit,
    partner, order_no, currency``. ``balances`` are rows of the trial balance (試算表): ``account, balance``, debit
    positive, on the evening of ``as_of``. Amounts are integers of minor units with that many ``decimals``; nothing is
    rounded. Raises ``ValueError`` for balances without a day.

    A sale of 1,000 yen with tax, and the receivable that it leaves:

    >>> lines = [{"account": "売掛金", "debit": 1100, "credit": 0}, {"account": "売上高", "debit": 0, "credit": 1000},
    ...          {"account": "仮受消費税", "debit": 0, "credit": 100}]
    >>> sale = {"no": 1, "date": "2026-04-30", "source": "INV-2026-00001", "description": "請求", "lines": lines}
    >>> print(printed([sale], [{"account": "売掛金", "balance": 1100}], date(2026, 4, 30)))
    option "operating_currency" "JPY"
    2026-04-30 open Assets:A-売掛金
    2026-04-30 open Income:I-売上高
    2026-04-30 open Liabilities:L-仮受消費税
    <BLANKLINE>
    2026-04-30 * "INV-2026-00001" "請求"
      no: 1
      Assets:A-売掛金  1100 JPY
      Income:I-売上高  -1000 JPY
      Liabilities:L-仮受消費税  -100 JPY
    <BLANKLINE>
    2026-05-01 balance Assets:A-売掛金  1100 JPY
    <BLANKLINE>
    """
    rows = list(entries)
    asserted = list(balances)
    if asserted and as_of is None:
        raise ValueError("balances need the day on which they hold")
    parts = ['option "operating_currency" "JPY"', *_opened(rows, asserted, as_of), ""]
    for entry in rows:
        parts += [*_transaction(entry, decimals), ""]
    if as_of is not None:
        morning = as_of + timedelta(1)
        parts += [
            f"{morning} balance {account(row['account'])}  {_amount(row['balance'], decimals)} JPY" for row in asserted
        ]
    return "\n".join(parts) + "\n"


def _opened(rows: list[Mapping[str, Any]], asserted: list[Mapping[str, Any]], as_of: date | None) -> list[str]:
    """Every account that occurs, opened on the first day it does."""
    first: dict[str, str] = {}
    for entry in rows:
        for line in entry["lines"]:
            name = account(line["account"])
            first[name] = min(first.get(name, entry["date"]), entry["date"])
    for row in asserted:
        first.setdefault(account(row["account"]), str(as_of))
    return [f"{day} open {name}" for name, day in sorted(first.items())]


def _transaction(entry: Mapping[str, Any], decimals: int) -> Iterator[str]:
    """One entry with its lines; what a line says of partner and order stands below it."""
    yield f"{entry['date']} * {_text(entry['source'])} {_text(entry['description'])}"
    yield f"  no: {entry['no']}"
    for line in entry["lines"]:
        signed = line["debit"] - line["credit"]
        yield f"  {account(line['account'])}  {_amount(signed, decimals)} {line.get('currency') or 'JPY'}"
        for name in ("partner", "order_no"):
            if line.get(name):
                yield f"    {name}: {_text(line[name])}"


def _amount(minor: int, decimals: int) -> str:
    return f"{Decimal(minor).scaleb(-decimals):f}"


def _text(value: object) -> str:
    """The value as a string of the language."""
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
