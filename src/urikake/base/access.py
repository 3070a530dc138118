"""Who may do what: one table of roles and permissions, asked by every action."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, Final, ParamSpec, TypeVar

from .bulk import Session
from .errors import Refusal

P = ParamSpec("P")
R = TypeVar("R")

SYSTEM: Final = "system"
OPERATOR: Final = "operator"
NOBODY: Final = "none"
"""The role of who may do nothing (any more): a person who left, a program that was retired."""
ROLES: Final = ("admin", "accountant", "billing", "sales", "approver", "auditor", NOBODY)
READERS: Final = {
    "home": "admin accountant billing sales approver auditor",
    "contracts": "accountant billing sales approver auditor",
    "partners": "accountant billing sales approver auditor",
    "products": "accountant billing sales approver auditor",
    "usage": "accountant billing sales approver auditor",
    "billing": "accountant billing sales approver auditor",
    "invoices": "accountant billing sales approver auditor",
    "receivables": "accountant billing sales approver auditor",
    "receipts": "accountant billing approver auditor",
    "collecting": "accountant billing approver auditor",
    "matching": "accountant billing approver auditor",
    "refunds": "accountant billing approver auditor",
    "exports": "accountant approver auditor",
    "revenue": "accountant approver auditor",
    "journals": "accountant approver auditor",
    "reports": "accountant billing sales approver auditor",
    "closing": "accountant billing approver auditor",
    "audit": "accountant approver auditor admin",
    "runs": "accountant billing approver auditor admin",
    "settings": "accountant billing approver auditor admin",
    "users": "accountant billing approver auditor admin",
    "imports": "accountant billing approver auditor admin",
}
"""Who may look at what; the permission is called ``contracts.read`` and so on."""
PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    **{f"{what}.read": frozenset({*roles.split(), OPERATOR}) for what, roles in READERS.items()},
    "company.set_up": frozenset({"admin", OPERATOR}),
    "companies.add": frozenset({"admin", OPERATOR}),
    "settings.change": frozenset({"admin", OPERATOR}),
    "settings.approve": frozenset({"admin", "approver"}),
    "tokens.create": frozenset({"admin", OPERATOR}),
    "users.import": frozenset({"admin", OPERATOR}),
    "users.change": frozenset({"admin", OPERATOR}),
    "partners.import": frozenset({"admin", "accountant", "billing", "sales", OPERATOR}),
    "products.import": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "contracts.import": frozenset({"admin", "billing", "sales", OPERATOR}),
    "contracts.change": frozenset({"admin", "billing", "sales", OPERATOR}),
    "imports.map": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "usage.import": frozenset({"admin", "billing", "sales", OPERATOR}),
    "billing.run": frozenset({"admin", "billing", OPERATOR}),
    "invoices.issue": frozenset({"admin", "billing", OPERATOR}),
    "invoices.approve": frozenset({"admin", "accountant", "approver"}),
    "invoices.deliver": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "invoices.cancel": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "receivables.enter": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "receivables.post": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "receivables.approve": frozenset({"admin", "accountant", "approver"}),
    "collecting.import": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "collecting.request": frozenset({"admin", "accountant", OPERATOR}),
    "collecting.settle": frozenset({"admin", "accountant", OPERATOR}),
    "receipts.import": frozenset({"admin", "accountant", OPERATOR}),
    "matching.apply": frozenset({"admin", "accountant", OPERATOR}),
    "matching.release": frozenset({"admin", "accountant", "approver"}),
    "exports.name": frozenset({"accountant", OPERATOR}),
    "exports.export": frozenset({"accountant", OPERATOR}),
    "refunds.ask": frozenset({"admin", "accountant", OPERATOR}),
    "refunds.approve": frozenset({"admin", "accountant", "approver"}),
    "refunds.transfer": frozenset({"admin", "accountant", OPERATOR}),
    "revenue.recognize": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "revenue.judge": frozenset({"admin", "accountant", OPERATOR}),
    "revenue.approve": frozenset({"admin", "accountant", "approver"}),
    "ledger.post": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "closing.close": frozenset({"admin", "accountant", OPERATOR}),
    "closing.reopen": frozenset({"admin", "accountant", "approver"}),
    "closing.open": frozenset({"admin", "approver"}),
}


def role(session: Session) -> str:
    """The role of the session's user; the built-in ``system`` user is the operator."""
    if session.user == SYSTEM:
        return OPERATOR
    found = standing(session, session.user)
    if found is None:
        raise unknown_user(session.user)
    return found[1]


def standing(session: Session, name: str) -> tuple[int, str] | None:
    """The id of the fact that tells how the user stands now, and the role; None where there is no such user.

    The id changes with every change of the user: who signed in under an older one signs in again. Asked once in a
    session, so that one as known at an instant (`past`) goes on knowing who its user is today.
    """
    key = ("standing", name)
    if key not in session.cache:
        sql = "SELECT id, role FROM base_user WHERE id >= ? AND id < ? AND name = ? ORDER BY id DESC LIMIT 1"
        found = session.read(sql, (session.low, session.high, name))
        session.cache[key] = (int(found["id"][0]), str(found["role"][0])) if found.height else None
    known: tuple[int, str] | None = session.cache[key]
    return known


def unknown_user(name: str) -> Refusal:
    """The refusal of somebody who is not registered."""
    return Refusal(
        "unknown-user",
        f"利用者「{name}」は登録されていません。",
        "名前を確かめるか、urikake user add で登録してください。",
    )


def allow(session: Session, permission: str) -> None:
    """Return if the session's user has the permission; refuse otherwise."""
    have = role(session)
    if not may(have, permission):
        raise Refusal(
            "not-permitted",
            f"利用者「{session.user}」（役割 {have}）には権限「{permission}」がありません。",
            f"{'・'.join(who_may(permission))} のいずれかの役割の人が行ってください。",
        )


def may(role: str, permission: str) -> bool:
    """Whether the role has the permission.

    >>> may("auditor", "closing.close"), may("accountant", "closing.close")
    (False, True)
    """
    return role in PERMISSIONS[permission]


def who_may(permission: str) -> list[str]:
    """The roles that have the permission, in the order of `ROLES`.

    >>> who_may("closing.reopen")
    ['admin', 'accountant', 'approver']
    """
    return [role for role in ROLES if role in PERMISSIONS[permission]]


def action(
    permission: str,
) -> Callable[[Callable[Concatenate[Session, P], R]], Callable[Concatenate[Session, P], R]]:
    """Mark a function as a business verb that needs ``permission`` of the session's user.

    Verbs that it calls in turn are part of it and do not ask again: who may approve a slip thereby posts it.
    """
    assert permission in PERMISSIONS, permission

    def mark(verb: Callable[Concatenate[Session, P], R]) -> Callable[Concatenate[Session, P], R]:
        @functools.wraps(verb)
        def checked(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not session.verbs:
                allow(session, permission)
            session.verbs.append(verb.__name__)
            try:
                return verb(session, *args, **kwargs)
            finally:
                session.verbs.pop()

        checked.permission = permission  # type: ignore[attr-defined]
        return checked

    return mark
