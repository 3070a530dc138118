"""The company's settings at the door: policies as they stand, changed by proposal, and what waits for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from urikake.base import access, letterhead, policies, proposals, runs
from urikake.base.errors import Refusal
from urikake.rooms.closing.actions import refunds, write_offs
from urikake.rooms.obligations.actions import judging
from urikake.rooms.refunds.actions import masters

CHANGE: Final = "settings.change"
ENTERED: Final = (policies, letterhead, masters, refunds, write_offs, judging)
"""Reading these modules enters the kinds of proposals."""


def listed(url: str, *, user: str = access.SYSTEM) -> list[dict[str, Any]]:
    """Every policy as it stands, in words."""
    with runs.reading(url, user) as session:
        access.allow(session, "settings.read")
        return policies.listed(session)


def propose(url: str, values: Mapping[str, str], *, why: str = "", user: str = access.SYSTEM) -> int | None:
    """Ask for other values of policies; the number of the proposal, None where nobody else need agree and it is done."""
    subject = "・".join(policies.BY_KEY[key].title for key in values if key in policies.BY_KEY)
    with runs.run(url, "propose policies", subject=subject[:120], permission=CHANGE, user=user) as (session, outcome):
        number = policies.propose(session, values, why)
        outcome.figures["proposal"] = number or 0
    return number


def decide(url: str, number: int, verdict: proposals.Verdict, *, note: str = "", user: str = access.SYSTEM) -> str:
    """Approve, return or withdraw what waits, and return what it is in words."""
    with runs.reading(url, user) as session:
        found = next((row for row in proposals.waiting(session).to_dicts() if row["number"] == number), None)
    if found is None:
        raise Refusal(
            "not-waiting", f"申請 {number} は承認を待っていません。", "承認のページで今の状態を確かめてください。"
        )
    kind = proposals.KINDS[found["kind"]]
    permission = kind.permission if verdict == "withdrawn" else kind.approval
    with runs.run(url, f"{verdict} {kind.name}", subject=str(number), permission=permission, user=user) as (
        session,
        outcome,
    ):
        text = proposals.decide(session, number, verdict, note)
        outcome.figures["proposal"] = number
    return text


def waiting(url: str, *, user: str = access.SYSTEM) -> list[dict[str, Any]]:
    """What waits for a second person, oldest first."""
    with runs.reading(url, user) as session:
        access.allow(session, "settings.read")
        return proposals.waiting(session).to_dicts()
