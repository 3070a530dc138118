"""Months, business days and billing cycles, against worked tables and a slow oracle that walks day by day."""

from __future__ import annotations

import random
from calendar import monthrange
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core import calendar

DAY = timedelta(days=1)
LINE = {
    "line_id": pl.Int64,
    "start_on": pl.Date,
    "end_on": pl.Date,
    "cycle_months": pl.Int64,
    "anchor_day": pl.Int64,
    "after_on": pl.Date,
    "until_on": pl.Date,
}


def d(text: str) -> date:
    return date.fromisoformat(text)


def slow_add_months(day: date, months: int, anchor: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(anchor, monthrange(year, month + 1)[1]))


# months


@pytest.mark.parametrize(
    ("day", "months", "anchor", "expected"),
    [
        ("2026-01-31", 1, 31, "2026-02-28"),
        ("2026-01-31", 2, 31, "2026-03-31"),
        ("2028-01-31", 1, 31, "2028-02-29"),
        ("2026-01-30", 1, 30, "2026-02-28"),
        ("2026-11-15", 2, 15, "2027-01-15"),
        ("2026-01-15", -1, 31, "2025-12-31"),
        ("2026-03-31", -13, 31, "2025-02-28"),
        ("2026-05-20", 0, 1, "2026-05-01"),
    ],
)
def test_add_months(day: str, months: int, anchor: int, expected: str) -> None:
    assert pl.select(calendar.add_months(pl.lit(d(day)), months, anchor)).item() == d(expected)


def test_months_agree_with_the_oracle() -> None:
    chance = random.Random(1)
    first = date(1900, 1, 1)
    days = [first + chance.randrange(146_097) * DAY for _ in range(20_000)]
    months = [chance.randint(-600, 600) for _ in days]
    anchors = [chance.randint(1, 31) for _ in days]
    frame = pl.DataFrame({"day": days, "months": months, "anchor": anchors})
    found = frame.select(
        shifted=calendar.add_months(pl.col("day"), pl.col("months"), pl.col("anchor")),
        first=calendar.month_of(pl.col("day")),
        following=calendar.next_month(pl.col("day")),
        length=calendar.days_in_month(pl.col("day")),
    )
    assert found["shifted"].to_list() == [slow_add_months(*row) for row in frame.rows()]
    assert found["first"].to_list() == [day.replace(day=1) for day in days]
    assert found["following"].to_list() == [slow_add_months(day, 1, 1) for day in days]
    assert found["length"].to_list() == [monthrange(day.year, day.month)[1] for day in days]


def test_a_null_anywhere_is_a_null_date() -> None:
    frame = pl.DataFrame({"day": [None, d("2026-01-01"), d("2026-01-01")], "n": [1, None, 1], "anchor": [1, 1, None]})
    found = frame.select(calendar.add_months(pl.col("day"), pl.col("n"), pl.col("anchor")))
    assert found.to_series().null_count() == 3


# business days


@pytest.mark.parametrize(
    ("day", "before", "after", "why"),
    [
        ("2026-06-10", "2026-06-10", "2026-06-10", "a Wednesday"),
        ("2026-05-31", "2026-05-29", "2026-06-01", "a Sunday at the month's end"),
        ("2026-05-02", "2026-05-01", "2026-05-07", "Golden Week with its substitute holiday on the 6th"),
        ("2026-05-06", "2026-05-01", "2026-05-07", "its last day"),
        ("2019-04-30", "2019-04-26", "2019-05-07", "ten days in a row for the new era"),
        ("2026-09-22", "2026-09-18", "2026-09-24", "a day between two holidays"),
        ("2025-12-31", "2025-12-30", "2026-01-05", "the year's end"),
        ("2027-01-01", "2026-12-30", "2027-01-04", "the year's beginning"),
        ("2026-01-02", "2025-12-30", "2026-01-05", "a bank holiday that is no national one"),
    ],
)
def test_business_days(day: str, before: str, after: str, why: str) -> None:
    moved = calendar.business_days(pl.Series([d(day)] * 4), pl.Series(["before", "after", "none", None]))
    assert moved.to_list() == [d(before), d(after), d(day), d(day)], why


def test_business_days_agree_with_a_walk_day_by_day() -> None:
    chance = random.Random(2)
    days = [date(1995, 1, 1) + chance.randrange(15_000) * DAY for _ in range(5_000)]
    shifts = [chance.choice(["before", "after", "none"]) for _ in days]
    closed = set(calendar.bank_holidays(1994, 2037).to_list())

    def walk(day: date, shift: str) -> date:
        step = {"before": -DAY, "after": DAY, "none": None}[shift]
        while step and (day.weekday() >= 5 or day in closed):
            day += step
        return day

    found = calendar.business_days(pl.Series(days), pl.Series(shifts))
    assert found.to_list() == [walk(day, shift) for day, shift in zip(days, shifts, strict=True)]


def test_bank_holidays_name_no_weekend_as_such_and_all_year_ends() -> None:
    days = calendar.bank_holidays(2026, 2027).to_list()
    assert d("2026-06-07") not in days
    assert {d("2026-12-31"), d("2027-01-01"), d("2027-01-02"), d("2027-01-03"), d("2026-02-23")} <= set(days)
    assert days == sorted(set(days))


def test_years_without_a_known_calendar_still_close_at_weekends_and_year_ends() -> None:
    moved = calendar.business_days(
        pl.Series([d("2150-01-03"), d("9999-12-31"), None]), pl.Series(["after", "before", "after"])
    )
    assert moved.to_list() == [d("2150-01-05"), d("9999-12-30"), None]


def test_no_dates_give_no_dates() -> None:
    assert calendar.business_days(pl.Series([], dtype=pl.Date), pl.Series([], dtype=pl.String)).to_list() == []
    assert calendar.business_days(pl.Series([None], dtype=pl.Date), pl.Series(["after"])).to_list() == [None]


# cycles


def line(
    start: str, end: str | None, months: int, anchor: int | None, after: str | None, until: str | None
) -> pl.DataFrame:
    dates = [d(start), end and d(end), months, anchor, after and d(after), until and d(until)]
    return pl.DataFrame([[1, *dates]], schema=LINE, orient="row")


@pytest.mark.parametrize(
    ("start", "end", "months", "anchor", "after", "until", "expected"),
    [
        ("2026-01-31", None, 1, None, None, "2026-04-01", ["01-31 02-28", "02-28 03-31", "03-31 04-30"]),
        ("2026-01-20", None, 1, 1, None, "2026-03-01", ["01-20 02-01 of 01-01 02-01", "02-01 03-01"]),
        ("2026-01-20", None, 3, 1, None, "2026-04-02", ["01-20 04-01 of 01-01 04-01", "04-01 07-01"]),
        ("2026-01-20", None, 1, 25, None, "2026-02-25", ["01-20 01-25 of 2025-12-25 01-25", "01-25 02-25"]),
        ("2026-01-20", None, 1, 20, None, "2026-02-20", ["01-20 02-20"]),
        ("2026-02-28", None, 1, 31, None, "2026-03-31", ["02-28 03-31"]),
        ("2026-01-01", "2026-02-11", 1, None, None, "2027-01-01", ["01-01 02-01", "02-01 02-11 of 02-01 03-01"]),
        ("2026-01-01", None, 1, None, "2026-01-01", "2026-03-01", ["02-01 03-01"]),
        ("2026-01-01", None, 1, None, "2026-02-28", "2026-03-01", []),
        ("2026-01-20", None, 1, 1, "2026-01-05", "2026-02-01", ["01-20 02-01 of 01-01 02-01"]),
        ("2026-01-20", None, 1, 1, "2026-01-20", "2026-02-02", ["02-01 03-01"]),
        ("2026-03-01", None, 0, None, None, None, ["03-01 03-02"]),
        ("2026-03-01", "2026-06-01", 0, 15, None, None, ["03-01 06-01"]),
        ("2026-03-01", "2026-06-01", 0, None, "2026-03-01", None, []),
        ("2026-03-01", "2026-06-01", 0, None, None, "2026-03-01", []),
        ("2026-03-01", "2026-03-01", 1, None, None, None, []),
        ("2026-03-01", "2026-05-01", 1, None, None, None, ["03-01 04-01", "04-01 05-01"]),
    ],
)
def test_cycles(
    start: str,
    end: str | None,
    months: int,
    anchor: int | None,
    after: str | None,
    until: str | None,
    expected: list[str],
) -> None:
    found = calendar.cycles(line(start, end, months, anchor, after, until))
    assert found.drop("line_id").rows() == [_row(text) for text in expected]


def _row(text: str) -> tuple[date, ...]:
    days = [d(part if len(part) > 5 else f"2026-{part}") for part in text.replace(" of", "").split()]
    return tuple(days if len(days) == 4 else days * 2)


def test_a_line_without_any_end_is_refused() -> None:
    with pytest.raises(ValueError, match="until_on"):
        calendar.cycles(line("2026-01-01", None, 1, None, None, None))


def slow_cycles(
    row: tuple[int, date, date | None, int, int | None, date | None, date],
) -> list[tuple[int, date, date, date, date]]:
    """Every cycle from the start, one after the other, then those within the bounds."""
    key, start, end, months, anchor_day, after, until = row
    anchor = anchor_day or start.day
    if months == 0:
        stop = end or start + DAY
        every: list[tuple[date, date, date, date]] = [(start, stop, start, stop)]
    else:
        number = 0
        if slow_add_months(start, 0, anchor) > start:
            number = -1
        every = []
        while True:
            whole = (
                slow_add_months(start, number * months, anchor),
                slow_add_months(start, (number + 1) * months, anchor),
            )
            if whole[0] >= until or (end and whole[0] >= end):
                break
            every.append((max(whole[0], start), min(whole[1], end or whole[1]), *whole))
            number += 1
    kept = [c for c in every if c[0] < until and (not end or c[0] < end) and (not after or c[0] > after)]
    return [(key, *cycle) for cycle in kept]


def test_cycles_agree_with_an_enumeration_from_the_start() -> None:
    chance = random.Random(3)
    rows = []
    for key in range(4_000):
        start = date(2020, 1, 1) + chance.randrange(1_500) * DAY
        end = start + chance.randrange(1_200) * DAY if chance.random() < 0.5 else None
        anchor = chance.randint(1, 31) if chance.random() < 0.5 else None
        after = start + chance.randint(-100, 900) * DAY if chance.random() < 0.7 else None
        until = (after or start) + chance.randint(-60, 900) * DAY
        rows.append((key, start, end, chance.choice([0, 1, 1, 2, 3, 6, 12, 24]), anchor, after, until))
    shuffled = pl.DataFrame(chance.sample(rows, len(rows)), schema=LINE, orient="row")
    expected = [cycle for row in rows for cycle in slow_cycles(row)]
    assert calendar.cycles(shuffled).rows() == expected
    assert len(expected) > 10_000


@settings(max_examples=40, deadline=None)
@given(
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.integers(1, 1_500),
    st.integers(1, 24),
    st.none() | st.integers(1, 31),
    st.integers(0, 1_500),
)
def test_cycles_tile_the_line_and_may_be_listed_in_pieces(
    start: date, days: int, months: int, anchor: int | None, cut: int
) -> None:
    end, mid = start + days * DAY, start + cut * DAY

    def listed(after: date | None, until: date | None) -> pl.DataFrame:
        return calendar.cycles(pl.DataFrame([[1, start, end, months, anchor, after, until]], schema=LINE, orient="row"))

    every = listed(None, None)
    assert every["from_on"][0] == start
    assert every["to_on"][-1] == end
    assert every["from_on"][1:].to_list() == every["to_on"][:-1].to_list()
    assert pl.concat([listed(None, mid + DAY), listed(mid, None)]).equals(every)


def test_cycles_of_days_run_from_an_anchor() -> None:
    row = {"line_id": 1, "start_on": d("2026-04-03"), "end_on": d("2026-04-20"), "cycle_days": 7}
    schema = {"line_id": pl.Int64, "start_on": pl.Date, "end_on": pl.Date, "cycle_days": pl.Int64, "anchor_on": pl.Date,
              "after_on": pl.Date, "until_on": pl.Date}  # fmt: skip
    found = calendar.cycles_of_days(pl.DataFrame([row | {"anchor_on": d("2026-05-04")}], schema=schema))
    assert found.select("from_on", "to_on").rows() == [
        (d("2026-04-03"), d("2026-04-06")),
        (d("2026-04-06"), d("2026-04-13")),
        (d("2026-04-13"), d("2026-04-20")),
    ]
    assert found["whole_from_on"][0] == d("2026-03-30")
