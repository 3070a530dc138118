"""月次締め: the month on one page, each step with its figure and its proof, and the lock."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from urikake.base import periods
from urikake.base.errors import Refusal
from urikake.core.formats import journals
from urikake.doors import month as steps
from urikake.rooms.billing import queries as billing
from urikake.rooms.closing import queries as closing
from urikake.rooms.closing.queries import changes, work
from urikake.rooms.exports import queries as exports
from urikake.rooms.reports.queries import report

from .. import jobs
from ..book import Deed, Shown, deed, page
from ..bridge import bridge
from ..desk import Desk
from ..frame import last_day, month_before
from ..pictures import Part
from .books import SOURCES
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
        "done": sum(step["state"] == "done" for step in done),
        "locked": locked,
        "ready": all(step["state"] == "done" for step in done[:-1]) and not locked,
        "before": month_before(first),
        "after": periods.following(first),
        "before_locked": month_before(first) in periods.locked_months(desk.session),
        "changes": _changes(desk, first),
        "closed_by": closing.closed_by(desk.session, first) if locked else None,
        "page": {"title": f"{first:%Y年%-m月}の締め", "name": "close-month"},
    }


def _first(month: str) -> date:
    try:
        return periods.first_day(month)
    except Refusal:
        raise Http404(month) from None


def _steps(desk: Desk, first: date) -> list[dict[str, Any]]:
    """Each step: what it is, its figure, whether it holds and what proves it, and where to do it."""
    last = last_day(first)
    figures = {row["step"]: row for row in closing.status(desk.session, first)}
    days = closing.closing_dates(desk.session, first)
    stale = [day for day in days if closing.stale(desk.session, "bill", day.isoformat())]
    drafts = work.waiting_drafts(desk.session, last)
    slips = work.slips_to_approve(desk.session, last)
    receipts = work.waiting_receipts(desk.session, last)
    recognised = figures["収益認識"]
    wrong = closing.ties(desk.session, closing.since_last_lock(desk.session))
    locked = first in periods.locked_months(desk.session)
    return [
        _step("請求の計算", not stale, f"締日 {len(days) - len(stale)}/{len(days)}", "すべての締日を計算済み",
              _stale(desk, stale), desk.link("billing")),
        _step("請求書の発行", not drafts.count, f"{figures['請求']['count']:,}行 {figures['請求']['amount']:,}円",
              "下書き 0", f"下書き {drafts.count:,}行 {drafts.amount:,}円" if drafts.count else "", desk.link("billing")),
        _step("債権伝票の承認", not slips.count, f"承認待ち {slips.count}件", "未承認 0",
              f"{slips.amount:,}円" if slips.count else "", desk.link("approvals")),
        _step("入金の消込", not receipts.count, f"残り {receipts.count:,}件 {receipts.amount:,}円", "仮受金の残高と一致",
              "消込が済まなくても締められます(仮受金に残ります)" if receipts.count else "", desk.link("matching"), soft=True),
        _step("収益の認識", recognised["state"] == "済", f"{recognised['amount']:,}円", "この月まで認識済み",
              "" if recognised["state"] == "済" else "この月の認識がまだです", desk.link("revenue")),
        _step("突合", not wrong, "債権・仮受金・前受金・総勘定元帳", "差額 0", "／".join(wrong[:3]), desk.link("journals/balance")),
        *_handed_over(desk, first, last),
        *_tied_out(desk, first, last),
        _step("締め", locked, "締め済み" if locked else "未", "鍵", "", ""),
    ]  # fmt: skip


def _handed_over(desk: Desk, first: date, last: date) -> list[dict[str, Any]]:
    """Whether the month's entries are in a file of the accounting package; nothing for a company that uses none."""
    target = exports.package(desk.session)
    if not target:
        return []
    every, done = exports.handed_over(desk.session, target, first, last)
    left = every - done
    title, url = (
        journals.TARGETS[target].title,
        desk.link("exports", target=target, since=first.isoformat(), until=last.isoformat()),
    )
    why = f"まだ渡していない仕訳 {left:,}件。締めたあとでも渡せます" if left else ""
    return [
        _step(
            "会計ソフトに渡す",
            not left,
            f"{title} {done:,}/{every:,}件",
            "すべて渡しました",
            why,
            url,
            soft=True,
        )
    ]


def _tied_out(desk: Desk, first: date, last: date) -> list[dict[str, Any]]:
    """Whether the package's books of the month agree with ours; nothing for a company that uses none."""
    if not exports.package(desk.session):
        return []
    found = exports.tied_in(desk.session, first, last)
    if found.is_empty():
        why = "会計ソフトの仕訳帳か試算表をまだ照合していません。締めたあとでも照合できます"
        return [_step("会計ソフトとの照合", False, "未", "すべての科目が一致", why, desk.link("exports"), soft=True)]
    number = int(found["tie_out_id"][0])
    lines = exports.tied(desk.session, number)
    off = exports.off(lines.filter(pl.col("month_on") == last))
    title, why = journals.TARGETS[found["target"][0]].title, f"差のある科目 {'・'.join(off['called'].unique().sort())}"
    url = desk.link(f"exports/tie-outs/{number - desk.session.low}")
    figure = f"{title} 差 {off.height}科目"
    return [
        _step(
            "会計ソフトとの照合",
            off.is_empty(),
            figure,
            "すべての科目が一致",
            "" if off.is_empty() else why,
            url,
            soft=True,
        )
    ]


def _stale(desk: Desk, days: list[date]) -> str:
    """Which closings were not computed at all, and which not since something was taken in."""
    made = {day for day in days if billing.at_closing(desk.session, day).height}
    words = [(set(days) - made, "が未計算"), (made, "は計算のあとに取込があります")]
    return "、".join("・".join(f"{day:%m/%d}" for day in sorted(some)) + f" {word}" for some, word in words if some)


def _step(
    title: str, holds: bool, figure: str, proof: str, open_: str, url: str, *, soft: bool = False
) -> dict[str, Any]:
    state = "done" if holds else "soft" if soft else "open"
    return {"title": title, "state": "done" if soft and not holds else state, "soft": soft and not holds,
            "figure": figure, "proof": proof if holds else open_, "url": url}  # fmt: skip


WORDS: Final = {
    "invoice": "請求", "application": "消込・充当", "recognition": "収益の認識", "receipt": "入金", "slip": "債権伝票",
    "opening": "期首残高", "collection": "収納代行", "advance": "前受金の充当", "refund": "返金",
}  # fmt: skip


def _changes(desk: Desk, first: date) -> list[dict[str, Any]]:
    """売上・前受金・売掛金 of this month against last month, each as a bridge with its proof."""
    names = f"{month_before(first):%-m月}", f"{first:%-m月}"
    owed = changes.owed(desk.session, first)
    return [
        {"title": "売上", "bridge": _sales(desk, first, names)},
        {"title": "前受金", "bridge": _balance(desk, first, changes.advances(desk.session, first), names)},
        {
            "title": "売掛金",
            "bridge": _balance(
                desk, first, owed, names, f"債権明細 {owed.check:,}", None if owed.check == owed.after else owed.check
            ),
        },
    ]


def _sales(desk: Desk, first: date, names: tuple[str, str]) -> dict[str, Any]:
    """Revenue of both months as the ledger has it, and the difference by service as it was recognised."""
    before = month_before(first)
    now, then = (
        {row["key"] or NO_SERVICE: row["amount"] for row in report(desk.session, "recognized", month=f"{m:%Y-%m}", by="service")}
        for m in (first, before)
    )  # fmt: skip
    was, is_ = changes.sales(desk.session, before), changes.sales(desk.session, first)
    apart = (is_ - sum(now.values())) - (was - sum(then.values()))
    parts = [
        Part(key, now.get(key, 0) - then.get(key, 0), desk.way("revenue.read", "revenue", service=key))
        for key in sorted({*now, *then})
    ]
    every = [*parts, Part("契約によらない売上", apart, _entries(desk, first, "伝票"))]
    return bridge(
        Part(names[0], was), [part for part in every if part.amount], Part(names[1], is_), label="売上の先月からの差",
        width=336,
    )  # fmt: skip


def _balance(
    desk: Desk, first: date, change: changes.Change, names: tuple[str, str], proof: str = "", wrong: int | None = None
) -> dict[str, Any]:
    """A balance over the month by what moved it; each bar leads to the entries behind it."""
    parts = [
        Part(WORDS.get(source, source), amount, _entries(desk, first, SOURCES.get(source, source)))
        for source, amount in change.moved.items() if amount
    ]  # fmt: skip
    return bridge(
        Part(f"{names[0]}末", change.before), parts, Part(f"{names[1]}末", change.after), label="先月末からの差",
        width=336, proof=proof, wrong=wrong,
    )  # fmt: skip


def _entries(desk: Desk, first: date, source: str) -> str:
    return desk.way("journals.read", "journals", **{"from": first, "to": last_day(first), "source": source})


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
    """Reopen a locked month with a reason."""
    first = _first(doing.field("month"))
    steps.reopen(doing.books, f"{first:%Y-%m}", why=doing.field("why"), user=doing.person.name)
    return doing.done(f"{first:%Y年%-m月}の締めを解除しました。", f"close/{first:%Y-%m}")
