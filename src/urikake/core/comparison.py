"""Two sides' amounts held against each other by what names them (突き合わせ): equal, different, or on one side only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

EQUAL: Final = "equal"
DIFFERENT: Final = "different"
OURS: Final = "ours_only"
THEIRS: Final = "theirs_only"


def compared(ours: pl.DataFrame, theirs: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The sums of both sides by key, and how they stand to each other, in the order of the keys.

    In: the ``keys`` and ``amount`` Int64 on either side, any number of rows a key. Out: the keys, ``ours`` and ``theirs``
    Int64 (null where a side has no row of the key), ``difference`` = ours − theirs, a missing side counted as nothing, and
    ``state``: ``equal``, ``different``, ``ours_only``, ``theirs_only``. A sum of 0 on one side and no row on the other are equal:
    nothing is claimed either way. The differences sum to the difference of both sides' sums.

    >>> ours = pl.DataFrame({"partner": ["A", "A", "B"], "amount": [100, 10, 5]})
    >>> theirs = pl.DataFrame({"partner": ["A", "C"], "amount": [120, 7]})
    >>> compared(ours, theirs, ["partner"]).rows()
    [('A', 110, 120, -10, 'different'), ('B', 5, None, 5, 'ours_only'), ('C', None, 7, -7, 'theirs_only')]
    """
    sums = [
        side.group_by(keys).agg(pl.col("amount").sum().alias(name))
        for side, name in ((ours, "ours"), (theirs, "theirs"))
    ]
    both = sums[0].join(sums[1], on=list(keys), how="full", coalesce=True)
    left, right = pl.col("ours").fill_null(0), pl.col("theirs").fill_null(0)
    state = (
        pl.when(left == right)
        .then(pl.lit(EQUAL))
        .when(pl.col("theirs").is_null())
        .then(pl.lit(OURS))
        .when(pl.col("ours").is_null())
        .then(pl.lit(THEIRS))
        .otherwise(pl.lit(DIFFERENT))
    )
    return both.with_columns(difference=left - right, state=state).sort(list(keys))
