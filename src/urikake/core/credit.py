"""Credit exposure of partners against their limits (与信)."""

from __future__ import annotations

from typing import Final

import polars as pl

ADVANCES: Final = ("advances", "advance", "前受金")
"""What a partner has paid ahead: it lessens the exposure."""


def exposures(parts: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    """The exposure of each partner (与信残高) and what of it is over the limit (与信限度額), by partner.

    Exposure = receivables + unfunded notes + unbilled + ordered − advances; an advance counts against it whichever sign
    it has. A null limit is none at all, 0 allows nothing.

    In: parts ``partner, name`` text, ``amount`` Int64 · limits ``partner, limit`` Int64.
    Out: ``partner, limit, exposure, over`` Int64, a row per partner of ``limits``; ``over`` is 0 within the limit.

    >>> parts = pl.DataFrame({"partner": ["A", "A"], "name": ["receivables", "advances"], "amount": [900, 200]})
    >>> exposures(parts, pl.DataFrame({"partner": ["A", "B"], "limit": [500, None]})).rows()
    [('A', 500, 700, 200), ('B', None, 0, 0)]
    """
    amount = pl.col("amount")
    signed = pl.when(pl.col("name").is_in(ADVANCES)).then(-amount.abs()).otherwise(amount)
    sums = parts.group_by("partner").agg(exposure=signed.sum())
    joined = limits.join(sums, on="partner", how="left").with_columns(pl.col("exposure").fill_null(0))
    over = (pl.col("exposure") - pl.col("limit")).clip(lower_bound=0).fill_null(0)
    return joined.select("partner", "limit", "exposure", over=over).sort("partner")
