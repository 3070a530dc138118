"""The report of opening balances (移行残高): what came in by partner, tied against the ledger and what the old system said."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import cells
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receivables import queries as items

from .rows import rows

ACCOUNT: Final = "期首残高"


def openings(session: Session, total: str | None = None) -> list[dict[str, Any]]:
    """Opening balances by partner, and their sum (a row without a partner) beside 期首残高 in the ledger and the ``total`` stated.

    ``balance`` is what came in, ``left`` what of it is still open. In the last row ``ledger`` and ``stated`` are the same sum found
    elsewhere, ``off`` what the first of them that differs differs by.
    """
    stated = amount(total)
    found = by_partner(session)
    return [*rows(found), {"partner": None, **tied(session, found, stated)}]


def by_partner(session: Session) -> pl.DataFrame:
    """The opening balances by partner code: ``partner, partner_name, items, balance, left``."""
    raised = items.items(session, "source = 'opening'").select("item_id", "partner_id", "gross")
    open_ = session.read(
        "SELECT o.item_id, o.balance FROM receivables_open o JOIN receivables_item i ON i.id = o.item_id"
        " WHERE o.item_id >= ? AND o.item_id < ? AND i.source = 'opening'",
        (session.low, session.high),
    )
    sums = (
        raised.join(open_, on="item_id", how="left")
        .group_by("partner_id")
        .agg(items=pl.len().cast(pl.Int64), balance=pl.col("gross").sum(), left=pl.col("balance").fill_null(0).sum())
    )
    names = profiles(session, "name").select("partner_id", "code", "name")
    named = sums.join(names, on="partner_id", how="left").sort("code")
    return named.select("items", "balance", "left", partner="code", partner_name="name").select(
        "partner", "partner_name", "items", "balance", "left"
    )


def tied(session: Session, found: pl.DataFrame, stated: int | None) -> dict[str, Any]:
    """The sums of the partners beside 期首残高 in the ledger, which stands against them, and what the old system states."""
    total = int(found["balance"].sum())
    held = ledger.balances(session, date.max).filter(pl.col("account") == ACCOUNT)["balance"]
    kept = -int(held.sum())
    off = total - kept or (0 if stated is None else total - stated)
    return {
        "partner_name": "合計", "items": int(found["items"].sum()), "balance": total, "left": int(found["left"].sum()),
        "ledger": kept, "stated": stated, "off": off,
    }  # fmt: skip


def amount(text: str | None) -> int | None:
    """The total as it is typed, in full width or with separators."""
    if text is None or not text.strip():
        return None
    read = pl.DataFrame({"total": [text]}).select(cells.amount(pl.col("total"))).item()
    if read is None:
        raise Refusal("bad-amount", f"「{text}」は金額ではありません。", "12,345,678 のように書いてください。")
    return int(read)
