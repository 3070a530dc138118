"""The books as text in the syntax of beancount, whose own checker can then confirm them.

Source: the beancount language syntax (``open``, transactions, ``balance``). An account stands under one of beancount's five
roots by what it is in the chart of accounts; a balance directive there speaks of the *beginning* of its day.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import polars as pl

ROOTS: Final[dict[str, str]] = {
    "Liabilities": "買掛金 前受金 契約負債 仮受金 仮受消費税 預り保証金 返金負債",
    "Equity": "期首残高",
    "Income": "売上高 売上値引 為替差益 雑収入 受取利息",
    "Expenses": "支払手数料 手形売却損 債権売却損 貸倒損失 貸倒引当金繰入額 為替差損 雑損失 支払利息",
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


LINE: Final = {
    "no": pl.Int64, "date": pl.Date, "source": pl.String, "description": pl.String, "account": pl.String, "amount": pl.Int64,
    "partner": pl.String, "tax": pl.String,
}  # fmt: skip
"""A line of an entry (仕訳): the number of the entry, its day, document and text, the account, and the amount, debits positive."""


def printed(lines: pl.DataFrame, balances: pl.DataFrame, as_of: date | None = None, decimals: int = 0) -> str:
    """The entries as a beancount ledger: accounts opened, transactions, and balances asserted.

    ``lines`` (`LINE`) are in the order in which they are printed, those of an entry together; ``partner`` and ``tax`` are told
    below the amount, where they are not empty. ``balances``: ``account, balance`` on the evening of ``as_of``, debits positive.
    Amounts are integers of minor units with that many ``decimals``; nothing is rounded. Raises ``ValueError`` for balances
    without a day.

    A sale of 1,000 yen with tax, and the receivable that it leaves:

    >>> rows = [("売掛金", 1100, "P1", ""), ("売上高", -1000, "P1", "standard"), ("仮受消費税", -100, "", "standard")]
    >>> sale = pl.DataFrame([(1, date(2026, 4, 30), "INV-1", "請求", *row) for row in rows], schema=LINE, orient="row")
    >>> print(printed(sale, pl.DataFrame({"account": ["売掛金"], "balance": [1100]}), date(2026, 4, 30)))
    option "operating_currency" "JPY"
    2026-04-30 open Assets:A-売掛金
    2026-04-30 open Income:I-売上高
    2026-04-30 open Liabilities:L-仮受消費税
    <BLANKLINE>
    2026-04-30 * "INV-1" "請求"
      no: 1
      Assets:A-売掛金  1100 JPY
        partner: "P1"
      Income:I-売上高  -1000 JPY
        partner: "P1"
        tax: "standard"
      Liabilities:L-仮受消費税  -100 JPY
        tax: "standard"
    <BLANKLINE>
    2026-05-01 balance Assets:A-売掛金  1100 JPY
    <BLANKLINE>
    """
    if balances.height and as_of is None:
        raise ValueError("balances need the day on which they hold")
    head = (
        'option "operating_currency" "JPY"\n' + "".join(f"{each}\n" for each in _opened(lines, balances, as_of)) + "\n"
    )
    parts = [head, "".join(_transactions(lines, decimals)), "\n" if lines.height else ""]
    for name, balance in balances.select("account", "balance").iter_rows():
        morning = as_of + timedelta(1) if as_of else ""
        parts.append(f"{morning} balance {account(name)}  {_amount(balance, decimals)} JPY\n")
    return "".join(parts)


def _opened(lines: pl.DataFrame, balances: pl.DataFrame, as_of: date | None) -> list[str]:
    """Every account that occurs, opened on the first day it does."""
    first: dict[str, date | None] = {}
    for name, day in lines.group_by("account").agg(pl.col("date").min()).iter_rows():
        spelt = account(name)
        known = first.get(spelt)
        first[spelt] = min(known, day) if known else day
    for name in balances["account"]:
        first.setdefault(account(name), as_of)
    return [f"{day} open {name}" for name, day in sorted(first.items())]


def _transactions(lines: pl.DataFrame, decimals: int) -> Iterator[str]:
    """The entries line by line; each begins with its day and texts, what a line says of partner and tax stands below it."""
    names = {name: account(name) for name in lines["account"].unique()}
    begins = (pl.col("no") != pl.col("no").shift(1)).fill_null(value=True)
    day = pl.col("date").dt.to_string("%Y-%m-%d")
    top = pl.concat_str(
        day, pl.lit(" * "), _text("source"), pl.lit(" "), _text("description"), pl.lit("\n  no: "), "no", pl.lit("\n")
    )
    top = pl.concat_str(pl.when(pl.int_range(pl.len()) > 0).then(pl.lit("\n")).otherwise(pl.lit("")), top)
    amount = pl.col("amount").cast(pl.String)
    if decimals:
        amount = pl.col("amount").map_elements(lambda minor: _amount(minor, decimals), return_dtype=pl.String)
    line = pl.concat_str(
        pl.lit("  "),
        pl.col("account").replace_strict(names, return_dtype=pl.String),
        pl.lit("  "),
        amount,
        pl.lit(" JPY\n"),
    )
    below = [
        pl.when(pl.col(name).fill_null("") != "")
        .then(pl.concat_str(pl.lit(f"    {name}: "), _text(name), pl.lit("\n")))
        .otherwise(pl.lit(""))
        for name in ("partner", "tax")
    ]
    head = pl.when(begins).then(top).otherwise(pl.lit(""))
    yield from lines.select(text=pl.concat_str(head, line, *below))["text"]


def _amount(minor: int, decimals: int) -> str:
    return f"{Decimal(minor).scaleb(-decimals):f}"


def _text(name: str) -> pl.Expr:
    """The value as a string of the language."""
    escaped = pl.col(name).fill_null("").str.replace_all("\\", "\\\\", literal=True)
    return pl.concat_str(pl.lit('"'), escaped.str.replace_all('"', '\\"', literal=True), pl.lit('"'))


_POSTING: Final = r"^  ([A-Z]\S*)  (-?[0-9]+) JPY$"


def sums(text: str) -> tuple[dict[str, int], int]:
    """What a printed ledger (of whole yen) says by account, and how many of its transactions do not balance.

    >>> sums('2026-04-30 * "a" "b"\\n  Assets:A-X  5 JPY\\n  Income:I-Y  -4 JPY\\n')
    ({'Assets:A-X': 5, 'Income:I-Y': -4}, 1)
    """
    rows = pl.DataFrame({"row": text.split("\n")}).with_columns(
        entry=pl.col("row").str.contains(r"^\d{4}-\d\d-\d\d \* ").cast(pl.Int64).cum_sum(),
        account=pl.col("row").str.extract(_POSTING, 1), amount=pl.col("row").str.extract(_POSTING, 2).cast(pl.Int64),
    ).drop_nulls("account")  # fmt: skip
    wrong = rows.group_by("entry").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0).height
    told = rows.group_by("account").agg(pl.col("amount").sum()).sort("account")
    return dict(told.iter_rows()), wrong
