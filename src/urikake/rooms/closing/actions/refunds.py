"""Refunds (返金): asked for, approved by a second person, posted, and taken back where the money did not go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from urikake.base import proposals
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.rooms.ledger import actions as ledger
from urikake.rooms.matching import actions as matching

NAME: Final = "refund"


@action("refunds.ask")
def ask_refund(
    session: Session, *, partner: str, of: Sequence[str], on: date, account: str, why: str
) -> dict[str, Any]:
    """Ask that advances and credits are paid back; return the amount, and the proposal that waits (None: done at once)."""
    content = {"partner": partner, "of": list(of), "on": on.isoformat(), "account": account, "why": why}
    amount = _wanted(session, content).amount
    number = proposals.propose(session, NAME, content | {"amount": amount}, why)
    return {"amount": amount, "proposal": number}


def _wanted(session: Session, content: proposals.Content) -> matching.Wanted:
    return matching.wanted(
        session, partner=content["partner"], of=content["of"], on=date.fromisoformat(content["on"]),
        account=content["account"], why=content["why"],
    )  # fmt: skip


def _check(session: Session, content: proposals.Content) -> None:
    _wanted(session, content)


def _do(session: Session, content: proposals.Content) -> None:
    ledger.post_refunds(session, refunded=matching.refund(session, wanted=_wanted(session, content)))


def words(content: proposals.Content) -> str:
    """What is asked for, in words."""
    of = "・".join(content["of"])
    return f"返金 {content['partner']} に {content['amount']:,}円（{of}）、支払日 {content['on']}、{content['account']} から"


proposals.kind(proposals.Kind(NAME, "返金", "refunds.ask", "refunds.approve", _check, _do, words))


@action("refunds.ask")
def take_refund_back(session: Session, *, refund_id: int, why: str, on: date | None = None) -> dict[str, Any]:
    """Take back a refund whose money did not go, and post it; return its amount."""
    back = matching.take_refund_back(session, refund_id=refund_id, why=why, on=on)
    ledger.post_refunds(session, refunded=back)
    return {"refund": refund_id - session.low, "amount": -int(back.refunds["amount"][0])}
