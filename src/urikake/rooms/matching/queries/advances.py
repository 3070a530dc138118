"""Advances received (前受金): what is open of each, what was applied, and what each may pay."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.collecting import queries as collecting
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.refunds import queries as refunds

from .applied import applications

ADVANCE_USE: Final = "id, run_id, application_id, collected_id, partner_id, applied_on, used, reverses_id"
ADVANCE: Final = ["application_id", "collected_id"]


def advance_uses(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """What of advances was applied to items, and reversals of it, by id, with ``use_id``."""
    return session.rows("matching_advance_use", ADVANCE_USE, where, params).rename({"id": "use_id"})


def advances(session: Session, as_of: date = date.max) -> pl.DataFrame:
    """Every advance received (前受金) by the day, oldest first: ``name, partner_id, booked_on, amount, used, refunded, left``,
    and ``last_on``, the day since which that is so.

    And where it is from: ``application_id`` and ``receipt_id`` of what was kept of a receipt, else ``collected_id`` of what
    a collector collected beyond what was owed. One whose application was reversed by the day is none.
    """
    made = applications(session, "difference_kind = 'advance' AND applied_on <= ?", (as_of,))
    undone = made["reverses_id"].drop_nulls()
    kept = made.filter(pl.col("reverses_id").is_null() & ~pl.col("application_id").is_in(undone.implode()))
    days = collecting.collections(session, "collected_on <= ?", (as_of,)).select("collection_id", "collected_on")
    beyond = collecting.advances(session).join(days, on="collection_id", maintain_order="left")
    none, low = pl.lit(None, dtype=pl.Int64), session.low
    both = pl.concat(
        [
            kept.select(
                "application_id", "receipt_id", "partner_id", collected_id=none, booked_on="applied_on", amount="difference",
                name=pl.format("application-{}", pl.col("application_id") - low),
            ),
            beyond.select(
                "collected_id", "partner_id", "amount", application_id=none, receipt_id=none, booked_on="collected_on",
                name=pl.format("collected-{}", pl.col("collected_id") - low),
            ),
        ],
        how="diagonal",
    )  # fmt: skip
    uses = (
        advance_uses(session, "applied_on <= ?", (as_of,))
        .group_by(ADVANCE)
        .agg(pl.col("used").sum(), pl.col("applied_on").max())
    )
    found = both.join(uses, on=ADVANCE, how="left", nulls_equal=True, maintain_order="left")
    paid = refunds.paid_back(session, as_of).select(*ADVANCE, "pay_on", refunded="amount")
    found = found.join(paid, on=ADVANCE, how="left", nulls_equal=True, maintain_order="left")
    told = found.with_columns(pl.col("used", "refunded").fill_null(0)).with_columns(
        left=pl.col("amount") - pl.col("used") - pl.col("refunded"),
        last_on=pl.max_horizontal("booked_on", "applied_on", "pay_on"),
    )
    return told.sort("booked_on", "name", maintain_order=True)


def advance_proposals(session: Session, as_of: date) -> pl.DataFrame:
    """What each open advance may pay of its partner's documents: ``name, number, amount, left``, the document due first.

    One that is owed exactly comes before all others.
    """
    open_ = advances(session, as_of).filter(pl.col("left") > 0)
    items = receivables.labels(session, receivables.open_items(session)).filter(pl.col("posted_on") <= as_of)
    owed = items.group_by("partner_id", "number").agg(pl.col("balance").sum(), pl.col("due_on").min())
    both = open_.join(owed.filter(pl.col("balance") > 0), on="partner_id", maintain_order="left")
    exact = (pl.col("balance") == pl.col("left")).cast(pl.Int64)
    best = both.with_columns(exact=exact).sort("exact", "due_on", "number", descending=[True, False, False])
    first = best.unique("name", keep="first", maintain_order=True)
    return first.select("name", "number", "left", amount=pl.min_horizontal("left", "balance"))
