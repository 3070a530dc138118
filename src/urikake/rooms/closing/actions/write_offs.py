"""Write-offs (貸倒): what a payment leaves missing is given up only when a second person agrees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from urikake.base import proposals
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.rooms.ledger import actions as ledger
from urikake.rooms.matching import actions as matching

NAME: Final = "write-off"


def waits(session: Session, difference: str) -> bool:
    """Whether a difference of that kind is settled only when a second person agrees."""
    return difference == NAME and policies(session).needs_second_person(NAME)


@action("matching.apply")
def ask_write_off(
    session: Session, *, refs: Sequence[str], targets: Sequence[str], on: date | None, learning: bool
) -> dict[str, Any]:
    """Ask that what the receipts leave missing of the items is written off; nothing is applied yet."""
    content: dict[str, Any] = {
        "receipts": list(refs), "targets": list(targets), "on": on.isoformat() if on else "", "learning": learning,
    }  # fmt: skip
    plan = _planned(session, content)
    left = dict(zip(refs, plan.receipts["unapplied"], strict=True))
    told = content | {"seen": left, "amount": plan.short, "paid": int(plan.receipts["unapplied"].sum())}
    why = f"入金 {told['paid']:,}円に足りない {plan.short:,}円を回収しない"
    return {"applied": 0, "amount": 0, "outcomes": {}, "proposal": proposals.propose(session, NAME, told, why)}


def _asked(content: proposals.Content) -> dict[str, Any]:
    return {
        "refs": content["receipts"], "targets": content["targets"], "difference": NAME,
        "on": date.fromisoformat(content["on"]) if content["on"] else None, "seen": content.get("seen"),
    }  # fmt: skip


def _planned(session: Session, content: proposals.Content) -> matching.Plan:
    return matching.planned(session, **_asked(content))


def _check(session: Session, content: proposals.Content) -> None:
    _planned(session, content)


def _do(session: Session, content: proposals.Content) -> None:
    applied = matching.apply_together(session, **_asked(content), learning=content["learning"])
    ledger.post_applications(session, applied=applied)


def words(content: proposals.Content) -> str:
    """What is asked for, in words."""
    targets, receipts = "・".join(content["targets"]), "・".join(content["receipts"])
    return f"貸倒 {targets} のうち {content['amount']:,}円（入金 {receipts} の {content['paid']:,}円に足りない分）"


proposals.kind(proposals.Kind(NAME, "貸倒", "matching.apply", "receivables.approve", _check, _do, words))
