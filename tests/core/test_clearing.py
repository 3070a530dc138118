"""Clearing: worked cases, laws, and the cascade against a slow one that tries everything."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

import polars as pl
import pytest

from urikake.core.clearing import allocate, match, proposals

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
    ([5_500, 5_500],     [(5_500, 0)],                                         ["ambiguous"] * 2,       []),
    ([8_800],            [(5_500, 0), (3_300, 30)],                            ["sum"],                 [(0, 0), (0, 1)]),
    ([5_000],            [(5_500, 0), (-500, 30)],                             ["sum"],                 [(0, 0), (0, 1)]),
    ([8_800],            [(5_500, 0), (3_300, 30), (9_900, 60)],               ["sum"],                 [(0, 0), (0, 1)]),
    ([300],              [(100, 0), (200, 1), (150, 2), (150, 3)],             ["sum"],                 [(0, 0), (0, 1)]),
    ([300],              [(100, 0), (200, 0), (150, 0), (150, 0)],             ["ambiguous"],           []),
    ([700],              [(100, 0), (210, 1), (300, 2), (400, 3)],             ["sum"],                 [(0, 2), (0, 3)]),
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


def test_a_fee_above_the_tolerance_counts_only_if_it_is_listed() -> None:
    receipts, items = frames([10_000], [(10_990, 0)])
    kinds = [match(receipts, items, 880, fees)[1]["kind"][0] for fees in ((), (990,), (991,))]
    assert kinds == ["none", "fee", "none"]


def test_the_items_of_one_invoice_are_cleared_together_and_zero_items_are_left_alone() -> None:
    rows = [(1, 7, 1, 3_520, FIRST), (2, 7, 1, 3_240, FIRST), (3, 7, 1, 0, FIRST), (4, None, 2, 6_760, FIRST)]
    receipts = pl.DataFrame([(1, 7, 6_760), (2, None, 6_760)], schema=RECEIPTS, orient="row")
    applications, outcomes = match(receipts, pl.DataFrame(rows, schema=ITEMS, orient="row"), 0)
    assert applications.rows() == [(1, 1, 3_520), (1, 2, 3_240)]
    assert outcomes.rows() == [(1, "exact", 0, 1), (2, "unknown", None, 0)]


def test_nothing_comes_of_nothing() -> None:
    receipts, items = frames([1_000], [(1_000, 0)])
    applications, outcomes = match(receipts, items.clear(), 880)
    assert applications.is_empty()
    assert outcomes.rows() == [(0, "none", None, 0)]
    assert [frame.height for frame in match(receipts.clear(), items, 880)] == [0, 0]


def test_repeated_ids_and_items_without_document_are_refused() -> None:
    receipts, items = frames([1_000], [(1_000, 0)])
    with pytest.raises(ValueError, match="twice"):
        match(pl.concat([receipts, receipts]), items, 0)
    with pytest.raises(ValueError, match="document_id"):
        match(receipts, items.with_columns(document_id=pl.lit(None, dtype=pl.Int64)), 0)


# The slow one: every explanation of every receipt, one partner at a time.


def slow_match(
    paid: list[int], owed: list[tuple[int, int]], tolerance: int, fees: list[int]
) -> list[tuple[str, int, set[int]]]:
    """Kind, candidates and documents for every receipt of one partner."""
    answers: list[tuple[str, int, set[int]]] = [("none", 0, set()) for _ in paid]
    left = {n: a for n, (a, _) in enumerate(owed) if a}
    waiting = [n for n, a in enumerate(paid) if a > 0]
    contested: set[int] = set()
    for kind in ("exact", "all", "oldest", "subset", "fee"):
        ways = {n: w for n in waiting if (w := slow_ways(kind, paid[n], left, owed, tolerance, fees))}
        sure = slow_pairs(ways, paid, owed) if kind == "exact" else {}
        for n, w in ways.items():
            touched = set().union(*w)
            others = contested.union(*(set().union(*v) for m, v in ways.items() if m != n))
            if n not in sure and len(w) == 1 and not touched & others:
                sure[n] = w[0]
        for n, w in ways.items():
            waiting.remove(n)
            name = kind if kind in ("exact", "fee") else "sum"
            answers[n] = (name, 1, sure[n]) if n in sure else ("ambiguous", len(w), set())
            contested |= set() if n in sure else set().union(*w)
        for documents in sure.values():
            for document in documents:
                del left[document]
    return answers


def slow_pairs(ways: dict[int, list[set[int]]], paid: list[int], owed: list[tuple[int, int]]) -> dict[int, set[int]]:
    """As many receipts as documents of one amount, in order."""
    pairs = {}
    for n, w in ways.items():
        peers = [m for m in ways if paid[m] == paid[n]]
        if len(peers) == len(w):
            pairs[n] = sorted(w, key=lambda one: (owed[min(one)][1], min(one)))[peers.index(n)]
    return pairs


def slow_ways(
    kind: str, money: int, left: dict[int, int], owed: list[tuple[int, int]], tolerance: int, fees: list[int]
) -> list[set[int]]:
    """All explanations of one kind."""
    positive = [n for n, a in left.items() if a > 0]
    total = sum(left.values())
    if kind == "exact":
        return [{n} for n in positive if left[n] == money]
    if kind == "all":
        return [set(left)] if len(left) >= 2 and total == money else []
    if kind == "oldest":
        heaps = ({n for n in positive if owed[n][1] <= day} for day in {owed[n][1] for n in positive})
        return [heap for heap in heaps if len(heap) >= 2 and sum(left[n] for n in heap) == money]
    if kind == "subset":
        sizes = range(2, len(left) + 1) if len(left) <= 12 else ()
        every = (set(c) for size in sizes for c in combinations(left, size))
        return [one for one in every if sum(left[n] for n in one) == money]
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
        for n, (kind, candidates, documents) in enumerate(slow_match(paid, owed, 10, [25])):
            receipt = partner * 100 + n
            assert (told[receipt][1], applied.get(receipt, set())) == (kind, documents), (paid, owed, n)
            assert told[receipt][3] == candidates, (paid, owed, n)
    assert set(outcomes["kind"]) == {"exact", "sum", "fee", "ambiguous", "none"}


def test_no_item_is_applied_twice_and_the_money_adds_up() -> None:
    receipts, items, _ = a_company(99, 2_000)
    applications, outcomes = match(receipts, items, 10, [25])
    assert applications["item_id"].is_unique().all()
    balances = applications.join(items, on="item_id", suffix="_open")
    assert (balances["amount"] == balances["amount_open"]).all()
    settled = applications.group_by("receipt_id").agg(pl.col("amount").sum())
    sums = outcomes.join(receipts, on="receipt_id").join(settled, on="receipt_id", suffix="_settled", how="left")
    assert (sums["amount"] - sums["amount_settled"]).equals(sums["difference"], null_equal=True)
    assert set(sums.filter(pl.col("kind") == "fee")["difference"]) <= {-25, *range(-10, 0)}
    assert set(sums.filter(pl.col("kind").is_in(["exact", "sum"]))["difference"]) == {0}


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


def slow_allocate(money: int, owed: list[tuple[int, int, int]], policy: str) -> dict[int, int]:
    """What a receipt pays of each (amount, due, on)."""
    money = max(0, money - sum(a for a, _, _ in owed if a < 0))
    paid = {n: a for n, (a, _, _) in enumerate(owed) if a < 0}
    plus = [n for n, (a, _, _) in enumerate(owed) if a > 0]
    if policy == "oldest":
        for n in sorted(plus, key=lambda n: owed[n][1:]):
            paid[n] = min(money, owed[n][0])
            money -= paid[n]
        return {n: a for n, a in paid.items() if a}
    whole = sum(owed[n][0] for n in plus)
    money = min(money, whole)
    exact = {n: Fraction(money * owed[n][0], whole) for n in plus}
    paid |= {n: int(share) for n, share in exact.items()}
    for n in sorted(plus, key=lambda n: int(exact[n]) - exact[n])[: money - sum(paid[n] for n in plus)]:
        paid[n] += 1
    return {n: a for n, a in paid.items() if a}


@pytest.mark.parametrize("policy", ["oldest", "proportional"])
def test_part_payments_agree_with_the_slow_split(policy: Any) -> None:
    chance = random.Random(8)
    cases, rows = [], []
    for receipt in range(3_000):
        owed = [
            (
                chance.choice([chance.randrange(1, 9_999), chance.randrange(-500, 10**12)]),
                chance.randrange(3),
                chance.randrange(3),
            )
            for _ in range(chance.randrange(1, 7))
        ]
        money = chance.randrange(0, max(2, 2 * sum(abs(a) for a, _, _ in owed)))
        cases.append((money, owed))
        rows += [
            (receipt, money, n, a, FIRST + timedelta(days=due), FIRST + timedelta(days=on))
            for n, (a, due, on) in enumerate(owed)
        ]
    names = ["receipt_id", "receipt_amount", "item_id", "amount", "due_on", "on"]
    told: dict[int, dict[int, int]] = {}
    for receipt, item, amount in allocate(pl.DataFrame(rows, schema=names, orient="row"), policy).rows():
        told.setdefault(receipt, {})[item] = amount
    for receipt, (money, owed) in enumerate(cases):
        assert told.get(receipt, {}) == slow_allocate(money, owed, policy), (money, owed)


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
