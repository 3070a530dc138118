"""Fractions of a cycle, against a worked table, laws and an oracle that walks the cycle day by day."""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.proration import BASES, fraction, fractions

DAY = timedelta(days=1)


def d(text: str) -> date:
    return date.fromisoformat(text)


def ask(rows: Sequence[tuple[str, date, date, date, date]]) -> list[tuple[Any, Any]]:
    names = ["basis", "whole_from", "whole_to", "used_from", "used_to"]
    return fractions(pl.DataFrame(rows, schema=names, orient="row")).rows()


# first and last days as people write them, both inclusive
WORKED = [
    # basis         cycle                       used                        n     d
    ("daily",      "2026-04-01", "2026-04-30", "2026-04-16", "2026-04-30",  15,   30),
    ("daily",      "2026-02-01", "2026-02-28", "2026-02-10", "2026-02-28",  19,   28),
    ("daily",      "2026-04-01", "2027-03-31", "2026-04-01", "2026-06-30",  91,  365),
    ("daily",      "2026-04-01", "2026-04-30", "2026-05-01", "2026-05-31",   0,   30),
    ("daily",      "2026-04-01", "2026-04-30", "2026-03-01", "2026-05-31",  30,   30),
    ("monthly",    "2026-04-01", "2027-03-31", "2026-04-01", "2026-06-30",   3,   12),
    ("monthly",    "2026-04-01", "2026-04-30", "2026-04-16", "2026-04-30",  15,   30),
    ("monthly",    "2026-04-01", "2026-06-30", "2026-04-16", "2026-06-30",  75,   90),
    ("monthly",    "2026-04-01", "2026-06-30", "2026-04-16", "2026-05-10", 765, 2790),
    ("monthly",    "2026-01-31", "2026-03-30", "2026-02-28", "2026-03-30",   1,    2),
    ("monthly",    "2026-04-01", "2026-05-20", "2026-04-01", "2026-05-10",  41,   51),
    ("thirtieth",  "2026-04-01", "2026-04-30", "2026-04-16", "2026-04-30",  15,   30),
    ("thirtieth",  "2026-05-01", "2026-05-31", "2026-05-02", "2026-05-31",  30,   30),
    ("thirtieth",  "2026-02-01", "2026-02-28", "2026-02-15", "2026-02-28",  14,   30),
    ("thirtieth",  "2026-01-01", "2026-12-31", "2026-03-16", "2026-05-15",  61,  360),
    ("thirtieth",  "2026-02-28", "2026-03-30", "2026-02-28", "2026-03-30",  30,   30),
    ("thirty_360", "2026-01-01", "2026-12-31", "2026-04-16", "2026-04-30",  15,  360),
    ("thirty_360", "2026-02-01", "2026-02-28", "2026-02-15", "2026-02-28",  16,   30),
    ("full_month", "2026-04-01", "2026-04-30", "2026-04-30", "2026-04-30",  30,   30),
    ("full_month", "2026-04-01", "2026-04-30", "2026-05-01", "2026-05-31",   0,   30),
    ("free",       "2026-04-01", "2026-04-30", "2026-04-02", "2026-04-30",   0,   30),
    ("free",       "2026-04-01", "2026-04-30", "2026-04-01", "2026-04-30",  30,   30),
]  # fmt: skip


@pytest.mark.parametrize(("basis", "begin", "last", "first", "until", "n", "d_"), WORKED)
def test_worked_fractions(basis: str, begin: str, last: str, first: str, until: str, n: int, d_: int) -> None:
    assert ask([(basis, d(begin), d(last) + DAY, d(first), d(until) + DAY)]) == [(n, d_)]


def later(start: date, months: int, anchor: int) -> date:
    """The first day of the month that many months on, on the anchor, clipped."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(anchor, monthrange(year, month + 1)[1]))


def oracle(basis: str, begin: date, end: date, first: date, until: date, anchor: int) -> Fraction:
    """The share, by listing the days of every month of the cycle and asking which are used."""
    inside = [begin + DAY * at for at in range((end - begin).days)]
    used = [day for day in inside if first <= day < until]
    if basis == "daily":
        return Fraction(len(used), len(inside))
    if basis == "full_month":
        return Fraction(bool(used))
    if basis == "free":
        return Fraction(len(used) == len(inside))
    if basis == "thirty_360":
        count = {"n": Fraction(0), "d": Fraction(0)}
        for name, days in (("n", used), ("d", inside)):
            if days:
                a, b = days[0], days[-1] + DAY
                count[name] = Fraction(30 * ((b.year - a.year) * 12 + b.month - a.month) + b.day - a.day)
        return count["n"] / count["d"] if count["d"] else Fraction(len(used), len(inside))
    part, whole, at = Fraction(0), Fraction(0), 0
    while (opens := later(begin, at, anchor)) < end:
        closes = later(begin, at + 1, anchor)
        for name, days in (("used", used), ("whole", inside)):
            count_ = sum(opens <= day < closes for day in days)
            length = (closes - opens).days
            weight = Fraction(count_, length) if basis == "monthly" else Fraction(min(count_, 30))
            weight = Fraction(1 if basis == "monthly" else 30) if count_ == length else weight
            part, whole = (part + weight, whole) if name == "used" else (part, whole + weight)
        at += 1
    return part / whole


def cases(seed: int, count: int) -> list[tuple[str, date, date, date, date, int]]:
    """Cycles of whole months on any anchor, and cut ones, with a use in, around or outside of them."""
    luck, found = random.Random(seed), list[tuple[str, date, date, date, date, int]]()
    for _ in range(count):
        anchor = luck.randint(1, 31)
        begin = later(date(luck.randint(2023, 2028), luck.randint(1, 12), 1), 0, anchor)
        end = later(begin, luck.choice([1, 1, 2, 3, 6, 12]), anchor)
        if luck.random() < 0.3:
            anchor, end = begin.day, begin + DAY * luck.randint(1, 27)
        first = begin + DAY * luck.randint(-10, (end - begin).days + 5)
        found.append((luck.choice(BASES), begin, end, first, first + DAY * luck.randint(0, 150), anchor))
    return found


def test_every_basis_agrees_with_counting_days() -> None:
    drawn = cases(1, 2_500)
    for case, (n, below) in zip(drawn, ask([case[:5] for case in drawn]), strict=True):
        assert Fraction(n, below) == oracle(*case), case


def test_the_whole_cycle_is_exactly_one_for_every_basis() -> None:
    whole = [(basis, begin, end, begin, end) for _, begin, end, _, _, _ in cases(2, 300) for basis in BASES]
    assert all(n == below > 0 for n, below in ask(whole))


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 400), st.data())
def test_parts_by_day_and_by_bank_days_add_up(begin: date, length: int, data: st.DataObject) -> None:
    end, cut = begin + DAY * length, begin + DAY * data.draw(st.integers(0, length))
    for basis in ("daily", "thirty_360"):
        (a, below), (b, _), (whole, _) = ask(
            [(basis, begin, end, begin, cut), (basis, begin, end, cut, end), (basis, begin, end, begin, end)]
        )
        assert a + b == whole == below


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([1, 15, 20, 28]), st.integers(0, 47), st.sampled_from([1, 2, 3, 12]), st.data())
def test_the_parts_of_one_use_add_up_to_it(anchor: int, month: int, months: int, data: st.DataObject) -> None:
    begin = later(date(2023, 1, 1), month, anchor)
    end = later(begin, months, anchor)
    days = st.integers(0, (end - begin).days)
    first, cut, cut_2, until = (begin + DAY * at for at in sorted(data.draw(days) for _ in range(4)))
    for basis in ("daily", "monthly", "thirtieth", "thirty_360"):
        spans = [(first, cut), (cut, cut_2), (cut_2, until), (first, until)]
        rows = [(basis, begin, end, a, b, until) for a, b in spans]
        names = ["basis", "whole_from", "whole_to", "used_from", "used_to", "lasts_to"]
        found = fractions(pl.DataFrame(rows, schema=names, orient="row"))
        *parts, use = (Fraction(n, below) for n, below in found.rows())
        assert sum(parts) == use == oracle(basis, begin, end, first, until, anchor)
        assert min(parts) >= 0


def test_as_expressions_with_literals_open_ends_and_no_rows() -> None:
    frame = pl.DataFrame({"start": [d("2026-04-11"), d("2026-04-01")]})
    whole = (pl.lit(d("2026-04-01")), pl.lit(d("2026-05-01")))
    n, below = fraction(pl.lit("daily"), *whole, pl.col("start"), pl.lit(None, dtype=pl.Date))
    assert frame.with_columns(n=n, d=below).select("n", "d").rows() == [(20, 30), (30, 30)]
    assert frame.clear().with_columns(n=n, d=below).height == 0


def test_an_unknown_basis_has_no_fraction() -> None:
    assert ask([("weekly", d("2026-04-01"), d("2026-05-01"), d("2026-04-01"), d("2026-05-01"))]) == [(None, None)]


def test_order_is_kept_whatever_the_bases() -> None:
    rows = [case[:5] for case in cases(3, 40)]
    assert ask(rows) == [ask([row])[0] for row in rows]
