"""根拠: any amount of the books as a tree of reasons, recomputed by the kernels, with its causes and effects.

References, as pages link to them. None needs a slash or a number sign; numbers are those that the screens show.

| reference | amount |
| --- | --- |
| ``INV-2026-00001`` (``RET-…``) · ``INV-2026-00001:3`` · ``INV-2026-00001:standard`` | an invoice · its third line · its tax |
| ``contract:NO`` · ``line:NO:2`` | all that a contract was charged · the price in force of its second line |
| ``charge-7`` · ``schedule-7`` | a charge · the revenue schedule of that charge |
| ``item-7`` · ``receipt-7`` · ``application-7`` | what is open of a receivable · what waits of a receipt · what was applied |
| ``collection-7`` | what a collector collected of our customers at once, less its fee |
| ``slip:NO`` · ``opening:NO`` | a slip entered by hand · an opening balance |
| ``advance-7`` · ``advances:PARTNER`` | what was applied of an advance received · what a partner has left of all |
| ``refund-7`` | what was paid back to a customer at once |
| ``entry-7`` · ``entry-7:2`` | a journal entry · its second line |
| ``revenue:NO:2026-05`` | the revenue of a contract's month |
| ``interest:NO:2026-05`` | the interest of a contract's month |
| ``deposit:NO`` | the deposits held of a contract |
| ``balance:PARTNER:2026-05-31`` · ``account:売掛金:2026-05-31`` | what a partner owes · an account's balance, on a day |

People may also write ``INV-2026-00001#3``, ``INV-2026-00001/tax/standard``, ``INV-2026-00001/ORDER`` (its item), ``entry-7#2``,
``slip-NO``, ``revenue/NO/2026-05``, ``balance/PARTNER/DAY``, ``account/NAME/DAY``, and the bare number of a contract
(``NO``, ``NO#2``), of a slip, or the bank's own id of a receipt, in this order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import dimensions
from urikake.base.errors import Refusal
from urikake.rooms.receipts.queries import named

from . import (
    advances,
    balances,
    books,
    charges,
    collections,
    contracts,
    deposits,
    interest,
    papers,
    payments,
    refunds,
    revenue,
)
from .made import Cause, Explanation, Recorded, Step

Found = Explanation | None
Explainer = Callable[[Session, re.Match[str], date | None], Found]
PAPER: Final = r"((?:INV|RET|REV)-\d{4}-\d{1,15})"
CLASS: Final = "(standard|reduced|exempt|out_of_scope|export)"
DAY: Final = r"(\d{4}-\d{2}-\d{2})"
FORMS: Final[tuple[tuple[str, Explainer], ...]] = (
    (PAPER, lambda s, m, on: papers.paper(s, m[1], on)),
    (PAPER + r"[:#](\d{1,9})", lambda s, m, on: papers.line(s, m[1], int(m[2]), on)),
    (PAPER + rf"(?::|/tax/){CLASS}", lambda s, m, on: papers.tax_of(s, m[1], m[2], on)),
    (PAPER + "/(.+)", lambda s, m, on: _by_order(s, m[1], m[2], on)),
    (r"charge-(\d+)", lambda s, m, on: charges.charge(s, m[1], on)),
    (r"schedule-(\d+)", lambda s, m, on: revenue.plan(s, m[1], on)),
    (r"item-(\d+)", lambda s, m, on: payments.item(s, m[1], on)),
    (r"receipt-(\d+)", lambda s, m, on: payments.receipt(s, m[1], on)),
    (r"application-(\d+)", lambda s, m, on: payments.application(s, m[1], on)),
    (r"collection-(\d+)", lambda s, m, on: collections.collection(s, m[1], on)),
    (r"advance-(\d+)", lambda s, m, on: advances.use(s, m[1], on)),
    (r"advances[:/](.+)", lambda s, m, on: advances.left(s, m[1], on)),
    (r"refund-(\d+)", lambda s, m, on: refunds.refund(s, m[1], on)),
    (r"entry-(\d+)", lambda s, m, on: books.entry(s, m[1], on)),
    (r"entry-(\d+)[:#](\d{1,9})", lambda s, m, on: books.line(s, m[1], int(m[2]), on)),
    (r"slip[:-](.+)", lambda s, m, on: payments.slip(s, m[1], on)),
    (r"opening[:-](.+)", lambda s, m, on: payments.slip(s, m[1], on, opening=True)),
    (r"contract:(.+)", lambda s, m, on: contracts.contract(s, m[1], on)),
    (r"line:(.+):(\d{1,9})", lambda s, m, on: contracts.line(s, m[1], int(m[2]), on)),
    (r"deposit[:/](.+)", lambda s, m, on: deposits.held(s, m[1], on)),
    (r"revenue[:/](.+)[:/](\d{4}-\d{2})", lambda s, m, on: revenue.revenue(s, m[1], periods.first_day(m[2]), on)),
    (r"interest[:/](.+)[:/](\d{4}-\d{2})", lambda s, m, on: interest.explained(s, m[1], periods.first_day(m[2]), on)),
    (rf"balance[:/](.+)[:/]{DAY}", lambda s, m, on: balances.balance(s, m[1], _day(m[2]), on)),
    (rf"account[:/](.+)[:/]{DAY}", lambda s, m, on: books.account(s, m[1], _day(m[2]), on)),
)
READING: Final[tuple[tuple[str, str], ...]] = (
    (PAPER, "invoices.read"),
    ("charge-", "billing.read"),
    ("schedule-", "revenue.read"),
    ("item-", "receivables.read"),
    ("receipt-", "receipts.read"),
    ("application-", "matching.read"),
    ("collection-", "collecting.read"),
    ("advances?[:/-]", "matching.read"),
    ("refund-", "refunds.read"),
    ("entry-", "journals.read"),
    ("slip[:-]", "receivables.read"),
    ("opening[:-]", "receivables.read"),
    ("contract:", "contracts.read"),
    ("line:", "contracts.read"),
    ("deposit[:/]", "receivables.read"),
    ("revenue[:/]", "revenue.read"),
    ("interest[:/]", "revenue.read"),
    ("balance[:/]", "receivables.read"),
    ("account[:/]", "journals.read"),
)
"""The permission that each kind of reference asks of its reader."""
__all__ = ["Cause", "Explanation", "Recorded", "Step", "explain", "permission"]


def permission(ref: str) -> str:
    """The permission that the reference asks of its reader.

    A bare number may turn out to name a contract, a slip or a receipt: it asks for the one that fewest have.

    >>> permission("entry-7"), permission("INV-2026-00001:3"), permission("C-1")
    ('journals.read', 'invoices.read', 'receipts.read')
    """
    return next((need for form, need in READING if re.match(form, ref)), "receipts.read")


def explain(session: Session, ref: str, as_of: date | None = None) -> Explanation:
    """The explanation of what the reference names, as it stood on the day; refused where it names nothing.

    The day is for what has a state on it: the price of a line, what is open of an item or a receipt, what was charged.
    """
    for found in _candidates(session, ref, as_of):
        if found is not None:
            return found
    raise Refusal(
        "unknown-reference",
        f"参照「{ref}」に当たるものはありません。",
        "請求書番号（INV-2026-00001、その3行目は INV-2026-00001:3、税は INV-2026-00001:standard）、charge-7、item-7、receipt-7、"
        "application-7、collection-7、advance-7、refund-7、entry-7、schedule-7、contract:契約番号、line:契約番号:明細、revenue:契約番号:2026-05、interest:契約番号:2026-05、deposit:契約番号、advances:取引先、balance:取引先:2026-05-31、"
        "account:科目:2026-05-31、slip:伝票番号 のどれかで指定してください。",
    )


def _candidates(session: Session, ref: str, as_of: date | None) -> Iterator[Found]:
    """What the reference may name, the written forms before the bare numbers that a company gives itself."""
    for form, explainer in FORMS:
        if match := re.fullmatch(form, ref, re.ASCII | re.DOTALL):
            yield explainer(session, match, as_of)
    yield contracts.contract(session, ref, as_of)
    if match := re.fullmatch(r"(.+)#(\d{1,9})", ref, re.ASCII):
        yield contracts.line(session, match[1], int(match[2]), as_of)
    yield payments.slip(session, ref, as_of)
    yield payments.slip(session, ref, as_of, opening=True)
    for receipt_id in named(session, ref)["receipt_id"].head(1):
        yield payments.receipt(session, str(receipt_id - session.low), as_of)


def _by_order(session: Session, number: str, order_no: str, as_of: date | None) -> Found:
    """The item of an invoice for an order; None where there is none or several."""
    head = papers.head_of(session, number)
    if head is None:
        return None
    orders = dimensions(session).filter(pl.col("order_no") == order_no)["dimension_id"]
    items = papers.items_of(session, head["run_id"], head["invoice_id"])
    mine = items.filter(pl.col("dimension_id").is_in(orders.implode()))["item_id"]
    return payments.item(session, str(mine[0] - session.low), as_of) if mine.len() == 1 else None


def _day(text: str) -> date:
    """The day written ``2026-05-31``; refused where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad-date", f"「{text}」は日付ではありません。", "2026-05-31 の形で指定してください。") from None
