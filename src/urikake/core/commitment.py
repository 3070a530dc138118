"""Commitments (約束料金): a least and a greatest charge agreed on for several cycles together, settled by true-up (精算).

A window is the stretch of months for which a commitment holds, its months counted as those of a cycle. What the cycles
charge is summed over it; beyond the greatest nothing is charged, and when it is over what lacks to the least is. The
rule is one of sums: what the window should have come to by now, less what it did. So usage that comes late, a price
changed backwards and a contract left in the middle all settle by the same line.
"""

from __future__ import annotations

import polars as pl

from . import charging
from .money import Rounding, divide, wide


def true_up(windows: pl.DataFrame) -> pl.Series:
    """What to add to the charges of each window so far (negative: to take off), ``Int64`` minor units.

    Columns: ``charged`` what its cycles charged · ``least`` and ``most`` what was agreed on, null for none · ``complete``
    whether its last cycle is among them: only then the least is due.

    1,200,000 yen a year agreed on, 1,000,000 used; and 300,000 at the most, 340,000 used half-way:

    >>> asked = {"charged": [1_000_000, 340_000], "least": [1_200_000, None], "most": [None, 300_000]}
    >>> true_up(pl.DataFrame(asked | {"complete": [True, False]})).to_list()
    [200000, -40000]
    """
    low = pl.when("complete").then("least")
    raised = pl.max_horizontal("charged", low)
    return windows.select(due=pl.min_horizontal(raised, "most") - pl.col("charged")).to_series()


def least(stretches: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The least of every window: ``line_id``, ``cycle_from_on`` (its first day) and ``least``, rounded once a stretch.

    In: stretches as `charging.stretches` gives them of windows taken as cycles, with the ``minimum`` of their product
    (null for none). Neighbours of one minimum are one stretch; a part of a window bears its part of it, by the proration
    policy of the end at which it is cut (日割り).

    A year from April at 120,000 yen of which six months were under the commitment, by months:

    >>> from datetime import date
    >>> days = {"from_on": date(2026, 4, 1), "to_on": date(2026, 10, 1), "lasts_to_on": date(2026, 10, 1)}
    >>> whole = {"whole_from_on": date(2026, 4, 1), "whole_to_on": date(2027, 4, 1), "basis": "monthly"}
    >>> year = whole | {"line_id": 1, "cycle_from_on": date(2026, 4, 1)}
    >>> least(pl.DataFrame([days | year | {"minimum": 120_000}]), "floor")["least"].to_list()
    [60000]
    """
    held = stretches.filter(pl.col("minimum").is_not_null()).sort(*charging.KEYS, "from_on")
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in (*charging.KEYS, "minimum"))
    joins = (same & (pl.col("to_on").shift(1) == pl.col("from_on"))).fill_null(False)
    merged = (
        held.with_columns(turn=(~joins).cum_sum())
        .group_by("turn", maintain_order=True)
        .agg(
            pl.col(*charging.KEYS, "whole_from_on", "whole_to_on", "from_on", "minimum", "basis").first(),
            pl.col("to_on", "lasts_to_on").last(),
            last_basis=pl.col("basis").last(),
        )
    )
    cut = pl.when(pl.col("from_on") > pl.col("whole_from_on")).then("basis").otherwise("last_basis")
    parts = charging.fractions(merged.with_columns(basis=cut))
    share = divide(wide("minimum") * wide("numerator"), wide("denominator"), rounding)
    return parts.with_columns(least=share).group_by(charging.KEYS, maintain_order=True).agg(pl.col("least").sum())
