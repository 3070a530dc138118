"""根拠: any amount of the books as a tree of reasons, recomputed by the kernels, with its causes and effects.

References: an invoice by its number (``INV-2026-00001``), its line (``INV-2026-00001:3``) and its tax of a rate
(``INV-2026-00001:standard``) · ``charge-7`` · ``item-7`` · ``receipt-7`` · ``application-7`` · ``entry-7`` · ``slip:NUMBER`` ·
``contract:NUMBER`` · ``revenue:CONTRACT:2026-05`` · ``balance:PARTNER:2026-05-31`` · ``account:売掛金:2026-05-31``.
Numbers are those that the screens show. No reference contains a slash.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from urikake.base.bulk import Session
from urikake.base.errors import Refusal

from . import accounts, charges, papers, payments
from .made import Explanation, Recorded, Step

Explainer = Callable[[Session, str], Explanation | None]
BY_PREFIX: Final[dict[str, Explainer]] = {
    "charge-": charges.charge,
    "item-": payments.item,
    "receipt-": payments.receipt,
    "application-": payments.application,
    "entry-": accounts.entry,
    "slip:": payments.slip,
    "contract:": charges.contract,
    "revenue:": accounts.revenue,
    "balance:": payments.balance,
    "account:": accounts.account,
}
READING: Final[dict[str, str]] = {
    "charge-": "billing.read",
    "item-": "receivables.read",
    "receipt-": "receipts.read",
    "application-": "matching.read",
    "entry-": "journals.read",
    "slip:": "receivables.read",
    "contract:": "contracts.read",
    "revenue:": "revenue.read",
    "balance:": "receivables.read",
    "account:": "journals.read",
}
"""The permission that each kind of reference asks of its reader."""
__all__ = ["Explanation", "Recorded", "Step", "explain", "permission"]


def permission(ref: str) -> str:
    """The permission that the reference asks of its reader.

    >>> permission("entry-7"), permission("INV-2026-00001")
    ('journals.read', 'invoices.read')
    """
    return next((need for prefix, need in READING.items() if ref.startswith(prefix)), "invoices.read")


def explain(session: Session, ref: str) -> Explanation:
    """The explanation of what the reference names; refused where it names nothing."""
    for prefix, explainer in BY_PREFIX.items():
        if ref.startswith(prefix):
            found = explainer(session, ref.removeprefix(prefix))
            break
    else:
        found = papers.paper(session, ref)
    if found is None:
        raise Refusal(
            "unknown-reference",
            f"参照「{ref}」のものはありません。",
            "請求書番号(INV-2026-00001)、charge-7、item-7、receipt-7、application-7、entry-7、contract:契約番号 などで指定してください。",
        )
    return found
