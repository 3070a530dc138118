"""The automatic run: every receipt that has exactly one answer is applied."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base import periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import clearing
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .. import queries
from .posting import Applied, post


@action("matching.apply")
def match(session: Session, *, on: date | None = None) -> Applied:
    """Apply every unapplied receipt that has exactly one answer, and return what was applied.

    An application is dated on its receipt's day, or on ``on`` if that is later; in a locked month, on the last day of
    the first open one. With ``on``, receipts of later days and items raised later are left alone.
    """
    waiting = queries.free(session, receipts.unapplied(session, receipts.TO_MATCH))
    if on is not None:
        waiting = waiting.filter(pl.col("received_on") <= on)
    if waiting.is_empty():
        return _nothing(session, {})
    items = receivables.open_items(session)
    if on is not None:
        items = items.filter(pl.col("posted_on") <= on)
    pairs, outcomes = clearing.match(
        waiting.select("receipt_id", "partner_id", amount="unapplied"),
        items.select("item_id", "partner_id", "due_on", amount="balance", document_id=_document()),
        policies(session).number("fee_tolerance"),
    )
    counts = dict(outcomes.group_by("kind").len().sort("kind").iter_rows())
    settled = pairs.group_by("receipt_id", maintain_order=True).agg(settled=pl.col("amount").sum())
    if settled.is_empty():
        return _nothing(session, counts)
    rows = settled.join(waiting, on="receipt_id", maintain_order="left").sort("receipt_id")
    rows = rows.with_columns(
        used=pl.col("unapplied"),
        difference=pl.col("unapplied") - pl.col("settled"),
        difference_kind=pl.when(pl.col("unapplied") != pl.col("settled")).then(pl.lit("fee")).otherwise(pl.lit("")),
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


def _document() -> pl.Expr:
    """One number per document: items of one invoice are cleared together."""
    kind = pl.col("source").replace_strict(
        {"invoice": 0, "slip": 1, "opening": 2, "collection": 3}, return_dtype=pl.Int64
    )
    return pl.col("source_id") * 4 + kind


def _days(session: Session, days: pl.Series) -> pl.Series:
    """The posting day of each receipt's application: its own if that month is open."""
    table = {day: periods.open_date(session, day) for day in days.unique()}
    return days.replace_strict(table, return_dtype=pl.Date)
