"""The rules that a company may release: worked cases, and against slow ones that look at one partner at a time."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.clearing import RULES, match

ON = date(2026, 5, 31)
ITEMS = {"item_id": pl.Int64, "partner_id": pl.Int64, "document_id": pl.Int64, "amount": pl.Int64, "due_on": pl.Date}
RECEIPTS = {"receipt_id": pl.Int64, "partner_id": pl.Int64, "amount": pl.Int64, "received_on": pl.Date}
Owed = list[tuple[int, int]]


def frames(paid: dict[int, list[int]], owed: dict[int, Owed]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """By partner what is paid on the day, and what is owed: (amount, due so many days later); ids are 100 × partner + place."""
    rows = [(p * 100 + n, p, a, ON) for p, amounts in paid.items() for n, a in enumerate(amounts)]
    items = [
        (p * 100 + n, p, p * 100 + n, a, ON + timedelta(days=d))
        for p, documents in owed.items()
        for n, (a, d) in enumerate(documents)
    ]
    return (pl.DataFrame(rows, schema=RECEIPTS, orient="row"), pl.DataFrame(items, schema=ITEMS, orient="row"))


def told(paid: list[int], owed: Owed, **how: Any) -> tuple[list[tuple[str, str]], list[tuple[int, int]]]:
    """Kind and ``by`` of the receipts of one partner, and what of which document is settled."""
    applications, outcomes = match(*frames({1: paid}, {1: owed}), fee_tolerance=880, **{"rules": RULES} | how)
    settled = [(item - 100, amount) for item, amount in applications.select("item_id", "amount").rows()]
    return outcomes.select("kind", "by").rows(), settled


# paid               owed (amount, due in days)                       kind and by                        settled
CASES = [
    ([5_500],        [(5_500, -31), (5_500, 0)],                      [("exact", "oldest")],             [(0, 5_500)]),
    ([5_500],        [(5_500, 0), (5_500, -31)],                      [("exact", "oldest")],             [(1, 5_500)]),
    ([5_500] * 2,    [(5_500, -61), (5_500, -31), (5_500, 0)],        [("exact", "oldest")] * 2,         [(0, 5_500), (1, 5_500)]),
    ([5_500],        [(5_500, 0), (5_500, 0)],                        [("ambiguous", "payer")],          []),          # due on one day
    ([5_500],        [(5_500, 0), (5_500, 31)],                       [("exact", "payer")],              [(0, 5_500)]),  # no rule
    ([60_000],       [(55_000, 0)],                                   [("over", "over")],                [(0, 55_000)]),
    ([60_000],       [(33_000, 0), (22_000, 9)],                      [("over", "over")],                [(0, 33_000), (1, 22_000)]),
    ([60_000],       [(33_000, 0), (22_000, 11)],                     [("over", "over")],                [(0, 33_000)]),  # one is not due
    ([60_000],       [(33_000, 0), (65_000, 11)],                     [("none", "")],                    []),  # near the later
    ([60_000],       [(33_000, 0), (22_000, 0), (-500, 0)],           [("none", "")],                    []),          # a credit among it
    ([55_099],       [(55_000, 0)],                                   [("none", "")],                    []),          # rounding
    ([55_100],       [(55_000, 0)],                                   [("over", "over")],                [(0, 55_000)]),
    ([109_999],      [(55_000, 0)],                                   [("over", "over")],                [(0, 55_000)]),
    ([110_000],      [(55_000, 0)],                                   [("none", "")],                    []),  # twice
    ([60_000, 700],  [(55_000, 0)],                                   [("none", "")] * 2,                []),  # another waits
    ([30_000],       [(55_000, 0)],                                   [("part", "part")],                [(0, 30_000)]),
    ([30_000],       [(55_000, -31), (66_000, 0)],                    [("part", "part")],                [(0, 30_000)]),
    ([30_000],       [(66_000, 0), (55_000, -31)],                    [("part", "part")],                [(1, 30_000)]),
    ([30_000],       [(55_000, 0), (66_000, 0)],                      [("none", "")],                    []),          # due on one day
    ([30_000],       [(55_000, -31), (31_000, 0)],                    [("none", "")],                    []),          # near the other
    ([30_000],       [(55_000, 11)],                                  [("none", "")],                    []),          # not due yet
    ([48_384],       [(55_000, 0)],                                   [("part", "part")],                [(0, 48_384)]),
    ([48_385],       [(55_000, 0)],                                   [("none", "")],                    []),  # tax, a fee
    ([30_000, 700],  [(55_000, 0)],                                   [("none", "")] * 2,                []),
    ([30_000],       [(55_000, 0), (-500, 0)],                        [("none", "")],                    []),
]  # fmt: skip


@pytest.mark.parametrize(("paid", "owed", "kinds", "settled"), CASES)
def test_released_rules_settle_what_they_state_and_nothing_without_release(
    paid: list[int], owed: Owed, kinds: list[tuple[str, str]], settled: list[tuple[int, int]]
) -> None:
    assert told(paid, owed) == (kinds, settled)
    for rule in RULES:
        mine, _ = told(paid, owed, rules=[rule])
        assert mine == kinds if rule in dict(kinds).values() else all(by in ("", "payer") for _, by in mine)
    assert all(by in ("", "payer") for _, by in told(paid, owed, rules=())[0])


def test_what_repeats_is_meant_for_others_or_stands_in_doubt_is_left_alone() -> None:
    for paid, owed in (([60_000], [(55_000, 0)]), ([30_000], [(55_000, 0)])):
        assert told(paid, owed, repeated=pl.DataFrame({"receipt_id": [100]}))[0] == [("none", "")]
        others = pl.DataFrame({"receipt_id": [100, 7], "amount": [paid[0], 5_000]})
        assert told(paid, owed, others=others)[0] == [("none", "")]
        assert told(paid, owed, others=others.filter(pl.col("receipt_id") == 7))[0] != [("none", "")]
        receipts, items = frames({1: paid}, {1: owed, 2: [(paid[0], 0)]})
        assert match(receipts, items, 880, rules=RULES)[1]["kind"].to_list() == ["none"]
    receipts, items = frames({1: [60_000]}, {1: [(55_000, 0)], 2: [(5_000, 0)]})
    assert match(receipts, items, 880, rules=RULES)[1]["kind"].to_list() == ["none"]  # the rest is what another owes


def test_a_payer_that_is_only_like_or_whose_group_owes_is_left_to_people() -> None:
    receipts, items = frames({1: [30_000]}, {1: [(55_000, 0)], 2: [(99_000, 0)]})
    unknown = receipts.with_columns(partner_id=pl.lit(None, dtype=pl.Int64))
    alike = pl.DataFrame({"receipt_id": [100], "partner_id": [1]})
    assert match(unknown, items, 880, alike=alike, rules=RULES)[1]["kind"].to_list() == ["unknown"]
    groups = pl.DataFrame({"partner_id": [1, 2], "group_id": [1, 1]})
    assert match(receipts, items, 880, groups=groups, rules=RULES)[1]["kind"].to_list() == ["none"]
    only = items.filter(pl.col("partner_id") == 1)
    assert match(receipts, only, 880, groups=groups, rules=RULES)[1]["kind"].to_list() == ["part"]


def test_a_document_that_the_payer_names_is_never_left_out() -> None:
    owed = [(55_000, -31), (66_000, 0)]
    for document, kind in ((100, "part"), (101, "none")):
        cited = pl.DataFrame({"receipt_id": [100], "document_id": [document]})
        assert told([30_000], owed, cited=cited)[0][0][0] == kind


def test_a_part_is_shared_over_the_items_of_the_document_as_the_company_wants() -> None:
    rows = [(1, 1, 9, 40_000, ON), (2, 1, 9, 20_000, ON)]
    items = pl.DataFrame(rows, schema=ITEMS, orient="row")
    receipts = pl.DataFrame([(1, 1, 45_000, ON)], schema=RECEIPTS, orient="row")
    shares = {
        how: match(receipts, items, 0, rules=RULES, allocation=how)[0].rows() for how in ("oldest", "proportional")
    }  # type: ignore[arg-type]
    assert shares == {"oldest": [(1, 1, 40_000), (1, 2, 5_000)], "proportional": [(1, 1, 30_000), (1, 2, 15_000)]}
    assert match(receipts, items, 0, rules=RULES)[1]["difference"].to_list() == [0]
    assert match(*frames({1: [60_000]}, {1: [(55_000, 0)]}), 0, rules=RULES)[1]["difference"].to_list() == [5_000]


# The slow ones


def slow_last(paid: int, owed: Owed, elsewhere: set[int], rules: tuple[str, ...]) -> tuple[str, list[int]]:
    """What the rules that come last make of the only receipt that waits: the rule and the places of the documents."""
    if not owed or any(amount < 0 for amount, _ in owed):
        return "", []
    ripe = [n for n, (_, due) in enumerate(owed) if due <= 10]
    whole = sum(owed[n][0] for n in ripe)
    rest = paid - whole
    tax = [min(a, 10**6) * 1_021 + max(a - 10**6, 0) * 2_042 for a, _ in owed]
    bounds = [a - t // 10_000 - 1_000 for (a, _), t in zip(owed, tax, strict=True)]
    near = any(bounds[n] <= paid <= owed[n][0] for n in range(len(owed)) if n not in ripe)
    if "over" in rules and 100 <= rest < whole and not near and not {paid, rest} & elsewhere:
        return "over", ripe
    dues = sorted(due for _, due in owed)
    if "part" not in rules or dues[0] > 10 or dues[:1] == dues[1:2] or paid in elsewhere:
        return "", []
    if any(paid >= bound for bound in bounds):
        return "", []
    return "part", [[due for _, due in owed].index(dues[0])]


AMOUNTS = st.sampled_from([-5_000, 30_000, 30_000, 50_000, 55_000, 60_000, 90_000, 1_100_000, 44_321])
DAYS = st.sampled_from([-61, -31, -31, 0, 0, 10, 11, 30])
DOCUMENTS = st.lists(st.tuples(AMOUNTS, DAYS), min_size=0, max_size=4)
MONEY = st.lists(
    st.sampled_from([10_000, 20_000, 30_000, 51_000, 55_000, 60_000, 61_000, 100_000, 950_000]), max_size=2
)
COMPANY = st.lists(st.tuples(MONEY, DOCUMENTS), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(COMPANY, st.sets(st.sampled_from(["over", "part"])))
def test_the_last_rules_add_to_what_is_beyond_doubt_what_the_slow_one_says(
    company: list[tuple[list[int], Owed]], chosen: set[str]
) -> None:
    rules = tuple(rule for rule in ("over", "part") if rule in chosen)
    paid = {p: money for p, (money, _) in enumerate(company, 1)}
    owed = {p: documents for p, (_, documents) in enumerate(company, 1)}
    receipts, items = frames(paid, owed)
    before, sure = match(receipts, items, 880)
    after, outcomes = match(receipts, items, 880, rules=rules)
    left = {p: [(n, a, d) for n, (a, d) in enumerate(documents) if p * 100 + n not in set(before["item_id"])]
            for p, documents in owed.items()}  # fmt: skip
    doubted = {row[0] // 100 for row in sure.filter(pl.col("kind").is_in(["ambiguous", "duplicate"])).rows()}
    by = dict(outcomes.select("receipt_id", "by").rows())
    for rule in ("over", "part"):
        for receipt, kind in sure.select("receipt_id", "kind").rows():
            partner, place = divmod(receipt, 100)
            waits = [n for n in range(len(paid[partner])) if dict(sure.select("receipt_id", "kind").rows())[partner * 100 + n]
                     in ("none", "ambiguous", "duplicate")]  # fmt: skip
            elsewhere = {a for p, rows in left.items() if p != partner for _, a, _ in rows}
            owes = [(a, d) for _, a, d in left[partner]]
            found, places = ("", list[int]()) if kind != "none" or waits != [place] or partner in doubted else slow_last(
                paid[partner][place], owes, elsewhere, (rule,) if rule in rules else ())  # fmt: skip
            assert (by[receipt] == rule) == (found == rule), (receipt, company)
            if found:
                settled = set(after.filter(pl.col("receipt_id") == receipt)["item_id"])
                assert settled == {partner * 100 + left[partner][at][0] for at in places}
                left[partner] = [row for at, row in enumerate(left[partner]) if at not in places]
    unruled = outcomes.filter(~pl.col("by").is_in(RULES))
    assert unruled.equals(sure.join(unruled, on="receipt_id", how="semi"), null_equal=True)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(-2, 3), min_size=1, max_size=6), st.integers(1, 4))
def test_of_equal_documents_those_due_first_are_paid_as_the_slow_one_says(months: list[int], times: int) -> None:
    owed = [(5_500, 31 * month) for month in months]
    receipts, items = frames({1: [5_500] * times}, {1: owed})
    before, sure = match(receipts, items, 880)
    after, outcomes = match(receipts, items, 880, rules=["oldest"])
    aged = sorted(range(len(owed)), key=lambda n: (owed[n][1], n))
    due = [n for n in aged if owed[n][1] <= 10]
    ruled = times < len(due) and owed[aged[times - 1]][1] < owed[aged[times]][1]
    if ruled:
        assert set(outcomes.select("kind", "by").rows()) == {("exact", "oldest")}
        assert after["item_id"].to_list() == [100 + n for n in aged[:times]]
    else:
        assert after.equals(before)
        assert outcomes.equals(sure)


def test_no_order_of_the_rows_plays_a_part_and_the_money_adds_up() -> None:
    chance = random.Random(4)
    owed = {p: [(chance.choice([30_000, 55_000, 90_000 + p]), chance.choice([-31, 0, 30])) for _ in range(chance.randrange(4))]
            for p in range(1, 900)}  # fmt: skip
    paid = {p: [chance.choice([11_000 + p, 30_000, 61_000 + p, 100_000 + p])] for p in owed}
    receipts, items = frames(paid, owed)
    applications, outcomes = match(receipts, items, 880, rules=RULES)
    shuffled = match(
        receipts.sample(fraction=1, shuffle=True, seed=1),
        items.sample(fraction=1, shuffle=True, seed=2),
        880,
        rules=RULES,
    )
    for one, other in zip((applications, outcomes), shuffled, strict=True):
        key = one.columns[:2]
        assert one.sort(key).equals(other.sort(key), null_equal=True)
    assert set(RULES) < set(outcomes["by"])
    sums = (
        applications.group_by("receipt_id").agg(pl.col("amount").sum()).join(receipts, on="receipt_id", suffix="_paid")
    )
    checked = sums.join(outcomes, on="receipt_id")
    assert (checked["amount_paid"] - checked["amount"]).equals(checked["difference"])
    assert set(checked.filter(pl.col("by") == "part")["difference"]) == {0}
    assert checked.filter(pl.col("by") == "over")["difference"].min() >= 100  # type: ignore[operator]
