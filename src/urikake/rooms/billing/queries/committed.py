"""Commitments (約束料金): what a line's usage came to over the months for which least or most was agreed on, trued up.

The cycles of such a product are charged what was used, without bounds. Beside them stands one line a window where the
sum is not what was agreed on: taken off as soon as it is beyond the most, added with the last cycle where it lacks to
the least. A window is told from charges alone, so what was trued up before is part of what is to be compared.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import calendar, charging, commitment
from urikake.core.money import MICRO, Rounding
from urikake.rooms.catalog.queries import products

from ..models import Charge
from .charges import last_billed, of_lines

WINDOW: Final = ["line_id", "months", "window_from_on"]


def terms(session: Session) -> pl.DataFrame:
    """The products with a commitment: ``product_id, months, minimum, maximum``."""
    found = products(session).filter(pl.col("commitment_months").is_not_null())
    return found.select("product_id", "minimum", "maximum", months=pl.col("commitment_months").cast(pl.Int64))


def true_ups(
    session: Session, lines: pl.DataFrame, segments: pl.DataFrame, rows: pl.DataFrame, upto: date
) -> pl.DataFrame:
    """The rows that settle the windows of those charged, in their columns: one a window where there is anything to settle.

    ``rows`` are priced stretches that are about to be charged, as `rates.rated` has them; ``upto`` is the day up to which
    cycles that are over are among them or were charged before.
    """
    mine = rows.join(terms(session).select("product_id", "months"), on="product_id", maintain_order="left")
    if mine.is_empty():
        return rows.clear()
    bearing = lines.join(mine.select("line_id").unique(), on="line_id", how="semi", maintain_order="left")
    reached = last_billed(session).select("line_id", "last_on")
    bearing = bearing.drop("last_on", strict=False).join(reached, on="line_id", how="left", maintain_order="left")
    before = of_lines(session, bearing).join(terms(session).select("product_id", "months"), on="product_id")
    found = settled(session, bearing, segments, pl.concat([_sums(mine), _sums(before)]), upto)
    placed = in_windows(session, bearing, mine).join(found.filter(pl.col("due") != 0), on=WINDOW)
    last = placed.sort("cycle_from_on", "from_on").unique(WINDOW, keep="last", maintain_order=True)
    one, single = pl.lit(1, dtype=pl.Int64), pl.lit(MICRO, dtype=pl.Int64)
    return last.with_columns(
        amount="due", usage_micro=single, sign=one, numerator=one, denominator=one, basis=pl.lit(""), late=pl.lit(False)
    ).select(rows.columns)


def _sums(rows: pl.DataFrame) -> pl.DataFrame:
    """By line, months and cycle what was charged, and what was trued up."""
    settles = pl.col("nature") == Charge.TRUE_UP if "nature" in rows.columns else pl.lit(False)
    charged, before = (pl.when(which).then("amount").otherwise(0) for which in (~settles, settles))
    named = rows.select("line_id", "months", "cycle_from_on", charged=charged, before=before)
    return named.group_by("line_id", "months", "cycle_from_on").agg(pl.col("charged", "before").sum())


def settled(
    session: Session, lines: pl.DataFrame, segments: pl.DataFrame, sums: pl.DataFrame, upto: date
) -> pl.DataFrame:
    """The windows of the cycles: `WINDOW`, ``window_to_on``, what they are and were, and ``due``, what is to settle.

    ``sums`` has ``line_id, months, cycle_from_on, charged, before``; columns out: ``charged, before, least, most,
    complete, due``.
    """
    every = _windows(lines, sums)
    placed = _placed(sums, every).group_by(WINDOW).agg(pl.col("charged", "before").sum())
    bounds = _bounds(session, every, segments)
    named = placed.join(every.select(*WINDOW, window_to_on="to_on"), on=WINDOW).join(bounds, on=WINDOW, how="left")
    known = named.with_columns(complete=pl.col("window_to_on") <= pl.lit(upto + timedelta(1)))
    return known.with_columns(due=commitment.true_up(known) - known["before"])


def in_windows(session: Session, lines: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows (``line_id, months, cycle_from_on``) with the window in which their cycle lies: ``window_from_on``."""
    return _placed(rows, _windows(lines, rows))


def _windows(lines: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The windows of the lines up to the last cycle asked about, as `calendar.cycles` has cycles, with ``months``."""
    asked = rows.group_by("line_id", "months").agg(until_on=pl.col("cycle_from_on").max().dt.offset_by("1d"))
    none = pl.lit(None, dtype=pl.Date)
    bare = lines.drop("cycle_months", "until_on", "after_on", strict=False)
    parts = [
        calendar.cycles(
            bare.join(part, on="line_id", maintain_order="left").with_columns(cycle_months="months", after_on=none)
        ).with_columns(months=pl.lit(months, dtype=pl.Int64), window_from_on="from_on")
        for (months,), part in asked.group_by("months", maintain_order=True)
    ]
    return pl.concat(parts)


def _placed(rows: pl.DataFrame, windows: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``window_from_on``; null of a cycle before the line's start as it is now."""
    keys = ["line_id", "months"]
    begins = windows.select(*keys, "window_from_on", cycle_from_on="window_from_on").sort("cycle_from_on")
    return rows.sort("cycle_from_on", maintain_order=True).join_asof(
        begins, on="cycle_from_on", by=keys, check_sortedness=False
    )


def _bounds(session: Session, windows: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """The least and the most of every window: `WINDOW`, ``least`` and ``most``, that of its last days."""
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    keys = {"line_id": pl.Int64, "window_from_on": pl.Date, "months": pl.Int64}
    parts = [pl.DataFrame(schema={**keys, "least": pl.Int64, "most": pl.Int64})]
    for (months,), part in windows.group_by("months", maintain_order=True):
        known = terms(session).filter(pl.col("months") == months)
        held = charging.stretches(part.drop("months", "window_from_on"), segments)
        held = held.join(known, on="product_id", maintain_order="left")
        least = commitment.least(held, rounding)
        most = held.sort("from_on").group_by(charging.KEYS).agg(most=pl.col("maximum").drop_nulls().last())
        both = most.join(least, on=charging.KEYS, how="left").rename({"cycle_from_on": "window_from_on"})
        parts.append(both.with_columns(months=pl.lit(months, dtype=pl.Int64)).select(parts[0].columns))
    return pl.concat(parts)
