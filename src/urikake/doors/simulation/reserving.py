"""What was supposed, reserved: prices and changes of contracts taken on the company's own database, all of them or none."""

from __future__ import annotations

from typing import Final

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal

from .changes import Changes
from .putting import put

RESERVE: Final = "contracts.change"
VERB: Final = "import simulation"
"""Named as what is imported, so that a close bills again what it may change."""


def reserve(
    url: str, changes: Changes, *, user: str = access.SYSTEM, preview: bool = False, request: runs.Request | None = None
) -> dict[str, int]:
    """Take the changes of prices and contracts in one run of the user's own; refused whole where any of it is refused."""
    subject = "・".join(changes.words)[:120]
    with runs.run(url, VERB, subject=subject, permission=RESERVE, user=user, preview=preview, request=request) as (
        session,
        outcome,
    ):
        outcome.figures |= take(session, changes)
    return outcome.figures


def take(session: Session, changes: Changes) -> dict[str, int]:
    """Take the changes in the session of a run that may change contracts.

    A rate of tax is the law's and not a company's to reserve.
    """
    if changes.rates:
        raise Refusal(
            "tax-not-reserved",
            "税率の変更は予約できません（税率は法令で決まり、施行に合わせて売掛の新しい版が持ちます）。",
            "税率を除いて、もう一度計算してから予約してください。",
        )
    if not changes.words:
        raise Refusal("nothing-supposed", "予約する変更がありません。", "価格か契約の変更を指定してください。")
    if changes.prices:
        access.allow(session, "products.import")
    return put(session, changes)
