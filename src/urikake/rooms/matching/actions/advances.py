"""Advances received (前受金): a receipt kept as one before there is an invoice, and their application to invoices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.parties.queries import codes
from urikake.rooms.receipts import actions as receipts_pen
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import actions as receivables_pen
from urikake.rooms.receivables import queries as receivables

from .. import queries
from ..models import AdvanceUse, Application
from .named import named_items, part_of, waiting_receipt
from .posting import Applied, nothing


@dataclass(frozen=True, slots=True)
class AdvanceApplied:
    """What came of applying an advance: its uses, the movements of the items, and the items."""

    uses: pl.DataFrame
    movements: pl.DataFrame
    items: pl.DataFrame


@action("matching.apply")
def prepay(
    session: Session, *, receipt: str, partner: str, amount: int | None = None, on: date | None = None
) -> Applied:
    """Keep what waits of a receipt, or ``amount`` of it, as an advance of the partner (前受金): there is no invoice yet.

    Dated on the receipt's day or ``on``. Undone like any application, as long as nothing of it was applied.
    """
    waiting = receipts.unapplied(session)
    row = waiting_receipt(session, receipt, waiting)
    found = codes(session).filter(pl.col("code") == partner)
    if found.is_empty():
        raise Refusal("no-partner", f"取引先「{partner}」はありません。", "取引先コードを確かめてください。")
    kept = row["unapplied"] if amount is None else amount
    if not 0 < kept <= row["unapplied"]:
        raise Refusal(
            "bad-amount", f"前受金にする額が {kept} 円です。", f"1〜{row['unapplied']} の整数で指定してください。"
        )
    day = _day(session, [row["received_on"]], on) if on else row["received_on"]
    periods.require_open(session, day)
    head = {
        "receipt_id": row["receipt_id"], "applied_on": day, "used": kept, "difference": kept, "difference_kind": "advance",
        "partner_id": found["partner_id"][0], "reverses_id": None, "by": "",
    }  # fmt: skip
    heads = pl.DataFrame([head], schema_overrides={"reverses_id": pl.Int64})
    receipts_pen.use(session, uses=heads.select("receipt_id", "used"), known=waiting)
    made = facts.record(session, Application, heads).rename({"id": "application_id"})
    return replace(nothing(session, {"advance": 1}), applications=made)


@action("matching.apply")
def apply_advance(session: Session, *, advance: str, targets: list[str], on: date | None = None) -> AdvanceApplied:
    """Apply what is left of an advance to items of its partner, named as `by_hand.apply` names them (充当).

    Dated ``on``, else on the first open day on which there are both. Where it does not reach, it pays a part of what is named,
    in order of the company's ``allocation``.
    """
    row = _open_advance(session, advance)
    named = named_items(session, targets)
    items = named
    if items.filter(pl.col("partner_id") != row["partner_id"]).height:
        raise Refusal(
            "other-partner",
            "ほかの取引先の債権は、この前受金では消し込めません。",
            "前受金の取引先の請求書を選んでください。",
        )
    if int(items["amount"].sum()) > row["left"]:
        asked = items.select("item_id", "partner_id", "due_on", posted_on="on", balance="amount")
        items = part_of(session, asked, row["left"])
    moved = items.filter(pl.col("amount") != 0)
    used = int(moved["amount"].sum())
    if used <= 0:
        raise Refusal("nothing-owed", "充てる債権の残高がありません。", "未回収の請求書を選んでください。")
    day = _day(session, [row["last_on"], *named["on"]], on)
    use = {
        "application_id": row["application_id"], "collected_id": row["collected_id"], "partner_id": row["partner_id"],
        "applied_on": day, "used": used, "reverses_id": None,
    }  # fmt: skip
    return _used(session, use, moved.select("item_id", moved=-pl.col("amount")), "advanced")


@action("matching.apply")
def unapply_advance(session: Session, *, use_id: int, on: date | None = None) -> AdvanceApplied:
    """Take the application of an advance back: it is open again, and so are the items; in a locked month, dated in the first open one."""
    found = queries.advance_uses(session, "id = ?", (use_id,))
    if found.is_empty() or found["reverses_id"][0] is not None:
        number = use_id - session.low
        raise Refusal("no-application", f"充当「{number}」はありません。", "report advances で番号を確かめてください。")
    if queries.advance_uses(session, "reverses_id = ?", (use_id,)).height:
        raise Refusal("reversed", "この充当はすでに取り消されています。", "report advances で確かめてください。")
    row = found.drop("use_id", "run_id").row(0, named=True)
    day = periods.open_date(session, max(on or row["applied_on"], row["applied_on"]))
    before = receivables.movements(session, "source_id = ? AND kind = 'advanced'", (use_id,))
    use = row | {"applied_on": day, "used": -row["used"], "reverses_id": use_id}
    return _used(session, use, before.select("item_id", moved=-pl.col("moved")), "unadvanced")


def _open_advance(session: Session, name: str) -> dict[str, Any]:
    """The advance of that name with something left of it; refused where there is none."""
    found = queries.advances(session).filter(pl.col("name") == name)
    if found.is_empty():
        raise Refusal(
            "no-advance-named", f"前受金「{name}」はありません。", "report advances で番号を確かめてください。"
        )
    if found["left"][0] <= 0:
        raise Refusal("advance-used", f"前受金「{name}」は残っていません。", "report advances で確かめてください。")
    return found.row(0, named=True)


def _day(session: Session, days: list[date], on: date | None) -> date:
    """The day of the application: the one that is asked for, not before any of the days; else the first open one after them."""
    if on is None:
        return periods.open_date(session, max(days))
    if on < max(days):
        raise Refusal(
            "too-early",
            f"充当日 {on:%Y-%m-%d} が、前受金の計上日か請求書の発行日より前です。",
            f"{max(days):%Y-%m-%d} 以後の日を指定してください。",
        )
    periods.require_open(session, on)
    return on


def _used(session: Session, use: dict[str, Any], moves: pl.DataFrame, kind: str) -> AdvanceApplied:
    """Record the use and move its items."""
    kinds = {"application_id": pl.Int64, "collected_id": pl.Int64, "reverses_id": pl.Int64}
    made = facts.record(session, AdvanceUse, pl.DataFrame([use], schema_overrides=kinds)).rename({"id": "use_id"})
    known = receivables.standing(session, moves["item_id"])
    moved = receivables_pen.move(
        session,
        moves=moves.with_columns(
            kind=pl.lit(kind), moved_on=pl.lit(use["applied_on"]), source_id=pl.lit(made["use_id"][0], dtype=pl.Int64)
        ),
        known=known,
    )
    return AdvanceApplied(made, moved, known)
