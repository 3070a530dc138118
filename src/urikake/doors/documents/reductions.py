"""Return invoices of discounts (売上値引) as data for their template: what was lowered, of which invoices, at which rate."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from urikake.base import company
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.reports.queries.reductions import documents, lowered, standing

from .bills import addressed, recipients
from .letterheads import Heads
from .typesetting import Book


def book(session: Session, ref: str, heads: Heads, *, lang: str = "ja") -> Book:
    """The return invoice of the discount of an application (消込), by its number; refused where it lowered no price."""
    made = _named(session, ref)
    sums = lowered(session, made)
    if sums.is_empty():
        raise Refusal(
            "no-reduction",
            f"消込「{ref}」では、売上値引をしていません。",
            "report reductions で番号を確かめてください。",
        )
    row = made.row(0, named=True)
    on, number = row["applied_on"], company.under(session, "registration_number", made.select("run_id"))[0][0]
    of = documents(session, made).iter_rows(named=True)
    net, taxed = int(sums["net"].sum()), int(sums["tax_amount"].sum())
    told: dict[str, Any] = {
        "kind": "return", "lang": lang, "number": f"DSC-{int(ref):06d}", "issued": on.isoformat(), "closing": None,
        "letterhead": heads.at(on, number), **addressed(recipients(session, made["partner_id"])[row["partner_id"]], lang),
        "inclusive": False, "lines": [_line(each, on, lang) for each in sums.iter_rows(named=True)],
        "taxes": [_tax(each) for each in sums.iter_rows(named=True)], "long": False, "net": net, "tax": taxed,
        "total": net + taxed, "dues": [], "carry": None, "accounts": [], "virtual": False, "remarks": "", "notes": [],
        "originals": [{"number": one["number"], "issued": one["posted_on"].isoformat()} for one in of],
    }  # fmt: skip
    return Book(told["number"], heads.name, on.isoformat(), heads.rows, heads.images, [told])


def _named(session: Session, ref: str) -> pl.DataFrame:
    """The application of that number that stands and left something missing; refused where there is none."""
    number = int(ref) if ref.isascii() and ref.isdecimal() and len(ref) < 13 else 0
    found = standing(session, date.max).filter(pl.col("application_id") == session.low + number)
    if found.is_empty():
        raise Refusal(
            "no-reduction",
            f"消込「{ref}」では、売上値引をしていません。",
            "report reductions で番号を確かめてください。",
        )
    return found


def _line(row: dict[str, Any], on: date, lang: str) -> dict[str, Any]:
    """What was lowered at a rate."""
    words = ("Discount" if lang == "en" else "売上値引") + ("※" if row["tax"] == "reduced" else "")
    day = on.isoformat()
    return {
        "contract_no": "", "order_no": "", "description": words, "service_from": day, "service_to": day, "quantity": None,
        "unit_price": None, "amount": row["net"], "first": False, "holder": "", "tax": row["tax"], "rate": _rate(row),
    }  # fmt: skip


def _tax(row: dict[str, Any]) -> dict[str, Any]:
    return {"class": row["tax"], "rate": _rate(row), "net": row["net"], "amount": row["tax_amount"]}


def _rate(row: dict[str, Any]) -> str:
    return f"{Decimal(row['rate_micro']).scaleb(-6).normalize():f}"
