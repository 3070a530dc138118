"""Arrangements against a slow reckoning with fractions, and by laws."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from urikake.core.arrangement import changed, recognised, selling_price

APRIL = date(2026, 4, 1)


def month(at: int) -> date:
    """The first of the month so many after April 2026."""
    return date(2026 + (3 + at) // 12, (3 + at) % 12 + 1, 1)


def rule(amount: int, months: int, **other: Any) -> dict[str, Any]:
    return {
        "done": 0, "amount": amount, "from_on": APRIL, "to_on": month(months), "method": "monthly",
        "partial_month": "daily", "remainder": "cumulative",
    } | other  # fmt: skip


def slow(amount: int, months: int, on: date) -> int:
    """What is recognised before the day of an amount over whole months: those over, and of the running one its days."""
    over = sum(month(at + 1) <= on for at in range(months))
    before, after = (floor(Fraction(amount * min(at, months), months)) for at in (over, over + 1))
    length = (month(over + 1) - month(over)).days
    return before + floor(Fraction((after - before) * (on - month(over)).days, length)) if over < months else amount


@given(st.integers(0, 10**9), st.integers(1, 36), st.integers(0, 1200))
def test_what_is_recognised_by_a_day_is_what_fractions_say(amount: int, months: int, days: int) -> None:
    on = APRIL + timedelta(days=days)
    found = recognised(pl.DataFrame([rule(amount, months)]), pl.lit(on), "floor")
    assert found.to_list() == [slow(amount, months, on)]


SHARE = st.integers(1, 10**9).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@given(
    st.integers(0, 10**9), st.integers(0, 10**10), st.lists(SHARE, min_size=1, max_size=6),
    SHARE.filter(lambda share: share[0] < share[1]),
)  # fmt: skip
def test_what_goes_by_its_progress_is_the_share_performed_since(
    done: int, amount: int, reached: list[tuple[int, int]], begun: tuple[int, int]
) -> None:
    """To the yen, of whatever whole it is told: costs of costs expected, which are expected to be others later on."""
    row = rule(amount, 1, method="progress", done=done, begun=begun[0], begun_of=begun[1])
    rows = pl.DataFrame([row | {"reached": part, "reached_of": whole} for part, whole in [*reached, (7, 7)]])
    found = recognised(rows, pl.lit(APRIL), "floor").to_list()
    since = Fraction(*begun)
    share = [max(Fraction(part, whole) - since, Fraction(0)) / (1 - since) for part, whole in [*reached, (7, 7)]]
    assert found == [done + floor(amount * part) for part in share]
    assert found[-1] == done + amount


@given(
    st.lists(
        st.tuples(st.integers(1, 24), st.integers(1, 10**6), st.integers(1, 50), st.sampled_from([1, 2, 3, 6, 12, 24])),
        min_size=1,
        max_size=4,
    )
)
def test_the_selling_price_of_whole_months_is_exact(parts: list[tuple[int, int, int, int]]) -> None:
    at, rows, exact = 0, [], Fraction(0)
    for months, price, quantity, cycle in parts:
        rows.append({
            "key": 1, "from_on": month(at), "to_on": month(at + months), "ssp_micro": price * 10**6,
            "quantity_micro": quantity * 10**6, "cycle_months": cycle,
        })  # fmt: skip
        exact += Fraction(price * quantity * months, cycle)
        at += months
    assert selling_price(pl.DataFrame(rows), "floor").rows() == [(1, floor(exact))]


LINE = st.fixed_dictionaries({
    "price": st.integers(0, 10**7), "part": st.integers(0, 100), "more": st.integers(-(10**6), 10**6),
    "ssp_before": st.integers(1, 10**7), "left": st.integers(0, 100), "grows": st.integers(0, 10**6), "distinct": st.booleans(),
})  # fmt: skip


@given(st.lists(LINE, min_size=1, max_size=5), st.sampled_from([None, "separate", "prospective", "catch_up"]))
def test_a_change_loses_and_makes_nothing(drawn: list[dict[str, Any]], override: str | None) -> None:
    rows = []
    for line in drawn:
        left = line["ssp_before"] * line["left"] // 100
        rows.append({
            "arrangement": 1, "price": line["price"], "recognized": line["price"] * line["part"] // 100,
            "stated_before": line["price"], "stated": line["price"] + line["more"], "ssp_before": line["ssp_before"],
            "ssp": line["ssp_before"] + line["grows"], "ssp_left_before": left, "ssp_left": left + line["grows"],
            "distinct": line["distinct"], "override": override,
        })  # fmt: skip
    found = changed(pl.DataFrame(rows, schema_overrides={"override": pl.String}), "floor")
    whole = sum(line["price"] + line["more"] for line in drawn)
    assert found["done"].sum() + found["amount"].sum() == whole
    assert found["treatment"].n_unique() == 1
    assert (found["done"] - found["catch_up"]).to_list() == found["recognized"].to_list()
    if override:
        assert found["treatment"][0] == override
    if not any(row["ssp_left"] for row in rows):
        assert found["done"].to_list() == [row["stated"] for row in rows]
