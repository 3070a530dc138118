"""The charges of all contracts in the months to come, as the timeline stands: reservations, and renewals at their terms."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.contracts import queries as contracts

from .contract import AHEAD, on_closings
from .due import due_stretches
from .scope import Scope, scoped

BLOCK: Final = 50_000
"""Lines looked at together: a year of them has room in memory many times over."""
COLUMNS: Final = {
    "line_id": pl.Int64, "contract_id": pl.Int64, "product_id": pl.Int64, "start_on": pl.Date, "cycle_from_on": pl.Date,
    "from_on": pl.Date, "to_on": pl.Date, "closing_on": pl.Date, "amount": pl.Int64,
}  # fmt: skip


def ahead(session: Session, until: date) -> pl.DataFrame:
    """What is to be charged and was not yet of all cycles that are billed or begin by the day, renewals (自動更新) included.

    Columns: ``line_id, contract_id, product_id, start_on, cycle_from_on, from_on, to_on, closing_on, amount``, and
    ``renewed``: how many renewals that nobody has made yet it rests on. Of usage to come only base price and minimum are
    known. Of what is billed in arrears the closing may come long after the day.
    """
    lines, events, coming = contracts.carried_on(session, until + AHEAD)
    found = scoped(session, lines, events)
    parts = [_block(session, found, first, until) for first in range(0, found.lines.height, BLOCK)]
    rows = pl.concat([pl.DataFrame(schema=COLUMNS), *parts])
    renewals = coming.select("line_id", cycle_from_on="effective_on", renewed=pl.col("times").cast(pl.Int64) + 1)
    counted = rows.sort("cycle_from_on").join_asof(
        renewals.sort("cycle_from_on"), on="cycle_from_on", by="line_id", check_sortedness=False
    )
    return counted.with_columns(pl.col("renewed").fill_null(0))


def _block(session: Session, found: Scope, first: int, until: date) -> pl.DataFrame:
    """The charges of one block of lines."""
    lines = found.lines.slice(first, BLOCK)
    segments = found.segments.join(lines.select("line_id"), on="line_id", how="semi", maintain_order="left")
    owner = lines.select("line_id", "contract_id", "start_on")
    part = Scope(lines, segments)
    rows = on_closings(session, part, due_stretches(session, part, until + AHEAD, served=True))
    return rows.filter(pl.col("amount") != 0).join(owner, on="line_id").select(list(COLUMNS))
