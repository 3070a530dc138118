"""What every way of matching comes to: applications recorded, receipts used, items moved."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from urikake.base import facts, periods
from urikake.base.bulk import Session
from urikake.rooms.receipts import actions as receipts_pen
from urikake.rooms.receivables import actions as receivables_pen
from urikake.rooms.receivables import queries as receivables

from .. import queries
from ..models import Application


@dataclass(frozen=True, slots=True)
class Applied:
    """What a matching run did: applications, the movements of their items, the items, and counts by outcome."""

    applications: pl.DataFrame
    movements: pl.DataFrame
    items: pl.DataFrame
    outcomes: dict[str, int]


def nothing(session: Session, outcomes: dict[str, int]) -> Applied:
    """What a run comes to that applies nothing."""
    none = "1 = 0"
    return Applied(
        queries.applications(session, none),
        receivables.movements(session, none),
        receivables.items(session, none),
        outcomes,
    )


def sure_heads(
    session: Session, pairs: pl.DataFrame, told: pl.DataFrame, waiting: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    """The applications that the pairs of the cascade come to, by receipt, each using up what waits of its receipt, or of one
    that is over as much as it settles.

    ``told`` is ``receipt_id, kind, by`` of the receipts. An application is dated on the first day on which there are both
    its receipt and its items; in a locked month, on the last day of the first open one.
    """
    named = pairs.join(items.select("item_id", "posted_on", owner="partner_id"), on="item_id", maintain_order="left")
    settled = named.group_by("receipt_id", maintain_order=True).agg(
        pl.col("owner").first(), pl.col("posted_on").max(), settled=pl.col("amount").sum()
    )
    rows = settled.join(waiting.drop("partner_id"), on="receipt_id", maintain_order="left").join(
        told, on="receipt_id", maintain_order="left"
    )
    left = pl.col("kind") == "over"  # the rest waits for a person
    rows = rows.with_columns(used=pl.when(left).then("settled").otherwise("unapplied"))
    short = pl.col("used") != pl.col("settled")
    there = rows.select(pl.max_horizontal("received_on", "posted_on")).to_series()
    days = {day: periods.open_date(session, day) for day in there.unique()}
    return rows.with_columns(
        difference=pl.col("used") - pl.col("settled"),
        difference_kind=pl.when(short).then("kind").otherwise(pl.lit("")),
        applied_on=there.replace_strict(days, return_dtype=pl.Date),
        partner_id="owner",
    ).sort("receipt_id")


def post(
    session: Session, rows: pl.DataFrame, pairs: pl.DataFrame, waiting: pl.DataFrame, items: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Record the applications and move receipts and items; ``pairs`` has ``receipt_id, item_id, amount``.

    ``waiting`` and ``items`` are what is unapplied and open before.
    """
    receipts_pen.use(session, uses=rows.select("receipt_id", "used"), known=waiting)
    made = facts.record(session, Application, rows).rename({"id": "application_id"})
    moves = pairs.join(made.select("receipt_id", "application_id", "applied_on"), on="receipt_id").sort(
        "application_id", "item_id"
    )
    moved = receivables_pen.move(
        session,
        moves=moves.select(
            "item_id",
            kind=pl.lit("applied"),
            moved=-pl.col("amount"),
            moved_on="applied_on",
            source_id="application_id",
        ),
        known=items,
    )
    return made, moved
