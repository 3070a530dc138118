"""先月からの増減: revenue and balances of a month against the month before by cause, and the entries behind each figure."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base import periods
from urikake.base.errors import Refusal
from urikake.rooms.closing.queries.flux import CAUSES, Flux, Subject, behind, flux, subject
from urikake.rooms.ledger import queries as ledger

from .. import shown
from ..book import Shown, page
from ..bridge import bridge
from ..desk import Desk
from ..frame import last_day, month_before
from ..pictures import Part
from ..table import Column, Empty, table


@page("flux", "close/<slug:month>/flux", permission="closing.read", title="先月からの増減")
def one(desk: Desk, month: str) -> Shown:
    """Every subject of the month as a bridge, with what each cause moved last month and this."""
    first = month_of(month)
    names = f"{month_before(first):%-m月}", f"{first:%-m月}"
    found = flux(desk.session, first)
    return {
        "month": first,
        "before": month_before(first),
        "after": periods.following(first),
        "subjects": [
            {
                "title": each.subject.title,
                "bridge": flux_bridge(desk, first, each, names),
                "rows": [_row(desk, first, each, step) for step in each.steps],
                "flow": each.subject.flow,
            }
            for each in found
        ],
        "page": {"title": f"{first:%Y年%-m月}の先月からの増減", "name": "flux"},
    }


def _row(desk: Desk, first: date, found: Flux, step: Any) -> dict[str, Any]:
    """A cause with what it moved in both months, each leading to its entries."""
    return {
        "title": step.title, "last": step.last, "this": step.this, "change": step.this - step.last,
        "last_url": _behind(desk, month_before(first), found.subject, step.cause) if step.last else "",
        "this_url": _behind(desk, first, found.subject, step.cause) if step.this else "",
    }  # fmt: skip


def month_of(text: str) -> date:
    """The first day of the month in an address; 404 where there is none."""
    try:
        return periods.first_day(text)
    except Refusal:
        raise Http404(text) from None


def _behind(desk: Desk, month: date, of: Subject, cause: str) -> str:
    """Where the entries behind a figure are; nowhere for whom may not see entries."""
    return desk.way("journals.read", f"close/{month:%Y-%m}/flux/{of.key}/{cause}")


def _end(desk: Desk, month: date, *, flow: bool) -> str:
    """Where an end of a bridge is: the trial balance of the month's end, or the entries of the month."""
    last = last_day(month)
    if flow:
        return desk.way("journals.read", "journals", **{"from": month, "to": last})
    return desk.way("journals.read", "journals/balance", as_of=last.isoformat())


def flux_bridge(desk: Desk, first: date, found: Flux, names: tuple[str, str]) -> dict[str, Any]:
    """A subject over the month as a bridge; each bar leads to the entries behind it."""
    of, end = found.subject, "" if found.subject.flow else "末"
    parts = [Part(step.title, step.amount, _behind(desk, first, of, step.cause)) for step in found.steps if step.amount]
    proof = f"{of.checked_by} {shown.yen(found.check)}" if found.check is not None else ""
    wrong = found.check if found.check not in (None, found.closing) else None
    ends = [_end(desk, month, flow=of.flow) for month in (month_before(first), first)]
    return bridge(
        Part(f"{names[0]}{end}", found.opening, ends[0]), parts, Part(f"{names[1]}{end}", found.closing, ends[1]),
        label=f"{of.title}の先月からの差", width=336, proof=proof, wrong=wrong,
    )  # fmt: skip


@page(
    "flux-entries",
    "close/<slug:month>/flux/<slug:key>/<slug:cause>",
    permission="journals.read",
    title="増減のもとの仕訳",
)
def entries(desk: Desk, month: str, key: str, cause: str) -> Shown:
    """The entries that moved a subject by a cause in a month, which sum to the figure of the bridge."""
    first, of = month_of(month), subject(key)
    if of is None:
        raise Http404(key)
    found = behind(desk.session, of, cause, first, last_day(first))
    listed = ledger.described(desk.session, found).select(
        "posted_on", "description", "amount", entry=pl.col("entry_id") - desk.session.low
    )
    columns = [
        Column("entry", "仕訳番号", "number", url=lambda row: desk.link(f"journals/{row['entry']}")),
        Column("posted_on", "日付", "date"),
        Column("description", "摘要"),
        Column("amount", f"{of.title}の増減(円)", "yen", summed=True, ref=lambda row: f"entry-{row['entry']}"),
    ]
    title = f"{first:%Y年%-m月}の{of.title}: {CAUSES.get(cause, cause)}"
    listing = table(
        desk, listed, columns, key="entry", name="flux-entries", find=["description", "amount"], sort="",
        empty=Empty("この理由で動いた仕訳はありません。"),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    step = next(
        (s for each in flux(desk.session, first) if each.subject.key == key for s in each.steps if s.cause == cause),
        None,
    )
    figure, total = step.this if step else 0, int(listed["amount"].sum())
    return {
        "table": listing, "month": first, "figure": figure, "total": total, "holds": figure == total,
        "off": total - figure, "page": {"title": title, "name": "flux-entries"},
    }  # fmt: skip
