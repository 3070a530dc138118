"""Prices over obligations, against an oracle with fractions and laws; the worked tables stand in docs/algorithms."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.slowly import shared
from urikake.core.allocation import TIES, allocate, selling_prices

Tie = tuple[str, int, int | None, list[int]]
ROWS: dict[str, Any] = {
    "arrangement": pl.Int64,
    "obligation": pl.Int64,
    "ssp": pl.Int64,
    "price": pl.Int64,
    "residual": pl.Boolean,
    "low": pl.Int64,
    "high": pl.Int64,
}


class Deal:
    """One arrangement: its price, selling prices, ties and, where there is one, the residual obligation."""

    def __init__(
        self,
        price: int,
        ssps: list[int | None],
        ties: list[Tie] | None = None,
        residual: int | None = None,
        ends: tuple[int | None, int | None] = (None, None),
    ) -> None:
        self.price, self.ssps, self.ties, self.residual, self.ends = price, ssps, ties or [], residual, ends

    def rows(self, key: int) -> list[dict[str, Any]]:
        low, high = self.ends
        return [
            {"arrangement": key, "obligation": at, "ssp": ssp, "price": self.price}
            | {"residual": at == self.residual, "low": low, "high": high}
            for at, ssp in enumerate(self.ssps)
        ]

    def tied(self, key: int) -> list[dict[str, Any]]:
        return [
            {"arrangement": key, "tie": tie, "kind": kind, "amount": amount, "estimate": estimate, "obligation": at}
            for tie, (kind, amount, estimate, to) in enumerate(self.ties)
            for at in to
        ]


def allocated(*deals: Deal) -> list[tuple[list[int | None], str | None]]:
    """What the kernel answers for each deal, all asked at once and their rows interleaved."""
    rows = [row for key, deal in enumerate(deals) for row in deal.rows(key)]
    ties = [row for key, deal in enumerate(deals) for row in deal.tied(key)]
    random.Random(len(rows)).shuffle(ties)
    order = sorted(range(len(rows)), key=lambda at: rows[at]["obligation"])
    asked = pl.DataFrame([rows[at] for at in order], schema=ROWS)
    found = allocate(asked, pl.DataFrame(ties, schema=TIES))
    assert found.columns == [*ROWS, "allocated", "problem"]
    assert found.select(list(ROWS)).equals(asked)
    by_deal = {key: rows for (key,), rows in found.group_by("arrangement")}
    return [(by_deal[key]["allocated"].to_list(), by_deal[key]["problem"][0]) for key in range(len(deals))]


# the oracle


def spread(deal: Deal, kind: str, estimated: bool = False) -> list[int]:
    """What the discounts or variable amounts put on each obligation."""
    found = [0] * len(deal.ssps)
    for what, amount, estimate, to in deal.ties:
        told = amount if not estimated or estimate is None else estimate
        for at, part in zip(sorted(to), shared(told, [deal.ssps[at] or 0 for at in sorted(to)]), strict=True):
            found[at] += part if what == kind else 0
    return found


def oracle(deal: Deal) -> list[int] | None:
    """What each obligation gets, or None where it cannot be told."""
    ssps, many = [ssp or 0 for ssp in deal.ssps], range(len(deal.ssps))
    off, variable, estimate = spread(deal, "discount"), spread(deal, "variable"), spread(deal, "variable", True)
    if any(off[at] > ssps[at] for at in many) or (any(variable) and sum(variable) > deal.price):
        return None
    moving = {at for kind, _, _, to in deal.ties if kind == "variable" for at in to}
    if any(deal.ssps[at] is None and at not in moving and at != deal.residual for at in many):
        return None
    standing = [max(ssps[at], variable[at]) - off[at] for at in many]
    if deal.residual is not None:
        left = deal.price - sum(standing[at] for at in many if at != deal.residual)
        low, high = deal.ends
        inside = (low is None or left >= low) and (high is None or left <= high)
        if inside if deal.ends != (None, None) else left > 0:
            return [left if at == deal.residual else standing[at] for at in many]
        if ssps[deal.residual] == 0:
            return None
    if sum(ssps) + sum(variable) == 0 or (any(off) and deal.price + sum(off) > sum(standing) + sum(off)):
        return None
    reduced = [ssps[at] - off[at] for at in many]
    beyond = [max(reduced[at] - estimate[at], 0) for at in many]
    parts = shared(deal.price - sum(variable), beyond if any(beyond) else reduced)
    return [parts[at] + variable[at] for at in many]


def drawn(luck: random.Random) -> Deal:
    many = luck.randint(1, 6)
    size = luck.choice([10, 1_000, 10**9, 10**13])
    ssps: list[int | None] = [luck.choice([0, None, *[luck.randint(1, size)] * 6]) for _ in range(many)]
    total = sum(ssp or 0 for ssp in ssps)
    ties: list[Tie] = []
    for _ in range(luck.choice([0, 0, 1, 2])):
        to = luck.sample(range(many), luck.randint(1, many))
        kind = luck.choice(["discount", "variable"])
        most = sum(ssps[at] or 0 for at in to) * 5 // 4 + 3
        ties.append((kind, luck.randint(0, most), luck.choice([None, luck.randint(0, most)]), to))
    price = luck.choice([total, luck.randint(0, total * 3 // 2 + 5), total * 3 // 4, 0, -luck.randint(0, size)])
    residual = luck.choice([None, None, luck.randrange(many)])
    low = luck.choice([None, luck.randint(0, size)])
    return Deal(price, ssps, ties, residual, (low, luck.choice([None, (low or 0) + luck.randint(0, size)])))


@pytest.mark.parametrize("seed", range(4))
def test_allocations_agree_with_the_slow_way(seed: int) -> None:
    luck = random.Random(seed)
    deals = [drawn(luck) for _ in range(1_500)]
    told = 0
    for deal, (parts, problem) in zip(deals, allocated(*deals), strict=True):
        wanted = oracle(deal)
        told += wanted is not None
        assert (problem is None) == (wanted is not None), vars(deal)
        assert parts == (wanted or [None] * len(deal.ssps)), vars(deal)
    assert 500 < told < 1_400  # both kinds were drawn


# laws

LAW = settings(max_examples=60, deadline=None)
SSPS = st.lists(st.integers(0, 10**12), min_size=1, max_size=8).filter(any)


@LAW
@given(st.integers(-(10**13), 10**13), SSPS)
def test_the_shares_sum_to_the_price_and_are_within_a_unit_of_the_exact_ones(price: int, ssps: list[int]) -> None:
    ((parts, problem),) = allocated(Deal(price, [*ssps]))
    assert problem is None
    assert sum(part or 0 for part in parts) == price
    assert all(abs((part or 0) - Fraction(price) * ssp / sum(ssps)) < 1 for part, ssp in zip(parts, ssps, strict=True))


@LAW
@given(st.integers(0, 10**9), SSPS, st.randoms(use_true_random=False))
def test_the_order_of_obligations_moves_no_share_by_more_than_a_unit(price: int, ssps: list[int], luck: Any) -> None:
    order = list(range(len(ssps)))
    luck.shuffle(order)
    (one, _), (other, _) = allocated(Deal(price, [*ssps]), Deal(price, [ssps[at] for at in order]))
    moved = dict(zip(order, other, strict=True))
    assert all(abs((part or 0) - (moved[at] or 0)) <= 1 for at, part in enumerate(one))


@LAW
@given(SSPS, st.data())
def test_tied_amounts_keep_the_sum_and_spare_the_others(ssps: list[int], data: st.DataObject) -> None:
    to = data.draw(st.lists(st.sampled_from(range(len(ssps))), min_size=1, unique=True))
    off = data.draw(st.integers(0, sum(ssps[at] for at in to)))
    ((parts, problem),) = allocated(Deal(sum(ssps) - off, [*ssps], [("discount", off, None, to)]))
    assert problem is None
    assert sum(part or 0 for part in parts) == sum(ssps) - off
    assert [parts[at] for at in range(len(ssps)) if at not in to] == [
        ssps[at] for at in range(len(ssps)) if at not in to
    ]


@LAW
@given(SSPS, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_new_estimate_moves_its_own_obligation_alone(ssps: list[int], fixed: int, first: int, now: int) -> None:
    (before, _), (after, _) = allocated(
        Deal(fixed + first, [*ssps], [("variable", first, None, [0])]),
        Deal(fixed + now, [*ssps], [("variable", now, first, [0])]),
    )
    assert after[1:] == before[1:]
    assert (after[0] or 0) - (before[0] or 0) == now - first


def test_a_further_discount_follows_the_selling_prices_less_the_tied_one() -> None:
    assert allocated(Deal(90, [40, 55, 45], [("discount", 40, None, [1, 2])])) == [([36, 30, 24], None)]


# what cannot be allocated


@pytest.mark.parametrize(
    ("deal", "problem"),
    [
        (Deal(100, [40, None]), "no-ssp"),
        (Deal(100, [0, 0]), "no-ssp"),
        (Deal(100, [40, None], residual=1, ends=(70, 90)), "residual"),
        (Deal(100, [100, None], residual=1), "residual"),
        (Deal(100, [None, None], residual=0), "no-ssp"),
        (Deal(100, [60, 40], [("discount", 41, None, [1])]), "discount"),
        (Deal(100, [60, 45], [("discount", 20, None, [1])]), "discount"),
        (Deal(100, [60, 40], [("variable", 101, None, [1])]), "variable"),
    ],
)
def test_problems_are_those_of_one_arrangement_alone(deal: Deal, problem: str) -> None:
    found = allocated(Deal(10, [1, 1]), deal, Deal(9, [1, 2]))
    assert found[1] == ([None] * len(deal.ssps), problem)
    assert [found[0], found[2]] == [([5, 5], None), ([3, 6], None)]


def test_two_residuals_of_one_arrangement_are_none() -> None:
    rows = pl.DataFrame(
        {"arrangement": [1] * 3, "ssp": [40, None, None], "price": [100] * 3, "residual": [False, True, True]}
    )
    assert allocate(rows)["problem"].unique().to_list() == ["residual"]


def test_the_ends_of_the_range_are_inside_and_one_end_is_enough() -> None:
    ends = [(60, None), (None, 60), (60, 60), (61, None), (None, 59)]
    found = allocated(*(Deal(100, [40, None], residual=1, ends=end) for end in ends))
    assert [problem for _, problem in found] == [None, None, None, "residual", "residual"]


def test_what_gets_nothing_but_variable_amounts_needs_no_selling_price() -> None:
    deal = Deal(1_000, [800, None], [("variable", 200, None, [1])])
    nothing_yet = Deal(800, [800, None], [("variable", 0, None, [1])])
    assert allocated(deal, nothing_yet) == [([800, 200], None), ([800, 0], None)]


def test_obligations_and_a_price_are_enough() -> None:
    rows = pl.DataFrame({"arrangement": [2, 1, 2], "ssp": [1, 5, 2], "price": [100, 7, 100], "line": ["a", "b", "c"]})
    found = allocate(rows)
    assert found.columns == ["arrangement", "ssp", "price", "line", "allocated", "problem"]
    assert found["allocated"].to_list() == [33, 7, 67]
    assert allocate(rows.clear()).height == 0


@pytest.mark.parametrize(
    ("stated", "low", "high", "ssp", "wanted"),
    [
        (95, 90, 110, None, 95),
        (90, 90, 110, 100, 90),
        (110, 90, 110, 100, 110),
        (89, 90, 110, 100, 100),
        (89, 90, 110, None, 90),
        (111, 90, 110, None, 110),
        (None, 90, 111, None, 100),
        (None, 90, 111, 93, 93),
        (95, None, None, 80, 80),
        (95, None, None, None, None),
        (95, 90, None, 80, 95),
        (85, 90, None, None, 90),
        (None, 90, None, None, None),
    ],
)
def test_selling_prices_of_a_range(
    stated: int | None, low: int | None, high: int | None, ssp: int | None, wanted: int | None
) -> None:
    schema = dict.fromkeys(("stated", "low", "high", "ssp"), pl.Int64)
    asked = pl.DataFrame([{"stated": stated, "low": low, "high": high, "ssp": ssp}], schema=schema)
    assert selling_prices(asked).to_list() == [wanted]
