"""The reversal of applications: receipts and items are as before them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.receipts import actions as receipts_pen
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import actions as receivables_pen
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.refunds import queries as refunds

from .. import queries
from ..models import Application
from .learning import unlearn
from .posting import Applied


@action("matching.apply")
def unapply(session: Session, *, application_id: int, on: date | None = None) -> Applied:
    """Reverse an application: receipt and items are as before it; in a locked month, dated in the first open one."""
    return unapply_together(session, application_ids=[application_id], on=on)


@action("matching.apply")
def unapply_together(session: Session, *, application_ids: Sequence[int], on: date | None = None) -> Applied:
    """Reverse applications, all or nothing; each dated as the one it reverses, in a locked month in the first open one."""
    found = _standing(session, application_ids)
    _require_unused(session, found["application_id"])
    days = {day: periods.open_date(session, max(on or day, day)) for day in found["applied_on"].unique()}
    rows = found.with_columns(
        pl.col("used", "difference") * -1,
        applied_on=pl.col("applied_on").replace_strict(days, return_dtype=pl.Date),
        reverses_id="application_id",
    )
    made = facts.record(session, Application, rows).rename({"id": "application_id"})
    moves = _mirrored(session, made)
    items = receivables.standing(session, moves["item_id"])
    moved = receivables_pen.move(session, moves=moves, known=items) if moves.height else moves
    receipts_pen.use(
        session, uses=made.select("receipt_id", "used"), known=receipts.standing(session, made["receipt_id"])
    )
    unlearn(session, application_ids=found["application_id"])
    return Applied(made, moved, items, {"unapplied": made.height})


def _standing(session: Session, wanted: Sequence[int]) -> pl.DataFrame:
    """The applications by id; refused where one is not there, or was reversed before."""
    ids = sorted(set(wanted))
    marks = ", ".join("?" * len(ids))
    found = queries.applications(session, f"id IN ({marks}) AND reverses_id IS NULL", tuple(ids))
    missing = set(ids) - set(found["application_id"])
    if missing or not ids:
        named = min(missing, default=session.low) - session.low
        raise Refusal("no-application", f"消込「{named}」はありません。", "番号を確かめてください。")
    gone = queries.applications(session, f"reverses_id IN ({marks})", tuple(ids))
    if gone.height:
        text = "この消込はすでに取り消されています。"
        if len(ids) > 1:
            text = f"{len(ids)}件のうち {gone.height}件の消込は、すでに取り消されています。"
        raise Refusal("reversed", text, "report receipts で確かめてください。")
    return found


def _require_unused(session: Session, application_ids: pl.Series) -> None:
    """Refuse to take back applications of whose advances (前受金) something was applied or paid back."""
    marks, ids = ", ".join("?" * application_ids.len()), tuple(application_ids)
    used = int(queries.advance_uses(session, f"application_id IN ({marks})", ids)["used"].sum())
    if used:
        raise Refusal(
            "advance-applied",
            f"この消込で前受金にした額のうち {used:,} 円が請求書に充てられています。",
            "先に充当を取り消してください（report advances）。",
        )
    refunded = int(refunds.parts(session, f"application_id IN ({marks})", ids)["amount"].sum())
    if refunded:
        raise Refusal(
            "advance-refunded",
            f"この消込で前受金にした額のうち {refunded:,} 円を返金しています。",
            "返金が銀行から戻ったときは、先に返金を取り消してください（report refunds）。",
        )


def _mirrored(session: Session, made: pl.DataFrame) -> pl.DataFrame:
    """The movements of the reversed applications the other way round."""
    marks = ", ".join("?" * made.height)
    before = receivables.movements(session, f"source_id IN ({marks}) AND kind = 'applied'", tuple(made["reverses_id"]))
    own = made.select("application_id", "applied_on", source_id="reverses_id")
    return before.join(own, on="source_id", maintain_order="left").select(
        "item_id",
        kind=pl.lit("unapplied"),
        moved=-pl.col("moved"),
        moved_on="applied_on",
        source_id="application_id",
    )
