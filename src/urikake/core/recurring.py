"""Monthly recurring revenue (MRR, 月次経常収益) and its movements, as integers of yen that add up month by month.

A stretch of constant state holds at the ends of a range of months. So all of history is a handful of steps, one where a
range begins and one where it is over, and every question (a month, a trend, a cohort, a service) is a sum of steps; no
line is ever spread over its months.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from . import charging, pricing
from .calendar import month_number
from .money import MICRO, Rounding, divide, wide

MOVEMENTS: Final = ("new", "expansion", "reactivation", "contraction", "churn")
"""New (新規), expansion (増加), reactivation (再開), contraction (減少), churn (解約): what leads from month to month."""
RISES: Final = ("new", "expansion", "reactivation")
PARTS: Final = 10_000
"""A whole in hundredths of a percent, the unit in which rates of tax are taken out of inclusive prices."""


def monthly(states: pl.DataFrame, rounding: Rounding) -> pl.Series:
    """What every state is worth a month, ``Int64`` yen, net of tax and after discounts, rounded once.

    The price of a whole cycle ÷ its months. What is not recurring is worth 0: lines that are billed once
    (``cycle_months`` 0). Of what is measured (``metered``, 従量) only the base price and the minimum count, as both are
    billed without any usage.

    Columns: the state of `timeline.segments`, ``cycle_months``, ``metered``, ``inclusive`` and ``rate_micro`` (tax inside
    the price, 10 % = 10,000,000), and those of `pricing.exact`.

    A year at 120,000 yen with 10 % off, and one plan at 1,100 yen, tax inside:

    >>> state = {"price_model": "flat", "quantity_micro": 1_000_000, "metered": False, "rate_micro": 10_000_000,
    ...          "discount_cut": 0}
    >>> year = state | {"unit_price_micro": 120_000_000_000, "cycle_months": 12, "inclusive": False,
    ...                 "discount_rate": 10_000_000}
    >>> plan = state | {"unit_price_micro": 1_100_000_000, "cycle_months": 1, "inclusive": True, "discount_rate": 0}
    >>> monthly(pl.DataFrame([year, plan]), "floor").to_list()
    [9000, 1000]
    """
    quantity = pl.when("metered").then(0).otherwise("quantity_micro")
    taken = pl.when(pl.col("metered") & (pl.col("quantity_micro") == 0)).then(MICRO).otherwise("quantity_micro")
    price = pricing.exact(states.with_columns(taken_micro=taken, quantity_micro=quantity))
    months = pl.max_horizontal("cycle_months", pl.lit(1))
    parts = states.with_columns(price=price, sign=pl.lit(1), numerator=pl.lit(PARTS, dtype=pl.Int64))
    below = wide(months) * wide(_with_tax()) * charging.EXACT
    worth = charging.reduced(wide("price") * PARTS, below, rounding)
    return parts.select(pl.when(pl.col("cycle_months") > 0).then(worth).otherwise(0).alias("amount")).to_series()


def committed(states: pl.DataFrame, amount: pl.Series, rounding: Rounding) -> pl.Series:
    """The amounts of `monthly`, held between the least and the most agreed on for several months together (約束料金).

    Columns of the states: ``least`` and ``most`` yen for ``commitment_months`` months, all null for none; ``inclusive`` and
    ``rate_micro`` as `monthly` takes them. What is billed once stays at 0.

    1,200,000 yen a year at the least, for what is 80,000 a month and what is 150,000:

    >>> year = {"least": 1_200_000, "most": None, "commitment_months": 12, "cycle_months": 1, "inclusive": False}
    >>> committed(pl.DataFrame([year | {"rate_micro": 10_000_000}] * 2), pl.Series([80_000, 150_000]), "floor").to_list()
    [100000, 150000]
    """
    below = wide("commitment_months") * wide(_with_tax())
    low, high = (divide(wide(name) * PARTS, below, rounding).cast(pl.Int64) for name in ("least", "most"))
    held = pl.min_horizontal(pl.max_horizontal("worth", low), high)
    recurs = (pl.col("cycle_months") > 0) & pl.col("commitment_months").is_not_null()
    found = states.with_columns(pl.col("least", "most").cast(pl.Int64), worth=amount)
    return found.select(pl.when(recurs).then(held).otherwise("worth").alias("amount")).to_series()


def _with_tax() -> pl.Expr:
    """A whole and the tax inside the price, in `PARTS`."""
    return PARTS + pl.when("inclusive").then(pl.col("rate_micro") * PARTS // (100 * MICRO)).otherwise(0)


def spans(states: pl.DataFrame, amount: pl.Series) -> pl.DataFrame:
    """The months at whose ends each state holds: the columns, ``first``, ``until`` (month numbers, exclusive), ``amount``.

    A state that holds at no month's end, or is worth nothing, is not among them; ``until`` is null where there is no end.

    >>> from datetime import date
    >>> days = [(date(2026, 4, 10), date(2026, 7, 1)), (date(2026, 4, 10), date(2026, 4, 30))]
    >>> states = pl.DataFrame(days, schema={"from_on": pl.Date, "to_on": pl.Date}, orient="row")
    >>> found = spans(states, pl.Series([500, 700]))  # April, May and June; and none
    >>> found.select(pl.col("until") - pl.col("first"), "amount").rows()
    [(3, 500)]
    """
    found = states.with_columns(
        first=month_number(pl.col("from_on")), until=month_number(pl.col("to_on")), amount=amount
    )
    kept = (pl.col("amount") != 0) & (pl.col("until").is_null() | (pl.col("until") > pl.col("first")))
    return found.filter(kept)


def levels(ranges: pl.DataFrame, by: str) -> pl.DataFrame:
    """Where the sum of the ranges changes: ``by``, ``month``, ``before`` and ``after``, by key and month."""
    alone = ranges[by].is_unique()
    once, several = ranges.filter(alone), ranges.filter(~alone)  # most keys have but one range
    steps = _steps(several, by).group_by(by, "month").agg(pl.col("step").sum()).filter(pl.col("step") != 0)
    summed = steps.sort(by, "month").with_columns(after=pl.col("step").cum_sum().over(by))
    single = _steps(once, by).with_columns(after=pl.max_horizontal("step", 0))
    both = pl.concat([single.select(summed.columns), summed]).sort(by, "month")
    return both.select(by, "month", before=pl.col("after") - pl.col("step"), after="after")


def _steps(ranges: pl.DataFrame, by: str) -> pl.DataFrame:
    """What begins and what is over: ``by``, ``month`` and ``step``, the amount or its negative."""
    over = ranges.filter(pl.col("until").is_not_null()).select(by, month="until", step=-pl.col("amount"))
    return pl.concat([ranges.select(by, month="first", step="amount"), over])


def movements(ranges: pl.DataFrame, by: str = "partner_id") -> pl.DataFrame:
    """Every movement of every partner: ``by``, ``month``, ``before``, ``after``, ``kind`` (`MOVEMENTS`) and ``amount`` > 0.

    From nothing it is ``new``, or ``reactivation`` if the partner was there before; to nothing it is ``churn``, in the
    first month without; else it rises or falls.

    >>> ranges = pl.DataFrame({"partner_id": [7, 7], "first": [0, 5], "until": [3, None], "amount": [100, 80]})
    >>> movements(ranges).select("month", "kind", "amount").rows()
    [(0, 'new', 100), (3, 'churn', 100), (5, 'reactivation', 80)]
    """
    found = levels(ranges, by)
    first = (pl.col(by) != pl.col(by).shift(1)).fill_null(True)
    none, rises = pl.col("before") == 0, pl.col("after") > pl.col("before")
    came = pl.when(first).then(pl.lit("new")).when(none).then(pl.lit("reactivation"))
    left = came.when(pl.col("after") == 0).then(pl.lit("churn"))
    kind = left.when(rises).then(pl.lit("expansion")).otherwise(pl.lit("contraction"))
    return found.with_columns(kind=kind, amount=(pl.col("after") - pl.col("before")).abs())


def bridges(moved: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """The months from ``first`` to ``last``: ``previous`` + what rose − what fell = ``mrr``, and the customers likewise.

    Columns: ``month``, ``previous``, the `MOVEMENTS`, ``mrr``, ``customers_before``, ``customers``, ``new_customers``,
    ``returned_customers``, ``churned_customers``.

    >>> ranges = pl.DataFrame({"partner_id": [7, 8], "first": [0, 1], "until": [1, None], "amount": [100, 80]})
    >>> bridges(movements(ranges), 1, 1).select("previous", "new", "churn", "mrr", "customers").row(0)
    (100, 80, 100, 80, 1)
    """
    kind = pl.col("kind")
    sums = {name: pl.col("amount").filter(kind == name).sum() for name in MOVEMENTS}
    counts = {"new": "new_customers", "reactivation": "returned_customers", "churn": "churned_customers"}
    found = moved.group_by("month").agg(
        **sums,
        **{title: (kind == name).sum().cast(pl.Int64) for name, title in counts.items()},
        step=(pl.col("after") - pl.col("before")).sum(),
    )
    asked = pl.DataFrame({"month": range(first, last + 1)}, schema={"month": found.schema["month"]})
    every = pl.concat([found.select("month"), asked]).unique().sort("month")
    filled = every.join(found, on="month", how="left", maintain_order="left").fill_null(0)
    people = pl.col("new_customers") + pl.col("returned_customers") - pl.col("churned_customers")
    summed = filled.with_columns(mrr=pl.col("step").cum_sum(), customers=people.cum_sum())
    whole = summed.with_columns(previous=pl.col("mrr") - pl.col("step"), customers_before=pl.col("customers") - people)
    asked_for = whole.filter(pl.col("month").is_between(first, last))
    return asked_for.select(
        "month", "previous", *MOVEMENTS, "mrr", "customers_before", "customers", *counts.values()
    )  # fmt: skip


def cohorts(moved: pl.DataFrame, last: int, by: str = "partner_id") -> pl.DataFrame:
    """What became of the partners that came in the same month: ``cohort``, ``month`` (up to ``last``), ``customers``, ``mrr``.

    >>> ranges = pl.DataFrame({"partner_id": [7, 8], "first": [0, 0], "until": [2, None], "amount": [100, 80]})
    >>> cohorts(movements(ranges), 2).select("month", "customers", "mrr").rows()
    [(0, 2, 180), (1, 2, 180), (2, 1, 80)]
    """
    known = moved.filter(pl.col("month") <= last)
    came = known.filter(pl.col("kind") == "new").select(by, cohort="month")
    there = (pl.col("after") > 0).cast(pl.Int64) - (pl.col("before") > 0).cast(pl.Int64)
    steps = known.join(came, on=by).group_by("cohort", "month").agg(
        people=there.sum(), step=(pl.col("after") - pl.col("before")).sum()
    )  # fmt: skip
    grid = came.select("cohort").unique().with_columns(
        month=pl.int_ranges(pl.col("cohort"), pl.lit(last + 1), dtype=pl.Int32)
    ).explode("month")  # fmt: skip
    filled = grid.join(steps, on=["cohort", "month"], how="left").sort("cohort", "month").fill_null(0)
    return filled.select(
        "cohort",
        "month",
        customers=pl.col("people").cum_sum().over("cohort"),
        mrr=pl.col("step").cum_sum().over("cohort"),
    )


def at_month(ranges: pl.DataFrame, month: int) -> pl.DataFrame:
    """The ranges that hold at the end of the month."""
    return ranges.filter((pl.col("first") <= month) & (pl.col("until").is_null() | (pl.col("until") > month)))
