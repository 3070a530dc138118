"""Rules of matching that people make: payer names learned from matches, released, revoked or registered (名義の学習と規則)."""

from __future__ import annotations

from typing import Any, Final

from urikake.base import runs
from urikake.rooms.matching import actions

RELEASE: Final = "release name"
REVOKE: Final = "revoke name"
ADD: Final = "add name"


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
