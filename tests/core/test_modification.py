"""Changes of contracts, against an oracle with fractions and laws; the worked tables stand in docs/algorithms."""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.slowly import rounded, shared
from urikake.core import schedule
from urikake.core.modification import TREATMENTS, decide, modify
from urikake.core.money import ROUNDINGS, Rounding

LAW = settings(max_examples=60, deadline=None)
ROWS: dict[str, Any] = {
    "change": pl.Int64,
    "added": pl.Boolean,
    "distinct": pl.Boolean,
    "price": pl.Int64,
    "recognized": pl.Int64,
    "ssp": pl.Int64,
    "ssp_left": pl.Int64,
}


class Row(NamedTuple):
    """One obligation of a change, old or added."""

    added: bool
    distinct: bool
    price: int
    recognized: int
    ssp: int
    ssp_left: int


def old(price: int, recognized: int, ssp: int, left: int, distinct: bool = True) -> Row:
    return Row(False, distinct, price, recognized, ssp, left)


def new(price: int, ssp: int, distinct: bool = True) -> Row:
    return Row(True, distinct, price, 0, ssp, ssp)


def frame(*changes: list[Row]) -> pl.DataFrame:
    rows = [(key, *row) for key, change in enumerate(changes) for row in change]
    return pl.DataFrame(rows, schema=ROWS, orient="row")


def told(change: list[Row], adjustment: int = 0) -> str:
    return str(decide(frame(change), adjustment)[0])


# the decision

HALF = old(12_000, 6_000, 12_000, 6_000)
TIED = old(12_000, 6_000, 12_000, 6_000, distinct=False)
DONE = old(500, 500, 500, 0, distinct=False)


@pytest.mark.parametrize(
    ("change", "treatment"),
    [
        ([HALF, new(2_850, 2_850)], "separate"),
        ([TIED, new(2_850, 2_850)], "separate"),
        ([HALF, new(2_851, 2_850)], "prospective"),
        ([HALF, new(2_849, 2_850)], "prospective"),
        ([HALF, new(1_000, 1_100), new(600, 500)], "separate"),
        ([HALF, new(2_850, 2_850), new(0, 0, distinct=False)], "prospective"),
        ([HALF, new(2_850, 2_850, distinct=False)], "prospective"),
        ([TIED, new(2_850, 2_850, distinct=False)], "catch_up"),
        ([TIED, new(-500, 0, distinct=False)], "catch_up"),
        ([HALF], "prospective"),
        ([TIED], "catch_up"),
        ([HALF, TIED, new(100, 200)], "mixed"),
        ([HALF, DONE, new(100, 200)], "prospective"),
        ([TIED, old(500, 500, 500, 0), new(100, 200)], "catch_up"),
        ([DONE, new(100, 200)], "catch_up"),
    ],
)
def test_the_treatment_follows_distinctness_and_price(change: list[Row], treatment: str) -> None:
    assert told(change) == treatment


@pytest.mark.parametrize(("price", "treatment"), [(2_708, "separate"), (2_707, "prospective"), (2_992, "separate")])
def test_a_price_near_the_selling_price_is_adjusted_by_policy(price: int, treatment: str) -> None:
    assert told([HALF, new(price, 2_850)], adjustment=5_000_000) == treatment  # 5 percent of 2,850 are 142.5


def test_a_treatment_of_its_own_overrides_the_rule() -> None:
    change = frame([HALF, new(2_850, 2_850)])
    for treatment in TREATMENTS:
        overridden = modify(change.with_columns(treatment=pl.lit(treatment)), "floor")
        assert overridden["treatment"].to_list() == [treatment] * 2
    left = modify(change.with_columns(treatment=pl.lit(None, dtype=pl.String)), "floor")
    assert left["treatment"].to_list() == ["separate"] * 2
    caught_up = modify(change.with_columns(treatment=pl.lit("catch_up")), "floor")
    assert caught_up.select("allocated", "catch_up").rows() == [(6_000, 0), (2_850, 0)]


# the oracle


def oracle(change: list[Row], treatment: str, rounding: Rounding) -> list[tuple[int, int]]:
    """What is still to be recognised of each obligation, and what is now."""
    if treatment == "separate":
        fresh = [row for row in change if row.added]
        parts = iter(shared(sum(row.price for row in fresh), [row.ssp for row in fresh]))
        return [(next(parts) if row.added else row.price - row.recognized, 0) for row in change]
    again = [
        not row.added and (treatment == "catch_up" or (treatment == "mixed" and not row.distinct)) for row in change
    ]
    pool, weights = 0, []
    for row, anew in zip(change, again, strict=True):
        pool += row.price if anew else row.price - row.recognized
        merged = row.added and not row.distinct and any(again)
        weights.append(0 if merged else row.ssp if anew or row.added else row.ssp_left)
    answers = []
    for row, anew, share in zip(change, again, shared(pool, weights), strict=True):
        done = rounded(Fraction(share) * (row.ssp - row.ssp_left) / row.ssp, rounding) if anew and row.ssp else 0
        answers.append((share - done, done - row.recognized if anew else 0))
    return answers


def drawn(luck: random.Random) -> list[Row]:
    size = luck.choice([20, 5_000, 10**9, 10**13])
    rows = []
    for _ in range(luck.randint(1, 4)):
        ssp = luck.randint(0, size)
        price = luck.randint(0, size)
        rows.append(
            old(price, luck.randint(0, price), ssp, luck.choice([0, ssp, luck.randint(0, ssp)]), luck.random() < 0.6)
        )
    for _ in range(luck.randint(0, 3)):
        ssp = luck.randint(0, size)
        rows.append(new(luck.choice([ssp, ssp, luck.randint(-size, size)]), ssp, luck.random() < 0.7))
    return rows


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_changes_agree_with_the_slow_way(rounding: Rounding) -> None:
    luck = random.Random(rounding)
    changes = [drawn(luck) for _ in range(1_500)]
    found = modify(frame(*changes), rounding)
    answers = {key: rows for (key,), rows in found.group_by("change", maintain_order=True)}
    met = set()
    for key, change in enumerate(changes):
        rows = answers[key]
        treatment = rows["treatment"][0]
        assert treatment == told(change)
        assert rows.select("allocated", "catch_up").rows() == oracle(change, treatment, rounding), (treatment, change)
        met.add(treatment)
    assert met == set(TREATMENTS)


# laws

SEEDS = st.integers(0, 10**6)


@LAW
@given(SEEDS, st.sampled_from(ROUNDINGS), st.sampled_from([None, *TREATMENTS]))
def test_what_is_left_and_what_is_now_are_the_whole_price_less_what_was(
    seed: int, rounding: Rounding, treatment: str | None
) -> None:
    change = frame(*(drawn(random.Random(seed + at)) for at in range(5)))
    asked = change if treatment is None else change.with_columns(treatment=pl.lit(treatment))
    sums = modify(asked, rounding).group_by("change").agg(pl.col("price", "recognized", "allocated", "catch_up").sum())
    assert (
        sums.select(pl.col("allocated") + pl.col("catch_up") == pl.col("price") - pl.col("recognized"))
        .to_series()
        .all()
    )


@LAW
@given(SEEDS)
def test_a_separate_contract_leaves_the_old_one_untouched(seed: int) -> None:
    luck = random.Random(seed)
    change = [*drawn(luck)[:1], new(700, 700), new(300, 300)]
    found = modify(frame(change), "floor").filter(pl.col("treatment") == "separate")
    assert found["allocated"].to_list()[:1] == [change[0].price - change[0].recognized]
    assert found["catch_up"].to_list() == [0, 0, 0]
    assert found["allocated"].to_list()[1:] == [700, 300]


@LAW
@given(SEEDS, st.integers(2, 1_000_000))
def test_finer_shares_of_the_same_size_change_nothing(seed: int, scale: int) -> None:
    change = frame(*(drawn(random.Random(seed + at)) for at in range(5)))
    fine = change.with_columns(pl.col("ssp", "ssp_left").cast(pl.Int128) * scale)
    coarse, told_finer = (modify(change, "half_up"), modify(fine, "half_up", scale=scale))
    assert told_finer.drop("ssp", "ssp_left").equals(coarse.drop("ssp", "ssp_left"))


@LAW
@given(st.integers(0, 10**9), st.integers(-(10**9), 10**9), st.integers(1, 36), st.data(), st.sampled_from(ROUNDINGS))
def test_the_catch_up_is_the_difference_of_the_two_full_schedules(
    price: int, more: int, months: int, data: st.DataObject, rounding: Rounding
) -> None:
    passed = data.draw(st.integers(0, months))
    rule = {"from_on": date(2026, 4, 1), "to_on": _month(months), "until_on": _month(passed), "method": "monthly"}
    rule |= {"partial_month": "daily", "remainder": "cumulative"}
    before, after = schedule.cumulative(
        pl.DataFrame([rule | {"amount": price}, rule | {"amount": price + more}]), rounding
    )
    change = [old(price, before, months, months - passed, distinct=False), new(more, 0, distinct=False)]
    changed = modify(frame(change), rounding)
    assert changed["treatment"][0] == "catch_up"
    assert changed["catch_up"].to_list() == [after - before, 0]
    assert changed["allocated"].to_list() == [price + more - after, 0]


def _month(count: int) -> date:
    """The first day of the month that many months after April 2026."""
    return date(2026 + (3 + count) // 12, (3 + count) % 12 + 1, 1)


def test_nothing_changes_nothing() -> None:
    assert modify(frame(), "floor").rows() == []
