"""What people judge of a contract's obligations (収益認識の判断), as a run."""

from __future__ import annotations

from typing import Any, Final

from urikake.base import access, runs
from urikake.rooms.obligations import actions

JUDGE: Final = "judge"


def judge(
    url: str, contract: str, kind: str, why: str, *, user: str = access.SYSTEM, preview: bool = False, **what: Any
) -> dict[str, Any]:
    """Judge of a contract, or ask for it: ``proposal``, the number that waits for a second person, None where it is done.

    ``what`` as `obligations.actions.judge` takes it.
    """
    subject = f"{contract} {kind}"[:60]
    with runs.run(url, JUDGE, subject=subject, permission="revenue.judge", user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures["proposal"] = actions.judge(session, contract=contract, kind=kind, why=why, **what)
    return outcome.figures
