"""Accounting periods (会計期間): which months are open, and the dates on which late facts are posted."""

from __future__ import annotations

from datetime import date

import polars as pl

from . import facts
from .bulk import Session
from .company import policies
from .errors import Refusal
from .models import PeriodEvent


def first_day(month: str) -> date:
    """The first day of a month written ``2026-04``; refused where it is not one.

    >>> first_day("2026-04")
    datetime.date(2026, 4, 1)
    """
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        raise Refusal("bad-month", f"「{month}」は月ではありません。", "2026-04 の形で指定してください。") from None


def following(month: date) -> date:
    """The first day of the next month.

    >>> following(date(2026, 12, 1))
    datetime.date(2027, 1, 1)
    """
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def preceding(month: date) -> date:
    """The first day of the month before.

    >>> preceding(date(2027, 1, 1))
    datetime.date(2026, 12, 1)
    """
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def last_day(month: date) -> date:
    """The last day of the month that starts on the given day."""
    return date.fromordinal(following(month).toordinal() - 1)


def locked_months(session: Session) -> frozenset[date]:
    """The months that are locked as it stands (締め済み)."""
    if "locked" not in session.cache:
        events = session.rows("base_period_event", "id, month, locked")
        state = dict(zip(events["month"], events["locked"], strict=True))
        session.cache["locked"] = frozenset(month for month, locked in state.items() if locked)
    found: frozenset[date] = session.cache["locked"]
    return found


def opening_month(session: Session) -> date | None:
    """The first month for which books are kept here, or None where the company did not say."""
    text = policies(session)["opening_month"]
    return first_day(text) if text else None


def is_open(session: Session, on: date) -> bool:
    """Whether entries may be posted on that day."""
    month, opening = on.replace(day=1), opening_month(session)
    return month not in locked_months(session) and (opening is None or month >= opening)


def require_open(session: Session, on: date) -> None:
    """Return if entries may be posted on that day; refuse otherwise."""
    if not is_open(session, on):
        raise Refusal(
            "period-locked",
            f"{on:%Y年%-m月}は締め済みか期首より前のため、{on} 付では計上できません。",
            "開いている月の日付にするか、reopen で締めを解除してください。",
        )


def open_date(session: Session, on: date) -> date:
    """The day itself if its month is open, else the last day of the first later open month."""
    month = on.replace(day=1)
    while not is_open(session, month):
        month = following(month)
    return on if month == on.replace(day=1) else last_day(month)


def change(session: Session, *, month: date, locked: bool, why: str = "") -> None:
    """Record that the month was locked or reopened."""
    facts.record(session, PeriodEvent, pl.DataFrame({"month": [month], "locked": [locked], "why": [why]}))
    session.cache.pop("locked", None)
