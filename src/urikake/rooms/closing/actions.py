"""The steps of a month, each one transaction: billing with issue, receipts, matching, recognition, lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from urikake.base import periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import dimensions, policies
from urikake.base.errors import Refusal
from urikake.base.progress import step
from urikake.rooms.billing import actions as billing
from urikake.rooms.billing import queries as charged
from urikake.rooms.catalog.queries import products
from urikake.rooms.collecting import actions as collecting
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.deposits import actions as deposits
from urikake.rooms.intake.queries import Sheet
from urikake.rooms.invoices import actions as invoices
from urikake.rooms.invoices import queries as papers
from urikake.rooms.ledger import actions as ledger
from urikake.rooms.matching import actions as matching
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts import actions as receipts
from urikake.rooms.receipts.queries import Brought
from urikake.rooms.receivables import actions as receivables
from urikake.rooms.receivables import queries as receivable_items
from urikake.rooms.revenue import actions as revenue
from urikake.rooms.revenue import queries as balances

from . import queries


@action("billing.run")
def bill(
    session: Session, *, closing_on: date, issue: bool, partners: Sequence[str] = (), groups: Sequence[str] = ()
) -> dict[str, Any]:
    """Bill a closing date and return its figures; with ``issue``, also number, issue and post, drafts included.

    With ``partners`` or management ``groups``, those payers alone; the rest is left to a later run of the closing. What
    belongs to partners that are held (保留) stays a draft; the figures tell how many those are (``held``). So does a bill below
    the minimum for an invoice (少額繰越, ``carried``), but not one that was asked for by its partner, or the last one.
    """
    step("請求明細を計算")
    _read_ahead(session)
    only = charged.chosen(session, partners, groups)
    before = balances.positions(session)
    drafts = billing.take_up(session, closing_on=closing_on, only=only) if issue else None
    charges = billing.charge(session, closing_on=closing_on, only=only)
    if drafts is None:
        return {**_drafted(session, charges, closing_on), **_held(session, closing_on, only)}
    every = pl.concat([drafts, _unheld(session, closing_on, charges.select(drafts.columns))])
    if every.height:
        _require_one_person(session)
    worth, small = _carried(session, closing_on, every) if only is None else (every, {})
    figures = _issue(session, closing_on, worth, before) if worth.height else {"invoices": 0, "total": 0}
    return {"charges": charges.height, **figures, **small, **_held(session, closing_on, only)}


@action("billing.run")
def bill_forward(session: Session, *, numbers: Sequence[str], on: date, until: date, issue: bool) -> dict[str, Any]:
    """Bill contracts' cycles that begin by ``until`` before their closings (前もっての請求); figures as of `bill`."""
    step("請求明細を計算")
    _read_ahead(session)
    before = balances.positions(session)
    charges = billing.charge_forward(session, numbers=numbers, on=on, until=until)
    if not issue:
        return _drafted(session, charges, on)
    _require_one_person(session)
    every = _unheld(session, on, charges.select(charged.waiting(session).columns)) if charges.height else charges
    figures = _issue(session, on, every, before) if every.height else {"invoices": 0, "total": 0}
    return {"charges": charges.height, **figures, **_held(session, on)}


def _drafted(session: Session, charges: pl.DataFrame, closing_on: date) -> dict[str, Any]:
    """The charges left as drafts, and their figures."""
    billing.leave(session, charges=charges)
    papers = invoices.documents(session, charges, closing_on) if charges.height else charges
    return {"charges": charges.height, "drafts": papers["document"].n_unique() if papers.height else 0}


def _require_one_person(session: Session) -> None:
    """Refuse to issue at once where another person has to approve it."""
    if policies(session).needs_second_person("invoices"):
        raise Refusal(
            "needs-approval", "請求書の発行には別の人の承認が必要です。", "--issue を付けずに締め、承認してください。"
        )


def _carried(session: Session, closing_on: date, every: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The charges of bills that are to be issued; the others are left for the partners' next closing, and counted."""
    least = charged.minimums(session)
    asked = every.join(least, on="partner_id", how="semi", maintain_order="left") if least.height else every.clear()
    if asked.is_empty():
        return every, {}
    papers = invoices.documents(session, asked, closing_on)
    sums = papers.group_by("partner_id").agg(total=(pl.col("net") + pl.col("tax_amount")).sum())
    below = sums.join(least, on="partner_id").filter((pl.col("total") > 0) & (pl.col("total") < pl.col("minimum")))
    small = charged.staying(session, closing_on, below["partner_id"])
    mine = pl.col("partner_id").is_in(small.implode())
    billing.carry(session, charges=every.filter(mine))
    return every.filter(~mine), {"carried": small.len()} if small.len() else {}


def _unheld(session: Session, closing_on: date, charges: pl.DataFrame) -> pl.DataFrame:
    """The charges that may be issued; those of partners that are held are left as drafts."""
    held = charged.held(session, closing_on)
    if held.is_empty():
        return charges
    mine = pl.col("partner_id").is_in(held["partner_id"].implode())
    billing.leave(session, charges=charges.filter(mine))
    return charges.filter(~mine)


def _held(session: Session, closing_on: date, only: pl.Series | None = None) -> dict[str, int]:
    """How many partners' drafts of the closing (of ``only`` those) are held back, where there are any."""
    if charged.held(session, closing_on).is_empty():
        return {}
    drafts = charged.drafts(session, closing_on)
    mine = drafts if only is None else drafts.filter(pl.col("partner_id").is_in(only.implode()))
    count = int(mine["held"].sum())
    return {"held": count} if count else {}


@action("invoices.approve")
def approve_invoices(session: Session, *, closing_on: date) -> dict[str, Any]:
    """Issue the drafts of a closing as they stand, as someone who made none of them; return their figures."""
    _read_ahead(session)
    before = balances.positions(session)
    drafts = billing.take_up(session, closing_on=closing_on)
    if drafts.is_empty():
        raise _nothing_to_approve(session, closing_on)
    makers = queries.makers(session, drafts["id"])
    if session.user in makers:
        raise Refusal(
            "own-work",
            f"{closing_on:%Y-%m-%d} 締めの下書きには {session.user} 自身が計算したものがあります。",
            "別の人が承認してください。",
        )
    worth, small = _carried(session, closing_on, drafts)
    figures = _issue(session, closing_on, worth, before) if worth.height else {"invoices": 0, "total": 0}
    return {**figures, **small, **_held(session, closing_on)}


def _nothing_to_approve(session: Session, closing_on: date) -> Refusal:
    """Why no draft of the closing can be approved: there is none, or all that there are, are held."""
    day, held = f"{closing_on:%Y-%m-%d}", _held(session, closing_on).get("held", 0)
    if held:
        return Refusal(
            "all-held", f"{day} 締めの下書きは、{held}件すべて保留されています。", "保留をやめてから承認してください。"
        )
    return Refusal(
        "not-waiting", f"{day} 締めに承認を待つ下書きはありません。", "締日を確かめるか、先に請求を計算してください。"
    )


@action("billing.run")
def hold_billing(
    session: Session, *, closing_on: date, partner: str, why: str = "", release: bool = False, to_next: bool = False
) -> dict[str, Any]:
    """Hold the partner's bill of a closing back from issue, ``release`` it, or leave it to the partner's next closing.

    Returns whether that is ``new``, and how many of the closing are ``held``.
    """
    do = billing.carry_on if to_next else billing.release if release else billing.hold
    new = do(session, partner=partner, closing_on=closing_on, why=why)
    return {"new": new, "held": _held(session, closing_on).get("held", 0)}


@action("invoices.cancel")
def cancel_invoice(
    session: Session, *, number: str, on: date | None = None, why: str, reissue: bool = False
) -> dict[str, Any]:
    """Take an issued document back by a return invoice, whole; with ``reissue``, bill its cycles anew as they now stand.

    Receivables, revenue and the ledger follow. Dated ``on``, else on the day of issue, in a closed month in the first open
    one. Returns the numbers of the return invoice and of the revised one.
    """
    original, old = _to_cancel(session, number, why)
    head = original.row(0, named=True)
    day = on or periods.open_date(session, head["issue_on"])
    if day < head["issue_on"]:
        raise Refusal(
            "too-early",
            f"取消日 {day:%Y-%m-%d} が、{number} の発行日 {head['issue_on']:%Y-%m-%d} より前です。",
            "発行日以後の日を指定してください。",
        )
    _read_ahead(session)
    before = balances.positions(session)
    corrects = invoices.Correcting(original, why)
    back = billing.reverse(session, charge_ids=old["charge_id"], on=day)
    issued = invoices.cancel(session, corrects=corrects, charges=back, on=day)
    items = receivables.raise_mirrored(session, issued=issued, original_id=head["invoice_id"])
    _post(session, issued, items, day, before)
    figures = {"returned": issued.invoices["number"][0], "total": int(issued.invoices["total"].sum()), "revised": []}
    return figures | (_reissued(session, corrects, back, day) if reissue else {})


def _to_cancel(session: Session, number: str, why: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The document to take back and its lines; refused where it cannot be."""
    found = papers.by_number(session, number)
    if found.is_empty():
        raise Refusal("no-invoice", f"請求書「{number}」はありません。", "請求書番号を確かめてください。")
    if not why.strip():
        raise Refusal("no-reason", "取り消す理由がありません。", "理由を書いてください。")
    if found["kind"][0] == "return":
        raise Refusal(
            "is-return",
            f"{number} は返還請求書です。返還請求書は取り消せません。",
            "もう一度請求するときは、次の締めで請求してください。",
        )
    done = papers.corrections(session).filter(
        (pl.col("original_id") == found["invoice_id"][0]) & (pl.col("kind") == "cancel")
    )
    if done.height:
        other = papers.invoices(session, "id = ?", (done["invoice_id"][0],))["number"][0]
        raise Refusal(
            "cancelled", f"{number} はすでに {other} で取り消されています。", "その返還請求書を見てください。"
        )
    return found, papers.lines(session, found)


def _reissued(session: Session, corrects: invoices.Correcting, back: pl.DataFrame, day: date) -> dict[str, Any]:
    """The cycles taken back billed anew for the same closing, as documents that replace the old one."""
    closing_on = corrects.original["closing_on"][0]
    before = balances.positions(session)
    charges = billing.charge_again(session, charges=back, closing_on=closing_on, on=day)
    if charges.is_empty():
        return {"revised": []}
    issued = invoices.issue(session, charges=charges, closing_on=closing_on, issue_on=day, replaces=corrects)
    _keep_rest(session, charges, issued)
    items = receivables.raise_items(session, issued=issued)
    _post(session, issued, items, day, before)
    return {"revised": issued.invoices["number"].to_list(), "total_revised": int(issued.invoices["total"].sum())}


def _read_ahead(session: Session) -> None:
    """Read the masters that the run will ask for, before its first write: later reads would have to wait for it."""
    for read in (products, parties.payers, contracts, dimensions, charged.holds):
        read(session)


def _issue(session: Session, closing_on: date, every: pl.DataFrame, before: pl.DataFrame) -> dict[str, Any]:
    step("請求書を発行")
    issued = invoices.issue(session, charges=every, closing_on=closing_on)
    _keep_rest(session, every, issued)
    step("債権明細を計上")
    items = receivables.raise_items(session, issued=issued)
    _post(session, issued, items, closing_on, before)
    total = int(issued.invoices["total"].sum())
    return {"invoices": issued.invoices.height, "total": total}


def _post(session: Session, issued: invoices.Issued, items: pl.DataFrame, on: date, before: pl.DataFrame) -> None:
    """Recognise and keep what the invoices issued ``on`` the day are, and post them with the items they raised."""
    step("収益を認識")
    moves = revenue.recognize_issued(session, issued=issued, closing_on=on)
    kept = deposits.keep(session, issued=issued)
    step("仕訳を計上")
    ledger.post_invoices(session, items=items, moves=moves, before=before, kept=kept)


def _keep_rest(session: Session, charges: pl.DataFrame, issued: invoices.Issued) -> None:
    """Charges of a bill that came to nothing wait on."""
    rest = charges.join(issued.lines.select(id="charge_id"), on="id", how="anti", maintain_order="left")
    billing.leave(session, charges=rest)


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
def apply(session: Session, *, receipt: str, targets: list[str], difference: str, on: date | None) -> dict[str, Any]:
    """Apply a receipt by hand and post it."""
    applied = matching.apply(session, receipt=receipt, targets=targets, difference=difference, on=on)
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
) -> dict[str, Any]:
    """Apply receipts to items by hand, all or nothing, and post it; ``seen`` is what the person saw unapplied of each."""
    applied = matching.apply_together(session, refs=refs, targets=targets, difference=difference, on=on, seen=seen)
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


@action("revenue.recognize")
def recognize(session: Session, *, month: date) -> dict[str, Any]:
    """Recognise up to the month and post it; return the revenue recognised."""
    before = balances.positions(session)
    step("収益を認識")
    moves = revenue.recognize(session, month=month)
    ledger.post_recognition(session, moves=moves, before=before)
    return {"rows": moves.height, "revenue": int(moves["revenue"].sum())}


@action("receivables.approve")
def approve_slips(session: Session, *, numbers: list[str]) -> dict[str, Any]:
    """Approve slips and post them."""
    slips = receivable_items.slips(session)
    items = receivables.approve_slips(session, numbers=numbers)
    ledger.post_slips(session, items=items, slips=slips)
    return {"approved": items.height, "amount": int(items["gross"].sum())}


@action("receivables.enter")
def enter(session: Session, *, sheet: Sheet, openings: bool) -> int:
    """Take slips or opening balances, post what needs no approval, and return how many are new."""
    first = session.next_id("receivables_item")
    take = receivables.import_openings if openings else receivables.import_slips
    count = take(session, sheet=sheet)
    items = receivable_items.items(session, "id >= ?", (first,))
    if items.height:
        ledger.post_slips(session, items=items, slips=receivable_items.slips(session))
    return count


@action("closing.close")
def lock(session: Session, *, month: date) -> dict[str, Any]:
    """Prove the month and lock it; refused with the list of what does not hold. A locked month stays as it is."""
    if month in periods.locked_months(session):
        return {"locked": True, "new": False}
    if not periods.is_open(session, month):
        periods.require_open(session, month)
    waiting = queries.waiting(session, month)
    if waiting:
        raise Refusal("not-finished", "締められません。" + "".join(waiting), "済ませてから、もう一度締めてください。")
    step("残高を照合")
    wrong = queries.ties(session, queries.since_last_lock(session))
    if wrong:
        raise Refusal("not-tied", "締められません。照合が合いません: " + "／".join(wrong), "原因を調べてください。")
    periods.change(session, month=month, locked=True)
    return {"locked": True, "new": True}


@action("closing.reopen")
def reopen(session: Session, *, month: date, why: str) -> dict[str, Any]:
    """Reopen a locked month with a reason; refused to the person who closed it."""
    if month not in periods.locked_months(session):
        raise Refusal("not-locked", f"{month:%Y年%-m月}は締められていません。", "月を確かめてください。")
    if not why.strip():
        raise Refusal("no-reason", "締めを解除する理由がありません。", "--why に理由を書いてください。")
    if policies(session).needs_second_person("reopen") and queries.closed_by(session, month) == session.user:
        raise Refusal(
            "own-work", f"{month:%Y年%-m月}は {session.user} 自身が締めました。", "別の人が解除してください。"
        )
    periods.change(session, month=month, locked=False, why=why)
    return {"locked": False}
