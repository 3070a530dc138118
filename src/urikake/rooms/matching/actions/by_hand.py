"""Applying a receipt by hand, and the reversal of an application."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import dimensions, policies
from urikake.base.errors import Refusal
from urikake.core import clearing
from urikake.rooms.receipts import actions as receipts_pen
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import actions as receivables_pen
from urikake.rooms.receivables import queries as receivables

from .. import queries
from ..models import Application
from .posting import Applied, post

DIFFERENCES: Final = ("fee", "discount", "write-off", "misc", "advance", "remain")


@action("matching.apply")
def apply(
    session: Session, *, receipt: str, targets: list[str], difference: str = "remain", on: date | None = None
) -> Applied:
    """Apply a receipt to items by hand; ``targets`` are ``INVOICE``, ``INVOICE/ORDER`` or a number, with ``=AMOUNT``.

    What is left over or missing becomes what ``difference`` says: ``fee``, ``discount``, ``write-off`` and ``misc``
    settle it, ``advance`` books what is over as 前受金, ``remain`` leaves it open.
    """
    row = _receipt(session, receipt)
    items = _targets(session, targets, row["unapplied"])
    total = int(items["amount"].sum())
    gap = row["unapplied"] - total
    pairs, used, gap, kind = _settled(session, items, row["unapplied"], gap, difference)
    day = on or row["received_on"]
    periods.require_open(session, day)
    head = pl.DataFrame(
        {
            "receipt_id": [row["receipt_id"]],
            "applied_on": [day],
            "used": [used],
            "difference": [gap],
            "difference_kind": [kind],
            "partner_id": [items["partner_id"][0]],
        }
    )
    pairs = pairs.with_columns(receipt_id=pl.lit(row["receipt_id"], dtype=pl.Int64))
    known = receivables.open_items(session)
    made, moved = post(session, head, pairs, receipts.unapplied(session), known)
    outcome = kind or ("exact" if used == row["unapplied"] and total <= used else "part")
    return Applied(made, moved, known, {outcome: 1})


def _receipt(session: Session, ref: str) -> dict[str, Any]:
    found = receipts.named(session, ref)
    left = receipts.unapplied(session).join(found.select("receipt_id"), on="receipt_id", how="semi")
    if found.is_empty():
        raise Refusal("no-receipt", f"入金「{ref}」はありません。", "取引番号か入金番号を確かめてください。")
    if left.height != 1:
        why = "すべて消込済みです" if left.is_empty() else "二つ以上あります"
        raise Refusal("receipt-used", f"入金「{ref}」は{why}。", "report receipts で確かめてください。")
    return left.row(0, named=True)


def _targets(session: Session, targets: list[str], unapplied: int) -> pl.DataFrame:
    """The named open items with the amount to settle of each, in the order named."""
    items = receivables.labels(session, receivables.open_items(session))
    orders = dimensions(session)
    items = items.join(orders, on="dimension_id", maintain_order="left")
    rows = [_target(session, items, text, unapplied) for text in targets]
    return pl.concat(rows)


def _target(session: Session, items: pl.DataFrame, text: str, unapplied: int) -> pl.DataFrame:
    name, _, amount = text.partition("=")
    document, _, order = name.partition("/")
    mine = items.filter(pl.col("number") == document)
    if order:
        mine = mine.filter(pl.col("order_no") == order)
    if mine.is_empty() and name.isdigit():
        mine = items.filter(pl.col("item_id") == session.low + int(name))
    if mine.is_empty():
        raise Refusal(
            "no-item", f"未回収の債権明細「{name}」はありません。", "請求書番号か明細番号を確かめてください。"
        )
    if not amount:
        return mine.select("item_id", "partner_id", "due_on", on="posted_on", amount="balance")
    if not amount.isdigit() or not 0 < int(amount) <= mine["balance"].sum():
        most = mine["balance"].sum()
        raise Refusal("bad-amount", f"「{text}」の金額が使えません。", f"1〜{most} の整数で指定してください。")
    return _part(session, mine, int(amount))


def _part(session: Session, mine: pl.DataFrame, amount: int) -> pl.DataFrame:
    """Part of a document's rows, allocated by the company's policy ``allocation``."""
    rows = mine.select("item_id", "partner_id", "due_on", on="posted_on", amount="balance")
    asked = rows.with_columns(receipt_id=pl.lit(0, dtype=pl.Int64), receipt_amount=pl.lit(amount, dtype=pl.Int64))
    shares = clearing.allocate(asked, policies(session)["allocation"])  # type: ignore[arg-type]
    return rows.drop("amount").join(shares.select("item_id", "amount"), on="item_id", maintain_order="left")


def _settled(
    session: Session, items: pl.DataFrame, unapplied: int, gap: int, difference: str
) -> tuple[pl.DataFrame, int, int, str]:
    """What is settled of each item, what is used of the receipt, and the difference with its kind."""
    whole = items.select("item_id", "amount")
    if gap == 0:
        return whole, unapplied, 0, ""
    if difference == "remain":
        return (
            (whole, unapplied - gap, 0, "")
            if gap > 0
            else (_part(session, _as_open(items), unapplied).select("item_id", "amount"), unapplied, 0, "")
        )
    if difference == "advance" and gap < 0:
        raise Refusal(
            "no-advance",
            "入金が明細より少ないため、前受金にする過入金がありません。",
            "--difference を選び直してください。",
        )
    if difference in {"fee", "discount", "write-off"} and gap > 0:
        raise Refusal(
            "over-paid",
            "入金が明細より多いため、この差額処理は使えません。",
            "advance か misc か remain を選んでください。",
        )
    return whole, unapplied, gap, difference


def _as_open(items: pl.DataFrame) -> pl.DataFrame:
    return items.select("item_id", "partner_id", "due_on", posted_on="on", balance="amount")


@action("matching.apply")
def unapply(session: Session, *, application_id: int, on: date | None = None) -> Applied:
    """Reverse an application: receipt and items are as before it; in a locked month, dated in the first open one."""
    found = queries.applications(session, "id = ?", (application_id,))
    if found.is_empty() or found["reverses_id"][0] is not None:
        raise Refusal(
            "no-application", f"消込「{application_id - session.low}」はありません。", "番号を確かめてください。"
        )
    if queries.applications(session, "reverses_id = ?", (application_id,)).height:
        raise Refusal("reversed", "この消込はすでに取り消されています。", "report receipts で確かめてください。")
    _require_unused(session, application_id)
    day = periods.open_date(session, on or found["applied_on"][0])
    rows = found.with_columns(pl.col("used", "difference") * -1, applied_on=pl.lit(day), reverses_id="application_id")
    made = facts.record(session, Application, rows).rename({"id": "application_id"})
    before = receivables.movements(session, "source_id = ? AND kind = 'applied'", (application_id,))
    moves = before.select(
        "item_id",
        kind=pl.lit("unapplied"),
        moved=-pl.col("moved"),
        moved_on=pl.lit(day),
        source_id=pl.lit(made["application_id"][0], dtype=pl.Int64),
    )
    items = receivables.standing(session, moves["item_id"])
    moved = receivables_pen.move(session, moves=moves, known=items) if moves.height else before
    receipts_pen.use(
        session, uses=made.select("receipt_id", "used"), known=receipts.standing(session, made["receipt_id"])
    )
    return Applied(made, moved, items, {"unapplied": 1})


def _require_unused(session: Session, application_id: int) -> None:
    """Refuse to take back an application of whose advance (前受金) something was applied."""
    used = int(queries.advance_uses(session, "application_id = ?", (application_id,))["used"].sum())
    if used:
        raise Refusal(
            "advance-applied",
            f"この消込で前受金にした額のうち {used:,} 円が請求書に充てられています。",
            "先に充当を取り消してください（report advances）。",
        )
