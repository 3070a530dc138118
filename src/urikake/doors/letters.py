"""Documents as letters: subject and text of their kind filled in, the PDF in the envelope or behind a link; and tried on oneself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import polars as pl

from urikake.base import access, mail, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.base.users import users
from urikake.core.formats import email_addresses
from urikake.rooms.deliveries import queries
from urikake.rooms.deliveries.actions import unknown
from urikake.rooms.invoices import queries as invoices

from . import links, mailing
from .documents import bills, typesetting
from .documents.letterheads import Heads
from .mailing import Letter

SAMPLE: Final = {
    "partner": "見本商事",
    "number": "INV-0000-00000",
    "total": "110,000",
    "due": "2026-05-31",
    "original": "INV-0000-00000",
    "link": "https://bill.example.jp/…",
    "until": "2026-05-31",
}
TRIAL: Final = "【試し送り】"


def letters(
    url: str, session: Session, part: pl.DataFrame, told: Mapping[str, str]
) -> list[tuple[dict[str, Any], Letter]]:
    """Each of the documents with its letter; what stands on them is read for all at once."""
    book = bills.book(session, documents(part), Heads(session))
    linked = links.wanted(url, told)
    papers: dict[str, list[dict[str, Any]]] = {}
    for paper in book.papers:  # one that sums up delivery notes has these behind it
        papers.setdefault(paper["document"], []).append(paper)
    return [
        (row, _letter(row, book, papers[row["number"]], told, links.made(url, session, told) if linked else None))
        for row in part.iter_rows(named=True)
    ]


def documents(part: pl.DataFrame) -> pl.DataFrame:
    """The documents as their room knows them."""
    own = [name.strip() for name in invoices.INVOICE.split(",") if name.strip() != "id"]
    return part.select("invoice_id", *own, "number")


def _letter(
    row: dict[str, Any], book: typesetting.Book, papers: list[dict[str, Any]], told: Mapping[str, str], link: Any
) -> Letter:
    """The document's letter with its PDF, the same that a person would make of it."""
    alone = replace(book, title=row["number"], issued=str(row["issue_on"]), papers=papers)
    name, until, address = link or ("", None, "")
    kind = "return" if row["total"] < 0 else row["kind"]
    values = _values(row, papers[0], book.author) | {"link": address, "until": str(until or "")}
    subject, body = mail.texts(told, kind)
    return Letter(
        to=email_addresses.listed(row["to"]),
        message_id=mailing.new_id(told),
        subject=mail.filled(subject, values),
        body=mail.filled(body, values) + "\n",
        name=f"{row['number']}.pdf",
        content=typesetting.pdf(alone),
        enclosed=told["enclose"] != "link",
        link=name,
        expires_on=until,
    )


def _values(row: dict[str, Any], paper: dict[str, Any], company: str) -> dict[str, str]:
    """What is filled in of a document; the amount of one that gives back is what is given back."""
    dues = [str(due["date"]) for due in paper["dues"]]
    originals = [each["number"] for each in paper["originals"]]
    return {
        "partner": mail.line(paper["recipient"]["name"]),
        "number": row["number"],
        "total": f"{abs(row['total']):,}",
        "due": "・".join(dict.fromkeys(dues)) or "—",
        "company": company,
        "original": "・".join(dict.fromkeys(originals)) or "—",
    }


def of_number(session: Session, number: str, told: Mapping[str, str]) -> Letter:
    """The letter of the document of that number, to be looked at; a link in it opens nothing."""
    found = queries.deliveries(session, invoices.by_number(session, number))
    if found.is_empty():
        raise unknown(number)
    book = bills.book(session, documents(found), Heads(session))
    link = ("", SAMPLE["until"], SAMPLE["link"]) if told["enclose"] in mail.LINKED else None
    return _letter(found.row(0, named=True), book, book.papers, told, link)


def sample(session: Session, told: Mapping[str, str], kind: str = "invoice") -> Letter:
    """The letter with made-up fields and no file, for a company that has no such document yet."""
    name = str(session.value("SELECT name FROM base_company WHERE id = ?", (session.company_id,)))
    subject, body = mail.texts(told, kind)
    values = SAMPLE | {"company": name}
    return Letter([], mailing.new_id(told), mail.filled(subject, values), mail.filled(body, values) + "\n")


def own_address(session: Session, name: str) -> str:
    """The e-mail address of the user; empty where none is registered."""
    found = users(session).filter(pl.col("name") == name)
    return str(found["email"][0]) if found.height else ""


def try_on_self(url: str, *, number: str, values: Mapping[str, Any], user: str) -> str:
    """Send the mail to the user who asks, and to nobody else; returns the address. Refused where there is none."""
    with runs.reading(url, user) as session:
        to = own_address(session, user)
    if not to:
        why = "あなたのメールアドレスが登録されていません。"
        raise Refusal("no-own-address", why, "設定の利用者に、メールアドレスを登録してください。")
    try_out(url, to, number=number, values=values, user=user)
    return to


def try_out(
    url: str, to: str, *, number: str = "", values: Mapping[str, Any] | None = None, user: str = access.SYSTEM
) -> None:
    """Send the mail of a document, or of the sample, to one address; refused with the server's words where it does not go.

    ``number`` may be a kind of document, whose sample it then is. ``values`` are entries as they would be. Nothing is
    recorded: no customer was sent anything.
    """
    with runs.reading(url, user) as session:
        access.allow(session, "settings.change")
        told = mail.held(session) | mail.checked(values or {})
        if number and number not in mail.KINDS:
            access.allow(session, "invoices.read")
            letter = of_number(session, number, told)
        else:
            letter = sample(session, told, number or "invoice")
    if not to or ";" in to or email_addresses.problem(to):
        raise Refusal("bad-address", f"「{to[:60]}」はメールアドレスではありません。", "一つだけ指定してください。")
    tried = replace(letter, to=[to], subject=f"{TRIAL}{letter.subject}")
    with mailing.connected(told) as backend:
        state, said = mailing.send(backend, told, tried) or ("failed", mailing.LOST)
    if state != "sent":
        raise Refusal("not-sent", f"試し送りができませんでした（{said}）。", "メールの設定を確かめてください。")
