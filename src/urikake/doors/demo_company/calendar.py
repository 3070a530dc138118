"""The days of the demo company: its 14 months, the day on which it stands, and steps of months."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Final

FIRST: Final = date(2025, 10, 1)
LAST: Final = date(2026, 11, 30)


def months_later(day: date, months: int) -> date:
    """The same day so many months later, clipped to the month.

    >>> months_later(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def month_end(month: date) -> date:
    """The last day of the month.

    >>> month_end(date(2026, 2, 10))
    datetime.date(2026, 2, 28)
    """
    return date(month.year, month.month, monthrange(month.year, month.month)[1])


MONTHS: Final = tuple(months_later(FIRST, at) for at in range(14))
