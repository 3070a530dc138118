"""帳票: invoices as PDF and as a picture, and the letterhead that stands on them, tried before it is kept."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from urikake.base import letterhead
from urikake.base.errors import Refusal
from urikake.core import written
from urikake.doors import letterhead as door
from urikake.doors import peppol
from urikake.doors.documents import asked, sample, typesetting

from ..book import Deed, Shown, deed, entered, page
from ..desk import Desk, today

BACK = "settings/templates"


def _file(content: bytes, media: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(content, content_type=media, headers=headers)


def _asked(desk: Desk, kind: str, **what: Any) -> typesetting.Book:
    """The document in the language that the address names."""
    return asked.book(desk.session, kind, lang=desk.ask("lang", "ja"), **what)


def _day(typed: str, now: date, default: date) -> date:
    """The day however it is typed; the default where nothing is."""
    text = written.day(typed, now)
    try:
        return date.fromisoformat(text) if text else default
    except ValueError:
        raise Refusal("bad-date", f"「{text}」は日付ではありません。", "2026-04-30 の形で指定してください。") from None


@page("invoice-pdf", "invoices/<slug:number>.pdf", permission="invoices.read", title="請求書の PDF")
def invoice_pdf(desk: Desk, number: str) -> Shown:
    """An invoice as it goes to the customer."""
    return _file(typesetting.pdf(_asked(desk, "invoice", ref=number)), "application/pdf", f"{number}.pdf")


@page("invoice-png", "invoices/<slug:number>.png", permission="invoices.read", title="請求書の見本")
def invoice_png(desk: Desk, number: str) -> Shown:
    """The first page of an invoice as a picture, to stand beside its figures."""
    return _file(typesetting.png(_asked(desk, "invoice", ref=number))[0], "image/png", f"{number}.png")


@page("delivery-pdf", "invoices/<slug:number>/delivery.pdf", permission="invoices.read", title="納品書の PDF")
def delivery_pdf(desk: Desk, number: str) -> Shown:
    """The delivery note of what an invoice bills."""
    return _file(typesetting.pdf(_asked(desk, "delivery", ref=number)), "application/pdf", f"{number}-delivery.pdf")


@page("invoice-xml", "invoices/<slug:number>.xml", permission=peppol.PERMISSION, title="デジタルインボイス")
def invoice_xml(desk: Desk, number: str) -> Shown:
    """An invoice as a JP PINT e-invoice, held against the rules; what it lacks is told."""
    return _file(peppol.of_number(desk.session, number), "application/xml", f"{number}.xml")


@page("statement-pdf", "partners/<path:code>/statement.pdf", permission="receivables.read", title="取引明細書の PDF")
def statement_pdf(desk: Desk, code: str) -> Shown:
    """The statement of a partner from day to day: the month looked at unless the address names others."""
    since = _day(desk.ask("since"), desk.on, desk.on.replace(day=1))
    until = _day(desk.ask("until"), desk.on, desk.on)
    book = _asked(desk, "statement", ref=code, since=since, until=until)
    return _file(typesetting.pdf(book), "application/pdf", f"statement-{until}.pdf")


@page("receipt-pdf", "receipts/<int:number>.pdf", permission="receipts.read", title="領収書の PDF")
def receipt_pdf(desk: Desk, number: int) -> Shown:
    """The receipt for money that came in; with ``paper`` it has room for a revenue stamp."""
    how = {"purpose": desk.ask("purpose"), "paper": desk.ask("paper") == "1", "partner": desk.ask("partner")}
    return _file(
        typesetting.pdf(_asked(desk, "receipt", ref=str(number), **how)), "application/pdf", f"receipt-{number}.pdf"
    )


@page(
    "reduction-pdf", "matching/reductions/<int:number>.pdf", permission="matching.read", title="値引の返還請求書の PDF"
)
def reduction_pdf(desk: Desk, number: int) -> Shown:
    """The return invoice of the discount of an application."""
    return _file(
        typesetting.pdf(_asked(desk, "reduction", ref=str(number))), "application/pdf", f"reduction-{number}.pdf"
    )


@page("closing-pdf", "billing/<slug:closing>.pdf", permission="invoices.read", title="締日の請求書の PDF")
def closing_pdf(desk: Desk, closing: str) -> Shown:
    """The invoices of a closing in the order of their envelopes, so many of them as one waits for."""
    try:
        on, part = date.fromisoformat(closing), int(desk.ask("part", "1"))
    except ValueError:
        raise Http404(closing) from None
    book = _asked(desk, "invoices", on=on, part=max(part, 1))
    return _file(typesetting.pdf(book), "application/pdf", f"invoices-{closing}-{part}.pdf")


@page("close-pdf", "close/<slug:month>.pdf", permission=asked.READING["close"], title="締めの報告書")
def close_pdf(desk: Desk, month: str) -> Shown:
    """The report of a month's close, from what was known when it was closed."""
    book = asked.found(desk.books, "close", user=desk.person.name, known_at=desk.asof.known_at, ref=month)
    return _file(typesetting.pdf(book), "application/pdf", f"close-{month}.pdf")


@page("ruler-pdf", f"{BACK}/ruler.pdf", permission=asked.READING["ruler"], title="封筒の窓に合わせる紙")
def ruler_pdf(desk: Desk) -> Shown:
    """The sheet by which the recipient is fitted to the window of an envelope."""
    return _file(typesetting.pdf(_asked(desk, "ruler", on=desk.on)), "application/pdf", "ruler.pdf")


@page("templates", BACK, permission="settings.read", title="帳票")
def templates(desk: Desk) -> Shown:
    """Every entry of the letterhead, what was changed before, and how a paper looks with them."""
    rows = letterhead.listed(desk.session, desk.on)
    return {
        "entries": [row | {"choices": letterhead.BY_KEY[row["key"]].values} for row in rows],
        "history": letterhead.history(desk.session),
        "picture": _picture(sample.picture(desk.session, {})),
        "since": desk.on,
    }


def _picture(content: bytes) -> str:
    """A PNG as the address of an image."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _values(doing: Deed) -> dict[str, str]:
    """The entries that the form holds: texts as they are typed, images where a file is chosen or is to go."""
    found: dict[str, str] = {}
    for key, entry in letterhead.BY_KEY.items():
        if entry.kind != "image":
            found |= {key: doing.field(key)} if key in doing.request.POST else {}
        elif (sent := doing.request.FILES.get(key)) is not None:
            found[key] = base64.b64encode(sent.read()).decode()
        elif doing.field(f"{key}-gone"):
            found[key] = ""
    return found


@deed("templates-preview", f"{BACK}/preview", permission="settings.read")
def preview(doing: Deed) -> HttpResponse:
    """How a paper looks with what is filled in; what is wrong with it where it cannot be."""
    shown: dict[str, Any] = {}
    try:
        values = letterhead.checked(_values(doing))
        with entered(doing.company.code, doing.person.name) as (session, _):
            shown["picture"] = _picture(sample.picture(session, values))
    except Refusal as refusal:
        shown["cause"] = refusal
    return render(doing.request, "web/preview.html", shown)


@deed("templates-change", f"{BACK}/change", permission="settings.change")
def change(doing: Deed) -> HttpResponse:
    """Keep what is filled in, for papers of the day and later."""
    now = today(doing.company.code)
    since = _day(doing.field("since"), now, now)
    number = door.propose(doing.books, _values(doing), since=since, why=doing.field("why"), user=doing.person.name)
    said = f"申請 {number} を出しました。別の人が承認すると変わります。" if number else "帳票の設定を変えました。"
    return doing.done(said, BACK)
