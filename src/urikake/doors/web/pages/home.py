"""ホーム: what to do today, by role, with counts and sums; the month's figures; how far the close is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from urikake.base import access, periods
from urikake.rooms.closing.queries import changes, status, work
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.revenue import queries as revenue

from .. import pictures, shown
from ..book import Shown, page
from ..desk import Desk
from ..frame import Badge, last_day, month_before
from ..pictures import Part


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
    Task(
        "更新を続けるか確かめる",
        "更新しない通知の期限が近い契約",
        "contracts/renewals?notice=near",
        "contracts.read",
        work.renewals_soon,
    ),
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
    """Billed this month, what is open, what waits for matching; each with its course over twelve months."""
    months = _months(month)
    makers = (("invoices.read", _billing), ("receivables.read", _owing), ("matching.read", _unmatched))
    return [make(desk, months) for need, make in makers if access.may(desk.person.role, need)]


def _months(month: date) -> list[date]:
    """The month and the eleven before it, oldest first."""
    found = [month]
    while len(found) < 12:
        found.append(month_before(found[-1]))
    return found[::-1]


def _billing(desk: Desk, months: list[date]) -> dict[str, Any]:
    """今月の請求: the invoices issued in the month, tax included, up to the day looked at."""
    until = min(last_day(months[-1]), desk.on)
    found = desk.session.read(
        "SELECT issue_on, sum(total) AS amount FROM invoices_invoice"
        " WHERE id >= ? AND id < ? AND issue_on BETWEEN ? AND ? GROUP BY issue_on",
        (desk.session.low, desk.session.high, months[0], until),
    )
    sums = dict(found.group_by(pl.col("issue_on").dt.truncate("1mo")).agg(pl.col("amount").sum()).iter_rows())
    amounts = [int(sums.get(month, 0)) for month in months]
    now, before = amounts[-1], amounts[-2]
    share = (now - before) / before if before else None
    return _figure("今月の請求", desk.link("invoices"), months, amounts) | {"before": before, "share": share}


def _owing(desk: Desk, months: list[date]) -> dict[str, Any]:
    """未回収: the accounts of receivables at each month's end, and how many items are open."""
    names = changes.receivable_names(desk.session)
    amounts = ledger.course(desk.session, names, _ends(desk, months)).to_list()
    count = work.open_items(desk.session, desk.on).count
    return _figure("未回収", desk.link("receivables"), months, amounts) | {"count": count}


def _unmatched(desk: Desk, months: list[date]) -> dict[str, Any]:
    """消込待ちの入金: 仮受金 at each month's end, and how many receipts wait."""
    amounts = (-ledger.course(desk.session, ["仮受金"], _ends(desk, months))).to_list()
    count = work.waiting_receipts(desk.session, desk.on).count
    return _figure("消込待ちの入金", desk.link("matching"), months, amounts) | {"count": count}


def _ends(desk: Desk, months: list[date]) -> list[date]:
    """The last day of each month, of the newest the day looked at."""
    return [*(last_day(month) for month in months[:-1]), desk.on]


def _figure(title: str, url: str, months: list[date], amounts: list[int]) -> dict[str, Any]:
    parts = [Part(shown.month(month), amount) for month, amount in zip(months, amounts, strict=True)]
    trend = pictures.spark(parts, label=f"{title}の12か月の動き")
    return {"title": title, "url": url, "amount": amounts[-1], "trend": trend}


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
