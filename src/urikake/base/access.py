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
ROLES: Final = ("admin", "accountant", "billing", "sales", "approver", "auditor")
PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    **{
        f"{x}.read": frozenset({*ROLES, OPERATOR})
        for x in "contracts partners products usage billing invoices receivables receipts matching revenue journals reports closing audit runs settings users imports".split()
    },
    "company.set_up": frozenset({"admin", OPERATOR}),
    "users.import": frozenset({"admin", OPERATOR}),
    "partners.import": frozenset({"admin", "accountant", "billing", "sales", OPERATOR}),
    "products.import": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "contracts.import": frozenset({"admin", "billing", "sales", OPERATOR}),
    "contracts.change": frozenset({"admin", "billing", "sales", OPERATOR}),
    "usage.import": frozenset({"admin", "billing", "sales", OPERATOR}),
    "billing.run": frozenset({"admin", "billing", OPERATOR}),
    "invoices.issue": frozenset({"admin", "billing", OPERATOR}),
    "receivables.enter": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "receivables.post": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "receivables.approve": frozenset({"admin", "accountant", "approver"}),
    "receipts.import": frozenset({"admin", "accountant", OPERATOR}),
    "matching.apply": frozenset({"admin", "accountant", OPERATOR}),
    "revenue.recognize": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "ledger.post": frozenset({"admin", "accountant", "billing", OPERATOR}),
    "closing.close": frozenset({"admin", "accountant", OPERATOR}),
    "closing.reopen": frozenset({"admin", "accountant", "approver"}),
}


def role(session: Session) -> str:
    """The role of the session's user; the built-in ``system`` user is the operator."""
    if session.user == SYSTEM:
        return OPERATOR
    key = ("role", session.user)
    if key not in session.cache:
        sql = "SELECT role FROM base_user WHERE id >= ? AND id < ? AND name = ? ORDER BY id DESC LIMIT 1"
        session.cache[key] = session.value(sql, (session.low, session.high, session.user))
    found = session.cache[key]
    if found is None:
        raise Refusal("unknown-user", f"利用者「{session.user}」は登録されていません。", "users を取り込んでください。")
    return str(found)


def allow(session: Session, permission: str) -> None:
    """Return if the session's user has the permission; refuse otherwise."""
    have = role(session)
    if have not in PERMISSIONS[permission]:
        may = "・".join(sorted(PERMISSIONS[permission] - {OPERATOR}))
        raise Refusal(
            "not-permitted",
            f"利用者「{session.user}」（役割 {have}）には権限「{permission}」がありません。",
            f"{may} のいずれかの役割の人が行ってください。",
        )


def may(role: str, permission: str) -> bool:
    """Whether the role has the permission.

    >>> may("auditor", "closing.close"), may("accountant", "closing.close")
    (False, True)
    """
    return role in PERMISSIONS[permission]


def who_may(permission: str) -> list[str]:
    """The roles that have the permission, in the order of `ROLES`."""
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


def standing(session: Session, name: str) -> tuple[int, str] | None:
    found = session.read(
        "SELECT id, role FROM base_user WHERE id >= ? AND id < ? AND name = ? ORDER BY id DESC LIMIT 1",
        (session.low, session.high, name),
    )
    return (found["id"][0], found["role"][0]) if found.height else (0, "admin")
