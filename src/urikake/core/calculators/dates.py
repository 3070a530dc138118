"""Calculators of dates: billing periods and due dates (期間・回収予定日)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from urikake.core import terms
from urikake.core.calculators.request import Request
from urikake.core.calendar import cycles, cycles_of_days

_ALL: Final = 1 << 31
_LAST: Final = date(9999, 12, 31)
_SHIFTS: Final = ("none", "before", "after")
_LINE: Final = {
    "line_id": pl.Int64,
    "start_on": pl.Date,
    "end_on": pl.Date,
    "cycle_months": pl.Int64,
    "cycle_days": pl.Int64,
    "anchor_day": pl.Int64,
    "anchor_on": pl.Date,
    "after_on": pl.Date,
    "until_on": pl.Date,
}
_TERMS: Final = {
    "key": pl.Int64,
    "closing_on": pl.Date,
    "amount": pl.Int64,
    "payment_months": pl.Int64,
    "payment_day": pl.Int64,
    "payment_days": pl.Int64,
    "holiday_shift": pl.String,
    "method": pl.String,
    "split": pl.String,
    "decimals": pl.Int64,
}


def periods(request: Request) -> dict[str, Any]:
    """The billing periods from ``start``: so many (``count``), those begun by ``until``, or all up to ``end``.

    >>> answer = periods(Request({"start": "2026-01-31", "cycle_months": 1, "count": 2}))
    >>> answer["periods"]
    [{'from': '2026-01-31', 'to': '2026-02-27'}, {'from': '2026-02-28', 'to': '2026-03-30'}]
    """
    months, days = _cycle(request)
    start_on, end, until = request.date("start"), request.date("end", None), request.date("until", None)
    count = request.integer("count", None, low=0, high=100_000)
    if end is not None and end < start_on:
        raise request.refusal("end", "開始日以後の日付で入力してください")
    bounds = [day + timedelta(days=1) for day in (until,) if day is not None]
    bounds += [] if count is None else [_after(start_on, count, months, days)]
    if months != 0 and end is None and not bounds:
        raise request.refusal("count", "count・until・end のいずれかを入力してください")
    line = {
        "line_id": 0,
        "start_on": start_on,
        "end_on": end and end + timedelta(days=1),
        "cycle_months": months,
        "cycle_days": days,
        "anchor_day": request.integer("anchor_day", None, low=1, high=31),
        "anchor_on": request.date("anchor", None),
        "until_on": min(bounds, default=None),
    }
    frame = pl.DataFrame([line], schema=_LINE)
    listed = (cycles(frame) if days is None else cycles_of_days(frame)).head(count if count is not None else _ALL)
    last = (pl.col("to_on").cast(pl.Int32) - 1).cast(pl.Date)
    shown = listed.select(pl.col("from_on").dt.to_string().alias("from"), last.dt.to_string().alias("to"))
    return {"periods": shown.to_dicts()}


def _cycle(request: Request) -> tuple[int | None, int | None]:
    """The length of a cycle, in months or in days; exactly one of the three fields gives it."""
    given = [name for name in ("cycle_months", "cycle_weeks", "cycle_days") if request.has(name)]
    if len(given) != 1:
        raise request.refusal("cycle_months", "cycle_months・cycle_weeks・cycle_days のどれか1つを入力してください")
    if given == ["cycle_months"]:
        return request.integer("cycle_months", low=0, high=12_000), None
    if request.has("anchor_day"):
        raise request.refusal("anchor_day", "週・日のサイクルでは、起算日を anchor の日付で入力してください")
    return None, request.integer(given[0], low=1, high=100_000) * (7 if given == ["cycle_weeks"] else 1)


def _after(start_on: date, count: int, months: int | None, days: int | None) -> date:
    """A day before which the first ``count`` periods begin: a month is at most 31 days."""
    longest = max(days or 31 * (months or 1), 1)
    room = (_LAST - start_on).days
    return start_on + timedelta(days=min(count * longest, room))


def due(request: Request) -> dict[str, Any]:
    """The closing day of ``date`` and the dues of ``amount`` under the partner's terms.

    >>> terms = {"closing_day": "20", "payment_months": 1, "payment_day": 10, "holiday_shift": "after"}
    >>> due(Request({"terms": terms, "date": "2026-04-21", "amount": 110_000}))
    {'closing': '2026-05-20', 'dues': [{'date': '2026-06-10', 'method': 'transfer', 'amount': 110000}]}
    """
    given = request.record("terms", Request({}, top=request))
    closing_on = _closing(given, request.date("date"))
    row = {
        "key": 0,
        "closing_on": closing_on,
        "amount": request.money("amount"),
        "payment_months": given.integer("payment_months", None, low=0, high=1_200),
        "payment_day": given.integer("payment_day", None, low=1, high=31),
        "payment_days": given.integer("payment_days", None, low=0, high=36_500),
        "holiday_shift": given.choice("holiday_shift", _SHIFTS, "none"),
        "method": given.choice("method", terms.METHODS, "transfer"),
        "split": given.text("split", ""),
        "decimals": request.decimals,
    }
    try:
        dues = terms.dues(pl.DataFrame([row], schema=_TERMS))
    except ValueError as error:
        raise given.refusal("split", str(error)) from error
    shown = [
        {"date": part["due_on"].isoformat(), "method": part["method"], "amount": request.amount_out(part["amount"])}
        for part in dues.rows(named=True)
    ]
    return {"closing": closing_on.isoformat(), "dues": shown}


def _closing(given: Request, on: date) -> date:
    """The first closing day on or after the day."""
    try:
        mask = terms.closing_mask(given.text("closing_day", ""))
    except ValueError as error:
        raise given.refusal("closing_day", str(error)) from error
    period = {"timing": "current", "from_on": on, "to_on": on + timedelta(days=1), "closing_mask": mask}
    found: date = terms.bill_on(pl.DataFrame([period]))[0]
    return found
