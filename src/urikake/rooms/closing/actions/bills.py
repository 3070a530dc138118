"""Billing with issue: drafts, approval, holds, forward billing, invoices taken back; each one transaction."""

from __future__ import annotations

from collections.abc import Sequence
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
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.deposits import actions as deposits
from urikake.rooms.invoices import actions as invoices
from urikake.rooms.invoices import queries as papers
from urikake.rooms.ledger import actions as ledger
from urikake.rooms.parties import queries as parties
from urikake.rooms.receivables import actions as receivables
from urikake.rooms.revenue import actions as revenue
from urikake.rooms.revenue import queries as balances

from .. import queries


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
