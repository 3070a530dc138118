"""Rules of matching that people make: payer names learned from matches, registered, and rules, released or revoked (名義の学習と規則)."""

from __future__ import annotations

from typing import Any, Final

from urikake.base import runs
from urikake.rooms.matching import actions

RELEASE: Final = "release name"
REVOKE: Final = "revoke name"
ADD: Final = "add name"
RELEASE_RULE: Final = "release rule"
REVOKE_RULE: Final = "revoke rule"


def release(url: str, partner: str, name: str, *, user: str = "system") -> dict[str, Any]:
    """Let the automatic run know a payer by a learned name."""
    with runs.run(url, RELEASE, subject=f"{partner} {name}", permission="matching.release", user=user) as (s, outcome):
        outcome.figures |= {"names": actions.release_name(s, partner=partner, name=name)}
    return outcome.figures


def revoke(url: str, partner: str, name: str, *, user: str = "system") -> dict[str, Any]:
    """Use a payer name for the partner no longer."""
    with runs.run(url, REVOKE, subject=f"{partner} {name}", permission="matching.release", user=user) as (s, outcome):
        outcome.figures |= {"names": actions.revoke_name(s, partner=partner, name=name)}
    return outcome.figures


def add(url: str, partner: str, name: str, *, user: str = "system") -> dict[str, Any]:
    """Register a payer name of a partner by hand."""
    with runs.run(url, ADD, subject=f"{partner} {name}", permission="partners.import", user=user) as (s, outcome):
        outcome.figures |= {"names": actions.add_name(s, partner=partner, name=name)}
    return outcome.figures


def release_rule(url: str, rule: str, *, why: str = "", user: str = "system") -> dict[str, Any]:
    """Let the automatic run use a rule that was tried on history."""
    with runs.run(url, RELEASE_RULE, subject=rule, permission="matching.release", user=user) as (s, outcome):
        outcome.figures |= {"rules": actions.release_rule(s, rule=rule, why=why)}
    return outcome.figures


def revoke_rule(url: str, rule: str, *, why: str = "", user: str = "system") -> dict[str, Any]:
    """Use a rule no longer."""
    with runs.run(url, REVOKE_RULE, subject=rule, permission="matching.release", user=user) as (s, outcome):
        outcome.figures |= {"rules": actions.revoke_rule(s, rule=rule, why=why)}
    return outcome.figures
