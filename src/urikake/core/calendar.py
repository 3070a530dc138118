"""Dates on columns: months that remember their anchor, bank business days, and billing cycles.

Ranges are half-open (``from_on`` … ``to_on``, exclusive). Nothing here loops over rows: a date's month is a number of
months, and everything else is integer arithmetic or one lookup.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays
import polars as pl

JAPAN: Final = ZoneInfo("Asia/Tokyo")
"""Where the days of the books are."""
_KNOWN_YEARS: Final = range(1949, 2100)
"""Years of which the holiday table knows the equinoxes; outside it only weekends and the year's end count."""

_LONGEST_CLOSURE: Final = 62
"""More days than banks were ever closed in a row (10 in 2019), or a company is, so a lookup near the edge still lands."""


def add_months(date: pl.Expr, months: pl.Expr | int, anchor_day: pl.Expr | int) -> pl.Expr:
    """The ``anchor_day``, clipped to the month's length, in the month ``months`` after that of ``date``.

    The anchor (起算日) is asked for each time, so a clipped month does not shorten those after it: 31 Jan → 28 Feb →
    31 Mar. A null in any of the three gives null.

    >>> from datetime import date
    >>> frame = pl.DataFrame({"n": [0, 1, 2]}).select(add_months(pl.lit(date(2026, 1, 31)), pl.col("n"), 31))
    >>> frame.to_series().dt.to_string().to_list()
    ['2026-01-31', '2026-02-28', '2026-03-31']
    """
    return _day_of_month(month_number(date) + _int32(months), _int32(anchor_day))


def _day_of_month(number: pl.Expr, anchor_day: pl.Expr) -> pl.Expr:
    """The ``anchor_day``, clipped, of the month ``number``."""
    day = pl.min_horizontal(_first_day(number) + anchor_day, _first_day(number + 1)) - 1
    return pl.when(anchor_day.is_not_null()).then(day).cast(pl.Date)


def month_of(date: pl.Expr) -> pl.Expr:
    """The first day of the date's month.

    >>> from datetime import date
    >>> pl.select(month_of(pl.lit(date(2026, 2, 28)))).item()
    datetime.date(2026, 2, 1)
    """
    return _first_day(month_number(date)).cast(pl.Date)


def next_month(date: pl.Expr) -> pl.Expr:
    """The first day of the month after the date's.

    >>> from datetime import date
    >>> pl.select(next_month(pl.lit(date(2026, 12, 31)))).item()
    datetime.date(2027, 1, 1)
    """
    return _first_day(month_number(date) + 1).cast(pl.Date)


def days_in_month(date: pl.Expr) -> pl.Expr:
    """How many days the date's month has, as ``Int64``.

    >>> from datetime import date
    >>> pl.select(days_in_month(pl.lit(date(2028, 2, 10)))).item()
    29
    """
    return date.dt.days_in_month().cast(pl.Int64)


def month_number(date: pl.Expr) -> pl.Expr:
    """Months since January of the year 0, as ``Int32``: the difference of two is the months between them."""
    return date.dt.year().cast(pl.Int32) * 12 + date.dt.month().cast(pl.Int32) - 1


def _int32(value: pl.Expr | int) -> pl.Expr:
    return value.cast(pl.Int32) if isinstance(value, pl.Expr) else pl.lit(value, dtype=pl.Int32)


def _days_later(day: pl.Expr, days: int) -> pl.Expr:
    return (day.cast(pl.Int32) + days).cast(pl.Date)


def _first_day(number: pl.Expr) -> pl.Expr:
    """Days from 1970-01-01 to the first of month ``number``, several times faster than building a date.

    The year is taken to begin in March, so its leap day is the last: ``1461 y // 4`` days precede year ``y``, but for
    the centuries, and ``(153 m + 2) // 5`` days precede month ``m`` in it.
    """
    from_march = number - 2
    year, month = from_march // 12, from_march % 12
    return year * 1461 // 4 - year // 100 + year // 400 + (month * 153 + 2) // 5 - 719_468


@lru_cache(maxsize=64)
def bank_holidays(first_year: int, last_year: int) -> pl.Series:
    """The days on which Japanese banks are closed (銀行休業日), ascending; weekends are not listed as such.

    National holidays (国民の祝日, with substitute and bridging days) and 31 December to 3 January (銀行法第15条,
    同施行令第5条).

    >>> days = bank_holidays(2026, 2026)
    >>> len(days), days.dt.to_string().to_list()[:4]
    (21, ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-12'])
    """
    return closures(first_year, last_year)["holiday"]


@lru_cache(maxsize=64)
def closures(first_year: int, last_year: int) -> pl.DataFrame:
    """The days on which banks are closed beside weekends, ascending, with what they are called: ``holiday``, ``name``.

    ``name`` is null on the days from 31 December to 3 January that are no national holiday.

    >>> closures(2026, 2026).rows()[:2]
    [(datetime.date(2026, 1, 1), '元日'), (datetime.date(2026, 1, 2), None)]
    """
    years = range(first_year, last_year + 1)
    known = [year for year in years if year in _KNOWN_YEARS]
    ends = [date(year, month, day) for year in years for month, day in ((1, 1), (1, 2), (1, 3), (12, 31))]
    named = dict(holidays.country_holidays("JP", years=known, language="ja")) if known else {}
    days = sorted({*named, *ends})
    return pl.DataFrame(
        {"holiday": days, "name": [named.get(day) for day in days]}, schema={"holiday": pl.Date, "name": pl.String}
    )


def business_days(dates: pl.Series, shift: pl.Series, own: pl.DataFrame | None = None) -> pl.Series:
    """Each date moved to a business day (営業日) as ``shift`` says: ``before``, ``after``, or ``none``.

    A date that is a business day stays. Business days are the banks' (銀行営業日), but for the ``own`` days of a company:
    ``day`` and whether it is ``closed``. Both series have one length; a null date stays null, a null shift is ``none``.

    >>> from datetime import date
    >>> golden_week = pl.Series([date(2026, 5, 3)] * 3)
    >>> business_days(golden_week, pl.Series(["before", "after", "none"])).dt.to_string().to_list()
    ['2026-05-01', '2026-05-07', '2026-05-03']
    >>> founding = pl.DataFrame({"day": [date(2026, 5, 1)], "closed": [True]})
    >>> business_days(golden_week, pl.Series(["before", "after", "none"]), founding).dt.to_string().to_list()
    ['2026-04-30', '2026-05-07', '2026-05-03']
    """
    first, last = dates.min(), dates.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return dates.cast(pl.Date)
    table = _closures(first.year, last.year) if own is None or own.is_empty() else _opened(first.year, last.year, own)
    at = dates.cast(pl.Int32) - table["day"].cast(pl.Int32)[0]
    moved = pl.DataFrame(
        {"stays": dates, "shift": shift, "before": table["before"].gather(at), "after": table["after"].gather(at)}
    )
    way = pl.col("shift")
    picked = pl.when(way == "before").then("before").when(way == "after").then("after").otherwise("stays")
    return moved.select(picked.alias(dates.name)).to_series()


@lru_cache(maxsize=64)
def _closures(first_year: int, last_year: int) -> pl.DataFrame:
    """For each ``day`` of the years (and a little around) the bank business day not after it and the one not before it."""
    return _opened(first_year, last_year, pl.DataFrame(schema={"day": pl.Date, "closed": pl.Boolean}))


def _opened(first_year: int, last_year: int, own: pl.DataFrame) -> pl.DataFrame:
    """As `_closures`, but for the days of a company's own."""
    first = date.fromordinal(max(date(first_year, 1, 1).toordinal() - _LONGEST_CLOSURE, 1))
    last = date.fromordinal(min(date(last_year, 12, 31).toordinal() + _LONGEST_CLOSURE, date.max.toordinal()))
    days = pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
    closed = pl.col("day").is_in(bank_holidays(first.year, last.year).implode()) | (pl.col("day").dt.weekday() > 5)
    named = days.with_columns(bank=closed).join(own, on="day", how="left", maintain_order="left")
    is_open = named.select("day", open=pl.when(~pl.coalesce("closed", "bank")).then("day"))
    return is_open.select("day", before=pl.col("open").forward_fill(), after=pl.col("open").backward_fill())


def cycles(lines: pl.DataFrame) -> pl.DataFrame:
    """The billing cycles (請求サイクル) of many lines at once, each with the whole cycle it is prorated against.

    Boundaries are the anchor day, clipped, every ``cycle_months`` months: counted from the line's start, or with
    ``anchor_day`` from that day in the month of the start (if the start is after it, the first boundary follows one
    cycle later). A start off the boundaries gives a short first cycle, measured against the whole one before the first
    boundary; the line's end cuts the last. ``cycle_months`` 0 is one cycle, the term first agreed (its first day if it
    has no end), cut where the line ends before.

    In: ``line_id`` Int64, unique · ``start_on`` Date · ``end_on`` Date, exclusive, null open-ended · ``cycle_months``
    Int64 · ``anchor_day`` Int64, null the day of the start · ``after_on`` Date, null or only cycles that begin after
    it · ``until_on`` Date, only cycles that begin before it; null as far as the end · and, where wanted, ``anchor_on``
    Date, a date on which a cycle begins, in place of the start, and ``first_end_on`` Date, the end first agreed.
    Out, by ``line_id``, ``from_on``: ``line_id, from_on, to_on, whole_from_on, whole_to_on``.
    Raises ``ValueError`` for a repeating line with neither ``end_on`` nor ``until_on``.

    >>> from datetime import date
    >>> line = {"line_id": 1, "start_on": date(2026, 1, 20), "end_on": date(2026, 3, 11), "cycle_months": 1,
    ...         "anchor_day": 1, "after_on": None, "until_on": date(2027, 1, 1)}
    >>> for row in cycles(pl.DataFrame([line]).cast({"after_on": pl.Date})).rows():
    ...     print(*row)
    1 2026-01-20 2026-02-01 2026-01-01 2026-02-01
    1 2026-02-01 2026-03-01 2026-02-01 2026-03-01
    1 2026-03-01 2026-03-11 2026-03-01 2026-04-01
    """
    length, origin, anchor = pl.col("cycle_months").cast(pl.Int32), pl.col("origin_month"), pl.col("anchor")
    once = length == 0
    agreed_end = "first_end_on" if "first_end_on" in lines.columns else "end_on"
    end_of_once = pl.coalesce(agreed_end, _days_later(pl.col("start_on"), 1))

    def boundary(number: pl.Expr) -> pl.Expr:
        regular = _day_of_month(origin + number * length, anchor)
        return pl.when(~once).then(regular).when(number < 1).then("start_on").otherwise(end_of_once)

    def number(day: pl.Expr) -> pl.Expr:
        month = month_number(day)
        passed = (month - origin) // length
        early = (origin + passed * length == month) & (day.dt.day() < pl.min_horizontal(anchor, day.dt.days_in_month()))
        return pl.when(once).then(0).otherwise(passed - early.cast(pl.Int32))

    first_on = pl.coalesce("anchor_on", "start_on") if "anchor_on" in lines.columns else pl.col("start_on")
    anchored = lines.with_columns(
        origin_month=month_number(first_on),
        anchor=pl.coalesce(pl.col("anchor_day").cast(pl.Int32), first_on.dt.day().cast(pl.Int32)),
    )
    return _list(anchored, number, boundary)


def cycles_of_days(lines: pl.DataFrame) -> pl.DataFrame:
    """The billing cycles of lines that are billed every ``cycle_days`` days (weeks are seven), else as ``cycles``.

    In: as ``cycles`` with ``cycle_days`` Int64 ≥ 1 in place of ``cycle_months`` and ``anchor_day``.

    >>> from datetime import date
    >>> line = {"line_id": 1, "start_on": date(2026, 4, 1), "end_on": date(2026, 4, 20), "cycle_days": 14,
    ...         "after_on": None, "until_on": None}
    >>> for row in cycles_of_days(pl.DataFrame([line]).cast({"after_on": pl.Date, "until_on": pl.Date})).rows():
    ...     print(*row)
    1 2026-04-01 2026-04-15 2026-04-01 2026-04-15
    1 2026-04-15 2026-04-20 2026-04-15 2026-04-29
    """
    length, origin = pl.col("cycle_days").cast(pl.Int32), pl.col("origin").cast(pl.Int32)

    def boundary(number: pl.Expr) -> pl.Expr:
        return (origin + number * length).cast(pl.Date)

    def number(day: pl.Expr) -> pl.Expr:
        return (day.cast(pl.Int32) - origin) // length

    anchor_on = pl.col("anchor_on") if "anchor_on" in lines.columns else pl.lit(None, dtype=pl.Date)
    return _list(lines.with_columns(origin=pl.coalesce(anchor_on, "start_on")), number, boundary)


def _list(
    lines: pl.DataFrame, number: Callable[[pl.Expr], pl.Expr], boundary: Callable[[pl.Expr], pl.Expr]
) -> pl.DataFrame:
    """The cycles of each line within its bounds, where ``number`` tells a day's cycle and ``boundary`` a cycle's day.

    The first and the last number are computed, never searched for, so old lines cost no more than new ones.
    """
    if lines.is_empty():
        days = ("from_on", "to_on", "whole_from_on", "whole_to_on")
        return pl.DataFrame(schema={"line_id": lines.schema["line_id"], **dict.fromkeys(days, pl.Date)})
    stop = pl.min_horizontal("end_on", "until_on")
    alive = lines.lazy().filter((pl.col("start_on") < stop).fill_null(True))
    bounded = alive.with_columns(
        since=pl.max_horizontal("after_on", "start_on"),
        begun=(pl.col("after_on") >= pl.col("start_on")).fill_null(False).cast(pl.Int32),
        last_on=_days_later(stop, -1),
    )
    first, last = number(pl.col("since")) + pl.col("begun"), number(pl.col("last_on"))
    inside = bounded.with_columns(first=first, last=last).collect()
    if inside["last"].null_count():
        raise ValueError("終了日のない明細には、いつまでの期間を求めるか(until_on)が必要です")
    numbered = inside.filter(pl.col("first") <= pl.col("last")).sort("line_id")
    each = numbered.with_columns(number=pl.int_ranges("first", pl.col("last") + 1, dtype=pl.Int32)).explode("number")
    whole = each.lazy().with_columns(
        whole_from_on=boundary(pl.col("number")), whole_to_on=boundary(pl.col("number") + 1)
    )
    return whole.select(
        "line_id",
        from_on=pl.max_horizontal("whole_from_on", "start_on"),
        to_on=pl.min_horizontal("whole_to_on", "end_on"),
        whole_from_on="whole_from_on",
        whole_to_on="whole_to_on",
    ).collect()
