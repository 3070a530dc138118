"""What is wanted of each line less what was billed of it, as signed stretches of days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import calendar, charging, terms

from . import deposits, metering
from .charges import last_billed, of_lines, standing
from .scope import TABLES, Scope, metered_products

FIRST: Final = {"sign": pl.lit(1, dtype=pl.Int64), "revision": pl.lit(0, dtype=pl.Int64)}
KINDS: Final = deposits.KINDS | {name: pl.Int64() for name in metering.NAMES[len(charging.STRETCH) :]}


@dataclass
class Balanced:
    """The lines of which, as the events stand, all cycles billed so far are billed as they are wanted."""

    line_ids: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.Int64))


def due_stretches(session: Session, found: Scope, closing_on: date, *, served: bool = False) -> pl.DataFrame:
    """What the closing is to bill that it did not: signed stretches with ``revision`` and, on metered ones, their usage.

    Lines that nothing happened to go on after their last billed cycle. For the others every cycle so far is compared
    with what was billed of it. With ``served``, everything that began by that day and by the line's ``reach_on`` and was
    not billed, due or not; of what is measured only what was used by then.
    Metered stretches (従量) have ``usage_micro`` and, where they were billed before, ``before_micro`` and
    ``before_amount``; see `metering`. Those of deposits have ``moved``, their amount; see `deposits`.
    """
    every = reaching(session, found.lines)
    held = deposits.due(session, every.filter("deposit"), found.segments, closing_on, served=served)
    rows = _stretches(session, every.filter(~pl.col("deposit")), found.segments, closing_on, served=served)
    return pl.concat([pl.DataFrame(schema=KINDS), rows, held], how="diagonal")


def _stretches(
    session: Session, lines: pl.DataFrame, segments: pl.DataFrame, closing_on: date, *, served: bool
) -> pl.DataFrame:
    """The stretches to bill of the lines that have a price: see `due_stretches`."""
    if not lines.select((pl.col("looked_at") | pl.col("metered")).any()).item():
        return pl.DataFrame(schema=KINDS)
    wanted = _wanted(session, lines.filter("looked_at"), segments, closing_on, served=served)
    changed = lines.filter("touched")
    every = of_lines(session, changed) if changed.height else None
    before = None if every is None else standing(session, every)
    fresh = wanted.filter(pl.col("due") & ~pl.col("touched") & ~pl.col("metered"))
    rows = [fresh.select(charging.STRETCH).with_columns(**FIRST)]
    if before is not None:
        due = pl.lit(True) if served else terms.falls_due(closing_on)
        rows.append(_changed(session, wanted.filter("touched"), changed, before, due, segments, closing_on))
    until = closing_on + timedelta(1) if served else None
    usage = metering.due(session, wanted.filter("metered"), lines, segments, before, until)
    due_ = pl.concat([*rows, usage], how="diagonal")
    return due_ if every is None else _next_round(due_, every)


def _next_round(rows: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """The rows with the next ``revision`` of their cycles, what was taken back of them counted too."""
    turns = metering.rounds(charges).rename({"revision": "turn"})
    joined = rows.join(turns, on=charging.KEYS, how="left", maintain_order="left")
    return joined.with_columns(revision=pl.max_horizontal("revision", "turn")).drop("turn")


def reaching(session: Session, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with how far they were billed and between which days their cycles are looked at.

    ``touched`` are those of which something billed may have changed: they are looked at from their start. A change that
    takes hold only after what was billed changes none of it. And once a cycle that begins after the last change was
    billed in a later run, all before it was compared, and the line goes on from there like any other; but not one that is
    billed now ahead and now by usage, where the later may come first. ``looked_at`` are those that can have a cycle to
    bill.
    """
    joined = lines.join(last_billed(session), on="line_id", how="left", maintain_order="left")
    ahead = ((pl.col("first_changed_on") > pl.col("billed_to_on")) | pl.col("billed_to_on").is_null()).fill_null(True)
    seen = (pl.col("last_on") >= pl.col("changed_on")) & (pl.col("last_run_id") > pl.col("changed_run_id"))
    compared = seen.fill_null(False) | pl.col("line_id").is_in(_balanced(session).line_ids.implode())
    touched = pl.col("touched")
    until = pl.max_horizontal("reach_on", pl.when(touched).then("last_on"))
    done = ~touched & (pl.col("billed_to_on") > pl.col("reach_on"))
    return joined.with_columns(touched=~ahead & (pl.col("mixed") | ~compared)).with_columns(
        until_on=until.dt.offset_by("1d"),
        after_on=pl.when(~touched).then("last_on"),
        looked_at=~done.fill_null(False),
    )


def _balanced(session: Session) -> Balanced:
    """What earlier runs of this process found balanced; a new event, price or term forgets it all.

    Charges are not among what it rests on: where the events stand still, a closing only adds cycles as they are wanted.
    """
    return session.derived("balanced", TABLES, Balanced)


def _wanted(
    session: Session, lines: pl.DataFrame, segments: pl.DataFrame, closing_on: date, *, served: bool
) -> pl.DataFrame:
    """The stretches of all cycles looked at, with ``touched``, ``metered`` and ``due``."""
    named = lines.select("line_id", "timing", "reach_on", "touched")
    stretches = charging.stretches(calendar.cycles(lines), segments).lazy()
    wanted = stretches.join(named.lazy(), on="line_id", maintain_order="left").with_columns(
        metered=pl.col("product_id").is_in(metered_products(session).implode())
    )
    cycle = wanted.with_columns(
        timing=pl.when("metered").then(pl.lit("arrears")).otherwise("timing"),
        from_on="cycle_from_on",
        to_on="cycle_to_on",
    )
    due = pl.col("from_on") <= pl.lit(closing_on) if served else terms.falls_due(closing_on)
    return pl.concat([wanted.drop("timing", "reach_on"), cycle.select(due=due)], how="horizontal").collect()


def _changed(
    session: Session,
    wanted: pl.DataFrame,
    lines: pl.DataFrame,
    before: pl.DataFrame,
    due: pl.Expr,
    segments: pl.DataFrame,
    closing_on: date,
) -> pl.DataFrame:
    """Wanted less billed for the lines that changed: whole cycles not yet billed, differences where they were."""
    keys, names = charging.KEYS, ["line_id", "timing", "reach_on", "end_on"]
    metered = pl.col("product_id").is_in(metered_products(session).implode())
    billed = before.filter(~metered).with_columns(sign="nature", quantity_micro="state_micro")
    mine, there = wanted.filter(~pl.col("metered")), billed.select(keys).unique()
    open_ = mine.join(there, on=keys, how="anti", maintain_order="left")
    first = open_.filter("due").with_columns(sign=FIRST["sign"])
    rest = kept_money(charging.outstanding(mine.join(there, on=keys, how="semi"), billed), lines)
    last = open_.select("line_id", "cycle_from_on").join(lines.select("line_id", "last_on"), on="line_id")
    _note_balanced(session, lines, first, rest, last.filter(pl.col("cycle_from_on") <= pl.col("last_on")))
    gone = (pl.col("sign") < 0) & (pl.col("cycle_from_on") >= pl.col("end_on")) & pl.col("ended")
    joined = rest.join(lines.select(names), on="line_id", maintain_order="left")
    ended = joined.with_columns(ended=(pl.col("end_on") <= closing_on + timedelta(1)).fill_null(False))
    rest = ended.filter(due | gone).drop("ended", "end_on")  # cycles that begin after the end are given back at once
    if first.is_empty() and rest.is_empty():
        return first.select(charging.STRETCH).with_columns(**FIRST)
    whole = wanted.select(*keys, "cycle_to_on", "whole_from_on", "whole_to_on").unique(keys)
    rest = rest.join(_wholes(whole, billed, lines), on=keys, how="left", maintain_order="left")
    rest = rest.join(_bases(wanted, segments), on=["line_id", "from_on"], how="left", maintain_order="left")
    rest = rest.join(_begins(wanted, "to_on", "next_basis"), on=["line_id", "to_on"], how="left", maintain_order="left")
    basis = pl.coalesce("basis", "end_basis", "next_basis", pl.lit("daily"))
    rest = _credited(rest.with_columns(charging.lasting(rest, wanted), basis=basis))
    every = pl.concat([part.select(*charging.STRETCH, "sign") for part in (first, rest)])
    return every.join(metering.rounds(before), on=keys, how="left", maintain_order="left").with_columns(
        pl.col("revision").fill_null(0)
    )


def _note_balanced(session: Session, lines: pl.DataFrame, *open_: pl.DataFrame) -> None:
    """Remember the lines compared of which nothing is open, now or at a later closing, up to the last cycle billed."""
    still = pl.concat([rows["line_id"] for rows in open_])
    found = lines.filter(~pl.col("metered") & ~pl.col("line_id").is_in(still.implode()))["line_id"]
    known = _balanced(session)
    known.line_ids = pl.concat([known.line_ids, found]).unique()


def _begins(mine: pl.DataFrame, day: str, basis: str) -> pl.DataFrame:
    """The policy of the stretch that begins on each day: ``line_id``, the day and the policy under the names given."""
    return mine.select("line_id", pl.col("from_on").alias(day), pl.col("basis").alias(basis)).unique(
        ["line_id", day], keep="first"
    )


def kept_money(rest: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The differences without credits for days after the end of a line that gives nothing back (返金なし)."""
    keeping = lines.filter((pl.col("refund") == "none") & pl.col("end_on").is_not_null()).select("line_id", "end_on")
    if keeping.is_empty():
        return rest
    joined = rest.join(keeping, on="line_id", how="left", maintain_order="left")
    credit = (pl.col("sign") < 0) & pl.col("end_on").is_not_null()
    cut = joined.with_columns(to_on=pl.when(credit).then(pl.min_horizontal("to_on", "end_on")).otherwise("to_on"))
    return cut.filter(pl.col("from_on") < pl.col("to_on")).drop("end_on")


def _wholes(cycles: pl.DataFrame, billed: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The whole cycle behind every billed one, also those that the line's new end has cut away."""
    keys = charging.KEYS
    lost = billed.select(keys).unique().join(cycles, on=keys, how="anti")
    if lost.is_empty():
        return cycles
    bounds = lost.group_by("line_id").agg(until_on=pl.col("cycle_from_on").max().dt.offset_by("1d"))
    none = pl.lit(None, dtype=pl.Date)
    open_ended = lines.drop("until_on", "after_on").join(bounds, on="line_id").with_columns(end_on=none, after_on=none)
    again = calendar.cycles(open_ended).select(
        "line_id",
        cycle_from_on="from_on",
        cycle_to_on="to_on",
        whole_from_on="whole_from_on",
        whole_to_on="whole_to_on",
    )
    found = pl.concat([cycles, again.join(cycles, on=keys, how="anti")])
    foreign = billed.join(found, on=keys, how="anti")  # of a start that was changed since: as they were billed
    span = {
        "cycle_to_on": pl.col("to_on").max(),
        "whole_from_on": pl.col("from_on").min(),
        "whole_to_on": pl.col("to_on").max(),
    }
    return pl.concat([found, foreign.group_by(keys).agg(**span).select(found.columns)])


def _credited(due: pl.DataFrame) -> pl.DataFrame:
    """The differences with the credits of a cut cycle as its policy has them: 満額 gives nothing back, 無料 all of it."""
    part = (pl.col("from_on") > pl.col("whole_from_on")) | (pl.col("to_on") < pl.col("whole_to_on"))
    cut = part & (pl.col("sign") < 0)
    kept = due.filter(~(cut & (pl.col("basis") == "full_month")))
    return kept.with_columns(
        basis=pl.when(cut & (pl.col("basis") == "free")).then(pl.lit("full_month")).otherwise("basis")
    )


def _bases(mine: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """The policy for each first day of a difference: that of the stretch which begins there, else of what ended there.

    Where neither does, as before a late start or a resumption, it is that of what begins after the difference.
    """
    begins = _begins(mine, "from_on", "basis")
    alone = segments.filter(pl.col("left_alone") & pl.col("to_on").is_not_null())
    ends = alone.select("line_id", from_on="to_on", end_basis="right_basis")
    ends = ends.filter(pl.col("line_id").is_in(mine["line_id"].unique().implode()))
    return begins.join(ends, on=["line_id", "from_on"], how="full", coalesce=True)
