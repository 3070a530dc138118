"""When what was set aside for a right of the customer becomes revenue (ポイント・商品券・重要な権利の取崩し).

Source: 適用指針第30号 第48項–第55項 (重要な権利, 非行使部分), IFRS 15 paragraphs B39–B47.
"""

from __future__ import annotations

import polars as pl

from .money import Rounding, divide, wide


def releases(steps: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The steps with ``revenue`` (of this step), ``revenue_to_date`` and what is left as ``remaining``.

    To date: liability × used ÷ expected, both cumulative, rounded once; the revenue of a step is the difference to the
    step before, so that a new estimate of ``expected`` catches up in the step in which it is made, also downwards. What
    is never used (非行使部分) thus becomes revenue in the proportion in which the rest is used. Once as much is used as is
    expected to be, nothing is left; more can never be released than there is.

    ``steps``: ``right`` (steps of one follow each other in the order of the frame), ``liability`` (what was set aside, the
    same on all its rows), minor units; ``used`` and ``expected`` (all that will ever be used, at this step's estimate) in
    any one unit, neither negative.

    8,676 yen for points; 4,500 of 9,500 expected are used, then 4,000 more, while 9,700 are now expected:

    >>> steps = pl.DataFrame({"right": [1, 1], "liability": [8_676] * 2, "used": [4_500, 8_500], "expected": [9_500, 9_700]})
    >>> releases(steps, "half_up").select("revenue", "remaining").rows()
    [(4110, 4566), (3493, 1073)]
    """
    share = divide(wide("liability") * wide("used"), pl.col("expected"), rounding)
    to_date = pl.when(pl.col("used") >= pl.col("expected")).then("liability").otherwise(share)
    reached = steps.with_columns(revenue_to_date=to_date)
    before = pl.col("revenue_to_date").shift(1).over("right").fill_null(0)
    return reached.with_columns(
        revenue=pl.col("revenue_to_date") - before, remaining=pl.col("liability") - pl.col("revenue_to_date")
    )
