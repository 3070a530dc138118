"""Receipts for money that was received (領収書) as data for their template, with what it was for and its stamp duty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import company
from urikake.base.bulk import Session
from urikake.base.company import tax_rates
from urikake.base.errors import Refusal
from urikake.core import stamp_duty, tax
from urikake.rooms.matching import queries as matching
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.reports.queries.chosen import partner_id

from .bills import addressed, recipients
from .letterheads import Heads
from .typesetting import Book

CLASSES: Final = {"standard": 0, "reduced": 1}


@dataclass(frozen=True, slots=True)
class Received:
    """Money of one partner: how much, on which day, and what it settled (``applied`` and the items ``moved``)."""

    number: int
    on: date
    partner_id: int
    amount: int
    applied: pl.DataFrame
    moved: pl.DataFrame


def book(
    session: Session,
    ref: str,
    heads: Heads,
    *,
    lang: str = "ja",
    paper: bool = False,
    purpose: str = "",
    partner: str = "",
) -> Book:
    """The receipt for the money that is called so, to whom it came from; ``paper`` is one that is printed and sent by post."""
    found = received(session, ref, partner)
    settled, taxes = _settled(session, found), _taxes(session, found)
    number = company.policies(session)["registration_number"]
    to = recipients(session, pl.Series([found.partner_id]))[found.partner_id]
    due = stamp_duty.duty(sum(row["net"] for row in taxes) if taxes else found.amount)
    told = {
        "kind": "receipt", "lang": lang, "letterhead": heads.at(found.on, number), **addressed(to, lang),
        "number": f"RCP-{found.number:06d}", "issued": found.on.isoformat(), "amount": found.amount, "purpose": purpose,
        "settled": settled, "taxes": taxes, "electronic": not paper, "duty": due if paper else 0, "lines": [], "long": False,
    }  # fmt: skip
    return Book(told["number"], heads.name, found.on.isoformat(), heads.rows, heads.images, [told])


def received(session: Session, ref: str, partner: str = "") -> Received:
    """The money that is called so; refused where there is none, or where it is not known whose it is.

    Money that settled items of several partners is receipted to each by its share; what is not applied yet belongs to the
    one it came from.
    """
    found = receipts.named(session, ref)
    if found.is_empty():
        raise Refusal("no-receipt", f"入金「{ref}」はありません。", "入金番号か取引番号を確かめてください。")
    row = found.row(0, named=True)
    applied = _standing(session, row["receipt_id"])
    owner = partner_id(session, partner) if partner else _owner(session, found, applied)
    mine = applied.filter(pl.col("partner_id") == owner)
    shared = applied["partner_id"].n_unique() > 1 or (applied.height > 0 and mine.is_empty())
    amount = int(mine["used"].sum()) if shared else row["amount"]
    if not amount:
        raise Refusal(
            "no-receipt-of",
            f"入金「{ref}」は取引先「{partner}」のものではありません。",
            "取引先コードを確かめてください。",
        )
    moved = _moved(session, mine)
    return Received(row["receipt_id"] - session.low, row["received_on"], owner, amount, mine, moved)


def _standing(session: Session, receipt_id: int) -> pl.DataFrame:
    """The applications of the receipt that were not taken back."""
    every = matching.applications(session, "receipt_id = ?", (receipt_id,))
    gone = every["reverses_id"].drop_nulls()
    return every.filter(pl.col("reverses_id").is_null() & ~pl.col("application_id").is_in(gone.implode()))


def _owner(session: Session, found: pl.DataFrame, applied: pl.DataFrame) -> int:
    """The one partner whose items were settled, else the one that the payer is; refused where there is no such one."""
    owners = applied["partner_id"].unique().to_list()
    if not owners:
        owners = receipts.payers(session, found).drop_nulls().to_list()
    if len(owners) != 1:
        raise Refusal(
            "whose-receipt",
            "この入金は、どの取引先のものか一つに決まりません。",
            "消し込んでから作るか、取引先を指定してください。",
        )
    return int(owners[0])


def _moved(session: Session, applied: pl.DataFrame) -> pl.DataFrame:
    """The items that the applications settled: the item, its document's ``number``, and how much of it was ``settled``."""
    session.stage(applied.select(wanted_id="application_id"))
    moves = session.read(
        "SELECT m.item_id, -m.moved AS settled FROM stage s JOIN receivables_movement m ON m.source_id = s.wanted_id"
        " WHERE m.kind = 'applied' ORDER BY m.id",
        settled=pl.Int64,
    )
    span = (moves["item_id"].min() or 0, moves["item_id"].max() or 0)
    items = receivables.items(session, "id BETWEEN ? AND ?", span)
    joined = moves.join(items, on="item_id", maintain_order="left")
    return receivables.labels(session, joined)


def _settled(session: Session, found: Received) -> list[dict[str, Any]]:
    """What makes up the amount: each document that was settled, what was kept back or paid over, what is not applied yet."""
    by_document = found.moved.group_by("number", "posted_on", maintain_order=True).agg(pl.col("settled").sum())
    rows = [
        {"what": "document", "number": number, "issued": on.isoformat(), "amount": amount}
        for number, on, amount in by_document.iter_rows()
    ]
    gaps = found.applied.filter(pl.col("difference") != 0).group_by("difference_kind", maintain_order=True)
    rows += [
        {"what": kind or "misc", "number": "", "issued": "", "amount": amount}
        for kind, amount in gaps.agg(pl.col("difference").sum()).iter_rows()
    ]
    left = found.amount - sum(row["amount"] for row in rows)
    return [*rows, {"what": "left", "number": "", "issued": "", "amount": left}] if left else rows


def _taxes(session: Session, found: Received) -> list[dict[str, Any]]:
    """What of the amount is taxed at which rate; nothing where it is not known of all of it to the yen.

    Of an item that is settled in part the tax is its share, rounded down. A balance brought over tells no tax.
    """
    moved = found.moved
    if int(moved["settled"].sum()) != found.amount or (moved["source"] == "opening").any():
        return []
    part = (pl.col("settled") * (pl.col("gross") - pl.col("net"))) // pl.col("gross")
    rated = moved.with_columns(
        taxed=part, kind=pl.col("tax").str.replace("_incl$", ""),
    ).with_columns(rate_micro=tax.rate_micro(pl.col("kind"), pl.col("posted_on"), tax_rates(session)))  # fmt: skip
    order = pl.col("kind").replace_strict(CLASSES, default=2, return_dtype=pl.Int64)
    sums = rated.group_by("kind", "rate_micro", maintain_order=True).agg(pl.col("settled", "taxed").sum()).sort(order)
    return [_tax(row) for row in sums.iter_rows(named=True)]


def _tax(row: Mapping[str, Any]) -> dict[str, Any]:
    rate = f"{(row['rate_micro'] or 0) / 1_000_000:g}"
    return {"class": row["kind"], "rate": rate, "net": row["settled"] - row["taxed"], "amount": row["taxed"]}
