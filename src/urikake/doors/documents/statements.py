"""The statement of a partner over a period (取引明細書) as data for its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import accumulate
from typing import Any

import polars as pl

from urikake.base import company
from urikake.base.bulk import Session
from urikake.rooms.reports.queries.balances import statement
from urikake.rooms.reports.queries.chosen import partner_id

from .bills import addressed, recipients
from .letterheads import Heads
from .typesetting import Book


def book(session: Session, code: str, since: date, until: date, heads: Heads, *, lang: str = "ja") -> Book:
    """The partner's account from day to day: opening, what was claimed and settled with the balance after it, closing."""
    mine = partner_id(session, code)
    first, *rows = statement(session, code, since, until)
    lines = _lines(rows, first["balance"])
    closing = lines[-1]["balance"] if lines else first["balance"]
    number = company.policies(session)["registration_number"]
    to = recipients(session, pl.Series([mine]))[mine]
    paper = {
        "kind": "statement", "lang": lang, "letterhead": heads.at(until, number), **addressed(to, lang),
        "number": code, "issued": until.isoformat(), "since": since.isoformat(), "until": until.isoformat(),
        "opening": first["balance"], "closing": closing, "lines": lines, "long": False,
        "debit": sum(line["debit"] for line in lines), "credit": sum(line["credit"] for line in lines),
    }  # fmt: skip
    return Book(f"{code} {since} – {until}", heads.name, until.isoformat(), heads.rows, heads.images, [paper])


def _lines(rows: Sequence[Mapping[str, Any]], opening: int) -> list[dict[str, Any]]:
    """What was claimed, given back and settled, with the balance after each.

    That an invoice and the one which takes it back settle each other (``cancelled``) is left out: both are told, and come to
    nothing between them.
    """
    told = [row for row in rows if row["kind"] != "cancelled"]
    balances = accumulate((row["debit"] - row["credit"] for row in told), initial=opening)
    return [
        {name: row[name] for name in ("date", "debit", "credit")}
        | {"kind": "returned" if row["kind"] == "raised" and row["credit"] else row["kind"]}
        | {"number": row["invoice_no"] or "", "balance": balance}
        for row, balance in zip(told, list(balances)[1:], strict=True)
    ]
