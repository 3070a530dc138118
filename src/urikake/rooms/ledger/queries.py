"""What other rooms may read of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.matching import queries as matching
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

WORDS: Final = {
    "invoice": "請求",
    "recognition": "収益認識",
    "receipt": "入金",
    "application": "消込",
    "slip": "債権伝票",
    "opening": "移行残高",
    "collection": "収納代行",
    "advance": "前受金の充当",
    "refund": "返金",
}
"""What entries are posted for, by their source."""


def balances(session: Session, as_of: date) -> pl.DataFrame:
    """The trial balance (試算表) as of the day: ``account, debit, credit, balance`` of every account that moved.

    ``balance`` is positive on the debit side.
    """
    sums = session.read(
        "SELECT account_id, sum(debit) AS debit, sum(credit) AS credit FROM ledger_total"
        " WHERE id >= ? AND id < ? AND posted_on <= ? GROUP BY account_id",
        (session.low, session.high, as_of),
    )
    chart = accounts(session).rename({"id": "account_id", "name": "account"})
    return chart.join(sums, on="account_id", maintain_order="left").select(
        "account", "debit", "credit", balance=pl.col("debit") - pl.col("credit")
    )


def entries(session: Session, first: date, last: date) -> pl.DataFrame:
    """The entries posted from ``first`` to ``last``, by day and id: ``entry_id`` and its columns."""
    found = session.rows(
        "ledger_entry",
        "id, posted_on, source, source_id, first_line_id, line_count",
        "posted_on BETWEEN ? AND ?",
        (first, last),
    )
    return found.rename({"id": "entry_id"}).sort("posted_on", "entry_id")


def lines(session: Session, of: pl.DataFrame) -> pl.DataFrame:
    """The lines of the given entries, by id: account, signed amount, tax, dimensions, partner."""
    names = "id, entry_id, account_id, amount, tax, dimension_id, partner_id"
    if of.is_empty():
        return session.rows("ledger_line", names, "1 = 0")
    beyond = of.select((pl.col("first_line_id") + pl.col("line_count")).max()).item()
    found = session.rows("ledger_line", names, "id >= ? AND id < ?", (of["first_line_id"].min(), beyond))
    return found.join(of.select("entry_id"), on="entry_id", how="semi", maintain_order="left")


def by_partner(session: Session, account: str, as_of: date) -> pl.DataFrame:
    """The balance of an account by partner on a day, from the lines themselves: ``partner_id``, ``balance``."""
    return session.read(
        "SELECT l.partner_id, sum(l.amount) AS balance FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id"
        " JOIN base_account a ON a.id = l.account_id WHERE l.id >= ? AND l.id < ? AND a.name = ? AND e.posted_on <= ?"
        " GROUP BY l.partner_id ORDER BY l.partner_id",
        (session.low, session.high, account, as_of),
    )


def moved(session: Session, first: date, last: date) -> pl.DataFrame:
    """What the entries posted from ``first`` to ``last`` moved, from the lines themselves: ``account, source, amount``.

    ``amount`` is positive on the debit side.
    """
    return session.read(
        "SELECT a.name AS account, e.source, sum(l.amount) AS amount FROM ledger_entry e"  # the entries first: they are few
        " CROSS JOIN ledger_line l JOIN base_account a ON a.id = l.account_id"
        " WHERE l.id >= e.first_line_id AND l.id < e.first_line_id + e.line_count AND e.id >= ? AND e.id < ?"
        " AND e.posted_on BETWEEN ? AND ? GROUP BY a.name, e.source ORDER BY a.name, e.source",
        (session.low, session.high, first, last),
        account=pl.String,
    )


def moved_by(session: Session, sources: Sequence[str], names: Sequence[str], first: date, last: date) -> int:
    """What the entries of the sources moved on the named accounts from ``first`` to ``last``; positive on the debit side."""
    ids = accounts(session).filter(pl.col("name").is_in(names))["id"].to_list()
    marks = ", ".join("?" * len(ids)) or "0"
    found = session.value(
        "SELECT CAST(sum(l.amount) AS bigint) AS amount FROM ledger_entry e CROSS JOIN ledger_line l"
        " WHERE l.id >= e.first_line_id AND l.id < e.first_line_id + e.line_count AND e.id >= ? AND e.id < ?"
        f" AND e.posted_on BETWEEN ? AND ? AND e.source IN ({', '.join('?' * len(sources))}) AND l.account_id IN ({marks})",
        (session.low, session.high, first, last, *sources, *ids),
    )
    return int(found or 0)


def monthly(session: Session, first: date, last: date) -> pl.DataFrame:
    """What each month from ``first`` to ``last`` moved on each account: ``account, month_on`` (its last day), ``amount``."""
    sums = session.read(
        "SELECT account_id, posted_on, sum(debit - credit) AS amount FROM ledger_total"
        " WHERE id >= ? AND id < ? AND posted_on BETWEEN ? AND ? GROUP BY account_id, posted_on",
        (session.low, session.high, first, last),
    )
    chart = accounts(session).rename({"id": "account_id", "name": "account"})
    named = sums.join(chart, on="account_id").with_columns(month_on=pl.col("posted_on").dt.month_end())
    return named.group_by("account", "month_on").agg(pl.col("amount").sum()).sort("month_on", "account")


def course(session: Session, names: Sequence[str], days: Sequence[date]) -> pl.Series:
    """The balance of the named accounts together on each of the days, which ascend; positive on the debit side."""
    ids = accounts(session).filter(pl.col("name").is_in(names))["id"].to_list()
    marks = ", ".join("?" * len(ids)) or "0"
    daily = session.read(
        "SELECT posted_on, sum(debit - credit) AS amount FROM ledger_total WHERE id >= ? AND id < ? AND posted_on <= ?"
        f" AND account_id IN ({marks}) GROUP BY posted_on ORDER BY posted_on",
        (session.low, session.high, days[-1], *ids),
    )
    sums = daily.select(on="posted_on", balance=pl.col("amount").cum_sum())
    asked = pl.DataFrame({"on": pl.Series(days, dtype=pl.Date)}).sort("on")
    return asked.join_asof(sums.sort("on"), on="on")["balance"].fill_null(0)


def described(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """The entries with ``source`` as the document's name and a ``description``."""
    kinds = set(heads["source"].unique())
    labels = [
        frame
        for kind, frame in (
            ("invoice", invoices.invoices(session).select(source_id="invoice_id", label="number")),
            ("receipt", _receipt_labels(session)),
            ("application", _application_labels(session)),
            ("recognition", contracts(session).select(source_id="contract_id", label="contract_no")),
            ("slip", receivables.slips(session).select(source_id="slip_id", label="slip_no")),
        )
        for frame in [frame.with_columns(source=pl.lit(kind))]
        if kind in kinds
    ]
    none = pl.DataFrame(schema={"source_id": pl.Int64, "label": pl.String, "source": pl.String})
    every = pl.concat([none, *labels])
    joined = heads.join(every, on=["source", "source_id"], how="left", maintain_order="left")
    number = (pl.col("source_id") - session.low).cast(pl.String)
    label = pl.coalesce("label", pl.concat_str("source", pl.lit("-"), number))
    word = pl.col("source").replace_strict(WORDS, return_dtype=pl.String)
    word = pl.when(label.str.starts_with("RET-")).then(pl.lit("返還請求")).otherwise(word)
    return joined.with_columns(source=label, description=pl.concat_str(word, pl.lit(" "), label))


def _receipt_labels(session: Session) -> pl.DataFrame:
    """Receipts by the number that the bank gave them, else by ours."""
    number = pl.concat_str(pl.lit("receipt-"), (pl.col("receipt_id") - session.low).cast(pl.String))
    label = pl.when(pl.col("bank_code") != "").then("bank_code").otherwise(number)
    return receipts.receipts(session).select(source_id="receipt_id", label=label)


def _application_labels(session: Session) -> pl.DataFrame:
    """Applications by the receipt that they apply."""
    every = matching.applications(session)
    named = every.join(_receipt_labels(session), left_on="receipt_id", right_on="source_id", maintain_order="left")
    back = pl.when(pl.col("reverses_id").is_not_null()).then(pl.lit("取消 ")).otherwise(pl.lit(""))
    return named.select(source_id="application_id", label=pl.concat_str(back, "label"))
