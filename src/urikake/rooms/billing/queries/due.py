"""What is wanted of each line less what was billed of it, as signed stretches of days."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session
from urikake.core import calendar, charging, terms

from ..models import Charge
from .charges import last_billed, of_lines
from .metering import with_usage
from .scope import Scope, reach


def due_stretches(session: Session, found: Scope, closing_on: date, *, served: bool = False) -> pl.DataFrame:
    """What the closing is to bill that it did not: signed stretches with ``revision``, ``usage_micro``, ``late``.

    Lines that nothing happened to go on after their last billed cycle. For the others every cycle so far is compared
    with what was billed of it. With ``served``, everything that began by that day and was not billed, due or not.
    """
    last = last_billed(session)
    ahead = pl.lit(closing_on) if served else reach(found.lines, closing_on)
    lines = (
        found.lines.join(last, on="line_id", how="left", maintain_order="left")
        .with_columns(
            until_on=ahead,
            after_on=pl.when(~pl.col("touched")).then("last_on"),
        )
        .with_columns(until_on=pl.col("until_on").dt.offset_by("1d"))
    )
    due = date.max if served else closing_on
    cycles = calendar.cycles(lines).join(
        lines.select("line_id", "timing", "closing_mask"), on="line_id", maintain_order="left"
    )
    cycles = cycles.with_columns(bill_on=terms.bill_on(cycles))
    wanted = charging.stretches(cycles.drop("timing", "closing_mask"), found.segments)
    plain = wanted.filter(pl.col("line_id").is_in(lines.filter(~pl.col("touched"))["line_id"].implode()))
    plain = plain.join(
        _first_days(cycles.filter(pl.col("bill_on") <= due)), on=charging.KEYS, how="semi", maintain_order="left"
    )
    fresh = plain.with_columns(sign=pl.lit(1, dtype=pl.Int64), revision=pl.lit(0, dtype=pl.Int64))
    changed = _changed(session, wanted, cycles, lines.filter("touched"), due)
    every = pl.concat([fresh, changed.select(fresh.columns)])
    return with_usage(session, every, found, lines, closing_on)


def _first_days(cycles: pl.DataFrame) -> pl.DataFrame:
    return cycles.select("line_id", cycle_from_on="from_on")


def _changed(
    session: Session, wanted: pl.DataFrame, cycles: pl.DataFrame, lines: pl.DataFrame, due_on: date
) -> pl.DataFrame:
    """Wanted less billed for the lines that changed: whole cycles not yet billed, differences where they were."""
    keys, names = charging.KEYS, ["line_id", "timing", "closing_mask"]
    empty = wanted.clear().with_columns(sign=pl.lit(1, dtype=pl.Int64), revision=pl.lit(0, dtype=pl.Int64))
    if lines.is_empty():
        return empty
    before = of_lines(session, lines["line_id"]).with_columns(sign=pl.col("nature"), quantity_micro="state_micro")
    billed = before.filter(pl.col("nature") != Charge.USAGE)
    mine = wanted.join(lines.select("line_id"), on="line_id", how="semi", maintain_order="left")
    rounds = before.group_by(keys).agg(revision=pl.col("revision").max() + 1)
    first = mine.join(rounds, on=keys, how="anti", maintain_order="left").join(
        _first_days(cycles.filter(pl.col("bill_on") <= due_on)), on=keys, how="semi", maintain_order="left"
    )
    unmetered = lines.filter(~pl.col("metered")).select("line_id")
    again = mine.join(rounds, on=keys, how="semi").join(unmetered, on="line_id", how="semi")
    rest = charging.outstanding(again, billed.join(unmetered, on="line_id", how="semi"))
    rest = rest.join(lines.select(names), on="line_id", maintain_order="left")
    whole = cycles.select("line_id", "whole_from_on", "whole_to_on", cycle_from_on="from_on", cycle_to_on="to_on")
    rest = rest.join(_wholes(whole, billed, lines), on=keys, how="left", maintain_order="left")
    due = rest.filter(terms.bill_on(rest) <= due_on).join(rounds, on=keys, how="left", maintain_order="left")
    due = due.join(_bases(mine, lines), on=["line_id", "from_on"], how="left", maintain_order="left")
    due = _credited(due.with_columns(basis=pl.coalesce("basis", "end_basis", pl.lit("daily")))).select(empty.columns)
    return pl.concat([first.with_columns(sign=pl.lit(1, dtype=pl.Int64), revision=pl.lit(0, dtype=pl.Int64)), due])


def _wholes(cycles: pl.DataFrame, billed: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The whole cycle behind every billed one, also those that the line's new end has cut away."""
    keys = charging.KEYS
    lost = billed.select(keys).unique().join(cycles, on=keys, how="anti")
    if lost.is_empty():
        return cycles
    bounds = lost.group_by("line_id").agg(until_on=pl.col("cycle_from_on").max().dt.offset_by("1d"))
    open_ended = (
        lines.drop("until_on", "after_on")
        .join(bounds, on="line_id")
        .with_columns(end_on=pl.lit(None, dtype=pl.Date), after_on=pl.lit(None, dtype=pl.Date))
    )
    again = calendar.cycles(open_ended).select(
        "line_id", "whole_from_on", "whole_to_on", cycle_from_on="from_on", cycle_to_on="to_on"
    )
    return pl.concat([cycles, again.join(cycles, on=keys, how="anti")])


def _credited(due: pl.DataFrame) -> pl.DataFrame:
    """The differences with the credits of a cut cycle as its policy has them: 満額 gives nothing back, 無料 all of it."""
    part = (pl.col("from_on") > pl.col("whole_from_on")) | (pl.col("to_on") < pl.col("whole_to_on"))
    cut = part & (pl.col("sign") < 0)
    kept = due.filter(~(cut & (pl.col("basis") == "full_month")))
    return kept.with_columns(
        basis=pl.when(cut & (pl.col("basis") == "free")).then(pl.lit("full_month")).otherwise("basis")
    )


def _bases(mine: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The policy for each first day of a difference: that of the stretch which begins there, else of the line's end."""
    begins = mine.select("line_id", "from_on", "basis").unique(["line_id", "from_on"], keep="first")
    ends = lines.filter(pl.col("end_on").is_not_null()).select("line_id", from_on="end_on", end_basis="proration_end")
    return begins.join(ends, on=["line_id", "from_on"], how="full", coalesce=True)
