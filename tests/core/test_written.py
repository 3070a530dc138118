"""What people type, in every spelling: the examples hold, and what was respelt is spelt the same again."""

from __future__ import annotations

import doctest
from datetime import date

from hypothesis import given
from hypothesis import strategies as some

from urikake.core import written


def test_the_examples_hold() -> None:
    found = doctest.testmod(written)
    assert found.attempted > 0
    assert found.failed == 0


@given(some.dates(date(1926, 12, 26), date(2199, 12, 31)))
def test_a_day_is_the_same_in_every_spelling(day: date) -> None:
    spelt = [
        f"{day:%Y/%m/%d}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
    ]
    if date(2019, 5, 1) <= day < date(2118, 1, 1):
        spelt.append(f"令和{day.year - 2018}年{day.month}月{day.day}日")
    assert {written.day(text) for text in spelt} == {day.isoformat()}


@given(some.integers(-(10**12), 10**12))
def test_an_amount_is_the_same_in_every_spelling(amount: int) -> None:
    size = f"{abs(amount):,}"
    spelt = [f"-{size}", f"△{size}円", f"▲ {size}", f"({size})"] if amount < 0 else [size, f"¥{size}", f"＋{size}円"]
    assert {written.number(text) for text in spelt} == {str(amount)}


@given(some.text(max_size=20))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    today = date(2026, 11, 30)
    assert isinstance(written.day(text, today), str)
    assert isinstance(written.number(text), str)
