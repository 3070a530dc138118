"""Money in and what it pays: collectors' results, receipts, matching, advances; each one transaction with its entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.progress import step
from urikake.rooms.collecting import actions as collecting
from urikake.rooms.intake.queries import Sheet
from urikake.rooms.ledger import actions as ledger
from urikake.rooms.matching import actions as matching
from urikake.rooms.receipts import actions as receipts
from urikake.rooms.receipts.queries import Brought

from . import write_offs


@action("collecting.settle")
def take_debit_result(
    session: Session, *, file: bytes, fee: int = 0, payout_on: date | None = None, lenient: bool = False
) -> dict[str, Any]:
    """Take a result file of direct debits and post what was paid; return the counts and sums of what was told."""
    step("結果を確かめる")
    collected = collecting.take_result(session, file=file, fee=fee, payout_on=payout_on, lenient=lenient)
    if collected is None:
        return {"debits": 0, "paid": 0, "amount": 0}
    step("仕訳を計上")
    paid = collected.results.filter(pl.col("told") == 0)
    failed = collected.results.filter(pl.col("told") != 0)
    return {
        "debits": collected.results.height,
        "paid": paid.height,
        "amount": int(paid["amount"].sum()),
        "unpaid": failed.height,
        "unpaid_amount": int(failed["amount"].sum()),
        "stopped": collected.stopped,
        **_collected(session, collected),
    }


@action("collecting.settle")
def take_settlement(session: Session, *, sheet: Sheet, collector: str) -> dict[str, Any]:
    """Take a settlement file of cards or cash on delivery and post it; return what was new."""
    step("明細を確かめる")
    collected = collecting.take_settlement(session, sheet=sheet, collector=collector)
    step("仕訳を計上")
    amount = int(collected.collections["amount"].sum())
    return {"lines": sheet.frame.height, "amount": amount, **_collected(session, collected)}


def _collected(session: Session, collected: collecting.Collected) -> dict[str, int]:
    """Post what was collected; the fee, what the collectors owe, and what customers paid beyond what they owed."""
    if collected.collections.height:
        ledger.post_collections(session, collected=collected)
    fee, beyond = int(collected.collections["fee"].sum()), int(collected.advances["amount"].sum())
    owed = int(collected.collections["amount"].sum()) - fee
    return {"fee": fee, "owed": owed, **({"overpaid": beyond} if beyond else {})}


@action("receipts.import")
def receive(session: Session, *, sheet: Sheet, account: str) -> dict[str, Any]:
    """Take bank records and post them to suspense; return how many were new and their sum."""
    step("入金を登録")
    made = receipts.import_receipts(session, sheet=sheet, account=account)
    step("仕訳を計上")
    ledger.post_receipts(session, receipts=made, account=account)
    return {"receipts": made.height, "amount": int(made["amount"].sum())}


@action("receipts.import")
def receive_bank_file(session: Session, *, brought: Brought, account: str) -> dict[str, Any]:
    """Take a bank's file and post its receipts to suspense; return what was new, and what else the file told."""
    step("入金を登録")
    taken = receipts.import_bank_file(session, brought=brought, account=account)
    step("仕訳を計上")
    made = taken.receipts
    ledger.post_receipts(session, receipts=made, account=account)
    return {
        "receipts": made.filter(pl.col("amount") > 0).height,
        "amount": int(made["amount"].sum()),
        "cancelled": made.filter(pl.col("amount") < 0).height,
        "corrected": taken.corrected,
        "known": taken.known,
        "out": taken.out,
        "others": taken.others,
        "gaps": taken.gaps,
    }


@action("matching.apply")
def match(session: Session, *, on: date | None = None) -> dict[str, Any]:
    """Run automatic matching and post it; return the counts by outcome."""
    step("入金と債権を照合")
    applied = matching.match(session, on=on)
    step("仕訳を計上")
    return _posted(session, applied)


@action("matching.apply")
def apply(
    session: Session, *, receipt: str, targets: list[str], difference: str, on: date | None, learning: bool = True
) -> dict[str, Any]:
    """Apply a receipt by hand and post it; what gives up more than a fee waits for a second person (``proposal``)."""
    plan = matching.planned(session, refs=[receipt], targets=targets, difference=difference, on=on, seen=None)
    if write_offs.waits(session, difference, plan.short):
        return write_offs.ask_write_off(session, plan=plan, refs=[receipt], named=targets, on=on, learning=learning)
    applied = matching.apply(session, receipt=receipt, targets=targets, difference=difference, on=on, learning=learning)
    return _posted(session, applied)


@action("receipts.import")
def take_back(session: Session, *, receipt: str, on: date) -> dict[str, Any]:
    """Take back a receipt that the bank returned to its payer (組戻) and post it: Dr 仮受金 / Cr 預金."""
    made = receipts.take_back(session, receipt=receipt, on=on)
    codes = session.table("base_bank_account", "id, code").filter(pl.col("id") == made["bank_account_id"][0])
    ledger.post_receipts(session, receipts=made, account=str(codes["code"][-1]))
    return {"receipt": int(made["receipt_id"][0]) - session.low, "amount": int(made["amount"][0])}


@action("matching.apply")
def apply_together(
    session: Session,
    *,
    refs: Sequence[str],
    targets: list[str],
    difference: str,
    on: date | None,
    seen: Mapping[str, int] | None = None,
    learning: bool = True,
) -> dict[str, Any]:
    """Apply receipts to items by hand, all or nothing, and post it; ``seen`` is what the person saw unapplied of each.

    What gives up more than a fee may be waits for a second person (``proposal``).
    """
    plan = matching.planned(session, refs=refs, targets=targets, difference=difference, on=on, seen=seen)
    if write_offs.waits(session, difference, plan.short):
        return write_offs.ask_write_off(session, plan=plan, refs=refs, named=targets, on=on, learning=learning) | {
            "applications": []
        }
    applied = matching.apply_together(
        session, refs=refs, targets=targets, difference=difference, on=on, seen=seen, learning=learning
    )
    return _posted(session, applied) | _numbers(session, applied)


@action("matching.apply")
def confirm(session: Session, *, seen: Sequence[matching.Seen], on: date) -> dict[str, Any]:
    """Apply the proposals that are still as they were seen and post them; the others are told with the reason."""
    step("見ていた候補と照合")
    confirmed = matching.confirm(session, seen=seen, on=on)
    step("仕訳を計上")
    figures = _posted(session, confirmed.applied) | _numbers(session, confirmed.applied)
    refused = [{"receipt": number, "why": why} for number, why in confirmed.refused.items()]
    return figures | {"refused": refused}


def _numbers(session: Session, applied: matching.Applied) -> dict[str, list[int]]:
    """The numbers of the applications, by which they can be taken back."""
    return {"applications": [id_ - session.low for id_ in applied.applications["application_id"]]}


@action("matching.apply")
def unapply(session: Session, *, application_id: int, on: date | None) -> dict[str, Any]:
    """Reverse an application and post the reversal."""
    return _posted(session, matching.unapply(session, application_id=application_id, on=on))


@action("matching.apply")
def unapply_together(session: Session, *, application_ids: Sequence[int], on: date | None) -> dict[str, Any]:
    """Reverse applications, all or nothing, and post the reversals."""
    return _posted(session, matching.unapply_together(session, application_ids=application_ids, on=on))


@action("matching.apply")
def prepay(
    session: Session, *, receipt: str, partner: str, amount: int | None = None, on: date | None = None
) -> dict[str, Any]:
    """Keep a receipt, or a part of it, as an advance of the partner (前受金) and post it."""
    return _posted(session, matching.prepay(session, receipt=receipt, partner=partner, amount=amount, on=on))


@action("matching.apply")
def apply_advance(session: Session, *, advance: str, targets: list[str], on: date | None = None) -> dict[str, Any]:
    """Apply an advance to its partner's items and post it; return the number of the application and its amount."""
    return _advanced(session, matching.apply_advance(session, advance=advance, targets=targets, on=on))


@action("matching.apply")
def unapply_advance(session: Session, *, use_id: int, on: date | None = None) -> dict[str, Any]:
    """Take the application of an advance back and post the reversal."""
    return _advanced(session, matching.unapply_advance(session, use_id=use_id, on=on))


def _advanced(session: Session, applied: matching.AdvanceApplied) -> dict[str, Any]:
    ledger.post_advance_uses(session, applied=applied)
    return {"use": int(applied.uses["use_id"][0]) - session.low, "amount": int(applied.uses["used"][0])}


def _posted(session: Session, applied: matching.Applied) -> dict[str, Any]:
    if applied.applications.height:
        ledger.post_applications(session, applied=applied)
    sums = applied.applications.select(pl.col("used").sum()).item()
    return {"applied": applied.applications.height, "amount": int(sums), "outcomes": applied.outcomes}
