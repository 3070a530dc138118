"""Refunds (返金), as runs: asked for, sent to the bank as a file, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.rooms.closing import actions
from urikake.rooms.refunds import actions as refunds

from .files import SUBJECT

ASK: Final = "refund"
FILE: Final = "refund-file"
WITHDRAW: Final = "refund-withdraw"
RETURN: Final = "refund-return"
MAIN: Final = "main"


@dataclass(frozen=True, slots=True)
class Filed:
    """What came of making a file: its figures and its bytes."""

    figures: dict[str, Any]
    file: bytes

    @property
    def name(self) -> str:
        """How the file is called where nobody says otherwise."""
        return f"refund-{self.figures['pay_on']}-{self.figures['transfer']}.txt"


def ask(
    url: str, partner: str, of: Sequence[str], on: date, why: str, *, account: str = MAIN, user: str = access.SYSTEM,
    preview: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Ask that advances and credits of a partner are paid back on a day: ``amount``, ``proposal`` (None: done at once)."""
    with runs.run(url, ASK, subject=partner, permission="refunds.ask", user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= actions.ask_refund(session, partner=partner, of=of, on=on, account=account, why=why)
    return outcome.figures


def file(url: str, on: date, *, account: str = MAIN, user: str = access.SYSTEM, preview: bool = False) -> Filed:
    """Make the file of a day's refunds; the same again gives the same file and makes nothing."""
    subject = f"{account} {on.isoformat()}"[:SUBJECT]
    with runs.run(url, FILE, subject=subject, permission="refunds.transfer", user=user, preview=preview) as (
        session,
        outcome,
    ):
        made = refunds.transfer(session, account=account, on=on)
        outcome.figures |= figures(session, made)
    return Filed(outcome.figures, made.file)


def figures(session: Session, made: refunds.Made) -> dict[str, Any]:
    """A file in figures, with its number and its day."""
    return {
        "transfer": made.transfer["transfer_id"] - session.low,
        "pay_on": made.transfer["pay_on"].isoformat(),
        "new": made.new,
        "transfers": made.transfer["transfer_count"],
        "amount": made.transfer["amount"],
        "digest": made.transfer["digest"],
    }


def withdraw(url: str, number: int, why: str, *, user: str = access.SYSTEM) -> dict[str, Any]:
    """Tell that a file was not sent to the bank."""
    with runs.run(url, WITHDRAW, subject=str(number), permission="refunds.transfer", user=user) as (session, outcome):
        gone = refunds.withdraw_transfer(session, transfer_id=session.low + number, why=why)
        outcome.figures |= {"transfers": gone["transfer_count"], "amount": gone["amount"]}
    return outcome.figures


def take_back(url: str, number: int, why: str, *, on: date | None = None, user: str = access.SYSTEM) -> dict[str, Any]:
    """Take back a refund whose money did not go."""
    with runs.run(url, RETURN, subject=str(number), permission="refunds.ask", user=user) as (session, outcome):
        outcome.figures |= actions.take_refund_back(session, refund_id=session.low + number, why=why, on=on)
    return outcome.figures
