"""The automatic run: every receipt that has exactly one answer is applied."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base import periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.rooms.receivables import queries as receivables

from .. import queries
from .posting import Applied, post


@action("matching.apply")
def match(session: Session, *, on: date | None = None) -> Applied:
    """Apply every unapplied receipt that has exactly one answer, and return what was applied.

    An application is dated on its receipt's day, or on ``on`` if that is later; in a locked month, on the last day of
    the first open one. With ``on``, receipts of later days and items raised later are left alone.
    """
    found = queries.evidence(session, on)
    waiting, items = found.receipts, found.items
    if waiting.is_empty():
        return _nothing(session, {})
    pairs, outcomes = queries.cleared(session, found)
    counts = dict(outcomes.group_by("kind").len().sort("kind").iter_rows())
    settled = pairs.group_by("receipt_id", maintain_order=True).agg(settled=pl.col("amount").sum())
    if settled.is_empty():
        return _nothing(session, counts)
    owners = pairs.join(items.select("item_id", owner="partner_id"), on="item_id", maintain_order="left")
    owners = owners.unique("receipt_id", keep="first", maintain_order=True).select("receipt_id", partner_id="owner")
    known = (
        waiting.drop("partner_id")
        .join(outcomes.select("receipt_id", "by", "kind"), on="receipt_id")
        .join(owners, on="receipt_id")
    )
    rows = settled.join(known, on="receipt_id", maintain_order="left").sort("receipt_id")
    rows = rows.with_columns(
        used=pl.col("unapplied"),
        difference=pl.col("unapplied") - pl.col("settled"),
        difference_kind=pl.when(pl.col("unapplied") != pl.col("settled")).then("kind").otherwise(pl.lit("")),
        applied_on=_days(session, rows["received_on"]),
    )
    made, moved = post(session, rows, pairs, waiting, items)
    return Applied(made, moved, items, counts)


def _nothing(session: Session, outcomes: dict[str, int]) -> Applied:
    none = "1 = 0"
    return Applied(
        queries.applications(session, none),
        receivables.movements(session, none),
        receivables.items(session, none),
        outcomes,
    )


def _days(session: Session, days: pl.Series) -> pl.Series:
    """The posting day of each receipt's application: its own if that month is open."""
    table = {day: periods.open_date(session, day) for day in days.unique()}
    return days.replace_strict(table, return_dtype=pl.Date)
