"""ホーム: what to do today, by role, with counts and sums; the month's figures; how far the close is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from urikake.base import access, periods
from urikake.rooms.closing.queries import status, work
from urikake.rooms.revenue import queries as revenue

from ..book import Shown, page
from ..desk import Desk
from ..frame import Badge, last_day, month_before


@dataclass(frozen=True, slots=True)
class Task:
    """A queue of work: what is to be done, where, and what counts it."""

    title: str
    lead: str
    path: str
    permission: str
    count: Badge
    urgent: bool = False


TASKS: Final = (
    Task(
        "入金を消し込む",
        "名義や金額が合わず、人の判断を待っています",
        "matching",
        "matching.apply",
        work.waiting_receipts,
    ),
    Task(
        "請求の下書きを確かめて発行する",
        "締めた請求のうち、まだ発行していないもの",
        "billing",
        "billing.run",
        work.waiting_drafts,
    ),
    Task(
        "債権伝票を承認する",
        "別の人が起票し、承認を待っています",
        "approvals",
        "receivables.approve",
        work.slips_to_approve,
    ),
    Task(
        "期日を過ぎた債権を確かめる",
        "回収予定日を過ぎて未回収のもの",
        "receivables?state=overdue",
        "receivables.read",
        work.overdue,
        urgent=True,
    ),
    Task("更新の期限を確かめる", "60日以内に満了する契約", "contracts/renewals", "contracts.read", work.renewals_soon),
)


@page("home", "", permission="home.read", title="ホーム")
def home(desk: Desk) -> Shown:
    """The work of the person's role, the month's three figures, and the state of the close."""
    month = desk.on.replace(day=1)
    return {
        "tasks": [_task(desk, task) for task in TASKS if access.may(desk.person.role, task.permission)],
        "figures": _figures(desk, month),
        "close": _close(desk, month) if access.may(desk.person.role, "closing.read") else None,
        "month": month,
    }


def _task(desk: Desk, task: Task) -> dict[str, Any]:
    found = task.count(desk.session, desk.on)
    path, _, query = task.path.partition("?")
    params = dict(part.split("=") for part in query.split("&")) if query else {}
    return {
        "title": task.title,
        "lead": task.lead,
        "url": desk.link(path, **params),
        "count": found.count,
        "amount": found.amount,
        "urgent": task.urgent and found.count > 0,
    }


def _figures(desk: Desk, month: date) -> list[dict[str, Any]]:
    """Billed this month and last, what is open, what waits for matching."""
    now, before = _billed(desk, month), _billed(desk, month_before(month))
    owed = work.open_items(desk.session, desk.on)
    unmatched = work.waiting_receipts(desk.session, desk.on)
    share = (now - before) / before if before else None
    return [
        {"title": title, "url": desk.link(path), **figure}
        for title, path, need, figure in (
            ("今月の請求", "invoices", "invoices.read", {"amount": now, "before": before, "share": share}),
            ("未回収", "receivables", "receivables.read", {"amount": owed.amount, "count": owed.count}),
            ("消込待ちの入金", "matching", "matching.read", {"amount": unmatched.amount, "count": unmatched.count}),
        )
        if access.may(desk.person.role, need)
    ]


def _billed(desk: Desk, month: date) -> int:
    """What the invoices issued in the month come to, tax included, up to the day looked at."""
    until = min(last_day(month), desk.on)
    found = desk.session.read(
        "SELECT sum(total) AS amount FROM invoices_invoice WHERE id >= ? AND id < ? AND issue_on BETWEEN ? AND ?",
        (desk.session.low, desk.session.high, month, until),
    )
    return int(found["amount"][0] or 0)


def _close(desk: Desk, month: date) -> dict[str, Any]:
    """How far this month's close is, and whether the last one is locked."""
    before = (month - timedelta(1)).replace(day=1)
    steps = status(desk.session, month)
    done = sum(step["state"] == "済" for step in steps)
    return {
        "month": month,
        "url": desk.link(f"close/{month:%Y-%m}"),
        "steps": steps,
        "done": done,
        "of": len(steps),
        "before": before,
        "before_locked": before in periods.locked_months(desk.session),
        "recognised_to": revenue.cutoff(desk.session),
    }
