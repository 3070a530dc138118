"""What the letterhead is tried on: the company's newest invoice, or an example where there is none that one may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from urikake.base import access, company, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.invoices import queries as invoices

from . import asked, bills, typesetting
from .letterheads import Heads
from .rulers import ADDRESS
from .typesetting import Book

LINES: Final = (
    ("見本の定額サービス", 1, 50_000, "standard"),
    ("見本の保守", 3, 4_500, "standard"),
    ("見本の飲料水※", 10, 1_800, "reduced"),
)
RATES: Final = {"standard": 10, "reduced": 8}


def book(session: Session, supposed: Mapping[str, str], lang: str = "ja") -> Book:
    """The sample with entries of the letterhead as they are supposed to be."""
    heads = Heads(session, supposed)
    newest = session.value("SELECT max(id) AS id FROM invoices_invoice WHERE id > ? AND id < ? AND kind = 'invoice'",
                           (session.low, session.high))  # fmt: skip
    if newest is not None and access.may(access.role(session), asked.READING["invoice"]):
        return bills.book(session, invoices.invoices(session, "id = ?", (newest,)), heads, lang=lang)
    return _example(session, heads, lang)


def _example(session: Session, heads: Heads, lang: str) -> Book:
    """An invoice of things that are not sold, dated today."""
    today = runs.day(session)
    row = _row(today.isoformat())
    number = company.policies(session)["registration_number"]
    paper = bills.paper(row, inclusive=False, lang=lang) | bills.addressed(ADDRESS, lang)
    paper |= bills.claimed(row, heads, today, []) | {"letterhead": heads.at(today, number), "originals": []}
    return Book(row["number"], heads.name, today.isoformat(), heads.rows, heads.images, [paper])


def _row(today: str) -> dict[str, Any]:
    """The example as the report would show it; its amounts are whole, so that nothing is rounded."""
    lines = [
        {"contract_no": "SAMPLE-1", "order_no": "PO-1", "description": text, "service_from": today, "service_to": today,
         "quantity": quantity, "unit_price": price, "net": quantity * price, "tax_amount": quantity * price * RATES[tax] // 100,
         "tax": tax}
        for text, quantity, price, tax in LINES
    ]  # fmt: skip
    taxes = [
        {"tax": tax, "rate": rate, "net": sum(line["net"] for line in lines if line["tax"] == tax),
         "amount": sum(line["tax_amount"] for line in lines if line["tax"] == tax)}
        for tax, rate in RATES.items()
    ]  # fmt: skip
    net, amount = sum(tax["net"] for tax in taxes), sum(tax["amount"] for tax in taxes)
    total = net + amount
    return {
        "kind": "invoice", "number": "INV-0000-00000", "issue_date": today, "closing": today, "lines": lines, "taxes": taxes,
        "net": net, "tax": amount, "total": total, "dues": [{"date": today, "method": "transfer", "amount": total}],
        "carry": {"previous": 0, "received": 0, "carried": 0, "current": total, "total": total},
    }  # fmt: skip


def picture(session: Session, supposed: Mapping[str, str], lang: str = "ja") -> bytes:
    """The first page of the sample as PNG; refused where an image of the letterhead cannot be read."""
    return shown(book(session, supposed, lang))


def shown(found: Book) -> bytes:
    """The first page of the papers as PNG; refused where an image cannot be read."""
    import typst

    try:
        return typesetting.png(found)[0]
    except typst.TypstError as error:
        if "image" not in str(error):
            raise
        why = "別の PNG を選んでください。"
        raise Refusal("letterhead-image", "画像の中身が PNG として読めません。", why) from None
