"""月次締め: the month on one page, each step with its figure and its proof, and the lock."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from urikake.base import periods, proposals
from urikake.base.errors import Refusal
from urikake.doors import month as steps
from urikake.rooms.closing import queries as closing
from urikake.rooms.closing.queries.flux import flux
from urikake.rooms.reports.queries import report
from urikake.rooms.reports.queries.closes import every_step

from .. import jobs
from ..book import Deed, Shown, deed, page
from ..bridge import bridge
from ..desk import Desk
from ..frame import last_day, month_before
from ..pictures import Part
from .flux import flux_bridge
from .revenue import NO_SERVICE


@page("close", "close", permission="closing.read", title="月次締め")
def this_month(desk: Desk) -> Shown:
    """The close of the day's month."""
    return redirect(desk.link(f"close/{desk.on:%Y-%m}"))


@page("close-month", "close/<slug:month>", permission="closing.read", title="月次締め", template="web/pages/close.html")
def one(desk: Desk, month: str) -> Shown:
    """The steps of the month with figures and proofs; it can be locked when all hold."""
    first = _first(month)
    locked = first in periods.locked_months(desk.session)
    done = _steps(desk, first)
    return {
        "month": first,
        "steps": done,
        "done": sum(step["state"] != "open" for step in done),
        "locked": locked,
        "pdf": f"{first:%Y-%m}.pdf",
        "ready": all(step["state"] != "open" for step in done[:-1]) and not locked,
        "before": month_before(first),
        "after": periods.following(first),
        "before_locked": month_before(first) in periods.locked_months(desk.session),
        "changes": _changes(desk, first),
        "running": jobs.going(desk.company.code, "close", month=f"{first:%Y-%m}"),
        "history": _history(desk, first),
        "opens": closing.may_open(desk.session, first),
        "asked": [told for told in proposals.asked(desk.session, "reopen") if told["month"] == f"{first:%Y-%m}"],
        "page": {"title": f"{first:%Y年%-m月}の締め", "name": "close-month"},
    }


def _history(desk: Desk, first: date) -> list[dict[str, Any]]:
    """The closes and reopenings of the month, newest first, each with the head of the chain it left."""
    found = closing.heads(desk.session, closing.events(desk.session, first))
    return found.reverse().to_dicts()


def _first(month: str) -> date:
    try:
        return periods.first_day(month)
    except Refusal:
        raise Http404(month) from None


PLACES: Final = {
    "usage": ("usage.read", "usage"), "billing": ("billing.read", "billing"), "approval": ("home.read", "approvals"),
    "issue": ("billing.read", "billing"), "receipts": ("receipts.read", "receipts"), "matching": ("matching.read", "matching"),
    "recognition": ("revenue.read", "revenue"), "ties": ("journals.read", "journals/balance"),
    "export": ("exports.read", "exports"), "compared": ("exports.read", "exports"),
}  # fmt: skip
"""Where each step is done or looked at, and who may."""


def _steps(desk: Desk, first: date) -> list[dict[str, Any]]:
    """Each step: what it is, its figure, whether it holds and what proves it, and where to do it."""
    return [
        {
            "title": step.title, "state": step.state, "figure": step.figure, "proof": step.told, "off": step.proof.off,
            "url": _place(desk, step.key, first),
        }
        for step in every_step(desk.session, first)
    ]  # fmt: skip


def _place(desk: Desk, key: str, first: date) -> str:
    """Where a step leads the person; nowhere where there is no such page for the person."""
    if key not in PLACES:
        return ""
    permission, path = PLACES[key]
    span = {"since": first.isoformat(), "until": last_day(first).isoformat()} if path == "exports" else {}
    return desk.way(permission, path, **span)


def _changes(desk: Desk, first: date) -> list[dict[str, Any]]:
    """Revenue by service, then every balance of this month against last month by cause, each a bridge with its proof."""
    names = f"{month_before(first):%-m月}", f"{first:%-m月}"
    every = {found.subject.key: found for found in flux(desk.session, first)}
    revenue = every.pop("revenue", None)
    ends = (revenue.opening, revenue.closing) if revenue else (0, 0)
    by_cause = [
        {"title": found.subject.title, "bridge": flux_bridge(desk, first, found, names)} for found in every.values()
    ]
    return [{"title": "売上", "bridge": _sales(desk, first, names, ends)}, *by_cause]


def _sales(desk: Desk, first: date, names: tuple[str, str], ends: tuple[int, int]) -> dict[str, Any]:
    """Revenue of both months as the ledger has it, and the difference by service as it was recognised."""
    before = month_before(first)
    now, then = (
        {row["key"] or NO_SERVICE: row["amount"] for row in report(desk.session, "recognized", month=f"{m:%Y-%m}", by="service")}
        for m in (first, before)
    )  # fmt: skip
    was, is_ = ends
    apart = (is_ - sum(now.values())) - (was - sum(then.values()))
    parts = [
        Part(key, now.get(key, 0) - then.get(key, 0), desk.way("revenue.read", "revenue", service=key))
        for key in sorted({*now, *then})
    ]
    every = [*parts, Part("契約によらない売上", apart, desk.link(f"close/{first:%Y-%m}/flux"))]
    return bridge(
        Part(names[0], was), [part for part in every if part.amount], Part(names[1], is_), label="売上の先月からの差",
        width=336,
    )  # fmt: skip


@deed("close-run", "close/run", permission="closing.close")
def run(doing: Deed) -> HttpResponse:
    """Ask for the close of the month: what is left is done, proved and locked."""
    first = _first(doing.field("month"))
    job = jobs.ask(
        doing.company.code, "close", subject=f"{first:%Y年%-m月}の締め", actor=doing.person.name,
        options={"month": f"{first:%Y-%m}"}, key=doing.field("key"),
    )  # fmt: skip
    return redirect(f"/{doing.company.code}/runs/{job.pk}")


@deed("recognize", "revenue/run", permission="revenue.recognize")
def recognize(doing: Deed) -> HttpResponse:
    """Ask for the recognition of revenue up to the month."""
    first = _first(doing.field("month"))
    job = jobs.ask(
        doing.company.code, "recognize", subject=f"{first:%Y年%-m月}の収益認識", actor=doing.person.name,
        options={"month": f"{first:%Y-%m}"}, key=doing.field("key"),
    )  # fmt: skip
    return redirect(f"/{doing.company.code}/runs/{job.pk}")


@deed("match", "matching/run", permission="matching.apply")
def match(doing: Deed) -> HttpResponse:
    """Ask for automatic matching of all that waits."""
    on = doing.field("on")
    job = jobs.ask(
        doing.company.code, "match", subject="自動消込", actor=doing.person.name, options={"date": on} if on else {},
        key=doing.field("key"),
    )  # fmt: skip
    return redirect(f"/{doing.company.code}/runs/{job.pk}")


@deed("reopen", "close/reopen", permission="closing.reopen")
def reopen(doing: Deed) -> HttpResponse:
    """Reopen a locked month with a reason, or ask for it where a second person must agree."""
    first = _first(doing.field("month"))
    told = steps.reopen(doing.books, f"{first:%Y-%m}", why=doing.field("why"), user=doing.person.name)
    asked = f"の締めの解除を申請しました（申請 {told.get('proposal')}）。別の人が承認すると解除されます。"
    return doing.done(
        f"{first:%Y年%-m月}{asked if told['locked'] else 'の締めを解除しました。'}", f"close/{first:%Y-%m}"
    )
