"""Refunds (返金): asked for, approved by a second person, posted, and taken back where the money did not go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from urikake.base import proposals
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.ledger import actions as ledger
from urikake.rooms.matching import actions as matching

NAME: Final = "refund"


@action("refunds.ask")
def ask_refund(
    session: Session, *, partner: str, of: Sequence[str], on: date, account: str, why: str
) -> dict[str, Any]:
    """Ask that advances and credits are paid back; return the amount, and the proposal that waits (None: done at once)."""
    content = {"partner": partner, "of": list(of), "on": on.isoformat(), "account": account, "why": why}
    found = _wanted(session, content)
    told = {
        "of": list(found.of), "amount": found.amount, "payee": found.payee_id - session.low, "to": found.payee,
        "owing": found.owing,
    }  # fmt: skip
    return {"amount": found.amount, "proposal": proposals.propose(session, NAME, content | told, why)}


def _wanted(session: Session, content: proposals.Content) -> matching.Wanted:
    return matching.wanted(
        session, partner=content["partner"], of=content["of"], on=date.fromisoformat(content["on"]),
        account=content["account"], why=content["why"],
    )  # fmt: skip


def _check(session: Session, content: proposals.Content) -> None:
    found = _wanted(session, content)
    if found.amount != content["amount"]:
        raise Refusal(
            "refund-changed",
            f"申請は {content['amount']:,}円でしたが、いまは {found.amount:,}円になります。",
            "差し戻して、いまの残りで申請し直してください。",
        )
    if found.payee_id - session.low != content["payee"]:
        raise Refusal(
            "payee-changed", "申請のあとで返金先口座が変わりました。", "差し戻して、いまの口座で申請し直してください。"
        )


def _do(session: Session, content: proposals.Content) -> None:
    ledger.post_refunds(session, refunded=matching.refund(session, wanted=_wanted(session, content)))


def words(content: proposals.Content) -> str:
    """What is asked for, in words."""
    of = "・".join(_named(text) for text in content["of"])
    return (
        f"返金 {content['partner']} に {content['amount']:,}円（{of}）、支払日 {content['on']}、"
        f"{content['account']} から {content['to']} へ"
        + (f"（この取引先に未回収 {content['owing']:,}円あり）" if content["owing"] else "")
    )


def _named(text: str) -> str:
    """What is paid back as people call it.

    >>> _named("application-3=15000"), _named("RET-2026-00001")
    ('前受金 消込 3 の 15,000円', 'RET-2026-00001')
    """
    name, _, amount = text.partition("=")
    for form, word in (("application-", "前受金 消込 "), ("collected-", "前受金 収納 ")):
        name = name.replace(form, word)
    return f"{name} の {int(amount):,}円" if amount else name


proposals.kind(proposals.Kind(NAME, "返金", "refunds.ask", "refunds.approve", _check, _do, words))


@action("refunds.ask")
def take_refund_back(session: Session, *, refund_id: int, why: str, on: date | None = None) -> dict[str, Any]:
    """Take back a refund whose money did not go, and post it; return its amount."""
    back = matching.take_refund_back(session, refund_id=refund_id, why=why, on=on)
    ledger.post_refunds(session, refunded=back)
    amount, day = -int(back.refunds["amount"][0]), back.refunds["pay_on"][0]
    return {"refund": refund_id - session.low, "amount": amount, "on": day.isoformat()}
