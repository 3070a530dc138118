"""Two sides' amounts held against each other, beside a slow and obvious way of doing it."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from urikake.core.comparison import DIFFERENT, EQUAL, OURS, THEIRS, compared

ROWS = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("xy"), st.integers(-50, 50)), max_size=12)


def frame(rows: list[tuple[str, str, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"partner": pl.String, "product": pl.String, "amount": pl.Int64}, orient="row")


def by_hand(ours: list[tuple[str, str, int]], theirs: list[tuple[str, str, int]]) -> list[tuple[object, ...]]:
    sums: list[dict[tuple[str, str], Fraction]] = [{}, {}]
    for side, rows in zip(sums, (ours, theirs), strict=True):
        for partner, product, amount in rows:
            side[partner, product] = side.get((partner, product), Fraction(0)) + amount
    found: list[tuple[object, ...]] = []
    for key in sorted({*sums[0], *sums[1]}):
        left, right = sums[0].get(key), sums[1].get(key)
        gap = (left or 0) - (right or 0)
        state = EQUAL if not gap else OURS if right is None else THEIRS if left is None else DIFFERENT
        found.append((*key, left, right, gap, state))
    return found


@given(ROWS, ROWS)
def test_the_columns_say_what_the_hand_says(
    ours: list[tuple[str, str, int]], theirs: list[tuple[str, str, int]]
) -> None:
    found = compared(frame(ours), frame(theirs), ["partner", "product"])
    assert found.rows() == by_hand(ours, theirs)
    assert found["difference"].sum() == sum(row[2] for row in ours) - sum(row[2] for row in theirs)


@given(ROWS)
def test_a_side_is_equal_to_itself_and_rows_may_be_split(rows: list[tuple[str, str, int]]) -> None:
    halves = [(p, q, part) for p, q, amount in rows for part in (amount // 2, amount - amount // 2)]
    assert set(compared(frame(rows), frame(halves), ["partner", "product"])["state"]) <= {EQUAL}
