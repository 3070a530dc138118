"""The charges of all contracts in the months to come, as the timeline stands: reservations, and renewals at their terms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import pricing
from urikake.core.money import MICRO
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.usage.queries import last_used

from .contract import AHEAD, on_closings
from .due import due_stretches, reaching
from .scope import Scope, metered_products, scope, scoped

BLOCK: Final = 50_000
"""Lines looked at together: a year of them has room in memory many times over."""
ALIKE: Final = (
    "start_on", "end_on", "term_end_on", "declined", "contract_terms_id", "closing_mask", "last_on", "billed_to_on"
)  # fmt: skip
"""What beside its states the charges of a line depend on that goes on after its last billed cycle."""
COLUMNS: Final = {
    "line_id": pl.Int64, "contract_id": pl.Int64, "partner_id": pl.Int64, "product_id": pl.Int64,
    "start_on": pl.Date, "cycle_from_on": pl.Date, "from_on": pl.Date, "to_on": pl.Date, "closing_on": pl.Date, "amount": pl.Int64,
}  # fmt: skip


def ahead(session: Session, until: date, apart: Sequence[str] = (), chosen: pl.Series | None = None) -> pl.DataFrame:
    """What is to be charged and was not yet of all cycles that are billed or begin by the day, renewals (自動更新) included.

    Lines that are alike in all that their charges depend on (terms, days, price, how far they were billed), and in the
    columns ``apart``, are looked at once: a row stands for ``lines`` of them, and its contract for theirs.

    With ``chosen`` only those lines (one of a contract with a fee for leaving brings the others with it).

    Columns: ``line_id, contract_id, partner_id`` (who is billed), ``product_id, start_on, cycle_from_on, from_on, to_on,
    closing_on, amount, lines``, and ``renewed``: how many renewals that nobody has made yet it rests on. Of usage to come
    only base price and minimum are known. Of what is billed in arrears the closing may come long after the day.
    """
    standing = _standing(session, _narrowed(scope(session), chosen), until + AHEAD, apart)
    lines, events, coming = contracts.carried_on(session, until + AHEAD, chosen=standing["line_id"])
    found = scoped(session, lines, events)
    found = Scope(_reached(session, found, until + AHEAD), found.segments, found.moves)
    parts = [_block(session, found, at, until) for at in range(0, found.lines.height, BLOCK)]
    rows = pl.concat([pl.DataFrame(schema=COLUMNS), *parts]).join(standing, on="line_id", maintain_order="left")
    renewals = coming.select("line_id", cycle_from_on="effective_on", renewed=pl.col("times").cast(pl.Int64) + 1)
    counted = rows.sort("cycle_from_on").join_asof(
        renewals.sort("cycle_from_on"), on="cycle_from_on", by="line_id", check_sortedness=False
    )
    return counted.with_columns(pl.col("renewed").fill_null(0))


def _narrowed(found: Scope, chosen: pl.Series | None) -> Scope:
    """The scope of the chosen lines, and of all lines of contracts of theirs that have a fee for leaving."""
    if chosen is None:
        return found
    bound = found.lines.filter("leaving")["contract_id"]
    mine = pl.col("line_id").is_in(chosen.implode())
    whole = found.lines.filter(mine & pl.col("contract_id").is_in(bound.implode()))["contract_id"]
    return Scope(found.lines.filter(mine | pl.col("contract_id").is_in(whole.implode())), found.segments, found.moves)


def _standing(session: Session, found: Scope, until: date, apart: Sequence[str]) -> pl.DataFrame:
    """The lines that stand for all that are alike: ``line_id`` and ``lines``, how many.

    A line stands for itself that is measured, or a deposit, or bills differences of what it was billed, or goes to several payers, and
    so do those of contracts with a fee for leaving: what they are charged depends on what else they are.
    """
    bound = found.lines.filter("leaving")["contract_id"]
    every = reaching(session, found.lines.with_columns(reach_on=pl.lit(until)))
    own = pl.any_horizontal("metered", "mixed", "touched", "deposit", pl.col("contract_id").is_in(bound.implode()))
    steady = every.filter(~own).select("line_id", *ALIKE, *apart)
    single, several = _states(found.segments, steady)
    groups = []
    for states in (single, several):
        same = [*ALIKE, *apart, *(name for name in states.columns if name != "line_id")]
        mine = steady.join(states, on="line_id")
        groups.append(mine.group_by(same).agg(pl.col("line_id").min(), lines=pl.len().cast(pl.Int64)))
    others = every.filter(own).select("line_id", lines=pl.lit(1, dtype=pl.Int64))
    return pl.concat([*(group.select(others.columns) for group in groups), others])


def _states(segments: pl.DataFrame, lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is still to come of the states of lines, by ``line_id``: columns where it is one, else all in one text.

    What lies before the day up to which a line was billed is left out: no charge to come depends on it.
    """
    placed = segments.join(lines.select("line_id", "billed_to_on"), on="line_id", maintain_order="left")
    billed = pl.col("billed_to_on")
    ahead = placed.filter(billed.is_null() | pl.col("to_on").is_null() | (pl.col("to_on") > billed))
    begun = (pl.col("from_on") < billed).fill_null(False)
    cut = ahead.with_columns(
        from_on=pl.max_horizontal("from_on", "billed_to_on"),
        left_basis=pl.when(~begun).then("left_basis"),
        changed=pl.col("changed") & ~begun,
    ).drop("billed_to_on")
    alone = pl.col("line_id").is_unique()
    names = [name for name in cut.columns if name != "line_id"]
    text = pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in names], separator="|")
    several = cut.filter(~alone).select("line_id", text=text).group_by("line_id", maintain_order=True)
    return cut.filter(alone), several.agg(pl.col("text").str.join("/"))


def _reached(session: Session, found: Scope, until: date) -> pl.DataFrame:
    """The lines with ``reach_on``, the last day on which a cycle may begin that is looked at.

    It is the day asked for; of what costs nothing unless it is used, the last day of which usage is known.
    """
    priced = products(session).with_columns(
        quantity_micro=pl.lit(0, dtype=pl.Int64),
        taken_micro=pl.lit(MICRO, dtype=pl.Int64),
        unit_price_micro=pl.lit(MICRO, dtype=pl.Int64),
        tiers="tier_list",
    )
    metered = pl.col("product_id").is_in(metered_products(session).implode())
    free = (pricing.exact(priced) == 0) & priced["minimum"].is_null() & priced["commitment_months"].is_null()
    idle = priced.filter(metered & pl.lit(free))["product_id"]
    costly = found.segments.filter(~pl.col("product_id").is_in(idle.implode()))["line_id"].unique()
    used = found.lines.join(last_used(session), on="line_id", how="left", maintain_order="left")
    last = pl.min_horizontal(pl.coalesce("last_used_on", "start_on"), pl.lit(until))
    only = ~pl.col("line_id").is_in(costly.implode())
    return used.with_columns(reach_on=pl.when(only).then(last).otherwise(pl.lit(until))).drop("last_used_on")


def _block(session: Session, found: Scope, at: int, until: date) -> pl.DataFrame:
    """The charges of one block of lines."""
    lines = found.lines.slice(at, BLOCK)
    own = found.segments.join(lines.select("line_id"), on="line_id", how="semi", maintain_order="left")
    part = Scope(lines, own, found.moves)
    last = until + AHEAD
    rows = on_closings(session, part, due_stretches(session, part, last, served=True), last)
    owner = lines.select("line_id", "contract_id", "start_on")
    return rows.filter(pl.col("amount") != 0).join(owner, on="line_id").select(list(COLUMNS))
