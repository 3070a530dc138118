"""Exact money on columns: one rounding, by magnitude, and splits that lose nothing.

Amounts are ``Int64`` minor units (JPY: yen). Prices and quantities are ``Int64`` millionths (suffix ``_micro``).
Products are taken in ``Int128``: with amounts up to 10^15, prices × quantities stay below 10^27 and a proration
factor of up to five digits keeps them below 10^32, far from the limit of 1.7 × 10^38.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

import polars as pl

Rounding = Literal["floor", "half_up", "ceil", "half_even"]
ROUNDINGS: Final[tuple[Rounding, ...]] = ("floor", "half_up", "ceil", "half_even")
MICRO: Final = 1_000_000


def wide(value: pl.Expr | str) -> pl.Expr:
    """The column as ``Int128``, ready to be multiplied without overflow."""
    return (pl.col(value) if isinstance(value, str) else value).cast(pl.Int128)


def divide(numerator: pl.Expr, denominator: pl.Expr | int, rounding: Rounding) -> pl.Expr:
    """``numerator ÷ denominator`` as ``Int64``, rounded once and by magnitude.

    Rounding looks at the absolute value (切捨て floor, 四捨五入 half_up, 切上げ ceil), so a credit is the exact mirror of
    the charge it reverses (domain §1). Both are taken as ``Int128``; a denominator of zero gives null.

    >>> frame = pl.DataFrame({"yen": [1_005, -1_005]})
    >>> [frame.select(divide(pl.col("yen"), 10, r)).to_series().to_list() for r in ROUNDINGS]
    [[100, -100], [101, -101], [101, -101], [100, -100]]
    """
    below = wide(denominator) if isinstance(denominator, pl.Expr) else pl.lit(denominator, dtype=pl.Int128)
    above = wide(numerator)
    negative = (above < 0) != (below < 0)
    above, below = above.abs(), below.abs()
    whole = above // below
    rest = above - whole * below
    magnitude = (whole + _carry(whole, rest, below, rounding)).cast(pl.Int64)
    return pl.when(negative).then(-magnitude).otherwise(magnitude)


def _carry(whole: pl.Expr, rest: pl.Expr, below: pl.Expr, rounding: Rounding) -> pl.Expr:
    """1 where the magnitude is rounded up, else 0."""
    match rounding:
        case "floor":
            return pl.lit(0, dtype=pl.Int128)
        case "ceil":
            return (rest > 0).cast(pl.Int128)
        case "half_up":
            return (rest * 2 >= below).cast(pl.Int128)
        case "half_even":
            return ((rest * 2 > below) | ((rest * 2 == below) & (whole % 2 == 1))).cast(pl.Int128)
    raise ValueError(f"unknown rounding: {rounding!r}")


def cumulative(total: pl.Expr, elapsed: pl.Expr, whole: pl.Expr, rounding: Rounding) -> pl.Expr:
    """The part of ``total`` due once ``elapsed`` of ``whole`` is over: ``round(total × elapsed ÷ whole)``.

    Differences of it split an amount over time without losing a yen (domain §1, policy ``remainder: cumulative``).

    >>> pl.DataFrame({"done": [1, 2, 3]}).select(cumulative(pl.lit(100), pl.col("done"), pl.lit(3), "floor")).to_series().to_list()
    [33, 66, 100]
    """
    return divide(wide(total) * wide(elapsed), whole, rounding)


def largest_remainder(frame: pl.DataFrame, total: str, weight: str, group: str | list[str]) -> pl.Series:
    """``total`` shared out over the rows of each ``group`` by ``weight``, to the unit (largest remainder).

    Each row gets the floor of its exact share; the units left go to the largest remainders, ties to the earlier row
    (domain §1). ``total`` is the same on every row of a group and may be negative: shares then mirror those of its
    magnitude. Weights are absolute values; where all of a group's are zero, every row weighs the same.

    Returns ``Int64`` in the order of ``frame``, summing to ``total`` in every group.

    >>> tax = pl.DataFrame({"invoice": [1, 1, 1], "tax": [31] * 3, "net": [105, 105, 105]})
    >>> largest_remainder(tax, "tax", "net", "invoice").to_list()
    [11, 10, 10]
    """
    if frame.is_empty():
        return pl.Series("share", [], dtype=pl.Int64)
    keys = [group] if isinstance(group, str) else group
    weighed = frame.select(
        *keys,
        at=pl.int_range(pl.len()),
        total=wide(total).abs(),
        sign=pl.when(pl.col(total) < 0).then(-1).otherwise(1),
        weight=wide(weight).abs(),
    )
    weighed = weighed.with_columns(weight=pl.when(pl.col("weight").sum().over(keys) == 0).then(1).otherwise("weight"))
    exact = weighed.with_columns(product=pl.col("total") * pl.col("weight"), sum=pl.col("weight").sum().over(keys))
    floored = exact.with_columns(share=pl.col("product") // pl.col("sum"), rest=pl.col("product") % pl.col("sum"))
    ranked = floored.sort("rest", "at", descending=[True, False]).with_columns(rank=pl.int_range(pl.len()).over(keys))
    left = pl.col("total") - pl.col("share").sum().over(keys)
    given = ranked.with_columns(share=pl.col("share") + (pl.col("rank") < left).cast(pl.Int128)).sort("at")
    return given.select((pl.col("share") * pl.col("sign")).cast(pl.Int64)).to_series().alias("share")


def micro(value: Decimal | int | str) -> int:
    """The decimal in millionths; more than six places are refused.

    >>> micro("0.125"), micro(1_500)
    (125000, 1500000000)
    """
    scaled = Decimal(value) * MICRO
    if scaled != scaled.to_integral_value():
        raise ValueError(f"more than 6 decimal places: {value}")
    return int(scaled)


def plain(value_micro: int) -> int | float:
    """Millionths as the number people write: an integer where it is one.

    >>> plain(1_500_000), plain(2_000_000)
    (1.5, 2)
    """
    whole, rest = divmod(value_micro, MICRO)
    return whole if rest == 0 else value_micro / MICRO
