"""What part of a price is interest because it is paid long before or after what it is paid for (重要な金融要素).

Source: 企業会計基準第29号 第56項–第58項, 適用指針第30号 第27項–第29項; IFRS 15 paragraphs 60–65. Where customers pay in advance, revenue
is what they pay and the interest (支払利息) on what is held for them; where they pay later, it is what they pay less
the interest (受取利息). The rate is that of the beginning (取引開始日の割引率) and stays.

Months are numbers that count on by one. What happens in a month bears interest from its end on: interest of a month is on
the balance with which it begins. A yearly rate grows by (1 + rate)^(n ÷ 12) in n months, told to 18 decimals
(half-even); everything after that is exact, and rounded once to the unit.
"""

from __future__ import annotations

import functools
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

import polars as pl

from .money import MICRO, Rounding, divide, wide

PLACES: Final = 18
BLOCK: Final = 500
"""Arrangements looked at together: months beside months have room in memory."""
_ONE: Final = 10**PLACES
_UNIT: Final = pl.lit(_ONE, dtype=pl.Int128)
_KEY: Final = "arrangement"


@functools.cache
def growth(rate_micro: int, months: int) -> int:
    """What one becomes at the yearly rate (millionths of a percent) in so many months, times 10^18, half-even.

    >>> growth(6_000_000, 24), growth(0, 7) == 10**18
    (1123600000000000000, True)
    """
    fine = Context(prec=60, rounding=ROUND_HALF_EVEN)
    year = 1 + Decimal(rate_micro) / (100 * MICRO)
    years, rest = divmod(months, 12)
    month = fine.power(year, fine.divide(Decimal(rest), Decimal(12)))
    grown = fine.multiply(fine.multiply(fine.power(year, years), month), Decimal(_ONE))
    return int(grown.to_integral_value(ROUND_HALF_EVEN))


def prices(bills: pl.DataFrame, performed: pl.DataFrame, rates: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The price of each arrangement with its interest: ``arrangement, price``; none where nothing is performed.

    The price P is such that nothing is left in the end of all that is billed (B), recognised (P × the share p performed) and of
    the interest on what stands between: Σ B × growth = P × Σ p × growth, each growing to the last month of both.
    Σ p × growth is told to 18 decimals, half-even; P is rounded once.

    ``bills``: ``arrangement, month, amount``; ``performed``: ``arrangement, month, weight`` (what of the whole is
    performed in the month, in any one unit); ``rates``: ``arrangement, rate_micro`` (millionths of a percent a year).

    4,000 paid two years before the product is handed over, at 6 percent (IFRS 15 IE148–IE151):

    >>> bills = pl.DataFrame({"arrangement": [1], "month": [0], "amount": [4_000]})
    >>> performed = pl.DataFrame({"arrangement": [1], "month": [24], "weight": [1]})
    >>> prices(bills, performed, pl.DataFrame({"arrangement": [1], "rate_micro": [6_000_000]}), "floor").rows()
    [(1, 4494)]
    """
    names = {"amount": "bill", "weight": "part"}
    both = pl.concat([
        part.select(_KEY, pl.col("month").cast(pl.Int64), bill=_column(part, "amount"), part=_column(part, "weight"))
        for part in (bills, performed)
    ]).join(rates, on=_KEY)  # fmt: skip
    ends = both.with_columns(months=pl.col("month").max().over(_KEY) - pl.col("month"))
    grown = _grown(ends).with_columns(wide(name) * pl.col("growth") for name in names.values())
    sums = grown.group_by(_KEY, maintain_order=True).agg(pl.col("bill", "part").sum())
    weights = performed.group_by(_KEY).agg(weight=pl.col("weight").sum()).filter(pl.col("weight") != 0)
    found = sums.join(weights, on=_KEY, maintain_order="left").with_columns(mean=_half_even("part", "weight"))
    return found.select(_KEY, price=divide(pl.col("bill"), pl.col("mean"), rounding))


def _column(part: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int64) if name in part.columns else pl.lit(0, dtype=pl.Int64)


def _half_even(above: str, below: str) -> pl.Expr:
    """The quotient of two positive numbers as ``Int128``, half-even: it may be larger than `divide` tells."""
    whole, rest = pl.col(above) // wide(below), pl.col(above) % wide(below)
    half = rest * 2
    up = (half > wide(below)) | ((half == wide(below)) & (whole % 2 == 1))
    return whole + up.cast(pl.Int128)


def _grown(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows (``rate_micro``, ``months``) with their ``growth``, worked out once for each rate and number of months."""
    each = rows.select("rate_micro", "months").unique(maintain_order=True)
    table = [str(growth(rate, months)) for rate, months in each.iter_rows()]
    known = each.with_columns(growth=pl.Series(table, dtype=pl.String).cast(pl.Int128))
    return rows.join(known, on=["rate_micro", "months"], maintain_order="left")


def interest(flows: pl.DataFrame, spans: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The interest of every month: ``arrangement, month, opening, interest, to_date``; what raises a liability is positive.

    To date it is Σ of what was billed less recognised × (growth − 1), rounded once; of a month, the difference to the month
    before it. ``opening`` is the balance with which the month begins: billed less recognised, and interest to date.

    ``flows``: ``arrangement, month, amount`` (billed less recognised); ``spans``: ``arrangement, rate_micro, last`` (the last
    month that bears interest). Months are told from the one after the first flow on.

    >>> flows = pl.DataFrame({"arrangement": [1, 1], "month": [0, 2], "amount": [1_000_000, -1_000_000]})
    >>> spans = pl.DataFrame({"arrangement": [1], "rate_micro": [12_000_000], "last": [2]})
    >>> interest(flows, spans, "floor").rows()
    [(1, 1, 1000000, 9488, 9488), (1, 2, 1009488, 9579, 19067)]
    """
    known = flows.select(_KEY, pl.col("month").cast(pl.Int64), "amount").group_by(_KEY, "month").agg(
        pl.col("amount").sum()
    )  # fmt: skip
    first = known.group_by(_KEY).agg(first=pl.col("month").min())
    ranges = spans.join(first, on=_KEY).filter(pl.col("first") < pl.col("last")).sort(_KEY)
    parts = (ranges.slice(at, BLOCK) for at in range(0, max(ranges.height, 1), BLOCK))
    return pl.concat(_borne(part, known, rounding) for part in parts)


def _borne(ranges: pl.DataFrame, known: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """As `interest`, of the ``known`` flows in ``ranges`` of months: every month looks at all before it."""
    asked = ranges.select(
        _KEY, "rate_micro", at=pl.int_ranges(pl.col("first") + 1, pl.col("last").cast(pl.Int64) + 1)
    ).explode("at")
    pairs = asked.join(known, on=_KEY).filter(pl.col("month") < pl.col("at"))
    grown = _grown(pairs.with_columns(months=pl.col("at") - pl.col("month")))
    more = grown.with_columns(more=wide("amount") * (pl.col("growth") - _UNIT))
    sums = more.group_by(_KEY, "at").agg(pl.col("more").sum(), net=pl.col("amount").sum()).sort(_KEY, "at")
    told = sums.with_columns(to_date=divide(pl.col("more"), _UNIT, rounding))
    before = pl.col("to_date").shift(1).over(_KEY).fill_null(0)
    return told.select(
        _KEY, month="at", opening=pl.col("net") + before, interest=pl.col("to_date") - before, to_date="to_date"
    )
