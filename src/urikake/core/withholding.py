"""Withholding tax (源泉徴収) on fees: what a payer that must withhold keeps back, and sends to the tax office for the payee."""

from __future__ import annotations

from typing import Final

import polars as pl

_BAND: Final = 1_000_000  # yen of one payment up to which the lower rate holds
_LOW_E4: Final = 1_021  # 10.21 %, the reconstruction surtax included
_HIGH_E4: Final = 2_042  # 20.42 %
_E4: Final = 10_000


def withheld(base: pl.Expr) -> pl.Expr:
    """The tax withheld of one payment, in yen, fractions cut off.

    10.21 % of the first 1,000,000 yen and 20.42 % of what is over. The base is the amount with consumption tax, or
    without where the invoice shows it apart. Source: 所得税法 204・205条, 復興財源確保法 28条 (to 2037).

    >>> pl.DataFrame({"base": [100_000, 1_500_000]}).select(withheld(pl.col("base")))["base"].to_list()
    [10210, 204200]
    """
    low, high = base.clip(upper_bound=_BAND), (base - _BAND).clip(lower_bound=0)
    return (low * _LOW_E4 + high * _HIGH_E4) // _E4
