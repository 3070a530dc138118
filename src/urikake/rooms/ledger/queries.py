"""What other rooms may read of the ledger."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts


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
        return session.rows("ledger_line", names, "id < 0")
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
