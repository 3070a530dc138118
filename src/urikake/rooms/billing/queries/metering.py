"""The usage that stretches of metered lines bear, and usage that came after its cycle was billed."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session
from urikake.core import calendar, charging
from urikake.rooms.usage import queries as usage

from .charges import of_lines
from .scope import Scope


def with_usage(
    session: Session, rows: pl.DataFrame, found: Scope, lines: pl.DataFrame, closing_on: date
) -> pl.DataFrame:
    """The rows with the usage of metered lines, and further rows for usage that came after its cycle was billed."""
    metered = lines.filter("metered")
    if metered.is_empty():
        return rows.with_columns(usage_micro=pl.lit(None, dtype=pl.Int64), late=pl.lit(False))
    mine = pl.col("line_id").is_in(metered["line_id"].implode())
    due = rows.filter(mine)
    spans = due.group_by("line_id").agg(
        pl.col("from_on").min(), pl.col("to_on").max(), after_id=pl.lit(0, dtype=pl.Int64)
    )
    fresh = _summed(due, usage.used(session, spans)).with_columns(late=pl.lit(False))
    late = _late(session, rows, metered, found, closing_on)
    rest = rows.filter(~mine).with_columns(usage_micro=pl.lit(None, dtype=pl.Int64), late=pl.lit(False))
    return pl.concat([rest, fresh.select(rest.columns), late.select(rest.columns)])


def _summed(stretches: pl.DataFrame, used: pl.DataFrame) -> pl.DataFrame:
    """The stretches with ``usage_micro``, what was used in their days."""
    keys = ["line_id", "from_on"]
    named = used.rename({"quantity_micro": "used_micro"}).sort("used_on")
    spans = stretches.select("line_id", "from_on", "to_on").unique().sort("from_on")
    placed = named.join_asof(spans, left_on="used_on", right_on="from_on", by="line_id", check_sortedness=False)
    inside = placed.filter(pl.col("used_on") < pl.col("to_on"))
    sums = inside.group_by(keys).agg(usage_micro=pl.col("used_micro").sum())
    return stretches.join(sums, on=keys, how="left", maintain_order="left").with_columns(
        usage_micro=pl.col("usage_micro").fill_null(0)
    )


def _late(session: Session, rows: pl.DataFrame, metered: pl.DataFrame, found: Scope, closing_on: date) -> pl.DataFrame:
    """The stretches of cycles already billed into which usage came later, with that usage and the next ``revision``."""
    billed = metered.filter(pl.col("last_on").is_not_null())
    spans = billed.select(
        "line_id", from_on="start_on", to_on=pl.lit(closing_on).dt.offset_by("1d"), after_id="usage_through"
    )
    used = usage.used(session, spans) if billed.height else pl.DataFrame()
    columns = {"sign": pl.lit(1, dtype=pl.Int64), "late": pl.lit(True)}
    if used.is_empty():
        return rows.clear().with_columns(usage_micro=pl.lit(0, dtype=pl.Int64), **columns)
    lines = billed.filter(pl.col("line_id").is_in(used["line_id"].implode()))
    cycles = calendar.cycles(lines.with_columns(after_on=pl.lit(None, dtype=pl.Date)))
    before = of_lines(session, lines["line_id"])
    rounds = before.group_by(charging.KEYS).agg(revision=pl.col("revision").max() + 1)
    every = charging.stretches(cycles, found.segments).join(rounds, on=charging.KEYS)
    return _summed(every, used).filter(pl.col("usage_micro") != 0).with_columns(**columns)
