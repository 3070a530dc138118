"""Write-offs (貸倒): what a payment leaves missing is given up only when a second person agrees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from urikake.base import proposals
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.rooms.ledger import actions as ledger
from urikake.rooms.matching import actions as matching

NAME: Final = "write-off"


def waits(session: Session, difference: str, short: int) -> bool:
    """Whether a difference of that kind is settled only when a second person agrees.

    What is given up as a write-off always waits; as a fee or a small loss, where it is more than a fee may be.
    """
    if not policies(session).needs_second_person(NAME):
        return False
    large = difference in {"fee", "misc"} and short > policies(session).number("fee_tolerance")
    return difference == NAME or large


@action("matching.apply")
def ask_write_off(
    session: Session, *, plan: matching.Plan, refs: Sequence[str], named: Sequence[str], on: date | None, learning: bool
) -> dict[str, Any]:
    """Ask that what the receipts leave missing of the items is given up as planned; nothing is applied yet."""
    content = {
        "receipts": list(refs), "targets": plan.targets, "named": list(named), "on": on.isoformat() if on else "", "learning": learning,
        "difference": plan.outcome, "seen": dict(zip(refs, plan.receipts["unapplied"], strict=True)), "amount": plan.short,
        "paid": int(plan.receipts["unapplied"].sum()),
    }  # fmt: skip
    why = f"入金 {content['paid']:,}円に足りない {plan.short:,}円を回収しない"
    return {"applied": 0, "amount": 0, "outcomes": {}, "proposal": proposals.propose(session, NAME, content, why)}


def _asked(content: proposals.Content) -> dict[str, Any]:
    return {
        "refs": content["receipts"], "targets": content["targets"], "difference": content["difference"],
        "on": date.fromisoformat(content["on"]) if content["on"] else None, "seen": content.get("seen"),
    }  # fmt: skip


def _planned(session: Session, content: proposals.Content) -> matching.Plan:
    return matching.planned(session, **_asked(content))


def _check(session: Session, content: proposals.Content) -> None:
    short = _planned(session, content).short
    if short != content["amount"]:
        raise Refusal(
            "write-off-changed",
            f"申請は {content['amount']:,}円でしたが、いまは {short:,}円になります。",
            "差し戻して、いまの残高で申請し直してください。",
        )


def _do(session: Session, content: proposals.Content) -> None:
    applied = matching.apply_together(session, **_asked(content), learning=content["learning"])
    ledger.post_applications(session, applied=applied)


def words(content: proposals.Content) -> str:
    """What is asked for, in words."""
    targets, receipts = "・".join(content["named"]), "・".join(content["receipts"])
    word = {"fee": "手数料", "misc": "雑損失"}.get(content["difference"], "貸倒")
    return f"{word} {targets} のうち {content['amount']:,}円（入金 {receipts} の {content['paid']:,}円に足りない分）"


proposals.kind(proposals.Kind(NAME, "貸倒・免除", "matching.apply", "receivables.approve", _check, _do, words))
