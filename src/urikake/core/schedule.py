"""How an amount earned over a range of days falls on calendar months (収益の月割・日割).

A schedule is stored as its rule and computed whenever it is asked for: `cumulative` is a closed form, so what is
recognised up to any month costs one division, and `months` are its differences. Every schedule sums to its amount.
Source: straight-line measure of progress over time, 企業会計基準第29号 第38項・第41項; cumulative rounding keeps each
month within one unit of its exact share.
"""

from __future__ import annotations

import functools
from typing import Final, Literal

import polars as pl

from urikake.core import money
from urikake.core.money import Rounding

Method = Literal["monthly", "daily"]
METHODS: Final[tuple[Method, ...]] = ("monthly", "daily")
PartialMonth = Literal["daily", "full_first", "none_first"]
PARTIAL_MONTHS: Final[tuple[PartialMonth, ...]] = ("daily", "full_first", "none_first")
Remainder = Literal["cumulative", "last", "first"]
REMAINDERS: Final[tuple[Remainder, ...]] = ("cumulative", "last", "first")

_BLOCK: Final = 100_000  # lines spread at a time: a block and its months stay small beside the whole


def cumulative(frame: pl.DataFrame, rounding: Rounding) -> pl.Series:
    """What of every ``amount`` is recognised in the months before ``until_on``, ``Int64``, in the order of ``frame``.

    Rules: ``method`` ``daily`` weighs a month by its days in the range. ``monthly`` weighs a calendar month 1, and a
    partial first or last one by ``partial_month``: ``daily`` its days ÷ the days of the month, ``full_first`` 1 for the
    first and nothing for the last, ``none_first`` the reverse; a range inside one month falls on it whole.
    ``remainder`` says where odd units go: ``cumulative`` rounds amount × weight so far ÷ weight in all; ``last`` and
    ``first`` round every other month alone and leave the rest to the last or first month that weighs anything.
    Rounding is by magnitude, so negative amounts mirror.

    Columns: ``amount`` (``Int64`` minor units), ``from_on``, ``to_on`` (exclusive), ``method``, ``partial_month``,
    ``remainder``, ``until_on`` (a first of a month). Before the first month the answer is 0, from the last on exactly
    ``amount``.

    120,000 yen for the 365 days from 16 April 2026, by day, up to the end of April (15 days) and of May:

    >>> from datetime import date
    >>> rule = {"amount": 120_000, "from_on": date(2026, 4, 16), "to_on": date(2027, 4, 16), "method": "daily"}
    >>> rule |= {"partial_month": "daily", "remainder": "cumulative"}
    >>> asked = pl.DataFrame([rule | {"until_on": date(2026, month, 1)} for month in (5, 6)])
    >>> cumulative(asked, "floor").to_list()
    [4931, 15123]
    """
    asked = _weighed(frame.with_columns(until=_index(pl.col("until_on"))))
    return asked.select(_recognised(asked, rounding)).to_series().alias("cumulative")


def months(frame: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """Every month of every schedule with its amount: the ``key…`` columns, ``month`` (its first day) and ``amount``.

    Months are listed from the first to the last day of the range, also where the amount is 0, in the order of
    ``frame``; they are the differences of `cumulative`, whose rules and columns (but ``until_on``) hold.

    100 yen over three months, cumulatively rounded down:

    >>> from datetime import date
    >>> rule = {"key": 7, "amount": 100, "from_on": date(2026, 4, 1), "to_on": date(2026, 7, 1), "method": "monthly"}
    >>> rule |= {"partial_month": "daily", "remainder": "cumulative"}
    >>> months(pl.DataFrame([rule]), "floor")["amount"].to_list()
    [33, 33, 34]
    """
    keys = [name for name in frame.columns if name.startswith("key")]
    weighed = _weighed(frame)
    blocks = [_spread(weighed.slice(at, _BLOCK), keys, rounding) for at in range(0, max(frame.height, 1), _BLOCK)]
    return pl.concat(blocks, rechunk=False)


def _spread(lines: pl.DataFrame, keys: list[str], rounding: Rounding) -> pl.DataFrame:
    """The months of one block of lines."""
    listed = pl.int_ranges(pl.col("from_index") + 1, pl.col("to_index") + 2).alias("until")
    spread = lines.with_columns(listed, line=pl.int_range(pl.len())).explode("until")
    reached = spread.select(*keys, "line", "until", sum=_recognised(spread, rounding))
    before = pl.when(pl.col("line") == pl.col("line").shift(1)).then(pl.col("sum").shift(1)).otherwise(0)
    return reached.select(*keys, month=_first_day(pl.col("until") - 1), amount=pl.col("sum") - before.fill_null(0))


def _index(date: pl.Expr) -> pl.Expr:
    """The calendar month as a running number."""
    return date.dt.year().cast(pl.Int64) * 12 + date.dt.month().cast(pl.Int64) - 1


def _first_day(index: pl.Expr) -> pl.Expr:
    """The first day of the month with that number."""
    return pl.date(index // 12, index % 12 + 1, 1)


def _weighed(frame: pl.DataFrame) -> pl.DataFrame:
    """The lines with the weights of their first, inner and last months, over a common denominator.

    ``begin`` … ``count`` leave out a first or last month that weighs nothing; what is left then weighs alike.
    """
    dated, shaped, whole = _weights()
    return frame.with_columns(dated).with_columns(shaped).with_columns(whole)


@functools.cache
def _weights() -> tuple[tuple[pl.Expr, ...], tuple[pl.Expr, ...], pl.Expr]:
    """The columns that `_weighed` adds, in three steps; made once, for they cost more than small frames do."""
    from_on, to_index, first = pl.col("from_on"), pl.col("to_index"), pl.col("from_index")
    # a range without days falls on the month it begins in: nothing is lost
    end = pl.max_horizontal(pl.col("to_on").dt.offset_by("-1d"), "from_on")
    length = from_on.dt.days_in_month().cast(pl.Int64)
    dated = {
        "from_index": _index(from_on),
        "to_index": _index(end),
        "days": (end - from_on).dt.total_days() + 1,
        "length": length,
        "close_length": end.dt.days_in_month().cast(pl.Int64),
        "close": end.dt.day().cast(pl.Int64),
        "head": length - from_on.dt.day().cast(pl.Int64) + 1,
        "by_day": pl.col("method") == "daily",
        "even": (pl.col("method") == "monthly") & (pl.col("partial_month") != "daily"),
    }
    several, none_first = pl.col("even") & (first < to_index), pl.col("partial_month") == "none_first"
    skipped = (several & none_first & (pl.col("head") < pl.col("length"))).cast(pl.Int64)
    dropped = (several & ~none_first & (pl.col("close") < pl.col("close_length"))).cast(pl.Int64)
    shaped = {
        "begin": first + skipped,
        "count": to_index - first + 1 - skipped - dropped,
        "first": _by_shape(pl.col("head"), 1, pl.col("head") * pl.col("close_length")),
        "inner": _by_shape(None, 1, pl.col("length") * pl.col("close_length")),
        "last": _by_shape(pl.col("close"), 1, pl.col("close") * pl.col("length")),
    }
    months = pl.col("first") + pl.col("inner") * (pl.col("count") - 2) + pl.col("last")
    whole = pl.when("by_day").then("days").otherwise(months).alias("whole")
    return tuple(e.alias(n) for n, e in dated.items()), tuple(e.alias(n) for n, e in shaped.items()), whole


def _by_shape(daily: pl.Expr | None, even: int, mixed: pl.Expr) -> pl.Expr:
    """The weight by day, of alike months, or of whole months with partial ones at the ends."""
    return pl.when("by_day").then(daily).when("even").then(even).otherwise(mixed)


def _recognised(lines: pl.DataFrame, rounding: Rounding) -> pl.Expr:
    """The amount recognised in the months before ``until``; only the policies that occur are computed."""
    return _share(frozenset(lines["remainder"].unique()), bool(lines["by_day"].any()), rounding)


@functools.cache
def _share(policies: frozenset[str], days: bool, rounding: Rounding) -> pl.Expr:
    begin, finish = pl.col("begin"), pl.col("begin") + pl.col("count")
    until = pl.col("until").clip(begin, finish)
    inside = _cumulatively(until, days, rounding)
    if "last" in policies:
        before = _alone(pl.col("first"), rounding) + _inner(begin + 1, until, days, rounding)
        inside = pl.when(pl.col("remainder") == "last").then(before).otherwise(inside)
    if "first" in policies:
        after = _inner(until, finish - 1, days, rounding) + _alone(pl.col("last"), rounding)
        inside = pl.when(pl.col("remainder") == "first").then(pl.col("amount") - after).otherwise(inside)
    return pl.when(until == begin).then(0).when(until == finish).then("amount").otherwise(inside)


def _cumulatively(until: pl.Expr, days: bool, rounding: Rounding) -> pl.Expr:
    """The amount times the weight so far over the weight in all, rounded."""
    elapsed = pl.col("first") + pl.col("inner") * (until - pl.col("begin") - 1)
    if days:
        passed = (_first_day(until) - pl.col("from_on")).dt.total_days()
        elapsed = pl.when("by_day").then(passed).otherwise(elapsed)
    return money.cumulative(pl.col("amount"), elapsed, pl.col("whole"), rounding)


def _alone(weight: pl.Expr, rounding: Rounding) -> pl.Expr:
    """The share of one month rounded alone."""
    return money.cumulative(pl.col("amount"), weight, pl.col("whole"), rounding)


def _inner(start: pl.Expr, stop: pl.Expr, days: bool, rounding: Rounding) -> pl.Expr:
    """The sum of the whole months ``start`` … ``stop`` (exclusive), each rounded alone."""
    alike = (stop - start) * _alone(pl.col("inner"), rounding)
    if not days:
        return alike
    by_length = [(_count(stop, n) - _count(start, n)) * _alone(pl.lit(n), rounding) for n in (28, 29, 30, 31)]
    return pl.when("by_day").then(pl.sum_horizontal(by_length)).otherwise(alike)


def _count(index: pl.Expr, length: int) -> pl.Expr:
    """How many months before ``index`` have that length."""
    year, month = index // 12, index % 12
    if length in (30, 31):
        long = (31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        return year * long.count(length) + pl.sum_horizontal(
            (month > at).cast(pl.Int64) for at, n in enumerate(long) if n == length
        )
    # February counts once March has begun
    reached = year + (month > 1).cast(pl.Int64) - 1
    leap = reached // 4 - reached // 100 + reached // 400
    return leap if length == 29 else reached - leap
