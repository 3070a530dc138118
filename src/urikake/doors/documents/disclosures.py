"""The notes on revenue (収益認識に関する注記) as data for their template."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from urikake.base import company
from urikake.base.bulk import Session
from urikake.doors import disclosure, notes
from urikake.rooms.reports.queries import remaining

from .letterheads import Heads
from .typesetting import Book


def book(session: Session, on: date, span: str, exempt: str, heads: Heads, *, lang: str = "ja") -> Book:
    """The notes of the fiscal year, quarter or month up to the day, with what the standard permits to leave out left out."""
    chosen = tuple(remaining.chosen(exempt))
    told = disclosure.of(session, on, span, ("service", "timing", "obligation"), chosen)
    number = company.policies(session)["registration_number"]
    names = ["amount", "billed", "unbilled", *(name.replace("-", "_") for name in chosen)]
    heading = {"amount": "残存履行義務", "billed": "うち請求済み", "unbilled": "うち未請求", "one_year": "除外（1年以内）",
               "as_invoiced": "除外（請求する権利）"}  # fmt: skip
    paper: dict[str, Any] = {
        "kind": "notes", "lang": lang, "letterhead": heads.at(on, number), "number": "", "issued": on.isoformat(),
        "recipient": {"name": "", "address": "", "postal_code": ""}, "honorific": "", "long": False, "period": told.period,
        "split": _split(told), "balances": _balances(told), "remaining": _remaining(told, names),
        "columns": ["収益を認識する時期", *(heading[name] for name in names)], "sentences": told.sentences,
        "proof": _proof(told),
    }  # fmt: skip
    return Book(f"収益認識に関する注記 {on}", heads.name, on.isoformat(), heads.rows, heads.images, [paper])


def _row(kind: str, label: str, *amounts: int | None) -> dict[str, Any]:
    return {"kind": kind, "label": label, "amounts": list(amounts)}


def _split(told: disclosure.Notes) -> list[dict[str, Any]]:
    rows = []
    for part in told.splits:
        rows.append(_row("group", f"{part.title}別"))
        rows += [_row("row", row["label"], row["amount"], row["previous"]) for row in part.rows]
    for key, row in told.totals.items():
        if key == "contract" or (key != "difference" and (row["amount"] or row["previous"])):
            kind = "sum" if key in ("contract", "books") else "row"
            rows.append(_row(kind, notes.TOTALS[key], row["amount"], row["previous"]))
    return rows


def _balances(told: disclosure.Notes) -> list[dict[str, Any]]:
    rows = []
    for part in told.balances:
        rows.append(_row("group", part["title"]))
        rows += [_row("sum" if r["sum"] else "row", r["label"], r["amount"], r["books"]) for r in part["rows"]]
    return rows


def _remaining(told: disclosure.Notes, names: list[str]) -> list[dict[str, Any]]:
    rows = [_row("row", row["label"], *(row[name] for name in names)) for row in told.remaining]
    sums = [sum(row[name] for row in told.remaining) for name in names]
    return [*rows, _row("sum", "合計", *sums)] if rows else []


def _proof(told: disclosure.Notes) -> str:
    """Whether the figures are those of the ledger, and all months recognised, in words."""
    if told.off:
        off = f"総勘定元帳との差額が {told.off:,}円あります。月次締めの照合で、ちがいを確かめてください。"
        return told.waiting + off
    return told.waiting + HOLDS


HOLDS: Final = (
    "総勘定元帳との照合　売上の勘定、債権の期首・期末、契約残高の純額の期首・期末のいずれも、1円まで一致しています。"
)
