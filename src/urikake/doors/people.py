"""Users at the door: added, given another role, listed; each change a run of its own."""

from __future__ import annotations

from typing import Any

from urikake.base import access, runs
from urikake.base import users as pen

CHANGE = "users.change"


def add(url: str, name: str, role: str, *, email: str = "", user: str = access.SYSTEM) -> None:
    """Register a user."""
    with runs.run(url, "user add", subject=name, permission=CHANGE, user=user) as (session, outcome):
        pen.add_user(session, name=name, role=role, email=email)
        outcome.figures["role"] = role


def change(url: str, name: str, role: str, *, email: str | None = None, user: str = access.SYSTEM) -> bool:
    """Give a user another role or address; return whether that changed anything."""
    with runs.run(url, "user role", subject=name, permission=CHANGE, user=user) as (session, outcome):
        changed = pen.change_user(session, name=name, role=role, email=email)
        outcome.figures["role"] = role
    return changed


def listed(url: str, *, user: str = access.SYSTEM) -> list[dict[str, Any]]:
    """Every user as it stands: name, role, email."""
    with runs.reading(url, user) as session:
        access.allow(session, "users.read")
        return pen.users(session).to_dicts()
