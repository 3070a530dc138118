"""The steps of a month as runs: each one transaction, with its record, that may be killed and simply run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from urikake.base import access, periods, runs
from urikake.base.errors import Refusal
from urikake.base.progress import STEPS, within
from urikake.rooms.closing import actions, queries
from urikake.rooms.matching import actions as matching
from urikake.rooms.matching.actions import Seen

CLOSE: Final = "closing.close"
HOLD: Final = "hold-billing"
TAKE_BACK: Final = "take back receipt"
HOLD_RECEIPT: Final = "hold-receipt"
NOTE: Final = "note"
TOLD: Final = ("applied", "amount", "outcomes")
"""What the record of a run tells of matching; the numbers of what was made are in the books."""
SUBJECT: Final = 120  # characters of what a run is about; of very many partners the first are named


def bill(
    url: str,
    closing_on: date,
    *,
    issue: bool,
    partners: Sequence[str] = (),
    groups: Sequence[str] = (),
    user: str = "system",
    preview: bool = False,
    permission: str = "billing.run",
) -> dict[str, Any]:
    """Bill one closing date; with ``issue``, issue and post too. With ``partners`` or ``groups``, those payers alone."""
    subject = " ".join([closing_on.isoformat(), *partners, *groups])[:SUBJECT]
    with runs.run(url, "bill", subject=subject, permission=permission, user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= actions.bill(session, closing_on=closing_on, issue=issue, partners=partners, groups=groups)
        queries.note_idle(session, "bill", subject)
    return outcome.figures


def bill_forward(
    url: str,
    numbers: Sequence[str],
    on: date,
    until: date,
    *,
    issue: bool,
    user: str = "system",
    preview: bool = False,
) -> dict[str, Any]:
    """Bill the contracts' cycles that begin by ``until`` on a day before their closings; with ``issue``, issue and post too."""
    subject = " ".join([on.isoformat(), f"→{until.isoformat()}", *numbers])[:SUBJECT]
    with runs.run(url, "bill", subject=subject, permission="billing.run", user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= actions.bill_forward(session, numbers=numbers, on=on, until=until, issue=issue)
    return outcome.figures


def hold_billing(
    url: str,
    closing_on: date,
    *,
    partner: str,
    why: str = "",
    release: bool = False,
    to_next: bool = False,
    user: str = "system",
    preview: bool = False,
) -> dict[str, Any]:
    """Hold a partner's bill of a closing back from issue, release it, or leave it to the partner's next closing."""
    subject = f"{closing_on.isoformat()} {partner}"
    with runs.run(url, HOLD, subject=subject, permission="billing.run", user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= actions.hold_billing(
            session, closing_on=closing_on, partner=partner, why=why, release=release, to_next=to_next
        )
    return outcome.figures


def match(
    url: str,
    *,
    on: date | None = None,
    user: str = "system",
    preview: bool = False,
    permission: str = "matching.apply",
) -> dict[str, Any]:
    """Match all unapplied receipts by themselves."""
    subject = on.isoformat() if on else ""
    with runs.run(url, "match", subject=subject, permission=permission, user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= actions.match(session, on=on)
    return outcome.figures


def apply(
    url: str,
    receipt: str,
    targets: list[str],
    *,
    difference: str,
    on: date | None,
    learning: bool = True,
    user: str = "system",
) -> dict[str, Any]:
    """Apply a receipt to items by hand; with ``learning`` the payer's name is learned."""
    _require_kind(difference)
    with runs.run(url, "apply", subject=receipt, permission="matching.apply", user=user) as (session, outcome):
        outcome.figures |= actions.apply(
            session, receipt=receipt, targets=targets, difference=difference, on=on, learning=learning
        )
    return outcome.figures


def apply_together(
    url: str,
    refs: Sequence[str],
    targets: list[str],
    *,
    difference: str,
    on: date | None,
    seen: Mapping[str, int] | None = None,
    learning: bool = True,
    user: str = "system",
    preview: bool = False,
) -> dict[str, Any]:
    """Apply receipts to items by hand, all or nothing."""
    _require_kind(difference)
    subject = " ".join(refs)[:SUBJECT]
    with runs.run(url, "apply", subject=subject, permission="matching.apply", user=user, preview=preview) as (
        session,
        outcome,
    ):
        figures = actions.apply_together(
            session, refs=refs, targets=targets, difference=difference, on=on, seen=seen, learning=learning
        )
        outcome.figures |= {name: figures[name] for name in (*TOLD, "proposal") if name in figures}
    return figures


def _require_kind(difference: str) -> None:
    kinds = matching.DIFFERENCES
    if difference not in kinds:
        raise Refusal(
            "bad-difference", f"--difference が「{difference}」です。", f"{'・'.join(kinds)} から選んでください。"
        )


def confirm(url: str, seen: Sequence[Seen], *, on: date, user: str = "system") -> dict[str, Any]:
    """Apply the proposals that are still as they were seen, in one transaction; the others are told with the reason."""
    with runs.run(url, "confirm", subject=f"{len(seen)}件", permission="matching.apply", user=user) as (
        session,
        outcome,
    ):
        figures = actions.confirm(session, seen=seen, on=on)
        outcome.figures |= {**{name: figures[name] for name in TOLD}, "left": len(figures["refused"])}
    return figures


def take_back(url: str, receipt: str, on: date, *, why: str = "", user: str = "system") -> dict[str, Any]:
    """Take back a receipt that the bank returned to its payer (組戻)."""
    subject = f"{receipt} {why}".strip()[:SUBJECT]
    with runs.run(url, TAKE_BACK, subject=subject, permission="receipts.import", user=user) as (session, outcome):
        outcome.figures |= actions.take_back(session, receipt=receipt, on=on)
    return outcome.figures


def unapply(url: str, application: int, *, on: date | None, user: str = "system") -> dict[str, Any]:
    """Reverse an application."""
    with runs.run(url, "unapply", subject=str(application), permission="matching.apply", user=user) as (
        session,
        outcome,
    ):
        outcome.figures |= actions.unapply(session, application_id=session.low + application, on=on)
    return outcome.figures


def unapply_together(url: str, applications: Sequence[int], *, user: str = "system") -> dict[str, Any]:
    """Reverse applications, all or nothing."""
    subject = " ".join(map(str, applications))[:SUBJECT]
    with runs.run(url, "unapply", subject=subject, permission="matching.apply", user=user) as (session, outcome):
        ids = [session.low + number for number in applications]
        outcome.figures |= actions.unapply_together(session, application_ids=ids, on=None)
    return outcome.figures


def hold_receipt(
    url: str, receipt: str, *, why: str = "", aside: bool = False, release: bool = False, user: str = "system"
) -> dict[str, Any]:
    """Hold a receipt back from matching, set it aside as none to match, or release it; returns its number."""
    with runs.run(url, HOLD_RECEIPT, subject=receipt[:SUBJECT], permission="matching.apply", user=user) as (
        session,
        outcome,
    ):
        if release:
            number = matching.release(session, receipt=receipt, why=why)
        else:
            number = matching.hold(session, receipt=receipt, why=why, aside=aside)
        outcome.figures |= {"receipt": number}
    return outcome.figures


def note(url: str, text: str, *, partner: str = "", receipt: str = "", user: str = "system") -> dict[str, Any]:
    """Leave a note on a partner or a receipt for whoever matches next; an empty one takes it back."""
    with runs.run(url, NOTE, subject=(partner or receipt)[:SUBJECT], permission="matching.apply", user=user) as (
        session,
        outcome,
    ):
        outcome.figures |= {"new": matching.note(session, text=text, partner=partner, receipt=receipt)}
    return outcome.figures


def recognize(url: str, month: str, *, user: str = "system", permission: str = "revenue.recognize") -> dict[str, Any]:
    """Recognise revenue up to a month."""
    with runs.run(url, "recognize", subject=month, permission=permission, user=user) as (session, outcome):
        outcome.figures |= actions.recognize(session, month=periods.first_day(month))
        queries.note_idle(session, "recognize", month)
    return outcome.figures


def close(
    url: str, month: str, *, user: str = "system", planned: Callable[[int], None] = lambda steps: None
) -> dict[str, Any]:
    """Close a month: bill what is due at its closing days, match, recognise, prove, lock; each step its own run.

    ``planned`` is told of how many steps it will be before the first of them.
    """
    first = periods.first_day(month)
    with runs.reading(url, user) as session:
        access.allow(session, CLOSE)
        if first in periods.locked_months(session):
            return {"locked": True, "new": False}
        queries.require_in_order(session, first)
        days = queries.closing_dates(session, first)
        drafted = set(queries.drafted(session))
        days = [day for day in days if day in drafted or queries.stale(session, "bill", day.isoformat())]
        pending = bool(days) or queries.stale(session, "recognize", month)
        receipts = queries.matchable(session)
    planned(len(days) * STEPS["bill"] + receipts * STEPS["match"] + pending * STEPS["recognize"] + STEPS["close"])
    for closing_on in days:
        with within(f"{closing_on:%-m/%-d} 締めの請求"):
            bill(url, closing_on, issue=True, user=user, permission=CLOSE)
    if receipts:
        with within("入金の消込"):
            match(url, on=periods.last_day(first), user=user, permission=CLOSE)
    if pending:
        with within("収益の認識"):
            recognize(url, month, user=user, permission=CLOSE)
    with (
        within("突合と鍵"),
        runs.run(url, "close", subject=month, permission=CLOSE, user=user) as (session, outcome),
    ):
        outcome.figures |= actions.lock(session, month=first)
    return outcome.figures


def reopen(url: str, month: str, *, why: str, user: str = "system") -> dict[str, Any]:
    """Reopen a locked month, or ask for it where a second person must agree (``proposal``)."""
    with runs.run(url, "reopen", subject=month, permission="closing.reopen", user=user) as (session, outcome):
        outcome.figures |= actions.reopen(session, month=periods.first_day(month), why=why)
    return outcome.figures


def cancel_invoice(
    url: str,
    number: str,
    *,
    why: str,
    on: date | None = None,
    reissue: bool = False,
    user: str = "system",
    preview: bool = False,
) -> dict[str, Any]:
    """Take an issued invoice back whole; with ``reissue``, issue a revised one in its place."""
    with runs.run(url, "cancel-invoice", subject=number, permission="invoices.cancel", user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= actions.cancel_invoice(session, number=number, why=why, on=on, reissue=reissue)
    return outcome.figures


def approve(url: str, kind: str, refs: list[str], *, user: str) -> dict[str, Any]:
    """Approve what waits for a second person: slips by their numbers, drafts of invoices by their closing days."""
    if kind == "invoices":
        return approve_invoices(url, [_day(ref) for ref in refs], user=user)
    if kind != "receivables":
        raise Refusal(
            "unknown-kind", f"承認できない種類「{kind}」です。", "receivables か invoices を指定してください。"
        )
    with runs.run(url, "approve", subject=kind, permission="receivables.approve", user=user) as (session, outcome):
        outcome.figures |= actions.approve_slips(session, numbers=refs)
    return outcome.figures


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(
            "bad-date", f"締日「{text}」は日付ではありません。", "2026-04-30 の形で指定してください。"
        ) from None


def approve_invoices(url: str, closings: list[date], *, user: str) -> dict[str, Any]:
    """Issue the drafts of the closings, each its own run, as someone who did not make them."""
    figures: dict[str, Any] = {"invoices": 0, "total": 0}
    for closing_on in closings:
        subject = closing_on.isoformat()
        with runs.run(url, "bill", subject=subject, permission="invoices.approve", user=user) as (session, outcome):
            outcome.figures |= actions.approve_invoices(session, closing_on=closing_on)
        figures |= {name: figures.get(name, 0) + count for name, count in outcome.figures.items()}
    return figures
