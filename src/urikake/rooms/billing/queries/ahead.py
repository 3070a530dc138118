"""The charges of all contracts in the months to come, as the timeline stands: reservations, and renewals at their terms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.contracts import queries as contracts

from .charges import last_billed
from .contract import AHEAD, on_closings
from .due import due_stretches
from .scope import Scope, scope, scoped

BLOCK: Final = 50_000
"""Lines looked at together: a year of them has room in memory many times over."""
ALIKE: Final = ("start_on", "end_on", "term_end_on", "declined", "contract_terms_id", "closing_mask")
"""What beside its state the charges of a line depend on."""
COLUMNS: Final = {
    "line_id": pl.Int64, "contract_id": pl.Int64, "product_id": pl.Int64, "start_on": pl.Date, "cycle_from_on": pl.Date,
    "from_on": pl.Date, "to_on": pl.Date, "closing_on": pl.Date, "amount": pl.Int64,
}  # fmt: skip


def ahead(session: Session, until: date, apart: Sequence[str] = ()) -> pl.DataFrame:
    """What is to be charged and was not yet of all cycles that are billed or begin by the day, renewals (自動更新) included.

    Lines that are alike in all that their charges depend on (terms, days, price, how far they were billed), and in the
    columns ``apart``, are looked at once: a row stands for ``lines`` of them, and its contract for theirs.

    Columns: ``line_id, contract_id, product_id, start_on, cycle_from_on, from_on, to_on, closing_on, amount, lines``, and
    ``renewed``: how many renewals that nobody has made yet it rests on. Of usage to come only base price and minimum are
    known. Of what is billed in arrears the closing may come long after the day.
    """
    standing = _standing(session, scope(session), apart)
    lines, events, coming = contracts.carried_on(session, until + AHEAD, chosen=standing["line_id"])
    found = scoped(session, lines, events)
    parts = [_block(session, found, at, until) for at in range(0, found.lines.height, BLOCK)]
    rows = pl.concat([pl.DataFrame(schema=COLUMNS), *parts]).join(standing, on="line_id", maintain_order="left")
    renewals = coming.select("line_id", cycle_from_on="effective_on", renewed=pl.col("times").cast(pl.Int64) + 1)
    counted = rows.sort("cycle_from_on").join_asof(
        renewals.sort("cycle_from_on"), on="cycle_from_on", by="line_id", check_sortedness=False
    )
    return counted.with_columns(pl.col("renewed").fill_null(0))


def _standing(session: Session, found: Scope, apart: Sequence[str]) -> pl.DataFrame:
    """The lines that stand for all that are alike: ``line_id`` and ``lines``, how many.

    A line that changes, was ever changed, or is measured stands for itself, and so do those of contracts with a fee for
    leaving: what they are charged depends on what else they are.
    """
    bound = found.lines.filter("leaving")["contract_id"]
    states = [name for name in found.segments.columns if name != "line_id"]
    alone = found.segments.filter(pl.col("line_id").is_unique())
    billed = last_billed(session).select("line_id", "last_on", "billed_to_on")
    steady = (
        found.lines.filter(
            ~pl.col("metered") & pl.col("changed_on").is_null() & ~pl.col("contract_id").is_in(bound.implode())
        )
        .select("line_id", *ALIKE, *apart)
        .join(alone, on="line_id")
        .join(billed, on="line_id", how="left")
    )
    same = [*ALIKE, *apart, *states, "last_on", "billed_to_on"]
    groups = steady.group_by(same).agg(pl.col("line_id").min(), lines=pl.len().cast(pl.Int64))
    others = found.lines.select("line_id").join(steady, on="line_id", how="anti")
    return pl.concat([groups.select("line_id", "lines"), others.with_columns(lines=pl.lit(1, dtype=pl.Int64))])


def _block(session: Session, found: Scope, at: int, until: date) -> pl.DataFrame:
    """The charges of one block of lines."""
    lines = found.lines.slice(at, BLOCK)
    own = found.segments.join(lines.select("line_id"), on="line_id", how="semi", maintain_order="left")
    part = Scope(lines, own, found.moves)
    last = until + AHEAD
    rows = on_closings(session, part, due_stretches(session, part, last, served=True), last)
    owner = lines.select("line_id", "contract_id", "start_on")
    return rows.filter(pl.col("amount") != 0).join(owner, on="line_id").select(list(COLUMNS))
