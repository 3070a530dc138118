"""Who may do what: every action refuses the roles that lack its permission, and the printed table says the same."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.builders import GIVEN, a_shop, assert_same, csv_text, dump, take_bytes, users
from urikake import rooms
from urikake.base import access, bulk, company, runs
from urikake.base.access import OPERATOR, PERMISSIONS, ROLES, SYSTEM
from urikake.base.errors import Refusal
from urikake.doors import month

MATRIX = Path(__file__).parents[2] / "docs" / "permissions.md"
EVERYBODY = (*ROLES, OPERATOR)


def matrix() -> str:
    """The table of roles and permissions as it is printed in the documentation."""
    head = "# Permissions\n\nWho may do what. Generated from `urikake.base.access.PERMISSIONS`; a test says that it is up to date.\n"
    names = " | ".join(["permission", *ROLES, f"{OPERATOR} (`{SYSTEM}`)"])
    rows = [
        " | ".join([f"`{permission}`", *("●" if role in allowed else "" for role in EVERYBODY)])
        for permission, allowed in sorted(PERMISSIONS.items())
    ]
    lines = [names, " | ".join(["---", *[":-:"] * len(EVERYBODY)]), *rows]
    return head + "\n" + "\n".join(f"| {line} |" for line in lines) + "\n"


def test_the_printed_table_of_permissions_is_up_to_date() -> None:
    assert MATRIX.read_text(encoding="utf-8") == matrix()


def pens() -> list[ModuleType]:
    """The module of every pen, packages and their files."""
    found = pkgutil.walk_packages(rooms.__path__, f"{rooms.__name__}.")
    return [importlib.import_module(info.name) for info in found if ".actions" in info.name]


def actions() -> Iterator[tuple[str, Callable[..., Any], str]]:
    """Every business verb with its name and permission."""
    for module in (company, *pens()):
        for name, verb in vars(module).items():
            if hasattr(verb, "permission") and verb.__module__ == module.__name__:
                yield f"{module.__name__}.{name}", verb, verb.permission


def test_every_function_of_a_pen_that_writes_asks_for_a_permission() -> None:
    found = {name for name, *_ in actions()}
    assert len(found) > 20
    for module in pens():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            public = not name.startswith("_") and function.__module__ == module.__name__
            takes_session = "session" in inspect.signature(function).parameters
            if public and takes_session and f"{module.__name__}.{name}" not in found:
                assert f"{module.__name__}.{name}" in ASK_THEIR_CALLER, name


# Steps of a verb, not verbs: they are called by an action that has asked.
ASK_THEIR_CALLER = {
    "urikake.rooms.intake.actions.record_file",
    "urikake.rooms.ledger.actions.post",
    "urikake.rooms.invoices.actions.documents",
}


def test_every_action_refuses_the_roles_that_lack_it(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    users(sqlite_url, **{f"u_{role}": role for role in ROLES})
    every = list(actions())
    assert {permission for *_, permission in every} <= set(PERMISSIONS)
    for role in EVERYBODY:
        user = SYSTEM if role == OPERATOR else f"u_{role}"
        with runs.reading(sqlite_url, user) as session:
            for name, verb, permission in every:
                if role in PERMISSIONS[permission]:
                    access.allow(session, permission)
                    continue
                with pytest.raises(Refusal) as refused:
                    verb(session)  # asked before anything else is looked at
                assert refused.value.code == "not-permitted", (name, role)


def test_every_door_refuses_the_roles_that_lack_its_permission(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    users(sqlite_url, **{f"u_{role}": role for role in ROLES})
    day = date(2026, 4, 30)
    doors: list[tuple[str, Callable[[str], Any]]] = [
        ("billing.run", lambda user: month.bill(sqlite_url, day, issue=True, user=user)),
        ("matching.apply", lambda user: month.match(sqlite_url, user=user)),
        ("matching.apply", lambda user: month.apply(sqlite_url, "R", ["I"], difference="fee", on=None, user=user)),
        ("matching.apply", lambda user: month.unapply(sqlite_url, 1, on=None, user=user)),
        ("revenue.recognize", lambda user: month.recognize(sqlite_url, "2026-04", user=user)),
        ("closing.close", lambda user: month.close(sqlite_url, "2026-04", user=user)),
        ("closing.reopen", lambda user: month.reopen(sqlite_url, "2026-04", why="x", user=user)),
        ("receivables.approve", lambda user: month.approve(sqlite_url, "receivables", ["S"], user=user)),
    ]
    kinds = {
        "users": "users.import", "partners": "partners.import", "products": "products.import",
        "contracts": "contracts.import", "events": "contracts.change", "usage": "usage.import",
        "receivables": "receivables.enter", "openings": "receivables.enter", "receipts": "receipts.import",
    }  # fmt: skip
    for kind, permission in kinds.items():
        data = csv_text(GIVEN[kind]).encode()
        doors.append((permission, lambda user, kind=kind, data=data: take_bytes(sqlite_url, kind, data, user=user)))
    before = dump(sqlite_url)
    for permission, door in doors:
        for role in set(EVERYBODY) - PERMISSIONS[permission]:
            with pytest.raises(Refusal) as refused:
                door(SYSTEM if role == OPERATOR else f"u_{role}")
            assert refused.value.code == "not-permitted", (permission, role)
        with pytest.raises(Refusal, match="unknown-user"):
            door("nobody")
    assert_same(before, dump(sqlite_url))


def test_a_role_that_was_taken_away_is_gone(database: str) -> None:
    a_shop(database)
    users(database, hana="billing")
    month.bill(database, date(2026, 4, 30), issue=True, user="hana")
    users(database, hana="auditor")
    with pytest.raises(Refusal, match="not-permitted"):
        month.bill(database, date(2026, 4, 30), issue=True, user="hana")


def test_an_auditor_may_do_nothing_but_read() -> None:
    assert not [permission for permission, allowed in PERMISSIONS.items() if "auditor" in allowed]


def test_the_built_in_user_cannot_approve_or_reopen() -> None:
    for permission in ("receivables.approve", "closing.reopen"):
        assert OPERATOR not in PERMISSIONS[permission]


def test_a_session_that_only_reads_cannot_write(postgresql_url: str) -> None:
    a_shop(postgresql_url)
    with pytest.raises(Exception, match="read-only"), bulk.transaction(postgresql_url, writing=False) as session:
        session.execute("DELETE FROM receipts_unapplied")
