"""Documents by kind and reference: what was asked for, checked, and gathered in one read-only session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from urikake.base import access, periods, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties.queries import profiles

from . import bills, closes, disclosures, receipts, reductions, rulers, statements
from .letterheads import Heads
from .typesetting import Book

CLOSE: Final = "close"
LANGUAGES: Final = ("ja", "en")
PART: Final = 500
"""How many invoices a browser waits for."""
BATCH: Final = 1_000
"""How many invoices are one file: more of them at once would take more memory than they save time."""
READING: Final = {
    "invoice": "invoices.read",
    "invoices": "invoices.read",
    "delivery": "invoices.read",
    "statement": "receivables.read",
    "receipt": "receipts.read",
    "reduction": "matching.read",
    "ruler": "settings.read",
    "close": "closing.read",
    "notes": "revenue.read",
}
"""The permission that each kind of document asks of its reader: that of the page or report with the same content."""


def found(url: str, kind: str, *, user: str = access.SYSTEM, known_at: datetime | None = None, **asked: Any) -> Book:
    """The document of that kind, ready to be set; refused where the user may not see it or there is no such thing.

    The report of a close is drawn from what was known when the month was closed.
    """
    if kind == CLOSE:
        known_at = closes.moment(url, asked["ref"], user=user, known_at=known_at)
    with runs.reading(url, user, known_at) as session:
        access.allow(session, READING[kind])
        return book(session, kind, **asked)


def book(
    session: Session, kind: str, *, lang: str = "ja", supposed: dict[str, str] | None = None, **asked: Any
) -> Book:
    """The document of that kind; with ``supposed`` entries of the letterhead, as it would look with them."""
    if lang not in LANGUAGES:
        raise Refusal("unknown-language", f"言語「{lang}」の帳票はありません。", "ja か en を指定してください。")
    return BOOKS[kind](session, Heads(session, supposed or {}), lang=lang, **asked)


def invoice(session: Session, heads: Heads, *, ref: str, lang: str) -> Book:
    """An invoice, revised invoice or credit note by its number."""
    return bills.book(session, _numbered(session, ref), heads, lang=lang)


def delivery(session: Session, heads: Heads, *, ref: str, lang: str) -> Book:
    """The delivery note of what an invoice bills; refused for a credit note, with which nothing is delivered."""
    one = _numbered(session, ref)
    if one["kind"][0] == "return":
        why = f"{ref} は返還請求書です。納品書は作れません。"
        raise Refusal("no-delivery", why, "請求書の番号を指定してください。")
    return bills.book(session, one, heads, lang=lang, delivery=True)


def closings(url: str, on: date, *, lang: str = "ja", user: str = access.SYSTEM) -> Iterator[Book]:
    """All invoices of a closing in the order of their envelopes, so many at a time as are one file."""
    with runs.reading(url, user) as session:
        access.allow(session, READING["invoices"])
        count = invoices.at_closing(session, on).height
        for part in range(1, max(parts(count, BATCH), 1) + 1):
            yield book(session, "invoices", on=on, lang=lang, part=part, size=BATCH)


def closing(session: Session, heads: Heads, *, on: date, lang: str, part: int = 1, size: int = PART) -> Book:
    """Invoices of a closing in the order of their envelopes (postal code, then partner code): the n-th ``size`` of them."""
    every = invoices.at_closing(session, on)
    if every.is_empty():
        raise Refusal(
            "no-invoices", f"{on} 締めで発行した請求書はありません。", "締日を確かめるか、先に発行してください。"
        )
    to = profiles(session, "postal_code").select("partner_id", "postal_code", "code")
    placed = every.join(to, on="partner_id", how="left", maintain_order="left")
    ordered = placed.sort(pl.col("postal_code") == "", "postal_code", "code", "invoice_id")
    chosen = ordered.drop("postal_code", "code")
    if (chosen := chosen.slice((part - 1) * size, size)).is_empty():
        last = parts(every.height, size)
        raise Refusal(
            "no-part", f"{on} 締めの請求書は {last} つ目までです。", f"1 から {last} までを指定してください。"
        )
    return bills.book(session, chosen, heads, lang=lang)


def parts(count: int, size: int = PART) -> int:
    """In how many parts so many invoices come.

    >>> [parts(count) for count in (0, 1, 500, 501)]
    [0, 1, 1, 2]
    """
    return -(-count // size)


def statement(session: Session, heads: Heads, *, ref: str, since: date, until: date, lang: str) -> Book:
    """The statement of a partner, by its code, from day to day."""
    return statements.book(session, ref, since, until, heads, lang=lang)


def receipt(
    session: Session, heads: Heads, *, ref: str, lang: str, paper: bool = False, purpose: str = "", partner: str = ""
) -> Book:
    """The receipt for money that came in, by our number or that of its file row."""
    return receipts.book(session, ref, heads, lang=lang, paper=paper, purpose=purpose, partner=partner)


def reduction(session: Session, heads: Heads, *, ref: str, lang: str) -> Book:
    """The return invoice of the discount of an application, by its number."""
    return reductions.book(session, ref, heads, lang=lang)


def ruler(session: Session, heads: Heads, *, lang: str, on: date | None = None) -> Book:
    """The sheet by which the recipient is fitted to the window of an envelope."""
    return rulers.book(session, heads, lang=lang, on=on)


def close(session: Session, heads: Heads, *, ref: str, lang: str) -> Book:
    """The report of a month's close (``2026-04``), in a session that knows what was known then; it is in Japanese."""
    return closes.book(session, periods.first_day(ref), heads)


def notes(session: Session, heads: Heads, *, on: date, lang: str, span: str = "year", exempt: str = "") -> Book:
    """The notes on revenue up to the day."""
    return disclosures.book(session, on, span, exempt, heads, lang=lang)


def _numbered(session: Session, number: str) -> pl.DataFrame:
    """The invoice of that number; refused where there is none."""
    one = invoices.by_number(session, number)
    if one.is_empty():
        raise Refusal("no-invoice", f"請求書「{number}」はありません。", "請求書番号を確かめてください。")
    return one


BOOKS: Final[dict[str, Callable[..., Book]]] = {
    "invoice": invoice,
    "invoices": closing,
    "delivery": delivery,
    "statement": statement,
    "receipt": receipt,
    "reduction": reduction,
    "ruler": ruler,
    "close": close,
    "notes": notes,
}
