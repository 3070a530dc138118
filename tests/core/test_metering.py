"""What usage comes to by its meter: examples, the slow and obvious way beside it, and lines parted among machines."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core import metering

FIRST = date(2026, 4, 1)
METERS = ("", "max", "last", "unique")
Event = tuple[int, int, int, int, str]  # line, day, instant within it, quantity, subject


def events(found: list[Event]) -> pl.DataFrame:
    rows = [
        {
            "line_id": line,
            "used_on": FIRST + timedelta(day),
            "quantity_micro": quantity,
            "used_at": day * 10 + at,
            "id": id_,
            "subject": subject,
        }
        for id_, (line, day, at, quantity, subject) in enumerate(found)
    ]
    return pl.DataFrame(rows, schema=metering.EVENT)


def spans(cut: int = 15) -> pl.DataFrame:
    """April of four lines of a meter each, cut in two on a day."""
    ends = [(0, cut), (cut, 30)]
    rows = [
        {"line_id": line, "from_on": FIRST + timedelta(a), "to_on": FIRST + timedelta(b), "meter": meter}
        for line, meter in enumerate(METERS)
        for a, b in ends
    ]
    return pl.DataFrame(rows)


def slowly(found: list[Event], line: int, first: int, end: int) -> int | None:
    """The quantity of one span, event by event."""
    mine = [(day, at, id_, quantity, subject) for id_, (no, day, at, quantity, subject) in enumerate(found)
            if no == line and first <= day < end]  # fmt: skip
    if not mine:
        return None
    if METERS[line] == "max":
        return max(quantity for *_, quantity, _ in mine)
    if METERS[line] == "last":
        return max(mine)[3]
    if METERS[line] == "unique":
        return len({subject for *_, subject in mine}) * 1_000_000
    return sum(quantity for *_, quantity, _ in mine)


@pytest.mark.parametrize(("line", "expected"), [(0, 12), (1, 9), (2, -2), (3, 2_000_000)])
def test_the_four_meters(line: int, expected: int) -> None:
    found = events([(line, 3, 1, 5, "a"), (line, 4, 1, 9, "b"), (line, 4, 2, -2, "a")])
    told = metering.quantities(found, spans())["usage_micro"].to_list()
    assert told[2 * line] == expected
    assert told.count(None) == 7


drawn = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(-2, 31), st.integers(0, 2), st.integers(-(10**9), 10**12), st.sampled_from("abc")
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(drawn, st.integers(1, 29))
def test_quantities_are_what_counting_one_by_one_gives(found: list[Event], cut: int) -> None:
    told = metering.quantities(events(found), spans(cut))["usage_micro"].to_list()
    assert told == [slowly(found, line, a, b) for line in range(4) for a, b in ((0, cut), (cut, 30))]


@settings(max_examples=50, deadline=None)
@given(drawn, st.integers(1, 5))
def test_lines_parted_among_machines_come_to_the_same(found: list[Event], shares: int) -> None:
    whole, asked = events(found), spans()
    parts = [
        metering.quantities(*(frame.filter(pl.col("line_id") % shares == share) for frame in (whole, asked)))
        for share in range(shares)
    ]
    assert pl.concat(parts).sort("line_id", "from_on").equals(metering.quantities(whole, asked))
