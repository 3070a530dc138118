"""Schedules by month, against worked tables, laws and an oracle that lists months and weighs them."""

from __future__ import annotations

import math
import random
from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.money import ROUNDINGS, Rounding
from urikake.core.schedule import METHODS, PARTIAL_MONTHS, REMAINDERS, cumulative, months

DAY = timedelta(days=1)
SCHEMA: dict[str, Any] = {
    "key": pl.Int64,
    "amount": pl.Int64,
    "from_on": pl.Date,
    "to_on": pl.Date,
    "method": pl.String,
    "partial_month": pl.String,
    "remainder": pl.String,
}
Row = tuple[int, int, date, date, str, str, str]


def d(text: str) -> date:
    return date.fromisoformat(text)


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def rule(amount: int, first: str, last: str, method: str, partial: str = "daily", rest: str = "cumulative") -> Row:
    return (1, amount, d(first), d(last) + DAY, method, partial, rest)


YEAR = [4931, 10192, 9863, 10192, 10191, 9863, 10192, 9863, 10192, 10192, 9205, 10192, 4932]
# last days inclusive, rounded down
WORKED = [
    (rule(120_000, "2026-04-16", "2027-04-15", "daily"), YEAR),
    (rule(-120_000, "2026-04-16", "2027-04-15", "daily"), [-part for part in YEAR]),
    (rule(100, "2026-04-01", "2026-06-30", "monthly"), [33, 33, 34]),
    (rule(200, "2026-04-01", "2026-06-30", "monthly", rest="cumulative"), [66, 67, 67]),
    (rule(200, "2026-04-01", "2026-06-30", "monthly", rest="last"), [66, 66, 68]),
    (rule(200, "2026-04-01", "2026-06-30", "monthly", rest="first"), [68, 66, 66]),
    (rule(-200, "2026-04-01", "2026-06-30", "monthly", rest="first"), [-68, -66, -66]),
    (rule(30_000, "2026-04-16", "2026-06-30", "monthly", "daily"), [6_000, 12_000, 12_000]),
    (rule(30_000, "2026-04-16", "2026-06-15", "monthly", "full_first"), [15_000, 15_000, 0]),
    (rule(30_000, "2026-04-16", "2026-06-15", "monthly", "none_first"), [0, 15_000, 15_000]),
    (rule(30_000, "2026-04-01", "2026-06-15", "monthly", "none_first"), [10_000, 10_000, 10_000]),
    (rule(30_000, "2026-04-16", "2026-06-30", "monthly", "full_first"), [10_000, 10_000, 10_000]),
    (rule(101, "2026-04-16", "2026-06-15", "monthly", "full_first", "last"), [50, 51, 0]),
    (rule(101, "2026-04-16", "2026-06-15", "monthly", "none_first", "first"), [0, 51, 50]),
    (rule(777, "2026-04-10", "2026-04-20", "monthly", "none_first"), [777]),
    (rule(777, "2026-04-10", "2026-04-20", "daily", rest="last"), [777]),
    (rule(1, "2026-04-01", "2026-06-30", "monthly"), [0, 0, 1]),
    (rule(1_000, "2026-02-01", "2026-04-30", "daily", rest="last"), [314, 348, 338]),
]


@pytest.mark.parametrize(("row", "parts"), WORKED)
def test_worked_schedules(row: Row, parts: list[int]) -> None:
    assert months(frame([row]), "floor")["amount"].to_list() == parts


def test_months_are_named_by_their_first_day_and_keep_their_keys() -> None:
    rows = frame([rule(3, "2026-11-15", "2027-01-14", "daily")]).with_columns(key_line=pl.lit("a"))
    assert months(rows, "floor").select("key", "key_line", "month").rows() == [
        (1, "a", d("2026-11-01")),
        (1, "a", d("2026-12-01")),
        (1, "a", d("2027-01-01")),
    ]


def test_nothing_in_nothing_out() -> None:
    assert months(frame([]), "floor").rows() == []
    assert months(frame([]), "floor").columns == ["key", "month", "amount"]


def test_a_range_without_days_falls_on_its_month() -> None:
    same: Row = (1, 500, d("2026-04-10"), d("2026-04-10"), "daily", "daily", "cumulative")
    assert months(frame([same]), "floor").rows() == [(1, d("2026-04-01"), 500)]


def rounded(value: Fraction, rounding: Rounding) -> int:
    size = abs(value)
    whole = math.floor(size)
    rest = size - whole
    up = {
        "floor": False,
        "ceil": rest > 0,
        "half_up": rest >= Fraction(1, 2),
        "half_even": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1),
    }[rounding]
    return (whole + up) * (-1 if value < 0 else 1)


def weights(row: Row) -> list[Fraction]:
    """What every month weighs, by listing them."""
    _, _, first, end, method, partial, _ = row
    last, found, at = end - DAY, list[Fraction](), first.replace(day=1)
    while at <= last:
        length = monthrange(at.year, at.month)[1]
        following = at + DAY * length
        days = (min(end, following) - max(first, at)).days
        if method == "daily":
            found.append(Fraction(days))
        elif days == length or partial == "daily":
            found.append(Fraction(days, length))
        else:
            found.append(Fraction((at <= first) == (partial == "full_first")))
        at = following
    return found if len(found) > 1 else [Fraction(1)]


def oracle(row: Row, rounding: Rounding) -> list[int]:
    amount, rest, weighed = row[1], row[6], weights(row)
    total = sum(weighed, Fraction(0))
    if rest == "cumulative":
        sums = [rounded(amount * sum(weighed[: at + 1], Fraction(0)) / total, rounding) for at in range(len(weighed))]
        return [now - before for now, before in zip(sums, [0, *sums], strict=False)]
    alone = [rounded(amount * weight / total, rounding) for weight in weighed]
    heavy = [at for at, weight in enumerate(weighed) if weight]
    odd = heavy[-1] if rest == "last" else heavy[0]
    alone[odd] += amount - sum(alone)
    return alone


def drawn(seed: int, count: int) -> list[Row]:
    luck, rows = random.Random(seed), list[Row]()
    for key in range(count):
        first = date(2023, 1, 1) + DAY * luck.randint(0, 2_000)
        first = first.replace(day=1) if luck.random() < 0.3 else first
        end = first + DAY * luck.choice([1, 20, 31, 60, luck.randint(1, 1_200)])
        end = end.replace(day=1) if luck.random() < 0.3 and end.replace(day=1) > first else end
        amount = luck.choice([0, 1, luck.randint(-1_000, 1_000), luck.randint(-(10**9), 10**9), 10**15])
        policy = (luck.choice(METHODS), luck.choice(PARTIAL_MONTHS), luck.choice(REMAINDERS))
        rows.append((key, amount, first, end, *policy))
    return rows


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_schedules_agree_with_listing_months(rounding: Rounding) -> None:
    rows = drawn(ROUNDINGS.index(rounding), 1_200)
    found = months(frame(rows), rounding).group_by("key", maintain_order=True).agg("amount")
    assert found["key"].to_list() == list(range(len(rows)))
    for row, parts in zip(rows, found["amount"].to_list(), strict=True):
        assert parts == oracle(row, rounding), row


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_months_are_differences_of_the_cumulative(rounding: Rounding) -> None:
    rows = drawn(10 + ROUNDINGS.index(rounding), 1_000)
    spread = months(frame(rows), rounding).with_columns(sum=pl.col("amount").cum_sum().over("key"))
    asked = spread.join(frame(rows).drop("amount"), on="key").join(frame(rows).select("key", total="amount"), on="key")
    asked = asked.select("sum", *list(SCHEMA)[2:], amount="total", until_on=pl.col("month").dt.offset_by("1mo"))
    assert cumulative(asked, rounding).to_list() == asked["sum"].to_list()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(ROUNDINGS), st.integers(-60, 60))
def test_nothing_before_everything_after_and_credits_mirror(seed: int, rounding: Rounding, shift: int) -> None:
    lines = frame(drawn(seed, 20))
    at = pl.col("from_on").dt.month_start().dt.offset_by(f"{shift}mo")
    asked = lines.with_columns(until_on=at)
    sums = cumulative(asked, rounding)
    assert (sums + cumulative(asked.with_columns(-pl.col("amount")), rounding)).to_list() == [0] * 20
    for done, amount, until, end in zip(sums, asked["amount"], asked["until_on"], asked["to_on"], strict=True):
        assert done == 0 if shift <= 0 else done == amount or until < end


def test_blocks_do_not_show() -> None:
    lines = pl.DataFrame({"key": range(100_003)}).with_columns(
        amount=pl.col("key") * 7 - 1_000,
        from_on=pl.lit(d("2026-04-16")),
        to_on=pl.lit(d("2026-06-16")),
        method=pl.lit("daily"),
        partial_month=pl.lit("daily"),
        remainder=pl.lit("cumulative"),
    )
    spread = months(lines, "floor")
    assert spread.height == 3 * lines.height
    assert spread.group_by("key", maintain_order=True).agg(pl.col("amount").sum())["amount"].equals(lines["amount"])
