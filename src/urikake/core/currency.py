"""Money in other currencies: minor units by ISO 4217, and conversion into the functional currency (外貨換算)."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.core.money import MICRO, Rounding, divide, wide

_WITHOUT_MINOR: Final = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
    "XAF", "XOF", "XPF",
)  # fmt: skip
_OF_THOUSAND: Final = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_PLACES: Final = dict.fromkeys(_WITHOUT_MINOR, 0) | dict.fromkeys(_OF_THOUSAND, 3)


def places(currency: str) -> int:
    """The decimal places of a currency's minor unit (ISO 4217).

    >>> places("JPY"), places("USD"), places("KWD")
    (0, 2, 3)
    """
    return _PLACES.get(currency, 2)


def convert(amount: pl.Expr, rate_micro: pl.Expr, rounding: Rounding, from_places: int, to_places: int = 0) -> pl.Expr:
    """The amount in the other currency, as ``Int64`` minor units, rounded once by magnitude (換算).

    ``rate_micro`` are millionths of one unit of the other currency for one unit of this one (1 USD = 150.25 yen is
    150,250,000); the places are those of the two minor units.

    >>> frame = pl.DataFrame({"cents": [100_001], "rate": [150_250_000]})
    >>> frame.select(convert(pl.col("cents"), pl.col("rate"), "floor", 2)).item()
    150251
    """
    return divide(wide(amount) * wide(rate_micro) * 10**to_places, MICRO * 10**from_places, rounding)


def gains(items: pl.DataFrame, rounding: Rounding, from_places: int, to_places: int = 0) -> pl.DataFrame:
    """The value of each foreign item in the functional currency and its exchange gains (為替差損益).

    Booked at the rate of its day, revalued at the closing rate (外貨建取引等会計処理基準 一2), realised at the rate of
    settlement. Each value is rounded once and a gain is the difference of two values, so that the books tie out. The
    revaluation is reversed the next day, so the realised gain is measured from the booked value.

    In: ``amount`` Int64 minor units, ``booked_rate_micro``, ``closing_rate_micro``, ``settled_rate_micro`` Int64, the
    last two null while that has not happened. Out: ``booked, revalued, realized, unrealized`` Int64.

    >>> item = {"amount": 1_000_00, "booked_rate_micro": 150_000_000, "closing_rate_micro": 155_000_000,
    ...         "settled_rate_micro": 148_500_000}
    >>> gains(pl.DataFrame([item]), "floor", 2).row(0)
    (150000, 155000, -1500, 5000)
    """
    booked, closing, settled = (
        convert(pl.col("amount"), pl.col(f"{when}_rate_micro"), rounding, from_places, to_places)
        for when in ("booked", "closing", "settled")
    )
    valued = items.select(booked=booked, revalued=pl.coalesce(closing, booked), settled=pl.coalesce(settled, booked))
    realized, unrealized = pl.col("settled") - pl.col("booked"), pl.col("revalued") - pl.col("booked")
    return valued.select("booked", "revalued", realized=realized, unrealized=unrealized)
