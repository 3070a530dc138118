"""Clearing: worked cases, laws, and the cascade against a slow one that tries everything."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations
from math import gcd
from typing import Any

import polars as pl
import pytest

from urikake.core.clearing import CLAIMS, Payer, allocate, citations, match, proposals
from urikake.core.reading import readings

ITEMS = {"item_id": pl.Int64, "partner_id": pl.Int64, "document_id": pl.Int64, "amount": pl.Int64, "due_on": pl.Date}
RECEIPTS = {"receipt_id": pl.Int64, "partner_id": pl.Int64, "amount": pl.Int64}
FIRST = date(2026, 4, 30)


def frames(paid: list[int], owed: list[tuple[int, int]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One partner: receipts of these amounts, documents of (amount, days after the first due day)."""
    receipts = pl.DataFrame([(n, 1, a) for n, a in enumerate(paid)], schema=RECEIPTS, orient="row")
    rows = [(n, 1, n, a, FIRST + timedelta(days=d)) for n, (a, d) in enumerate(owed)]
    return receipts, pl.DataFrame(rows, schema=ITEMS, orient="row")


# what is paid           what is owed (amount, due day)                        kinds                    items settled
CASES = [
    ([5_500],            [(5_500, 0), (3_300, 30)],                            ["exact"],               [(0, 0)]),
    ([5_500],            [(5_500, 0), (5_500, 30)],                            ["ambiguous"],           []),
    ([5_500, 5_500],     [(5_500, 30), (5_500, 0)],                            ["exact", "exact"],      [(0, 1), (1, 0)]),
    ([5_500, 5_500],     [(5_500, 0)],                                         ["exact", "duplicate"],  [(0, 0)]),
    ([8_800],            [(5_500, 0), (3_300, 30)],                            ["sum"],                 [(0, 0), (0, 1)]),
    ([5_000],            [(5_500, 0), (-500, 30)],                             ["sum"],                 [(0, 0), (0, 1)]),
    ([8_800],            [(5_500, 0), (3_300, 30), (9_900, 60)],               ["sum"],                 [(0, 0), (0, 1)]),
    ([300],              [(100, 0), (200, 1), (150, 2), (150, 3)],             ["sum"],                 [(0, 0), (0, 1)]),
    ([300],              [(100, 0), (200, 0), (150, 0), (150, 0)],             ["ambiguous"],           []),
    ([700],              [(100, 0), (210, 1), (300, 2), (400, 3)],             ["sum"],                 [(0, 2), (0, 3)]),
    ([700],              [(100, 0), (210, 1), (300, 3), (400, 3)],             ["sum"],                 [(0, 2), (0, 3)]),
    ([3_000, 2_000],     [(9_000, 0), (5_000, 1)],                             ["parts", "parts"],      [(0, 1), (1, 1)]),
    ([7_000, 2_000],     [(5_000, 0), (4_000, 1)],                             ["parts", "parts"],      [(0, 0), (0, 1), (1, 1)]),
    ([3_000, 2_000],     [(5_000, 0), (5_000, 1)],                             ["ambiguous"] * 2,       []),
    ([700],              [(100, 0), (210, 1), (300, 2), (400, 4), (20, 5), (31, 6)], ["ambiguous"],     []),
    ([310, 700],         [(100, 0), (210, 1), (300, 2), (400, 3)],             ["sum", "sum"],          [(0, 0), (0, 1), (1, 2), (1, 3)]),
    ([6_320],            [(6_760, 0), (9_900, 30)],                            ["fee"],                 [(0, 0)]),
    ([6_320],            [(6_760, 0), (6_800, 30)],                            ["ambiguous"],           []),
    ([16_220],           [(6_760, 0), (9_900, 30)],                            ["fee"],                 [(0, 0), (0, 1)]),
    ([9_999],            [(10_000, 0), (4_999, 30), (5_000, 60)],              ["sum"],                 [(0, 1), (0, 2)]),
    ([10_000, 9_560],    [(10_000, 0), (10_000, 0)],                           ["ambiguous"] * 2,       []),
    ([9_000, 9_500],     [(9_800, 0)],                                         ["ambiguous"] * 2,       []),
    ([10_000, 10_450],   [(10_440, 0), (10_500, 9)],                           ["ambiguous"] * 2,       []),
    ([1_000, 2_500],     [(1_000, 0), (1_000, 1), (500, 2)],                   ["ambiguous"] * 2,       []),
    ([4_000],            [(10_000, 0)],                                        ["none"],                []),
    ([99_000],           [(10_000, 0)],                                        ["none"],                []),
    ([-500],             [(-500, 0)],                                          ["none"],                []),
]  # fmt: skip


@pytest.mark.parametrize(("paid", "owed", "kinds", "settled"), CASES)
def test_the_cascade_settles_only_what_is_beyond_doubt(
    paid: list[int], owed: list[tuple[int, int]], kinds: list[str], settled: list[tuple[int, int]]
) -> None:
    applications, outcomes = match(*frames(paid, owed), fee_tolerance=880)
    assert outcomes["kind"].to_list() == kinds
    assert sorted(applications.select("receipt_id", "item_id").rows()) == settled


# equal documents due on days               receipts on days   kinds                        settled (receipt, document)
DATED = [
    ([0, 30],      [-2],      ["exact"],                    [(0, 0)]),  # the other is not due yet
    ([0, 30],      [21],      ["ambiguous"],                []),        # both are due
    ([0, 0],       [-2],      ["ambiguous"],                []),        # due on one day
    ([30, 61],     [0],       ["exact"],                    [(0, 0)]),  # early, but for which is no question
    ([0, 30, 61],  [-1, 29],  ["exact", "exact"],           [(0, 0), (1, 1)]),
    ([0, 30],      [-1, 2],   ["exact", "duplicate"],       [(0, 0)]),  # twice within days, and nothing more is due
    ([0, 5],       [-1, 2],   ["exact", "exact"],           [(0, 0), (1, 1)]),
    ([0],          [-1, 2],   ["exact", "duplicate"],       [(0, 0)]),
    ([0, 30, 61],  [-1],      ["exact"],                    [(0, 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("due", "on", "kinds", "settled"), DATED)
def test_of_equal_invoices_the_one_due_first_is_paid_where_the_others_are_not_due(
    due: list[int], on: list[int], kinds: list[str], settled: list[tuple[int, int]]
) -> None:
    receipts, items = frames([5_500] * len(on), [(5_500, day) for day in due])
    days = pl.Series("received_on", [FIRST + timedelta(days=day) for day in on])
    applications, outcomes = match(receipts.with_columns(days), items, fee_tolerance=880)
    assert outcomes["kind"].to_list() == kinds
    assert sorted(applications.select("receipt_id", "item_id").rows()) == settled
    if len(on) == 1:  # the same less a fee
        less, outcomes = match(receipts.with_columns(days, amount=pl.col("amount") - 440), items, fee_tolerance=880)
        assert less["item_id"].to_list() == applications["item_id"].to_list()
        assert outcomes["kind"].to_list() == [kind.replace("exact", "fee") for kind in kinds]


def test_of_equal_sums_by_day_the_one_due_first_is_paid_where_the_next_is_not_due() -> None:
    owed = [(5_500, 0), (3_300, 0), (5_500, 30), (3_300, 30), (-800, 30)]
    receipts, items = frames([8_800], owed)
    days = pl.Series("received_on", [FIRST])
    assert match(receipts.with_columns(days), items, 880)[0]["item_id"].to_list() == [0, 1]
    assert match(receipts.with_columns(days, amount=pl.lit(8_360)), items, 440)[0]["item_id"].to_list() == [0, 1]
    net = match(receipts.with_columns(days, amount=pl.lit(8_000)), items, 0)[0]["item_id"].to_list()
    assert sorted(net) == [2, 3, 4]


# Stages: who may be meant


def of_partners(*owed: tuple[int, int]) -> pl.DataFrame:
    """Documents of (partner, amount), all due on one day."""
    rows = [(n, partner, n, amount, FIRST) for n, (partner, amount) in enumerate(owed)]
    return pl.DataFrame(rows, schema=ITEMS, orient="row")


def a_receipt(partner: int | None, amount: int) -> pl.DataFrame:
    return pl.DataFrame([(0, partner, amount)], schema=RECEIPTS, orient="row")


def paid_by(found: tuple[pl.DataFrame, pl.DataFrame]) -> tuple[str, str, list[int]]:
    applications, outcomes = found
    return outcomes["kind"][0], outcomes["by"][0], sorted(applications["item_id"])


LIKE = {"receipt_id": pl.Int64, "partner_id": pl.Int64}


def test_a_like_name_pays_by_itself_only_with_an_amount_that_says_who_it_was() -> None:
    alike = pl.DataFrame({"receipt_id": [0, 0], "partner_id": [7, 8]}, schema=LIKE)
    assert paid_by(match(a_receipt(None, 5_500), of_partners((7, 5_500), (8, 3_300)), 880, alike=alike)) == (
        "exact", "name", [0]
    )  # fmt: skip
    both = of_partners((7, 5_500), (8, 5_500))
    assert paid_by(match(a_receipt(None, 5_500), both, 880, alike=alike)) == ("ambiguous", "name", [])
    common = of_partners((7, 5_500), *((20 + n, 5_500) for n in range(5)), *((40 + n, 9_000 + n) for n in range(44)))
    assert paid_by(match(a_receipt(None, 5_500), common, 0, alike=alike)) == ("ambiguous", "name", [])
    some = of_partners((7, 5_500), (20, 5_500), *((40 + n, 9_000 + n) for n in range(48)))
    assert paid_by(match(a_receipt(None, 5_500), some, 0, alike=alike)) == ("exact", "name", [0])
    usual = match(a_receipt(None, 5_060), of_partners((7, 5_500)), 880, [440], alike=alike)
    assert paid_by(usual) == ("fee", "name", [0])
    odd = match(a_receipt(None, 5_059), of_partners((7, 5_500)), 880, [440], alike=alike)
    assert paid_by(odd) == ("unknown", "", [])


def test_what_the_payer_names_is_paid_whoever_pays_and_never_left_out() -> None:
    items = of_partners((7, 5_500), (7, 3_300), (8, 8_800))
    cited = pl.DataFrame({"receipt_id": [0, 0], "document_id": [0, 1]})
    assert paid_by(match(a_receipt(None, 8_800), items, 880, cited=cited)) == ("sum", "number", [0, 1])
    assert paid_by(match(a_receipt(None, 8_360), items, 880, cited=cited)) == ("fee", "number", [0, 1])
    assert paid_by(match(a_receipt(8, 8_800), items, 880, cited=cited)) == ("ambiguous", "payer", [])
    groups = pl.DataFrame({"partner_id": [7, 8], "group_id": [7, 7]})
    assert paid_by(match(a_receipt(8, 8_800), items, 880, cited=cited, groups=groups)) == ("sum", "number", [0, 1])
    assert paid_by(match(a_receipt(7, 3_300), items, 880, cited=cited[:1])) == ("ambiguous", "payer", [])


def test_receipts_that_pay_together_use_up_the_credits_of_their_invoice() -> None:
    rows = [(0, 1, 9, 44_000, FIRST), (1, 1, 9, -30_800, FIRST), (2, 1, 8, 99_000, FIRST)]
    receipts = pl.DataFrame([(0, 1, 5_000), (1, 1, 8_200)], schema=RECEIPTS, orient="row")
    applications, outcomes = match(receipts, pl.DataFrame(rows, schema=ITEMS, orient="row"), 0)
    assert outcomes["kind"].to_list() == ["parts", "parts"]
    assert sorted(applications.rows()) == [(0, 0, 35_800), (0, 1, -30_800), (1, 0, 8_200)]


def test_a_name_with_a_slip_needs_an_amount_that_nobody_else_owes() -> None:
    alike = pl.DataFrame({"receipt_id": [0], "partner_id": [7], "how": ["slip"]})
    others = of_partners((7, 5_500), (20, 5_500), *((40 + n, 9_000 + n) for n in range(98)))
    assert paid_by(match(a_receipt(None, 5_500), others, 0, alike=alike)) == ("ambiguous", "name", [])
    assert paid_by(match(a_receipt(None, 5_500), of_partners((7, 5_500), (8, 9_000)), 0, alike=alike))[2] == [0]


def test_companies_of_one_group_pay_for_each_other() -> None:
    groups = pl.DataFrame({"partner_id": [7, 8, 9], "group_id": [7, 7, 9]})
    items = of_partners((7, 1_000), (8, 5_500), (9, 5_500))
    assert paid_by(match(a_receipt(7, 5_500), items, 880, groups=groups)) == ("exact", "group", [1])
    assert paid_by(match(a_receipt(7, 6_500), items, 880, groups=groups)) == ("sum", "group", [0, 1])
    assert paid_by(match(a_receipt(9, 1_000), items, 880, groups=groups)) == ("none", "", [])
    twins = of_partners((7, 1_000), (8, 5_500), (10, 5_500))
    wider = pl.DataFrame({"partner_id": [7, 8, 10], "group_id": [7, 7, 7]})
    assert paid_by(match(a_receipt(7, 5_500), twins, 880, groups=wider)) == ("ambiguous", "group", [])


def test_a_subset_less_a_fee_counts_where_it_is_no_chance() -> None:
    owed = [(363_000, 0), (187_000, 0), (55_000, 30), (1_230_000, 30)]
    assert match(*frames([549_560], owed), 880, [440, 660])[1]["kind"].to_list() == ["fee"]
    small = [(3_630, 0), (1_870, 0), (550, 30), (12_300, 30)]
    assert match(*frames([5_060], small), 400, [440, 660])[1]["kind"].to_list() == ["ambiguous"]


# document (gross, net)            received  kind          by at most 3 yen
OFF = [
    ((110_000, 100_000),           110_003,  "misc"),
    ((110_000, 100_000),           109_997,  "misc"),
    ((110_000, 100_000),           110_004,  "none"),
    ((110_000, 100_000),           109_996,  "fee"),
    ((110_000, 100_000),           99_790,   "withheld"),  # 10.21 % of the net
    ((110_000, 100_000),           98_769,   "withheld"),  # of the gross: 11,231
    ((110_000, None),              99_790,   "withheld"),
    ((1_650_000, 1_500_000),       1_445_800, "withheld"),  # 102,100 + 20.42 % of 500,000
    ((110_000, 100_000),           99_791,   "none"),
]  # fmt: skip


@pytest.mark.parametrize(("owed", "paid", "kind"), OFF)
def test_what_rounding_or_withholding_explains_to_the_yen_is_told_apart(
    owed: tuple[int, int | None], paid: int, kind: str
) -> None:
    receipts, items = frames([paid], [(owed[0], 0)])
    applications, outcomes = match(
        receipts, items.with_columns(net=pl.lit(owed[1], dtype=pl.Int64)), fee_tolerance=880, rounding=3
    )
    assert (outcomes["kind"][0], applications.height) == (kind, int(kind != "none"))


def test_a_fee_above_the_tolerance_counts_only_if_it_is_listed() -> None:
    receipts, items = frames([10_000], [(10_990, 0)])
    kinds = [match(receipts, items, 880, fees)[1]["kind"][0] for fees in ((), (990,), (991,))]
    assert kinds == ["none", "fee", "none"]


def test_a_fee_that_a_partner_is_known_to_keep_back_counts_for_it_alone() -> None:
    receipts, items = frames([47_500, 47_500], [(50_000, 0)])
    other = [pl.lit(99, dtype=items.schema[name]).alias(name) for name in ("item_id", "partner_id", "document_id")]
    learned = pl.DataFrame({"partner_id": items["partner_id"].to_list() * 2, "fee": [2_500, 3_000]})
    items = pl.concat([items, items.with_columns(other)])
    receipts = receipts.with_columns(partner_id=pl.Series([items["partner_id"][0], 99]))
    assert match(receipts, items, 880, learned=learned)[1]["kind"].to_list() == ["fee", "none"]
    assert match(receipts, items, 880)[1]["kind"].to_list() == ["none", "none"]


def test_two_documents_that_a_known_fee_would_explain_are_in_doubt() -> None:
    receipts, items = frames([47_500], [(50_000, 0), (50_500, 0)])
    learned = pl.DataFrame({"partner_id": items["partner_id"].head(1), "fee": [2_500]})
    both = pl.concat([learned, learned.with_columns(fee=pl.lit(3_000, dtype=pl.Int64))])
    assert match(receipts, items, 880, learned=learned)[1]["kind"].to_list() == ["fee"]
    assert match(receipts, items, 880, learned=both)[1]["kind"].to_list() == ["ambiguous"]


def test_the_items_of_one_invoice_are_cleared_together_and_zero_items_are_left_alone() -> None:
    rows = [(1, 7, 1, 3_520, FIRST), (2, 7, 1, 3_240, FIRST), (3, 7, 1, 0, FIRST), (4, None, 2, 6_760, FIRST)]
    receipts = pl.DataFrame([(1, 7, 6_760), (2, None, 6_760)], schema=RECEIPTS, orient="row")
    applications, outcomes = match(receipts, pl.DataFrame(rows, schema=ITEMS, orient="row"), 0)
    assert applications.rows() == [(1, 1, 3_520), (1, 2, 3_240)]
    assert outcomes.rows() == [(1, "exact", 0, 1, "payer"), (2, "unknown", None, 0, "")]


def test_nothing_comes_of_nothing() -> None:
    receipts, items = frames([1_000], [(1_000, 0)])
    applications, outcomes = match(receipts, items.clear(), 880)
    assert applications.is_empty()
    assert outcomes.rows() == [(0, "none", None, 0, "")]
    assert [frame.height for frame in match(receipts.clear(), items, 880)] == [0, 0]


def test_repeated_ids_and_items_without_document_are_refused() -> None:
    receipts, items = frames([1_000], [(1_000, 0)])
    with pytest.raises(ValueError, match="twice"):
        match(pl.concat([receipts, receipts]), items, 0)
    with pytest.raises(ValueError, match="document_id"):
        match(receipts, items.with_columns(document_id=pl.lit(None, dtype=pl.Int64)), 0)


# The slow one: every explanation of every receipt, one partner at a time.

RANKS = (
    ("exact", "exact"), ("everything", "sum"), ("oldest", "sum"), ("day", "sum"), ("oldest credits", "sum"),
    ("day credits", "sum"), ("subset", "sum"), ("together", "parts"), ("short", "fee"), ("day short", "fee"),
    ("subset short", "fee"), ("withheld", "withheld"),
)  # fmt: skip
Owed = list[tuple[int, int]]
Answer = tuple[str, int, set[int]]


def slow_match(paid: list[int], owed: Owed, tolerance: int, fees: list[int]) -> list[Answer]:
    """Kind, candidates and documents for every receipt of one partner."""
    answers: list[Answer] = [("none", 0, set()) for _ in paid]
    left = {n: a for n, (a, _) in enumerate(owed) if a}
    waiting = [n for n, a in enumerate(paid) if a > 0]
    contested: set[int] = set()
    for rank, name in RANKS:
        if rank == "together":
            contested = slow_together(waiting, paid, left, contested, answers)
            continue
        ways = {n: w for n in waiting if (w := slow_ways(rank, paid[n], left, owed, tolerance, fees))}
        sure, twice = slow_pairs(ways, paid, owed) if rank == "exact" else ({}, set())
        doubts = {n: w for n, w in ways.items() if n not in sure and n not in twice}
        for n, w in list(doubts.items()):
            believed = len(w) == 1 and not (rank.startswith("subset") and slow_chance(rank, paid[n], left, fees))
            others = contested.union(*(set().union(*v) for m, v in ways.items() if m != n))
            if believed and not set().union(*w) & others:
                sure[n] = doubts.pop(n)[0]
        for n, w in ways.items():
            waiting.remove(n)
            doubt = "duplicate" if n in twice else "ambiguous"
            answers[n] = (name, 1, sure[n]) if n in sure else (doubt, len(w), set())
            contested |= set().union(*w) if n in doubts else set()
        for documents in sure.values():
            for document in documents:
                del left[document]
    return answers


def slow_pairs(ways: dict[int, list[set[int]]], paid: list[int], owed: Owed) -> tuple[dict[int, set[int]], set[int]]:
    """At least as many receipts as documents of one amount: paired in order, and the receipts that are over."""
    pairs, twice = {}, set()
    for n, w in ways.items():
        peers = [m for m in ways if paid[m] == paid[n]]
        if len(peers) >= len(w):
            aged = sorted(w, key=lambda one: (owed[min(one)][1], min(one)))
            if peers.index(n) < len(w):
                pairs[n] = aged[peers.index(n)]
            else:
                twice.add(n)
    return pairs, twice


def slow_together(
    waiting: list[int], paid: list[int], left: dict[int, int], contested: set[int], answers: list[Answer]
) -> set[int]:
    """All that waits pays one document or all; what then is contested."""
    positive = {n: a for n, a in left.items() if a > 0}
    money = sum(paid[n] for n in waiting)
    ways = [{n} for n, a in positive.items() if a == money]
    if len(positive) >= 2 and sum(positive.values()) == money:
        ways.append(set(positive))
    if len(waiting) < 2 or not ways:
        return contested
    sure = len(ways) == 1 and not ways[0] & contested
    touched = set(positive) if len(ways) > 1 else ways[0]
    for n in waiting:
        start = sum(paid[m] for m in waiting if m < n)
        aged = sorted(ways[0], key=lambda one: (ORDER[0][one], one))
        ends = {d: sum(positive[m] for m in aged[: place + 1]) for place, d in enumerate(aged)}
        mine = {d for d, end in ends.items() if end > start and end - positive[d] < start + paid[n]}
        answers[n] = ("parts", 1, mine) if sure else ("ambiguous", 1, set())
    waiting.clear()
    for document in ways[0] if sure else ():
        del left[document]
    return contested if sure else contested | touched


ORDER: list[dict[int, int]] = [{}]  # the due days of the partner that is looked at


def slow_chance(rank: str, money: int, left: dict[int, int], fees: list[int]) -> bool:
    """Whether a sole subset may be mere chance."""
    if rank == "subset" and len(left) <= 5:
        return False
    grain = min(100, gcd(*left.values()))
    sums = [sum(left[n] for n in c) for size in range(2, len(left) + 1) for c in combinations(left, size)]
    sought = [money] if rank == "subset" else [money + fee for fee in fees]
    most = max(Fraction(grain * sum(2 * abs(s - a) <= a for s in sums), a) for a in sought if a in sums)
    return most * len(sought) > Fraction(1, 200)


def slow_ways(
    kind: str, money: int, left: dict[int, int], owed: Owed, tolerance: int, fees: list[int]
) -> list[set[int]]:
    """All explanations of one kind."""
    positive = [n for n, a in left.items() if a > 0]
    total = sum(left.values())
    if kind == "exact":
        return [{n} for n in positive if left[n] == money]
    if kind == "everything":
        return [set(left)] if len(left) >= 2 and total == money else []
    if kind.startswith(("oldest", "day")):
        credits = kind.endswith("credits")
        counted = list(left) if credits and len(positive) < len(left) else [] if credits else positive
        days = {owed[n][1] for n in counted}
        heaps = [{n for n in counted if (owed[n][1] <= d if "oldest" in kind else owed[n][1] == d)} for d in days]
        over = range(1, tolerance + 1) if kind == "day short" else [0]
        return [heap for heap in heaps if len(heap) >= 2 and sum(left[n] for n in heap) - money in over]
    if kind.startswith("subset"):
        sizes = range(2, len(left) + 1) if len(left) <= 12 else ()
        sought = [money] if kind == "subset" else [money + fee for fee in fees]
        every = (set(c) for size in sizes for c in combinations(left, size))
        return [one for one in every for want in sought if sum(left[n] for n in one) == want]
    if kind == "withheld":
        bases = {n: {left[n], left[n] * 10 // 11} for n in positive}
        return [
            {n} for n in positive if money < left[n] and any(left[n] - b * 1_021 // 10_000 == money for b in bases[n])
        ]
    wanted = set(range(1, tolerance + 1)) | {fee for fee in fees if fee > 0}
    singles = [{n} for n in positive if left[n] - money in wanted]
    return singles + ([set(left)] if len(left) >= 2 and total > 0 and total - money in wanted else [])


def a_partner(chance: random.Random) -> tuple[list[int], list[tuple[int, int]]]:
    """Few round amounts, so that every kind of doubt comes up."""
    owed = [
        (chance.choice([-50, 100, 100, 150, 200, 230, 300, 410]), chance.randrange(4))
        for _ in range(chance.randrange(1, 8))
    ]
    amounts = [a for a, _ in owed]
    paid = []
    for _ in range(chance.randrange(1, 4)):
        base = sum(chance.sample(amounts, chance.randrange(1, len(amounts) + 1)))
        paid.append(base - chance.choice([0, 0, 0, 3, 10, 25, 7]))
    if chance.random() < 0.2 and (base := sum(amounts) if chance.random() < 0.5 else amounts[0]) > 130:
        paid = (
            [base - base * 1_021 // 10_000]
            if chance.random() < 0.3
            else [base - 130, 130]
            if chance.random() < 0.5
            else [base - 130, 61, 69]
        )
    return paid, owed


def a_company(
    seed: int, partners: int
) -> tuple[pl.DataFrame, pl.DataFrame, dict[int, tuple[list[int], list[tuple[int, int]]]]]:
    """Many partners in one frame; ids are 100 × partner + place."""
    chance = random.Random(seed)
    made = {partner: a_partner(chance) for partner in range(1, partners + 1)}
    paid = [(p * 100 + n, p, a) for p, (receipts, _) in made.items() for n, a in enumerate(receipts)]
    owed = [
        (p * 100 + n, p, p * 100 + n, a, FIRST + timedelta(days=d))
        for p, (_, items) in made.items()
        for n, (a, d) in enumerate(items)
    ]
    return (
        pl.DataFrame(paid, schema=RECEIPTS, orient="row"),
        pl.DataFrame(owed, schema=ITEMS, orient="row"),
        made,
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_cascade_agrees_with_the_slow_one(seed: int) -> None:
    receipts, items, made = a_company(seed, 1_000)
    applications, outcomes = match(receipts, items, 10, [25])
    applied: dict[int, set[int]] = {}
    for receipt, item, _ in applications.rows():
        applied.setdefault(receipt, set()).add(item % 100)
    told = {row[0]: row for row in outcomes.rows()}
    for partner, (paid, owed) in made.items():
        ORDER[0] = {n: due for n, (_, due) in enumerate(owed)}
        for n, (kind, candidates, documents) in enumerate(slow_match(paid, owed, 10, [25])):
            receipt = partner * 100 + n
            assert (told[receipt][1], applied.get(receipt, set())) == (kind, documents), (paid, owed, n)
            assert told[receipt][3] == candidates, (paid, owed, n)
    assert set(outcomes["kind"]) == {"exact", "sum", "fee", "parts", "withheld", "ambiguous", "duplicate", "none"}


def test_no_item_is_applied_twice_and_the_money_adds_up() -> None:
    receipts, items, _ = a_company(99, 2_000)
    applications, outcomes = match(receipts, items, 10, [25])
    alone = applications.join(outcomes.filter(pl.col("kind") != "parts"), on="receipt_id")
    assert alone["item_id"].is_unique().all()
    cleared = applications.group_by("item_id").agg(pl.col("amount").sum())
    balances = cleared.join(items, on="item_id", suffix="_open")
    assert (balances["amount"] == balances["amount_open"]).all()
    settled = applications.group_by("receipt_id").agg(pl.col("amount").sum())
    sums = outcomes.join(receipts, on="receipt_id").join(settled, on="receipt_id", suffix="_settled", how="left")
    assert (sums["amount"] - sums["amount_settled"]).equals(sums["difference"], null_equal=True)
    assert set(sums.filter(pl.col("kind") == "fee")["difference"]) <= {-25, *range(-10, 0)}
    assert set(sums.filter(pl.col("kind").is_in(["exact", "sum", "parts"]))["difference"]) == {0}


def test_the_order_of_the_files_does_not_matter() -> None:
    receipts, items, _ = a_company(5, 500)
    shuffled = match(
        receipts.sample(fraction=1, shuffle=True, seed=1), items.sample(fraction=1, shuffle=True, seed=2), 10
    )
    for one, other in zip(match(receipts, items, 10), shuffled, strict=True):
        key = one.columns[:2]
        assert one.sort(key).equals(other.sort(key), null_equal=True)


def test_partners_with_more_documents_than_can_be_tried_still_clear_by_the_other_ranks() -> None:
    owed = [(1_000 + 7 * n, n) for n in range(40)]
    paid = [owed[5][0], owed[0][0] + owed[1][0], 1_000 + 7 * 39 - 5, 3_333]
    _, outcomes = match(*frames(paid, owed), fee_tolerance=6)
    assert outcomes["kind"].to_list() == ["exact", "sum", "fee", "none"]


# Part payments


def slow_allocate(money: int, owed: list[tuple[int, int, int, int]], policy: str) -> dict[int, int]:
    """What a receipt pays of each (amount, claim, due, on): of costs, then of interest, then of principal."""
    money = max(0, money - sum(a for a, *_ in owed if a < 0))
    paid = {n: a for n, (a, *_) in enumerate(owed) if a < 0}
    for claim in CLAIMS.values():
        plus = [n for n, (a, mine, *_) in enumerate(owed) if a > 0 and mine == claim]
        found = slow_split(money, {n: owed[n] for n in plus}, policy)
        money -= sum(found.values())
        paid |= found
    return {n: a for n, a in paid.items() if a}


def slow_split(money: int, owed: dict[int, tuple[int, int, int, int]], policy: str) -> dict[int, int]:
    """What is paid of each of those that claim the same."""
    paid = {}
    if policy == "oldest":
        for n in sorted(owed, key=lambda n: owed[n][1:]):
            paid[n] = min(money, owed[n][0])
            money -= paid[n]
        return paid
    whole = sum(amount for amount, *_ in owed.values())
    money = min(money, whole)
    exact = {n: Fraction(money * amount, whole) for n, (amount, *_) in owed.items()}
    paid = {n: int(share) for n, share in exact.items()}
    for n in sorted(owed, key=lambda n: int(exact[n]) - exact[n])[: money - sum(paid.values())]:
        paid[n] += 1
    return paid


@pytest.mark.parametrize("policy", ["oldest", "proportional"])
def test_part_payments_agree_with_the_slow_split(policy: Any) -> None:
    chance = random.Random(8)
    cases, rows = [], []
    for receipt in range(3_000):
        owed = [
            (
                chance.choice([chance.randrange(1, 9_999), chance.randrange(-500, 10**12)]),
                chance.choice([2, 2, *CLAIMS.values()]),
                chance.randrange(3),
                chance.randrange(3),
            )
            for _ in range(chance.randrange(1, 7))
        ]
        money = chance.randrange(0, max(2, 2 * sum(abs(a) for a, *_ in owed)))
        cases.append((money, owed))
        rows += [
            (receipt, money, n, a, claim, FIRST + timedelta(days=due), FIRST + timedelta(days=on))
            for n, (a, claim, due, on) in enumerate(owed)
        ]
    names = ["receipt_id", "receipt_amount", "item_id", "amount", "claim", "due_on", "on"]
    told: dict[int, dict[int, int]] = {}
    for receipt, item, amount in allocate(pl.DataFrame(rows, schema=names, orient="row"), policy).rows():
        told.setdefault(receipt, {})[item] = amount
    for receipt, (money, owed) in enumerate(cases):
        assert told.get(receipt, {}) == slow_allocate(money, owed, policy), (money, owed)


def test_without_claims_all_is_principal() -> None:
    rows = pl.DataFrame({
        "receipt_id": [1, 1], "receipt_amount": [10] * 2, "item_id": [1, 2], "amount": [8, 8], "due_on": [FIRST] * 2, "on": [FIRST] * 2,
    })  # fmt: skip
    for policy in ("oldest", "proportional"):
        assert allocate(rows, policy).equals(allocate(rows.with_columns(claim=2), policy))


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="newest"):
        allocate(pl.DataFrame(), "newest")  # type: ignore[arg-type]


# Proposals


def the_items(*rows: tuple[int, int, int, str]) -> pl.DataFrame:
    """Items of (partner, amount, days, number), each a document."""
    listed = [(n, p, n, a, FIRST + timedelta(days=d), number) for n, (p, a, d, number) in enumerate(rows)]
    return pl.DataFrame(listed, schema=ITEMS | {"number": pl.String}, orient="row")


NAMES = pl.DataFrame({"partner_id": [1, 2], "name": ["アオバショウジ", "ミドリサンギョウ"]})
OPEN = the_items((1, 5_500, 0, "INV-2026-00001"), (1, 5_500, 30, "INV-2026-00002"), (2, 7_700, 0, "INV-2026-00003"))

# payer             reference             amount   items of the best  kind       unique  automatic
BEST = [
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "",                   5_500,   [0],               None,      False,  False),
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "INV2026 00002",      5_500,   [1],               None,      True,   True),
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "INV-2026-000021",    5_500,   [0],               None,      False,  False),
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "INV-2026-00001",     5_060,   [0],               "fee",     True,   True),
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "INV-2026-00001",     11_000,  [0, 1],            None,      True,   True),
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "",                   11_000,  [0, 1],            None,      True,   True),
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "",                   10_560,  [0, 1],            "fee",     True,   True),
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "",                   8_000,   [0, 1],            "remain",  True,   False),
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "",                   20_000,  [0, 1],            "advance", True,   False),
    ("ｶ)ｱｵﾊﾞｼﾖｳﾃﾝ", "",                   11_000,  [0, 1],            None,      True,   False),
    ("ｶ)ﾌﾒｲ",       "",                   7_700,   [2],               None,      True,   False),
    ("ｶ)ﾌﾒｲ",       "ｾｲｷﾕｳ INV-2026-00003", 7_700, [2],               None,      True,   True),
    ("ﾐﾄﾞﾘｻﾝｷﾞﾖｳ(ｶ", "",                  7_700,   [2],               None,      True,   True),
]  # fmt: skip


@pytest.mark.parametrize(("payer", "reference", "amount", "items", "kind", "unique", "automatic"), BEST)
def test_the_best_proposal_and_whether_it_may_post_by_itself(
    payer: str, reference: str, amount: int, items: list[int], kind: str | None, unique: bool, automatic: bool
) -> None:
    best = proposals(amount, OPEN, NAMES, payer=payer, reference=reference, fee_tolerance=880)[0]
    assert (best.item_ids, best.kind, best.unique, best.automatic) == (items, kind, unique, automatic)
    assert best.difference == amount - best.amount


def test_only_the_first_proposal_is_ever_automatic_and_none_is_shown_twice() -> None:
    for amount in range(5_000, 12_000, 220):
        found = proposals(amount, OPEN, NAMES, payer="ｱｵﾊﾞｼﾖｳｼﾞ", fee_tolerance=880, fees=[990])
        assert not any(one.automatic for one in found[1:])
        assert len({frozenset(one.item_ids) for one in found}) == len(found)
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_without_receipt_money_or_items_nothing_is_proposed() -> None:
    assert proposals(0, OPEN, NAMES, payer="x") == []
    assert proposals(5_500, OPEN.clear(), NAMES, payer="x") == []


def test_a_stranger_is_offered_what_makes_the_amount_but_not_where_somebody_known_explains_it() -> None:
    items = the_items((1, 5_500, 0, "A0001"), (2, 5_500, 0, "B0001"), (3, 1_000, 0, "C0001"), (3, 2_000, 0, "C0002"),
                      (3, 4_000, 30, "C0003"))  # fmt: skip
    known = proposals(5_500, items, NAMES, payer="ｶ)ｱｵﾊﾞｼﾖｳｼﾞ")
    assert [one.item_ids for one in known] == [[0]]
    strange = proposals(5_500, items, NAMES, payer="ﾀﾞﾚｶ")
    assert [one.item_ids for one in strange] == [[0], [1]]
    day, whole = (proposals(amount, items, NAMES, payer="ﾀﾞﾚｶ", fee_tolerance=880) for amount in (3_000, 6_560))
    assert (day[0].item_ids, day[0].kind) == ([2, 3], None)
    assert (whole[0].item_ids, whole[0].kind) == ([2, 3, 4], "fee")


def best(amount: int, items: pl.DataFrame, payer: str, **known: Any) -> list[list[int]]:
    """The items of the proposals, for a payer that nobody's name is equal to."""
    found = proposals(amount, items, NAMES, payer=payer, fee_tolerance=880, known=Payer(**known))
    return [one.item_ids for one in found]


def test_among_strangers_what_is_due_about_then_comes_first_and_a_document_before_a_sum() -> None:
    equal = the_items((1, 5_500, 30, "A0001"), (2, 5_500, 2, "B0001"), (3, 2_500, 0, "C0001"), (3, 3_000, 0, "C0002"))
    assert best(5_500, equal, "ﾀﾞﾚｶ", received_on=FIRST) == [[1], [2, 3], [0]]
    assert best(5_500, equal, "ﾀﾞﾚｶ", received_on=FIRST + timedelta(days=30)) == [[0], [1], [2, 3]]


def test_a_stranger_is_less_likely_to_pay_for_one_whose_own_money_waits() -> None:
    equal = the_items((1, 5_500, 0, "A0001"), (2, 5_500, 0, "B0001"))
    assert best(5_500, equal, "ﾀﾞﾚｶ", received_on=FIRST, spoken_for=frozenset({1})) == [[1], [0]]


def test_among_strangers_a_name_that_begins_alike_comes_first() -> None:
    equal = the_items((1, 5_500, 0, "A0001"), (2, 5_500, 0, "B0001"))
    assert best(5_500, equal, "ｶ)ﾐﾄﾞﾘﾎ-ﾙﾃﾞｲﾝｸﾞｽ", received_on=FIRST)[0] == [1]


def test_what_a_stranger_withheld_to_the_yen_is_offered() -> None:
    items = the_items((1, 110_000, 0, "A0001"), (2, 99_000, 0, "B0001"))
    found = proposals(110_000 - 10_210, items, NAMES, payer="ﾀﾞﾚｶ", fee_tolerance=880)
    assert [(one.item_ids, one.kind, one.automatic) for one in found] == [([0], "withheld", False)]


def test_a_reading_that_is_guessed_ranks_but_never_applies() -> None:
    equal = the_items((1, 5_500, 0, "A0001"), (3, 5_500, 0, "C0001"))
    guessed = pl.DataFrame({"partner_id": [3], "name": readings(pl.Series(["双葉システム株式会社"]))})
    found = proposals(5_500, equal, NAMES, payer="ﾌﾀﾊﾞｼｽﾃﾑ(ｶ", known=Payer(readings=guessed))
    assert found[0].item_ids == [1]
    assert "読み（推定）" in found[0].why
    assert not found[0].automatic


def test_letters_are_read_one_by_one_where_one_side_writes_them_so() -> None:
    equal = the_items((1, 5_500, 0, "A0001"), (3, 5_500, 0, "C0001"))
    names = pl.concat([NAMES, pl.DataFrame({"partner_id": [3], "name": ["センダイエイチアールエスリース"]})])
    found = proposals(5_500, equal, names, payer="ｾﾝﾀﾞｲHRSﾘ-ｽ(ﾄﾞ")
    assert (found[0].item_ids, found[0].automatic) == ([1], False)


def test_of_many_of_like_names_those_whose_documents_fit_are_looked_at_first() -> None:
    many = range(10, 60)
    names = pl.DataFrame({"partner_id": many, "name": [f"コンゴウ{chr(0x30A2 + n)}ギヨウ" for n in many]})
    items = the_items(*((n, 5_500 if n == 59 else 90_000 + n, 0, f"D{n:04}") for n in many))
    found = proposals(5_500, items, names, payer="ｺﾝｺﾞｳ(ｶ")
    assert found[0].item_ids == [49]


ZEROS = [
    ("00000000000202600001", [0]),
    ("02026000010202600003", [0, 2]),
    ("00000000000202600009", []),
    ("00000000000000202605", []),  # reads as a month, whatever stands before it
]


@pytest.mark.parametrize(("text", "named"), ZEROS)
def test_numbers_are_known_behind_the_zeros_that_fill_edi_information(text: str, named: list[int]) -> None:
    numbers = OPEN.select("document_id", "number")
    found = citations(pl.DataFrame({"receipt_id": [1], "text": [text]}), numbers)
    assert found["document_id"].to_list() == named


def test_a_name_that_begins_like_one_partner_does_not_make_a_slip_from_another_firm() -> None:
    items = of_partners((1, 44_000), (2, 55_000), (3, 55_000))
    one = a_receipt(None, 55_000)
    alike = pl.DataFrame({"receipt_id": [0, 0], "partner_id": [1, 2], "how": ["longer", "slip"]})
    assert paid_by(match(one, items, fee_tolerance=880, alike=alike))[0] == "ambiguous"
    firm = alike.with_columns(how=pl.Series(["longer", "longer"]))
    assert paid_by(match(one, of_partners((1, 44_000), (2, 55_000)), fee_tolerance=880, alike=firm))[0] == "exact"


def test_no_unusual_fee_is_kept_back_of_what_is_long_not_due() -> None:
    for missing, days, kind in ((802, 60, "ambiguous"), (802, 5, "fee"), (440, 60, "fee")):
        receipts, items = frames([10_000 - missing], [(10_000, days)])
        told = receipts.with_columns(received_on=pl.lit(FIRST))
        assert match(told, items, fee_tolerance=880, fees=[440])[1]["kind"].to_list() == [kind]


def test_among_strangers_the_oldest_of_what_one_owes_comes_before_what_another_is_behind_with() -> None:
    equal = the_items((1, 5_500, -30, "A0001"), (1, 5_500, 0, "A0002"), (2, 5_500, 0, "B0001"))
    assert best(5_500, equal, "ﾀﾞﾚｶ", received_on=FIRST)[0] == [2]


def test_a_sum_that_reaches_to_what_is_long_not_due_is_left_to_people_but_a_credit_is_not_early() -> None:
    receipts, items = frames([8_800], [(5_500, 0), (3_300, 40)])
    told = receipts.with_columns(received_on=pl.lit(FIRST))
    assert match(told, items, fee_tolerance=0)[1]["kind"].to_list() == ["ambiguous"]
    receipts, items = frames([5_000], [(5_500, 0), (-500, 40)])
    told = receipts.with_columns(received_on=pl.lit(FIRST))
    assert match(told, items, fee_tolerance=0)[1]["kind"].to_list() == ["sum"]
