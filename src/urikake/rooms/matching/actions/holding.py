"""Receipts left alone for a reason (保留・対象外), and notes (メモ) for whoever matches next."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts import queries as receipts

from .. import queries
from ..models import Hold, Note
from .named import waiting_receipt

LONGEST: Final = 500


@action("matching.apply")
def hold(session: Session, *, receipt: str, why: str, aside: bool = False) -> int:
    """Hold the receipt back from matching (保留), or with ``aside`` take it for none to match (対象外); returns its number.

    Refused without a reason, where nothing of it is unapplied, and where somebody holds it already.
    """
    if not why.strip():
        raise Refusal("no-reason", "理由がありません。", "なぜ消し込まずにおくのか、理由を書いてください。")
    _require_short(why)
    row = waiting_receipt(session, receipt, receipts.unapplied(session))
    _record(session, row["receipt_id"], Hold.ASIDE if aside else Hold.HELD, why)
    return int(row["receipt_id"]) - session.low


@action("matching.apply")
def release(session: Session, *, receipt: str, why: str = "") -> int:
    """Hold the receipt back no longer, so that it waits again; returns its number."""
    _require_short(why)
    found = receipts.named(session, receipt)
    held = queries.held(session).join(found.select("receipt_id"), on="receipt_id", how="semi")
    if held.is_empty():
        raise Refusal("not-held", f"入金「{receipt}」は保留されていません。", "入金番号を確かめてください。")
    _record(session, held["receipt_id"][0], "", why)
    return int(held["receipt_id"][0]) - session.low


def _record(session: Session, receipt_id: int, state: str, why: str) -> None:
    facts.record(session, Hold, pl.DataFrame([{"receipt_id": receipt_id, "state": state, "why": why.strip()}]))


@action("matching.apply")
def note(session: Session, *, text: str, partner: str = "", receipt: str = "") -> bool:
    """Leave a note on a partner (by code) or on a receipt, an empty one to take it back; whether that is new."""
    _require_short(text)
    if bool(partner) == bool(receipt):
        raise Refusal("note-on-what", "メモの相手がありません。", "取引先か入金の、どちらか一つを指定してください。")
    row = _noted_partner(session, partner) if partner else _noted_receipt(session, receipt)
    known = queries.notes(session, partner_id=row["partner_id"], receipt_id=row["receipt_id"])
    if text.strip() == (known["text"] if known else ""):
        return False
    schema = {"partner_id": pl.Int64, "receipt_id": pl.Int64, "text": pl.String}
    facts.record(session, Note, pl.DataFrame([{**row, "text": text.strip()}], schema=schema))
    return True


def _noted_partner(session: Session, code: str) -> dict[str, int | None]:
    found = parties.codes(session).filter(pl.col("code") == code)
    if found.is_empty():
        raise Refusal("no-partner", f"取引先「{code}」はありません。", "取引先コードを確かめてください。")
    return {"partner_id": int(found["partner_id"][0]), "receipt_id": None}


def _noted_receipt(session: Session, ref: str) -> dict[str, int | None]:
    found = receipts.named(session, ref)
    if found.height != 1:
        raise Refusal("no-receipt", f"入金「{ref}」はありません。", "取引番号か入金番号を確かめてください。")
    return {"partner_id": None, "receipt_id": int(found["receipt_id"][0])}


def _require_short(text: str) -> None:
    if len(text.strip()) > LONGEST:
        raise Refusal("long-reason", f"{LONGEST}字を超えています。", "短く書いてください。")
