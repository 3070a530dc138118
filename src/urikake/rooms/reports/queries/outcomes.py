"""What came of months by contract: what was billed with its tax, and what was revenue; and what is due in them."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.receivables.queries import balances
from urikake.rooms.revenue.queries import recognized

MEASURES: Final = ("billing", "tax", "revenue")
"""What is told by contract: billed net of tax, its consumption tax, revenue net of tax."""


def by_contract(session: Session, first: date, last: date) -> pl.DataFrame:
    """What was posted from ``first`` to ``last``: ``contract_id``, ``month`` (its first day) and `MEASURES`."""
    earned = recognized(session, first, last).select("contract_id", day="posted_on", revenue="amount")
    both = pl.concat([_billed(session, first, last), earned], how="diagonal")
    months = both.with_columns(month=pl.col("day").dt.truncate("1mo"))
    return months.group_by("contract_id", "month").agg(pl.col(MEASURES).sum())


def _billed(session: Session, first: date, last: date) -> pl.DataFrame:
    """The lines of the invoices issued in these days, with their contract."""
    return session.read(
        "SELECT c.contract_id, i.issue_on AS day, l.net AS billing, l.tax_amount AS tax FROM invoices_invoice i"
        " JOIN invoices_line l ON l.invoice_id = i.id JOIN billing_charge c ON c.id = l.charge_id"
        " WHERE i.id >= ? AND i.id < ? AND i.issue_on BETWEEN ? AND ?",
        (session.low, session.high, first, last),
        day=pl.Date, billing=pl.Int64, tax=pl.Int64,
    )  # fmt: skip


def falling_due(session: Session, first: date, last: date) -> pl.DataFrame:
    """What of all raised by ``last`` and open then is to be paid in each month of these days: ``month``, ``cash``."""
    open_ = balances(session, last).filter(pl.col("due_on").is_between(first, last))
    return open_.group_by(month=pl.col("due_on").dt.truncate("1mo")).agg(cash=pl.col("balance").sum())
