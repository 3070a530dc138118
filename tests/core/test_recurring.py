"""Monthly recurring revenue, against a slow recomputation with fractions that looks at every month's end by itself."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from urikake.core import recurring
from urikake.core.money import MICRO

START = date(2025, 1, 1)
MONTHS = 30
FIRST = START.year * 12 + START.month - 1
STATE = {
    "price_model": "unit", "quantity_micro": 3 * MICRO, "unit_price_micro": 1_000 * MICRO, "cycle_months": 1, "metered": False,
    "inclusive": False, "rate_micro": 10 * MICRO, "discount_rate": 0, "discount_cut": 0,
}  # fmt: skip
SHARE = 10**6
"""One percent of a discount's rate, one hundredth of a yen of its cut."""


def worth(**changes: Any) -> int:
    return int(recurring.monthly(pl.DataFrame([STATE | changes]), "floor")[0])


@pytest.mark.parametrize(
    ("what", "changes", "yen"),
    [
        ("three at 1,000 yen", {}, 3_000),
        ("a year's price by month, cut down", {"cycle_months": 12, "unit_price_micro": 10_000 * MICRO}, 2_500),
        ("a year's price that does not divide", {"cycle_months": 7}, 428),
        ("tax inside the price", {"inclusive": True, "unit_price_micro": 1_100 * MICRO}, 3_000),
        ("10 % off", {"discount_rate": 10 * SHARE}, 2_700),
        ("10 % and 200 yen off", {"discount_rate": 10 * SHARE, "discount_cut": 200 * 10**8}, 2_500),
        ("never below nothing", {"discount_cut": 9_999 * 10**8}, 0),
        ("free for now", {"discount_rate": 100 * SHARE}, 0),
        ("billed once", {"cycle_months": 0}, 0),
        ("usage", {"metered": True}, 0),
        (
            "the base price of what is measured",
            {"metered": True, "price_model": "flat", "quantity_micro": MICRO},
            1_000,
        ),
        ("its minimum", {"metered": True, "minimum": 500}, 500),
    ],
)
def test_a_state_is_worth_a_month(what: str, changes: dict[str, Any], yen: int) -> None:
    assert worth(**changes) == yen, what


@given(
    price=some.integers(0, 10**9), quantity=some.integers(0, 5_000), cycle=some.sampled_from([1, 2, 3, 6, 12, 36]),
    off=some.integers(0, 100), cut=some.integers(0, 10**6), inclusive=some.booleans(), rate=some.sampled_from([0, 8, 10]),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_it_is_rounded_once_from_the_exact_amount(
    price: int, quantity: int, cycle: int, off: int, cut: int, inclusive: bool, rate: int
) -> None:
    exact = Fraction(price * quantity) * Fraction(100 - off, 100) - cut
    exact = max(exact, Fraction(0)) / cycle / (Fraction(100 + rate, 100) if inclusive else 1)
    assert floor(exact) == worth(
        unit_price_micro=price * MICRO, quantity_micro=quantity * MICRO, cycle_months=cycle, discount_rate=off * SHARE,
        discount_cut=cut * 10**8, inclusive=inclusive, rate_micro=rate * MICRO,
    )  # fmt: skip


@given(
    amount=some.integers(0, 10**7), least=some.none() | some.integers(0, 10**8), more=some.none() | some.integers(0, 10**8),
    months=some.sampled_from([3, 6, 12, 36]), inclusive=some.booleans(), rate=some.sampled_from([0, 8, 10]),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_a_commitment_holds_it_between_its_least_and_its_most(
    amount: int, least: int | None, more: int | None, months: int, inclusive: bool, rate: int
) -> None:
    most = None if more is None else (least or 0) + more
    agreed = {"least": least, "most": most, "commitment_months": months}
    state = STATE | agreed | {"inclusive": inclusive, "rate_micro": rate * MICRO}
    share = Fraction(1, months) / (Fraction(100 + rate, 100) if inclusive else 1)
    low = floor(least * share) if least is not None else 0
    high = floor(most * share) if most is not None else amount + low
    found = recurring.committed(pl.DataFrame([state]), pl.Series([amount]), "floor")
    assert found.to_list() == [min(max(amount, low), high)]


Stretch = tuple[int, int, int, int | None, int]
days = some.integers(0, MONTHS * 30)
stretch = some.tuples(
    some.integers(1, 4), some.integers(1, 9), days, some.none() | some.integers(1, 400), some.integers(0, 5)
)


def states(made: list[Stretch]) -> pl.DataFrame:
    """Stretches of partners' lines: partner, line, first day, length in days, yen."""
    rows = [
        (partner, line, START + timedelta(at), None if length is None else START + timedelta(at + length), yen)
        for partner, line, at, length, yen in made
    ]
    kinds = {"partner_id": pl.Int64, "line_id": pl.Int64, "from_on": pl.Date, "to_on": pl.Date, "yen": pl.Int64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def oracle(made: list[Stretch]) -> list[dict[int, int]]:
    """What each partner is worth at the end of each month, looked up day by day."""
    found = []
    for month in range(MONTHS + 1):
        year, zero = divmod(FIRST + month + 1, 12)
        last = date(year, zero + 1, 1) - timedelta(1)
        sums: dict[int, int] = {}
        for partner, _, at, length, yen in made:
            begin = START + timedelta(at)
            if begin <= last and (length is None or last < begin + timedelta(length)):
                sums[partner] = sums.get(partner, 0) + yen
        found.append({partner: yen for partner, yen in sums.items() if yen})
    return found


def told(before: dict[int, int], now: dict[int, int], ever: set[int]) -> dict[str, int]:
    """The movements from one month to the next, in words of the domain."""
    found = dict.fromkeys(recurring.MOVEMENTS, 0)
    for partner in before.keys() | now.keys():
        was, will = before.get(partner, 0), now.get(partner, 0)
        if not was:
            found["reactivation" if partner in ever else "new"] += will
        elif not will:
            found["churn"] += was
        else:
            found["expansion" if will > was else "contraction"] += abs(will - was)
    return found


@given(some.lists(stretch, max_size=14))
@settings(max_examples=150, deadline=None)
def test_every_month_and_movement_is_what_looking_at_each_monthend_gives(made: list[Stretch]) -> None:
    frame = states(made)
    moved = recurring.movements(recurring.spans(frame, frame["yen"]))
    bridges = recurring.bridges(moved, FIRST, FIRST + MONTHS).to_dicts()
    courses, before, ever = oracle(made), {}, set()
    for now, row in zip(courses, bridges, strict=True):
        assert row["mrr"] == sum(now.values())
        assert row["customers"] == len(now)
        assert {name: row[name] for name in recurring.MOVEMENTS} == told(before, now, ever)
        rose, fell = (sum(row[n] for n in recurring.MOVEMENTS if (n in recurring.RISES) is up) for up in (True, False))
        assert row["mrr"] == row["previous"] + rose - fell
        ever |= now.keys()
        before = now
    assert moved["amount"].is_empty() or moved["amount"].min() > 0


@given(some.lists(stretch, max_size=14), some.integers(0, MONTHS))
@settings(max_examples=100, deadline=None)
def test_cohorts_and_lines_sum_to_the_month(made: list[Stretch], month: int) -> None:
    frame = states(made)
    ranges = recurring.spans(frame, frame["yen"])
    moved = recurring.movements(ranges)
    now = oracle(made)[month]
    held = recurring.at_month(ranges, FIRST + month)
    assert held["amount"].sum() == sum(now.values())
    grid = recurring.cohorts(moved, FIRST + month).filter(pl.col("month") == FIRST + month)
    assert (grid["customers"].sum(), grid["mrr"].sum()) == (len(now), sum(now.values()))
    first = recurring.cohorts(moved, FIRST + month).group_by("cohort").agg(pl.col("customers").first())
    assert first["customers"].sum() == len({p for course in oracle(made)[: month + 1] for p in course})


@given(some.lists(stretch, max_size=10), some.randoms())
@settings(max_examples=50, deadline=None)
def test_the_order_of_the_lines_does_not_matter(made: list[Stretch], chance: Any) -> None:
    frame = states(made)
    shuffled = states(chance.sample(made, len(made)))
    one, other = (recurring.movements(recurring.spans(each, each["yen"])) for each in (frame, shuffled))
    assert one.equals(other)
