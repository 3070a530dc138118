"""What partners are known to keep back for the transfer, beyond what anybody may: learned from what people confirmed."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies

from .applied import applications

MOST: Final = 5_000
"""A transfer costs less than so many yen, from abroad too; what is more is no fee by itself."""
TWICE: Final = 2
"""So often a person must have booked a fee of a partner before it is one that the partner usually keeps back."""


def learned_fees(session: Session) -> pl.DataFrame:
    """The fees above the company's tolerance that people booked of a partner at least twice: ``partner_id, fee``."""

    def read() -> pl.DataFrame:
        made = applications(session, "difference_kind = 'fee' AND difference < 0")
        undone = applications(session, "reverses_id IS NOT NULL AND difference_kind = 'fee'")["reverses_id"]
        by_hand = made.filter(pl.col("reverses_id").is_null() & (pl.col("by") == ""))
        stands = by_hand.filter(~pl.col("application_id").is_in(undone.implode()))
        counted = stands.group_by("partner_id", fee=-pl.col("difference")).agg(times=pl.len())
        most = policies(session).number("fee_tolerance")
        known = counted.filter((pl.col("times") >= TWICE) & pl.col("fee").is_between(most + 1, MOST))
        return known.select("partner_id", "fee").sort("partner_id", "fee")

    return session.derived("learned_fees", ("matching_application",), read)
