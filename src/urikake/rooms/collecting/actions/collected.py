"""What was collected becomes the collector's debt: the customers' items are settled, and what it owes is raised."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from urikake.base import facts
from urikake.base.bulk import Session
from urikake.rooms.receivables import actions as receivables_pen

from ..models import Advance


@dataclass(frozen=True, slots=True)
class Collected:
    """What collectors said they collected: collections, the movements of the customers' items, those items, and advances.

    ``results`` are those of debits (empty for settlements), ``stopped`` the mandates that ended with them.
    """

    collections: pl.DataFrame
    movements: pl.DataFrame
    items: pl.DataFrame
    advances: pl.DataFrame
    results: pl.DataFrame
    stopped: int = 0


def settle(
    session: Session,
    collections: pl.DataFrame,
    settled: pl.DataFrame,
    known: pl.DataFrame,
    beyond: pl.DataFrame,
    results: pl.DataFrame,
    stopped: int = 0,
) -> Collected:
    """Move the customers' items, keep what is beyond them, and raise what the collectors owe.

    ``settled`` has ``item_id, amount, collection_id, collected_on``; ``beyond`` ``collection_id, partner_id, amount``.
    """
    over = (
        beyond.filter(pl.col("amount") != 0)
        .group_by("collection_id", "partner_id", maintain_order=True)
        .agg(pl.col("amount").sum())
    )
    advances = facts.record(session, Advance, over)
    summed = settled.group_by("collection_id", "item_id", "collected_on", maintain_order=True).agg(
        pl.col("amount").sum()
    )
    moved = receivables_pen.move(
        session,
        moves=summed.sort("collection_id", "item_id").select(
            "item_id",
            kind=pl.lit("collected"),
            moved=-pl.col("amount"),
            moved_on="collected_on",
            source_id="collection_id",
        ),
        known=known,
    )
    owed = collections.select(
        source_id="collection_id",
        partner_id="collector_id",
        gross=pl.col("amount") - pl.col("fee"),
        posted_on="collected_on",
        due_on="payout_on",
    )
    receivables_pen.raise_collected(session, owed=owed)
    return Collected(collections, moved, known, advances, results, stopped)
