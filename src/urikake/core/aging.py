"""Receivables by how long they have been due, and what is charged for paying late (年齢調べ・遅延損害金)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import polars as pl

from urikake.core.money import Rounding, divide, wide

_RATE_WHOLE: Final = 100_000_000
"""100 % in millionths of a percent."""
_YEARS: Final = 365 * 366


def labels(buckets: Sequence[int]) -> list[str]:
    """The names of the buckets whose upper bounds are ``buckets``, and of the open one after them.

    Raises ``ValueError`` for bounds that are not positive and ascending.

    >>> labels([30, 60, 90])
    ['1-30', '31-60', '61-90', '91-']
    """
    bounds = [0, *buckets]
    if any(low >= high for low, high in pairwise(bounds)):
        raise ValueError("年齢区分は、1以上の日数を小さい順に指定してください")
    return [*(f"{low + 1}-{high}" for low, high in pairwise(bounds)), f"{bounds[-1] + 1}-"]


def age(items: pl.DataFrame, as_of: date, buckets: Sequence[int], by: Sequence[str] = ("partner",)) -> pl.DataFrame:
    """Balances by days past their date (年齢調べ), a row per group, sorted by it.

    With d = ``as_of`` − ``basis_on``, d ≤ 0 is not due yet, and both bounds belong to the bucket that names them. An
    item without a date is not due. In: the ``by`` columns, ``basis_on`` Date, ``amount`` Int64. Out: the ``by``
    columns, ``total``, ``not_due`` and a column per bucket named by its label, all Int64, which sum to the total.

    >>> from datetime import date
    >>> items = pl.DataFrame({"partner": ["A", "A", "A"], "amount": [100, 20, 3],
    ...                       "basis_on": [date(2026, 6, 30), date(2026, 5, 31), date(2026, 5, 30)]})
    >>> age(items, date(2026, 6, 30), [30]).rows(named=True)
    [{'partner': 'A', 'total': 123, 'not_due': 100, '1-30': 20, '31-': 3}]
    """
    days = (pl.lit(as_of) - pl.col("basis_on")).dt.total_days()
    bounds = [0, *buckets]
    lows = [pl.col("days") > bound for bound in bounds]
    within = [low & ~beyond for low, beyond in pairwise(lows)]
    columns = {
        label: pl.col("amount").filter(held) for label, held in zip(labels(buckets), [*within, lows[-1]], strict=True)
    }
    aged = (
        items.lazy()
        .with_columns(days=days.fill_null(0))
        .group_by(by)
        .agg(
            total=pl.col("amount").sum(),
            not_due=pl.col("amount").filter(~lows[0]).sum(),
            **{label: amount.sum() for label, amount in columns.items()},
        )
    )
    return aged.sort(by).collect()


def late_charges(
    items: pl.DataFrame, rates: pl.DataFrame, rounding: Rounding, *, per_day: bool = False, actual_years: bool = False
) -> pl.DataFrame:
    """The charge for paying each item late (遅延損害金): ``amount × rate × days ÷ days of the year``, rounded once.

    Counted are the days after ``due_on`` up to and including ``paid_on`` (民法412条). The rate in force on the first of
    them holds to the end (民法419条1項), or with ``per_day`` each day bears that day's. A year has 365 days, or with
    ``actual_years`` those of the calendar year the day falls in.

    In: items ``amount`` Int64, ``due_on``, ``paid_on`` Date · rates ``from_on`` Date, null from the beginning,
    ``rate_micro`` Int64, millionths of a percent a year.
    Out: ``amount``, ``days`` Int64, in the order of the items; paid in time both are 0.
    Raises ``ValueError`` where no rate is in force yet.

    >>> from datetime import date
    >>> item = {"amount": 1_000_000, "due_on": date(2026, 4, 30), "paid_on": date(2026, 5, 30)}
    >>> rates = pl.DataFrame({"from_on": [date(2020, 4, 1)], "rate_micro": [14_600_000]})
    >>> late_charges(pl.DataFrame([item]), rates, "floor").rows()
    [(12000, 30)]
    """
    days = (pl.col("paid_on") - pl.col("due_on")).dt.total_days().clip(lower_bound=0)
    if items.is_empty():
        return items.select("amount", days=days)
    first_on, last_on = items.select(
        pl.col("due_on").min(), pl.max_horizontal("due_on", "paid_on").max().alias("last")
    ).row(0)
    table = _daily(first_on, last_on, rates, actual_years)
    counted = items.select("amount", days=days, at=(pl.col("due_on") - first_on).dt.total_days())
    sums, at = table["charge" if per_day else "year"], counted["at"]
    share = sums.gather(at + counted["days"]) - sums.gather(at)
    shared = counted.with_columns(share=share, rate=table["rate"].gather(at + 1))
    if len(shared.filter((pl.col("days") > 0) & pl.col("rate").is_null())):
        raise ValueError("遅延の初日に適用する利率がありません")
    rate = pl.lit(1) if per_day else pl.col("rate").fill_null(0)
    charge = divide(wide("amount") * wide("share") * wide(rate), _RATE_WHOLE * _YEARS, rounding)
    return shared.select(charge.alias("amount"), "days")


def _daily(first_on: date, last_on: date, rates: pl.DataFrame, actual_years: bool) -> pl.DataFrame:
    """For each day to the one after ``last_on`` the ``rate``, and running sums of its part of the year and its charge.

    A day's part of the year is kept in units of 1 ÷ (365 × 366), so both kinds of year are exact.
    """
    days = pl.DataFrame({"day": pl.date_range(first_on, last_on + timedelta(days=1), eager=True)})
    table = rates.select(pl.col("from_on").fill_null(date(1, 1, 1)), rate="rate_micro").sort("from_on")
    rated = days.join_asof(table, left_on="day", right_on="from_on", strategy="backward")
    leap = pl.col("day").dt.is_leap_year() & actual_years
    part = pl.when(leap).then(365).otherwise(366).cast(pl.Int64)
    charge = wide("rate").fill_null(0) * wide(part)
    return rated.select("rate", year=part.cum_sum(), charge=charge.cum_sum())
