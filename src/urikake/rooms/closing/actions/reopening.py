"""Reopening a locked month (締めの解除): with a reason, and never by one person alone where the company wants a second."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from urikake.base import periods, proposals
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal

from .. import queries

NAME: Final = "reopen"


@action("closing.reopen")
def reopen(session: Session, *, month: date, why: str) -> dict[str, Any]:
    """Reopen a locked month, or ask for it: ``locked``, and the number of the ``proposal`` where a second person must agree.

    Who may approve it and did not close the month is that second person, and opens it at once (`queries.may_open`).
    """
    content = _content(session, month, why)
    if queries.may_open(session, month):
        _check(session, content)
        _do(session, content)
        return {"locked": False}
    if any(told["close"] == content["close"] != 0 for told in proposals.asked(session, NAME)):
        raise Refusal(
            "already-asked",
            f"{month:%Y年%-m月}の締めの解除は、もう申請されています。",
            "承認を待つか、先の申請を取り下げてください。",
        )
    number = proposals.propose(session, NAME, content, why)
    return {"locked": False} if number is None else {"locked": True, "proposal": number}


def _content(session: Session, month: date, why: str) -> proposals.Content:
    """What is asked for; the close that is to be undone is named, for a month may be closed again meanwhile."""
    return {"month": f"{month:%Y-%m}", "why": why.strip(), "close": _standing(session, month)}


def _standing(session: Session, month: date) -> int:
    """The number of the close that locks the month, 0 where it is open."""
    if month not in periods.locked_months(session):
        return 0
    return int(queries.closes(session, month)["number"][-1])


def _check(session: Session, content: proposals.Content) -> None:
    month, standing = periods.first_day(content["month"]), _standing(session, periods.first_day(content["month"]))
    if not standing:
        raise Refusal("not-locked", f"{month:%Y年%-m月}は締められていません。", "月を確かめてください。")
    if not content["why"]:
        raise Refusal("no-reason", "締めを解除する理由がありません。", "--why に理由を書いてください。")
    if standing != content["close"]:
        raise Refusal(
            "closed-again",
            f"{month:%Y年%-m月}は、申請のあとで締め直されました。",
            "差し戻して、要るならもう一度申請してください。",
        )


def _do(session: Session, content: proposals.Content) -> None:
    periods.change(session, month=periods.first_day(content["month"]), locked=False, why=content["why"])


def words(content: proposals.Content) -> str:
    """What is asked for, in words.

    >>> words({"month": "2026-04"})
    '2026年4月の締めの解除'
    """
    return f"{periods.first_day(content['month']):%Y年%-m月}の締めの解除"


proposals.kind(proposals.Kind(NAME, "締めの解除", "closing.reopen", queries.APPROVE, _check, _do, words))
