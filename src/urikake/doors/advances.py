"""Advances received (前受金), as runs: a receipt kept as one, applied to invoices, taken back."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from urikake.base import runs
from urikake.rooms.closing import actions

PREPAY: Final = "advance"
APPLY: Final = "apply-advance"
UNAPPLY: Final = "unapply-advance"
PERMISSION: Final = "matching.apply"


def prepay(
    url: str,
    receipt: str,
    partner: str,
    *,
    amount: int | None = None,
    on: date | None = None,
    user: str = "system",
    preview: bool = False,
) -> dict[str, Any]:
    """Keep a receipt, or a part of it, as an advance of the partner."""
    with runs.run(url, PREPAY, subject=receipt, permission=PERMISSION, user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= actions.prepay(session, receipt=receipt, partner=partner, amount=amount, on=on)
    return outcome.figures


def apply(
    url: str, advance: str, targets: list[str], *, on: date | None = None, user: str = "system", preview: bool = False
) -> dict[str, Any]:
    """Apply an advance to its partner's items."""
    with runs.run(url, APPLY, subject=advance, permission=PERMISSION, user=user, preview=preview) as (session, outcome):
        outcome.figures |= actions.apply_advance(session, advance=advance, targets=targets, on=on)
    return outcome.figures


def unapply(url: str, use: int, *, on: date | None = None, user: str = "system") -> dict[str, Any]:
    """Take the application of an advance back."""
    with runs.run(url, UNAPPLY, subject=str(use), permission=PERMISSION, user=user) as (session, outcome):
        outcome.figures |= actions.unapply_advance(session, use_id=session.low + use, on=on)
    return outcome.figures
