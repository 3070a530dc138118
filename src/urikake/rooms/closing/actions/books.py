"""Recognition, slips, and the lock of a month; each one transaction."""

from __future__ import annotations

from datetime import date
from typing import Any

from urikake.base import periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.base.progress import step
from urikake.rooms.intake.queries import Sheet
from urikake.rooms.ledger import actions as ledger
from urikake.rooms.receivables import actions as receivables
from urikake.rooms.receivables import queries as receivable_items
from urikake.rooms.revenue import actions as revenue
from urikake.rooms.revenue import queries as balances

from .. import queries


@action("revenue.recognize")
def recognize(session: Session, *, month: date) -> dict[str, Any]:
    """Recognise up to the month and post it; return the revenue recognised."""
    before = balances.positions(session)
    step("収益を認識")
    moves, interest = revenue.recognize(session, month=month)
    ledger.post_recognition(session, moves=moves, before=before, interest=interest)
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
