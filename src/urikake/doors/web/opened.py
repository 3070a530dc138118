"""Links to documents as customers open them: no sign-in, a small page, the PDF; each opening kept as evidence.

An address that was not signed here is looked up nowhere and says nothing of companies or documents. One that was says
when it has expired or was taken back, and whom to ask for a new one. Nothing of it is kept on the way.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Callable
from datetime import date
from typing import Any, Final

import polars as pl
from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone

from urikake.base import access, letterhead, runs
from urikake.base.bulk import Session
from urikake.doors import deliver, links
from urikake.doors.documents import asked, typesetting
from urikake.rooms.deliveries import actions, queries
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.reports.queries.billing import detailed

from . import book, pace
from .models import Arrival
from .pages.invoices import KINDS

RATE: Final = int(os.environ.get("URIKAKE_LINK_RATE", "60"))
"""How often one address may ask in a minute, and how often one link may be opened."""
BATCH: Final = 1000
Maker = Callable[..., tuple[HttpResponse, bytes]]
HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def urls() -> list[URLPattern]:
    """The addresses of links."""
    where = f"<slug:company>/{links.PATH}/<str:token>"
    return [path(where, _opening("page", _page)), path(f"{where}/pdf", _opening("pdf", _file))]


def _opening(part: str, make: Maker) -> Callable[..., HttpResponse]:
    """The view of one part of a link."""

    def view(request: HttpRequest, company: str, token: str) -> HttpResponse:
        answer = _answered(request, company, token, part, make)
        for name, value in HEADERS.items():
            answer[name] = value
        return answer

    return view


def _answered(request: HttpRequest, company: str, token: str, part: str, make: Maker) -> HttpResponse:
    """What there is under the link, or why there is nothing."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET"})
    address = _address(request)
    if (slow := _slowed(request, f"links:{address}")) is not None:
        return slow
    link = links.read(book.books(), company, token)
    if link is None:
        return _nothing(request)
    if (slow := _slowed(request, f"link:{link}")) is not None:
        return slow
    try:
        with book.entered(company, access.SYSTEM) as (session, found):
            row = queries.by_link(session, link)
            if row is None:
                return _nothing(request)
            about = {"company": found, "contact": _contact(session)}
            if row["withdrawn"] or row["expires_on"] < timezone.localdate():
                return render(request, "web/link-gone.html", about | row, status=410)
            answer, content = make(request, session, row, about | {"token": token})
    except Http404:
        return _nothing(request)
    if request.method == "GET":
        _keep(company, row, part, address, request.headers.get("User-Agent", ""), content)
    return answer


def _address(request: HttpRequest) -> str:
    """From where the request comes: what the proxies that this installation trusts say, else who is connected."""
    return str(get_adapter(request).get_client_ip(request))[:45]


def _slowed(request: HttpRequest, key: str) -> HttpResponse | None:
    """The answer to whoever asks too often."""
    count, left = pace.counted(key)
    if count <= RATE:
        return None
    answer = render(request, "web/link-slow.html", {"left": left}, status=429)
    answer["Retry-After"] = str(left)
    return answer


def _nothing(request: HttpRequest) -> HttpResponse:
    return render(request, "web/link-none.html", status=404)


def _contact(session: Session) -> dict[str, str]:
    """Whom to ask for a new link: what stands on the company's papers today."""
    told = letterhead.held(session, runs.day(session))
    return {name: told[name] for name in ("contact", "tel", "email")}


def _page(
    request: HttpRequest, session: Session, row: dict[str, Any], about: dict[str, Any]
) -> tuple[HttpResponse, bytes]:
    """What the document is, and its first page as a picture."""
    document, found = _found(session, row)
    (shape,) = detailed(session, document)
    head = document.row(0, named=True)
    content = typesetting.png(found)[0]
    told = {
        "number": head["number"],
        "kind": KINDS[head["kind"]],
        "total": f"{abs(head['total']):,}",
        "back": head["total"] < 0,
        "issued": head["issue_on"],
        "dues": [date.fromisoformat(str(due["date"])) for due in shape["dues"]],
        "until": row["expires_on"],
        "recipient": found.papers[0]["recipient"]["name"],
        "honorific": found.papers[0]["honorific"],
        "picture": f"data:image/png;base64,{base64.b64encode(content).decode()}",
    }
    return render(request, "web/link.html", about | told), content


def _file(
    request: HttpRequest, session: Session, row: dict[str, Any], about: dict[str, Any]
) -> tuple[HttpResponse, bytes]:
    """The document as it was sent."""
    document, found = _found(session, row)
    content = typesetting.pdf(found)
    headers = {"Content-Disposition": f'inline; filename="{document["number"][0]}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers), content


def _found(session: Session, row: dict[str, Any]) -> tuple[pl.DataFrame, typesetting.Book]:
    document = invoices.invoices(session, "id = ?", (row["invoice_id"],))
    return document, asked.book(session, "invoice", ref=document["number"][0], lang="ja")


def _keep(company: str, row: dict[str, Any], part: str, address: str, agent: str, content: bytes) -> None:
    """Note the opening; the worker takes it to the books."""
    Arrival.objects.create(
        company=company,
        delivery_id=row["delivery_id"],
        part=part,
        opened_at=timezone.now(),
        address=address,
        agent="".join(letter if letter.isprintable() else " " for letter in agent)[:200],
        digest=hashlib.sha256(content).hexdigest(),
        nonce=secrets.token_hex(16),
    )


def take_in(books: Callable[[str], str]) -> None:
    """Take the openings that have come to the books of their companies, each once."""
    came = list(Arrival.objects.order_by("id")[:BATCH])
    for company in dict.fromkeys(each.company for each in came):
        mine = [each for each in came if each.company == company]
        names = ("delivery_id", "part", "opened_at", "address", "agent", "digest", "nonce")
        frame = pl.DataFrame([{name: getattr(each, name) for name in names} for each in mine])
        with runs.run(books(company), "open links", permission=deliver.PERMISSION) as (session, outcome):
            outcome.figures["opened"] = actions.open_links(session, openings=frame)
        Arrival.objects.filter(pk__in=[each.pk for each in mine]).delete()
