"""メール: the server, the sender, what goes with a mail, and the texts, tried on a document before they are kept."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render

from urikake.base import access, mail
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.doors import letters, mailing
from urikake.rooms.invoices import queries as invoices

from ..book import Deed, Shown, deed, entered, page
from ..desk import Desk

BACK: Final = "settings/mail"
NEWEST: Final = 8
"""How many documents of each kind may be looked at with the texts; any other by its number."""

SAMPLES: Final = [{"number": kind, "title": f"{title}の見本"} for kind, title in mail.KINDS.items()]
"""What may be looked at beside documents: a made-up one of each kind."""


@page("mail", BACK, permission="settings.read", title="メール")
def shown(desk: Desk) -> Shown:
    """Every entry as it stands, what was changed before, and how a mail looks with them."""
    told = mail.held(desk.session)
    number = _newest(desk.session)
    return {
        "server": [_entry(key, told) for key in mail.SERVER],
        "way": [_entry(key, told) for key in mail.WAY],
        "texts": [
            {"title": title, "open": kind == "invoice", "entries": [_entry(key, told) for key in _texts(kind)]}
            for kind, title in mail.KINDS.items()
        ],
        "fields": [f"{{{name}}}" for name in mail.FIELDS],
        "password": bool(_password()),
        "variable": mailing.PASSWORD,
        "history": mail.history(desk.session),
        "documents": (_documents(desk.session) if access.may(desk.person.role, "invoices.read") else []) + SAMPLES,
        "to": letters.own_address(desk.session, desk.person.name),
    } | _seen(desk.session, desk.person.role, told, number)


def _entry(key: str, told: dict[str, str]) -> dict[str, Any]:
    entry = mail.ENTRIES[key]
    kind = "choice" if entry.values else "lines" if entry.lines else "text"
    return {
        "key": key,
        "title": entry.title,
        "effect": entry.effect,
        "value": told[key],
        "kind": kind,
        "choices": entry.values,
    }


def _texts(kind: str) -> tuple[str, str]:
    prefix = "" if kind == "invoice" else f"{kind}_"
    return f"{prefix}subject", f"{prefix}body"


def _password() -> str:
    try:
        return mailing.password()
    except Refusal:
        return ""


def _documents(session: Session) -> list[dict[str, Any]]:
    """The newest documents of each kind, to be picked from."""
    found = invoices.invoices(session).sort("invoice_id", descending=True)
    newest = found.group_by("kind", maintain_order=True).head(NEWEST).sort("invoice_id", descending=True)
    return [
        {"number": row["number"], "title": mail.KINDS[row["kind"]], "known": True}
        for row in newest.iter_rows(named=True)
    ]


def _newest(session: Session) -> str:
    """The number of the newest invoice; empty where there is none."""
    found = _documents(session)
    return str(found[0]["number"]) if found else ""


def _seen(session: Session, role: str, told: dict[str, str], number: str) -> dict[str, Any]:
    """How the mail of a document looks; that of the sample where there is none that the person may read."""
    known = number and number not in mail.KINDS and access.may(role, "invoices.read")
    kind = number if number in mail.KINDS else "invoice"
    letter = letters.of_number(session, number, told) if known else letters.sample(session, told, kind)
    return {
        "letter": letter,
        "sender": mail.line(f"{told['sender_name']} <{told['sender']}>") if told["sender"] else "",
        "reply_to": told["reply_to"],
    }


def _values(doing: Deed) -> dict[str, str]:
    return {key: doing.field(key) for key in mail.ENTRIES if key in doing.request.POST}


@deed("mail-preview", f"{BACK}/preview", permission="settings.read")
def preview(doing: Deed) -> HttpResponse:
    """How a mail looks with what is filled in; what is wrong with it where it cannot be."""
    try:
        values = mail.checked(_values(doing))
        with entered(doing.company.code, doing.person.name) as (session, _):
            seen = _seen(session, doing.person.role, mail.held(session) | values, doing.field("number"))
    except Refusal as refusal:
        seen = {"cause": refusal}
    return render(doing.request, "web/mail-preview.html", seen)


@deed("mail-change", f"{BACK}/change", permission="settings.change")
def change(doing: Deed) -> HttpResponse:
    """Keep what is filled in."""
    count = mailing.change(doing.books, _values(doing), user=doing.person.name)
    return doing.done("メールの設定を変えました。" if count else "メールの設定は今のままです。", BACK)


@deed("mail-try", f"{BACK}/try", permission="settings.change")
def trial(doing: Deed) -> HttpResponse:
    """Send what is filled in to the person who asks, and to nobody else; what is typed stays where a script asks."""
    if "HX-Request" not in doing.request.headers:
        return doing.done(_tried(doing), BACK)
    try:
        told: dict[str, Any] = {"said": _tried(doing)}
    except Refusal as refusal:
        told = {"cause": refusal}
    return render(doing.request, "web/mail-tried.html", told)


def _tried(doing: Deed) -> str:
    """Send it, and say so."""
    to = letters.try_on_self(doing.books, number=doing.field("number"), values=_values(doing), user=doing.person.name)
    return f"{to} に試し送りをしました。設定は変えていません。"
