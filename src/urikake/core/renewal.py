"""The terms by which contracts go on by themselves (自動更新)."""

from __future__ import annotations

import polars as pl

from . import timeline
from .calendar import month_number


def due(lines: pl.DataFrame) -> pl.DataFrame:
    """Every term that begins by ``horizon_on`` of a line that goes on: the line's columns, ``effective_on``, ``until_on``.

    A term keeps the day of the contract's start, also that of an option begun later, however often it was clipped on the
    way. A line renews that has a renewal term (``auto_renew`` months), was not declined, and was not left before its term
    ends. ``times`` counts the renewals of a line from 0. In: lines as `timeline.ends` gives them, with ``auto_renew``,
    ``anchor_on`` and ``horizon_on``.
    """
    horizon = pl.col("horizon_on")
    stays = (pl.col("end_on") == pl.col("term_end_on")) & ~pl.col("declined") & pl.col("auto_renew").is_not_null()
    ending = lines.filter((pl.col("term_end_on") <= horizon) & stays)
    months = pl.col("auto_renew")
    behind = month_number(horizon) - month_number(pl.col("term_end_on"))
    counted = ending.with_columns(times=pl.int_ranges(0, behind // months + 2)).explode("times")
    end, start = pl.col("term_end_on"), pl.coalesce("anchor_on", "start_on")
    spelled = counted.with_columns(
        effective_on=timeline.carried(end, start, pl.col("times") * months),
        until_on=timeline.carried(end, start, (pl.col("times") + 1) * months),
    )
    return spelled.filter(pl.col("effective_on") <= horizon)
