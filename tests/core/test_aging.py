"""Aging and late charges, against worked tables and an oracle of plain Python and fractions."""

from __future__ import annotations

import random
from calendar import isleap
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

import polars as pl
import pytest

from urikake.core import aging
from urikake.core.money import Rounding

DAY = timedelta(days=1)
ITEM = {"partner": pl.String, "basis_on": pl.Date, "amount": pl.Int64}


def d(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        ([30, 60, 90], ["1-30", "31-60", "61-90", "91-"]),
        ([7], ["1-7", "8-"]),
        ([1, 2], ["1-1", "2-2", "3-"]),
        ([], ["1-"]),
    ],
)
def test_labels(buckets: list[int], expected: list[str]) -> None:
    assert aging.labels(buckets) == expected


@pytest.mark.parametrize("buckets", [[0], [30, 30], [60, 30], [-1]])
def test_labels_refuse_bounds_out_of_order(buckets: list[int]) -> None:
    with pytest.raises(ValueError, match="年齢区分"):
        aging.labels(buckets)


@pytest.mark.parametrize(
    ("due", "bucket"),
    [
        ("2026-07-01", "not_due"),
        ("2026-06-30", "not_due"),
        ("2026-06-29", "1-30"),
        ("2026-05-31", "1-30"),
        ("2026-05-30", "31-60"),
        ("2026-05-01", "31-60"),
        ("2026-04-30", "61-90"),
        ("2026-04-01", "61-90"),
        ("2026-03-31", "91-"),
        ("2020-01-01", "91-"),
        (None, "not_due"),
    ],
)
def test_both_bounds_belong_to_the_bucket_that_names_them(due: str | None, bucket: str) -> None:
    items = pl.DataFrame([("A", due and d(due), 100)], schema=ITEM, orient="row")
    row = aging.age(items, d("2026-06-30"), [30, 60, 90]).row(0, named=True)
    assert row.pop("partner") == "A"
    assert {name: amount for name, amount in row.items() if amount} == {"total": 100, bucket: 100}


def test_aging_agrees_with_a_loop() -> None:
    chance = random.Random(6)
    as_of, buckets = d("2026-06-30"), [15, 30, 100]
    rows = [
        (
            f"P{chance.randrange(200)}",
            chance.choice("xy"),
            as_of + chance.randint(-200, 60) * DAY,
            chance.randint(-9, 99),
        )
        for _ in range(10_000)
    ]
    expected: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 6)
    for partner, order, due, amount in rows:
        past = (as_of - due).days
        column = 1 if past <= 0 else 2 + sum(past > bound for bound in buckets)
        expected[partner, order][0] += amount
        expected[partner, order][column] += amount
    items = pl.DataFrame(rows, schema=["partner", "order", "basis_on", "amount"], orient="row")
    found = aging.age(items, as_of, buckets, ["partner", "order"])
    assert found.columns == ["partner", "order", "total", "not_due", "1-15", "16-30", "31-100", "101-"]
    assert found.rows() == [(*key, *expected[key]) for key in sorted(expected)]


def test_nothing_ages_into_nothing() -> None:
    assert aging.age(pl.DataFrame(schema=ITEM), d("2026-06-30"), [30]).is_empty()


# late charges


def charge(amount: int, due: str, paid: str, rates: list[tuple[str | None, str]], **given: bool) -> tuple[int, int]:
    item = pl.DataFrame([{"amount": amount, "due_on": d(due), "paid_on": d(paid)}])
    table = [{"from_on": on and d(on), "rate_micro": int(Fraction(rate) * 1_000_000)} for on, rate in rates]
    frame = pl.DataFrame(table, schema={"from_on": pl.Date, "rate_micro": pl.Int64})
    found = aging.late_charges(item, frame, "floor", **given).row(0)
    return found[0], found[1]


@pytest.mark.parametrize(
    ("amount", "due", "paid", "rates", "given", "expected"),
    [
        (1_000_000, "2026-04-30", "2026-05-30", [(None, "14.6")], {}, (12_000, 30)),
        (1_000_000, "2026-04-30", "2026-05-01", [(None, "14.6")], {}, (400, 1)),
        (1_000_000, "2026-04-30", "2026-04-30", [(None, "14.6")], {}, (0, 0)),
        (1_000_000, "2026-04-30", "2026-04-01", [(None, "14.6")], {}, (0, 0)),
        (-1_000_000, "2026-04-30", "2026-05-30", [(None, "14.6")], {}, (-12_000, 30)),
        (365_000, "2026-03-31", "2026-04-02", [("2020-04-01", "3"), ("2026-04-02", "5")], {}, (60, 2)),
        (365_000, "2026-03-31", "2026-04-02", [("2020-04-01", "3"), ("2026-04-02", "5")], {"per_day": True}, (80, 2)),
        (365_000, "2026-04-01", "2026-04-03", [("2020-04-01", "3"), ("2026-04-02", "5")], {}, (100, 2)),
        (366_000, "2027-12-31", "2028-12-31", [(None, "10")], {}, (36_700, 366)),
        (366_000, "2027-12-31", "2028-12-31", [(None, "10")], {"actual_years": True}, (36_600, 366)),
        (133_590, "2027-12-30", "2028-01-01", [(None, "10")], {"actual_years": True}, (73, 2)),
    ],
)
def test_late_charges(
    amount: int,
    due: str,
    paid: str,
    rates: list[tuple[str | None, str]],
    given: dict[str, bool],
    expected: tuple[int, int],
) -> None:
    assert charge(amount, due, paid, rates, **given) == expected


def test_a_first_day_without_a_rate_is_refused_but_only_when_late() -> None:
    with pytest.raises(ValueError, match="利率"):
        charge(1_000, "2026-03-31", "2026-04-30", [("2026-04-02", "3")])
    assert charge(1_000, "2026-03-31", "2026-03-31", [("2026-04-02", "3")]) == (0, 0)
    assert charge(1_000, "2026-03-31", "2026-03-31", []) == (0, 0)


@pytest.mark.parametrize("per_day", [False, True])
@pytest.mark.parametrize("actual_years", [False, True])
@pytest.mark.parametrize("rounding", ["floor", "half_up", "ceil"])
def test_late_charges_agree_with_fractions_day_by_day(per_day: bool, actual_years: bool, rounding: Rounding) -> None:
    chance = random.Random(7)
    rates = [(date(2015, 1, 1), 5_000_000), (date(2020, 4, 1), 3_000_000), (date(2024, 2, 29), 14_600_001)]
    rows = []
    for _ in range(400):
        due = date(2019, 1, 1) + chance.randrange(2_000) * DAY
        rows.append((chance.randint(-(10**9), 10**9), due, due + chance.randint(-30, 600) * DAY))

    def rate_on(day: date) -> int:
        return max(rate for rate in rates if rate[0] <= day)[1]

    def slow(amount: int, due: date, paid: date) -> tuple[int, int]:
        days = [due + number * DAY for number in range(1, (paid - due).days + 1)]
        first = due + DAY
        exact = sum(
            Fraction(
                abs(amount) * rate_on(day if per_day else first),
                100_000_000 * (366 if actual_years and isleap(day.year) else 365),
            )
            for day in days
        )
        units = {"floor": exact // 1, "half_up": (exact + Fraction(1, 2)) // 1, "ceil": -(-exact // 1)}[rounding]
        return int(units) * (-1 if amount < 0 else 1), len(days)

    items = pl.DataFrame(rows, schema=["amount", "due_on", "paid_on"], orient="row")
    table = pl.DataFrame(rates, schema=["from_on", "rate_micro"], orient="row")
    found = aging.late_charges(items, table, rounding, per_day=per_day, actual_years=actual_years)
    assert found.rows() == [slow(*row) for row in rows]


def test_no_items_have_no_charge() -> None:
    items = pl.DataFrame(schema={"amount": pl.Int64, "due_on": pl.Date, "paid_on": pl.Date})
    rates = pl.DataFrame(schema={"from_on": pl.Date, "rate_micro": pl.Int64})
    assert aging.late_charges(items, rates, "floor").is_empty()
