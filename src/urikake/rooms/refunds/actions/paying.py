"""Refunds: recorded with what they are of, and taken back where the money did not go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts, periods
from urikake.base.bulk import Session
from urikake.base.errors import Refusal

from .. import queries
from ..models import Part, Refund

LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Refunded:
    """What came of paying back: the refund (one row), its parts of advances, the movements of items, and the items."""

    refunds: pl.DataFrame
    parts: pl.DataFrame
    movements: pl.DataFrame
    items: pl.DataFrame


def pay_back(
    session: Session,
    *,
    partner_id: int,
    payee_id: int,
    bank_account_id: int,
    on: date,
    why: str,
    amount: int,
    parts: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Record a refund with its parts of advances (``application_id, collected_id, amount``); both as they were recorded."""
    row = {
        "partner_id": partner_id, "payee_id": payee_id, "bank_account_id": bank_account_id, "pay_on": on, "amount": amount,
        "why": why, "reverses_id": None,
    }  # fmt: skip
    return _recorded(session, pl.DataFrame([row], schema_overrides={"reverses_id": pl.Int64}), parts)


def take_refund_back(
    session: Session, *, refund_id: int, why: str, on: date | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Record that a refund was not paid; the reversal and its parts. Dated ``on``, else its day, in an open month."""
    number = refund_id - session.low
    if not why.strip() or len(why.strip()) > LONGEST:
        raise Refusal("no-reason", "返金を取り消す理由がないか、長すぎます。", f"{LONGEST}字までで書いてください。")
    found = queries.refunds(session, "id = ?", (refund_id,))
    if found.is_empty() or found["reverses_id"][0] is not None:
        raise Refusal("no-refund", f"返金「{number}」はありません。", "report refunds で番号を確かめてください。")
    if queries.refunds(session, "reverses_id = ?", (refund_id,)).height:
        raise Refusal(
            "reversed", f"返金「{number}」はすでに取り消されています。", "report refunds で確かめてください。"
        )
    row = found.drop("refund_id", "run_id").row(0, named=True)
    day = periods.open_date(session, max(on or row["pay_on"], row["pay_on"]))
    back = row | {"pay_on": day, "amount": -row["amount"], "why": why.strip(), "reverses_id": refund_id}
    parts = queries.parts(session, "refund_id = ?", (refund_id,))
    return _recorded(session, pl.DataFrame([back]), parts.with_columns(amount=-pl.col("amount")))


def _recorded(session: Session, refund: pl.DataFrame, parts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    made = facts.record(session, Refund, refund).rename({"id": "refund_id"})
    owned = parts.with_columns(refund_id=pl.lit(made["refund_id"][0], dtype=pl.Int64))
    return made, facts.record(session, Part, owned) if owned.height else queries.parts(session, "1 = 0")
