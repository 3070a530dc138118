"""Prices with interest and the interest of months, against an oracle with fractions and laws; worked tables in docs/algorithms."""

from __future__ import annotations

import random
from decimal import Decimal, localcontext
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.slowly import rounded
from urikake.core import financing
from urikake.core.money import ROUNDINGS, Rounding

LAW = settings(max_examples=60, deadline=None)
Flows = dict[int, int]


def grown(rate_micro: int, months: int) -> Fraction:
    """The factor, to 18 decimals, from the twelfth root by another way: logarithms with 80 digits."""
    with localcontext() as context:
        context.prec = 80
        year = 1 + Decimal(rate_micro) / 10**8
        exact = (year.ln() * months / 12).exp()
        return Fraction(int((exact * 10**18).to_integral_value("ROUND_HALF_EVEN")), 10**18)


def price_slowly(bills: Flows, performed: Flows, rate: int, rounding: Rounding) -> int:
    last = max(*bills, *performed)
    paid = sum(amount * grown(rate, last - month) for month, amount in bills.items())
    mean = sum(weight * grown(rate, last - month) for month, weight in performed.items()) / sum(performed.values())
    return rounded(paid / Fraction(rounded(mean * 10**18, "half_even"), 10**18), rounding)


def interest_slowly(flows: Flows, rate: int, last: int, rounding: Rounding) -> list[tuple[int, int, int]]:
    found, before = [], 0
    for at in range(min(flows) + 1, last + 1):
        earlier = {month: amount for month, amount in flows.items() if month < at}
        to_date = rounded(sum(amount * (grown(rate, at - month) - 1) for month, amount in earlier.items()), rounding)
        found.append((at, sum(earlier.values()) + before, to_date - before))
        before = to_date
    return found


def drawn(luck: random.Random, size: int, months: int = 60) -> Flows:
    return {luck.randint(0, months): luck.randint(1, size) for _ in range(luck.randint(1, 8))}


def frame(rows: list[tuple[int, ...]], *names: str) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64), orient="row")


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_prices_and_interest_agree_with_the_slow_way_and_mix_no_arrangements(rounding: Rounding) -> None:
    luck = random.Random(rounding)
    every = []
    for _ in range(60):
        size = luck.choice([10, 100_000, 10**12])
        every.append((drawn(luck, size), drawn(luck, size), luck.choice([0, 1, luck.randint(1, 30_000_000)])))
    bills, performed = (
        frame([(key, *row) for key, case in enumerate(every) for row in case[side].items()], "arrangement", "month", name)
        for side, name in ((0, "amount"), (1, "weight"))
    )  # fmt: skip
    rates = frame([(key, case[2]) for key, case in enumerate(every)], "arrangement", "rate_micro")
    found = dict(financing.prices(bills, performed, rates, rounding).iter_rows())
    assert found == {key: price_slowly(*case, rounding) for key, case in enumerate(every)}
    flows = pl.concat([bills, performed.select("arrangement", "month", amount=-pl.col("weight"))])
    told = financing.interest(flows, rates.with_columns(last=70), rounding)
    for key, (bill, weight, rate) in enumerate(every):
        both = {month: bill.get(month, 0) - weight.get(month, 0) for month in {*bill, *weight}}
        mine = told.filter(arrangement=key).select("month", "opening", "interest").rows()
        assert mine == interest_slowly(both, rate, 70, rounding)


@LAW
@given(st.integers(0, 10**6), st.integers(0, 30_000_000), st.sampled_from(ROUNDINGS))
def test_what_is_billed_recognised_and_borne_as_interest_comes_to_nothing(
    seed: int, rate: int, rounding: Rounding
) -> None:
    luck = random.Random(seed)
    bills, weights = drawn(luck, 10**9), drawn(luck, 10**9)
    (price,) = financing.prices(
        frame([(1, *row) for row in bills.items()], "arrangement", "month", "amount"),
        frame([(1, *row) for row in weights.items()], "arrangement", "month", "weight"),
        frame([(1, rate)], "arrangement", "rate_micro"), rounding,
    )["price"]  # fmt: skip
    last, whole = max(*bills, *weights), sum(weights.values())
    spread, before, so_far = {}, 0, 0
    for month in sorted(weights):
        so_far += weights[month]
        spread[month] = price * so_far // whole - before
        before += spread[month]
    flows = {month: bills.get(month, 0) - spread.get(month, 0) for month in {*bills, *spread}}
    told = financing.interest(
        frame([(1, *row) for row in flows.items()], "arrangement", "month", "amount"),
        frame([(1, rate, last)], "arrangement", "rate_micro", "last"), rounding,
    )  # fmt: skip
    left = sum(bills.values()) - price + int(told["interest"].sum())
    assert abs(left) <= 2 * float(grown(rate, last)) + len(weights)


def test_arrangements_looked_at_in_blocks_bear_what_they_bear_together(monkeypatch: pytest.MonkeyPatch) -> None:
    number = pl.int_range(7, eager=True, dtype=pl.Int64)
    flows = pl.concat(
        [pl.DataFrame({"arrangement": number, "month": number + at, "amount": 1_000 * number - at}) for at in (0, 3)]
    )
    spans = pl.DataFrame({"arrangement": number, "rate_micro": 1_000_000 * (number + 1), "last": 20})
    whole = financing.interest(flows, spans, "floor")
    monkeypatch.setattr(financing, "BLOCK", 2)
    assert financing.interest(flows, spans, "floor").equals(whole)
    assert financing.interest(flows.clear(), spans, "floor").equals(whole.clear())


def test_without_a_rate_the_price_is_what_is_billed() -> None:
    bills = frame([(1, 0, 700), (1, 5, 301)], "arrangement", "month", "amount")
    performed = frame([(1, 9, 3)], "arrangement", "month", "weight")
    assert financing.prices(bills, performed, frame([(1, 0)], "arrangement", "rate_micro"), "floor").rows() == [
        (1, 1_001)
    ]


def test_nothing_performed_has_no_price() -> None:
    bills, none = frame([(1, 0, 700)], "arrangement", "month", "amount"), frame([], "arrangement", "month", "weight")
    assert financing.prices(bills, none, frame([(1, 10)], "arrangement", "rate_micro"), "floor").is_empty()
