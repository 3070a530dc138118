"""Slips handed over and slips that came back: what is planted is found, and the sums always close."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.formats.journals import beyond, differing

SCHEMA = {
    "id": pl.Int64, "slip": pl.String, "on": pl.Date, "text": pl.String, "account": pl.String, "amount": pl.Int64, "row": pl.Int64,
}  # fmt: skip
FIRST = date(2026, 4, 1)
ACCOUNTS = ("売掛金", "売上高", "前受金", "仮受消費税", "普通預金")
Slip = tuple[str, date, str, dict[str, int]]


def frame(slips: list[Slip]) -> pl.DataFrame:
    rows = [
        (at, number, on, text, account, amount, at)
        for at, (number, on, text, lines) in enumerate(slips)
        for account, amount in lines.items()
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


LINES = st.dictionaries(st.sampled_from(ACCOUNTS), st.integers(-500, 500), min_size=1, max_size=4)
SLIP = st.tuples(
    st.sampled_from(["", "1", "2", "3", "4"]), st.integers(0, 3).map(lambda days: FIRST + timedelta(days)),
    st.sampled_from(["", "請求 1", "請求 2", "入金 1"]), LINES,
)  # fmt: skip


def balances(slips: list[Slip]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for *_, lines in slips:
        for account, amount in lines.items():
            found[account] += amount
    return {account: amount for account, amount in found.items() if amount}


@settings(max_examples=300, deadline=None)
@given(st.lists(SLIP, max_size=8), st.lists(SLIP, max_size=8))
def test_what_the_package_has_is_what_was_handed_over_and_the_differences(ours: list[Slip], theirs: list[Slip]) -> None:
    found = differing(frame(ours), frame(theirs))
    told = Counter(balances(ours))
    for account, here, there in found.select("account", "here", "there").iter_rows():
        told[account] += there - here
    assert {account: amount for account, amount in told.items() if amount} == balances(theirs)
    missing = found.filter(pl.col("kind") == "missing")
    assert set(missing["there"]) <= {0}
    assert set(found.filter(pl.col("kind").is_in(["extra", "double"]))["here"]) <= {0}


@settings(max_examples=200, deadline=None)
@given(st.lists(SLIP, max_size=8), st.randoms())
def test_the_same_slips_in_any_order_do_not_differ(slips: list[Slip], random: object) -> None:
    other = list(slips)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert differing(frame(slips), frame(other)).is_empty()
    renumbered = [(f"9{at}", on, text, lines) for at, (_, on, text, lines) in enumerate(other)]
    assert differing(frame(slips), frame(renumbered)).is_empty()
    assert beyond(frame(slips), frame(renumbered)).is_empty()


@st.composite
def planted(draw: st.DrawFn) -> tuple[list[Slip], list[Slip], dict[str, set[str]]]:
    """Slips that can be told apart, those of the package after some were lost, added, moved and changed, and which."""
    count = draw(st.integers(4, 12))
    slips = [
        (str(at), FIRST + timedelta(at % 5), f"請求 {at}", {"売掛金": 1000 + at, "売上高": -1000 - at})
        for at in range(count)
    ]
    fates = draw(
        st.lists(st.sampled_from(["same", "lost", "day", "amount", "account"]), min_size=count, max_size=count)
    )
    there: list[Slip] = []
    for (number, on, text, lines), fate in zip(slips, fates, strict=True):
        if fate == "lost":
            continue
        new = dict(lines)
        if fate == "amount":
            new = {"売掛金": lines["売掛金"] + 50_000, "売上高": lines["売上高"] - 50_000}
        if fate == "account":
            new = {"売掛金": lines["売掛金"], "前受金": lines["売上高"]}
        there.append((number, on + timedelta(9 * (fate == "day")), text, new))
    added = draw(st.integers(0, 3))
    there += [(f"9{at}", FIRST, f"手入力 {at}", {"売掛金": 7 + at, "普通預金": -7 - at}) for at in range(added)]
    chosen = {
        "missing": {slip[0] for slip, fate in zip(slips, fates, strict=True) if fate == "lost"},
        "changed": {slip[0] for slip, fate in zip(slips, fates, strict=True) if fate in {"day", "amount", "account"}},
        "extra": {f"9{at}" for at in range(added)},
    }
    return slips, draw(st.permutations(there)), chosen


@settings(max_examples=200, deadline=None)
@given(planted())
def test_what_was_planted_is_found_and_nothing_else(told: tuple[list[Slip], list[Slip], dict[str, set[str]]]) -> None:
    ours, theirs, chosen = told
    found = differing(frame(ours), frame(theirs))
    for kind, numbers in chosen.items():
        assert set(found.filter(pl.col("kind") == kind)["slip"]) == numbers
    assert set(found["kind"]) == {kind for kind, numbers in chosen.items() if numbers}


def test_a_slip_that_is_there_twice_is_told_as_such_and_one_that_is_not_known_as_extra() -> None:
    one: Slip = ("1", FIRST, "請求 1", {"売掛金": 5, "売上高": -5})
    found = differing(frame([one]), frame([one, ("7", *one[1:]), ("8", FIRST, "", {"売掛金": 6, "売上高": -6})]))
    assert {(row["slip"], row["kind"]) for row in found.iter_rows(named=True)} == {("7", "double"), ("8", "extra")}
    assert beyond(frame([one]), frame([one, ("7", *one[1:])]))["slip"].unique().to_list() == ["7"]
