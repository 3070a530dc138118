"""The frame around every page: navigation by role with its badges, day, period, running work."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from urikake.base import access, periods
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.rooms.closing.queries import work

from . import notices
from .book import Page
from .desk import Company, Desk
from .models import Job

Badge = Callable[[Session, date], work.Waiting]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the navigation: title, address, icon, the permission without which it is not there, its badge."""

    title: str
    path: str
    icon: str
    permission: str
    badge: Badge | None = None


NAV: Final[tuple[tuple[str, tuple[Entry, ...]], ...]] = (
    (
        "",
        (
            Entry("ホーム", "", "house", "home.read"),
            Entry("月次締め", "close", "calendar-check", "closing.read"),
        ),
    ),
    (
        "業務",
        (
            Entry("契約", "contracts", "file-text", "contracts.read"),
            Entry("利用量", "usage", "gauge", "usage.read"),
            Entry("請求", "billing", "receipt", "billing.read", work.waiting_drafts),
            Entry("請求書", "invoices", "files", "invoices.read"),
            Entry("口座振替", "debits", "landmark", "collecting.read"),
            Entry("入金・消込", "matching", "arrow-left-right", "matching.read", work.waiting_receipts),
            Entry("債権", "receivables", "chart-column", "receivables.read", work.overdue),
            Entry("承認", "approvals", "stamp", "home.read", work.to_approve),
            Entry("収益認識", "revenue", "trending-up", "revenue.read"),
            Entry("仕訳", "journals", "book-open", "journals.read"),
            Entry("仕訳出力", "exports", "hand-over", "exports.read"),
            Entry("分析", "analytics", "chart-line", "reports.read"),
            Entry("もしも計算", "simulations", "git-branch", "reports.read"),
        ),
    ),
    (
        "",
        (
            Entry("取引先", "partners", "building", "partners.read"),
            Entry("商品・料金", "products", "package", "products.read"),
            Entry("取込", "imports", "upload", "imports.read"),
            Entry("実行", "runs", "activity", "runs.read"),
            Entry("証跡", "audit", "shield-check", "audit.read"),
            Entry("設定", "settings", "settings", "settings.read"),
        ),
    ),
)


def context(desk: Desk, page: Page) -> dict[str, Any]:
    """What the frame draws around the page."""
    return around(desk, page) | {
        "part": False,
        "companies": _companies(desk),
        "period": _period(desk),
        "nav": _nav(desk),
        "tray": _tray(desk.company),
        "bell": notices.bell(desk),
    }


def around(desk: Desk, page: Page) -> dict[str, Any]:
    """What every template may ask for; alone, it leaves the frame away."""
    return {
        "part": True,
        "company": desk.company,
        "person": desk.person,
        "day": desk.asof,
        "asof": _asof(desk),
        "page": {"title": page.title, "name": page.name},
        "may": {p: access.may(desk.person.role, p) for p in access.PERMISSIONS},
        "can_write": not desk.asof.past,
    }


def _companies(desk: Desk) -> list[dict[str, str]]:
    """The companies of the installation, to go over to; each asks for a role of its own."""
    found = desk.session.read("SELECT c.code, c.name FROM base_company c ORDER BY c.id")
    return [{"code": code, "name": name} for code, name in found.iter_rows()]


def _nav(desk: Desk) -> list[dict[str, Any]]:
    here = desk.request.path.removeprefix(f"/{desk.company.code}/").split("/")[0]
    groups = []
    for title, entries in NAV:
        items = [_item(desk, entry, here) for entry in entries if access.may(desk.person.role, entry.permission)]
        if items:
            groups.append({"title": title, "entries": items})
    return groups


def _item(desk: Desk, entry: Entry, here: str) -> dict[str, Any]:
    badge = entry.badge(desk.session, desk.on).count if entry.badge else 0
    return {
        "title": entry.title,
        "url": desk.link(entry.path),
        "icon": entry.icon,
        "badge": f"{badge:,}" if badge else "",
        "current": here == entry.path,
    }


def _period(desk: Desk) -> dict[str, str]:
    month = desk.on.replace(day=1)
    state = "締め済み" if month in periods.locked_months(desk.session) else "仮締め前"
    return {"label": f"{month:%Y年%-m月}", "state": state, "url": desk.link(f"close/{month:%Y-%m}")}


def _tray(company: Company) -> dict[str, Any]:
    going = Job.objects.filter(company=company.code, state__in=(Job.State.WAITING, Job.State.RUNNING))
    return {"running": going.count(), "url": f"/{company.code}/runs"}


def _asof(desk: Desk) -> dict[str, Any]:
    """The chip: the day, what else it offers, and the way back to today."""
    today = desk.asof.today
    start = policies(desk.session).number("fiscal_year_start_month")
    year = today.year if today.month >= start else today.year - 1
    ahead = last_day(periods.following(desk.on.replace(day=1)))
    after = min(today, ahead) if desk.on < today else ahead
    days = (
        ("本日", "", today),
        ("前月末", "", today.replace(day=1) - timedelta(1)),
        ("前期末", "", date(year, start, 1) - timedelta(1)),
        ("前の月", "[", desk.on.replace(day=1) - timedelta(1)),
        ("次の月", "]", after),
    )
    return {
        "on": desk.on,
        "label": desk.asof.label,
        "past": desk.asof.past,
        "known_at": desk.asof.known_label,
        "today_url": _at(desk, None),
        "choices": [{"label": label, "key": key, "on": day, "url": _at(desk, day)} for label, key, day in days],
        "hidden": [(name, value) for name, value in desk.request.GET.items() if name not in ("as_of", "known_at")],
    }


def _at(desk: Desk, on: date | None) -> str:
    """The address of this page on another day, as known now."""
    query = desk.request.GET.copy()
    query.pop("as_of", None)
    query.pop("known_at", None)
    if on is not None and on != desk.asof.today:
        query["as_of"] = on.isoformat()
    return desk.request.path + (f"?{query.urlencode()}" if query else "")


def month_before(month: date) -> date:
    """The first day of the month before."""
    return (month - timedelta(1)).replace(day=1)


def last_day(month: date) -> date:
    """The last day of the month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])
