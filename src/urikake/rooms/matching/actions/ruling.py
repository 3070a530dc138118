"""Decisions on the rules that a company may release for its automatic matching (決まりの許可と取りやめ).

A rule is released by somebody other than who alone confirmed all that speaks for it; with a reason where trying it on
history does not speak for it. Withdrawing is at once.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import clearing

from .. import queries
from ..models import RuleDecision
from .learning import RELEASED, REVOKED

LONGEST: Final = 500


@action("matching.release")
def release_rule(session: Session, *, rule: str, why: str = "") -> int:
    """Let the automatic run use the rule, and return 1 if it did not; refused to the one who alone confirmed the evidence."""
    if _known(rule) in queries.released(session):
        return 0
    found = queries.proven(session, rule, queries.tried(session))
    if found.actors == {session.user}:
        raise Refusal(
            "own-evidence",
            f"決まり「{rule}」の根拠になる消込は、すべて {session.user} 自身が確かめたものです。",
            "別の人が許可してください。",
        )
    if not found.enough and not why.strip():
        raise Refusal(
            "rule-unproven",
            f"決まり「{rule}」は、この{queries.MONTHS}か月の消込で、合う {found.right}件・違う {found.wrong + found.later_wrong}件です。",
            f"{queries.ENOUGH}件以上合い、違うものがなければ理由は要りません。それでも許可するなら、理由を書いてください。",
        )
    _decide(session, rule, RELEASED, why, found.right, found.wrong + found.later_wrong)
    return 1


@action("matching.release")
def revoke_rule(session: Session, *, rule: str, why: str = "") -> int:
    """Let the automatic run use the rule no longer, and return 1 if it did."""
    if _known(rule) not in queries.released(session):
        return 0
    (last,) = queries.rule_decisions(session).filter(pl.col("rule") == rule).to_dicts()
    _decide(session, rule, REVOKED, why, last["times_right"], last["times_wrong"])
    return 1


def _known(rule: str) -> str:
    if rule not in clearing.RULES:
        raise Refusal("no-rule", f"決まり「{rule}」はありません。", f"{'・'.join(clearing.RULES)} から選んでください。")
    return rule


def _decide(session: Session, rule: str, kind: str, why: str, right: int, wrong: int) -> None:
    if len(why) > LONGEST:
        raise Refusal("long-reason", f"理由が{len(why)}字あります。", f"{LONGEST}字までで書いてください。")
    row = {"rule": rule, "kind": kind, "why": why.strip(), "times_right": right, "times_wrong": wrong}
    facts.record(session, RuleDecision, pl.DataFrame([row]))
