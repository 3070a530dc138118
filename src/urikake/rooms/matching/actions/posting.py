"""What every way of matching comes to: applications recorded, receipts used, items moved."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from urikake.base import facts
from urikake.base.bulk import Session
from urikake.rooms.receipts import actions as receipts_pen
from urikake.rooms.receivables import actions as receivables_pen

from ..models import Application


@dataclass(frozen=True, slots=True)
class Applied:
    """What a matching run did: applications, the movements of their items, the items, and counts by outcome."""

    applications: pl.DataFrame
    movements: pl.DataFrame
    items: pl.DataFrame
    outcomes: dict[str, int]


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
