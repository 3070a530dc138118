"""Who may see and do what: every action, door and report refuses the roles that lack its permission."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date
from types import ModuleType
from typing import Any

import pytest

from tests import builders
from tests.builders import GIVEN, a_shop, assert_same, csv_text, dump, take_bytes
from urikake import rooms
from urikake.base import access, bulk, company, runs, users
from urikake.base.access import OPERATOR, PERMISSIONS, ROLES, SYSTEM
from urikake.base.errors import Refusal
from urikake.doors import asked, month, people, rating, rehearsal, revision
from urikake.doors.documents import asked as documents
from urikake.rooms.closing.actions import OLD_BILLS
from urikake.rooms.intake.queries import given
from urikake.rooms.reports.queries import READING, REPORTS

EVERYBODY = (*ROLES, OPERATOR)


def pens() -> list[ModuleType]:
    """The module of every pen, packages and their files."""
    found = pkgutil.walk_packages(rooms.__path__, f"{rooms.__name__}.")
    return [importlib.import_module(info.name) for info in found if ".actions" in info.name]


def actions() -> Iterator[tuple[str, Callable[..., Any], str]]:
    """Every business verb with its name and permission."""
    for module in (company, users, *pens()):
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
    *(f"urikake.rooms.intake.actions.record_{what}" for what in ("file", "parts")),
    "urikake.rooms.collecting.actions.collected.settle",
    "urikake.rooms.collecting.actions.masters.collector_of",
    "urikake.rooms.ledger.actions.post",
    "urikake.rooms.intake.actions.keep_new",
    "urikake.rooms.exports.actions.printing.printed",
    *(f"urikake.rooms.refunds.actions.paying.{step}" for step in ("pay_back", "take_refund_back")),
    *(f"urikake.rooms.refunds.actions.masters.{step}" for step in ("payee_of", "told", "words")),
    "urikake.rooms.matching.actions.refunding.wanted",
    "urikake.rooms.closing.actions.refunds.words",
    "urikake.rooms.matching.actions.by_hand.planned",
    "urikake.rooms.closing.actions.write_offs.waits",
    *(f"urikake.rooms.matching.actions.posting.{step}" for step in ("nothing", "post", "sure_heads")),
    *(f"urikake.rooms.matching.actions.learning.{step}" for step in ("learn", "unlearn")),
    *(
        f"urikake.rooms.matching.actions.named.{step}"
        for step in ("named_items", "part_of", "settled", "waiting_receipt")
    ),
    *(
        f"urikake.rooms.ledger.actions.{what}_lines"
        for what in (
            "advance",
            "application",
            "collection",
            "deposit",
            "invoice",
            "receipt",
            "refund",
            "revenue",
            "slip",
        )
    ),
    "urikake.rooms.invoices.actions.documents",
    *(f"urikake.rooms.contracts.actions.corrections.{step}" for step in ("named", "placed")),
    *(f"urikake.rooms.contracts.actions.discounts.{step}" for step in ("ending", "words")),
    *(f"urikake.rooms.contracts.actions.commitments.{step}" for step in ("check", "check_changes", "unfit")),
    *(f"urikake.rooms.contracts.actions.deposits.{step}" for step in ("check", "check_changes", "held")),
    *(f"urikake.rooms.contracts.actions.collection.{step}" for step in ("check", "ids")),
    *(f"urikake.rooms.parties.actions.{step}" for step in ("check_terms", "closing_masks", "name_payers", "terms_ids")),
    "urikake.rooms.contracts.actions.ours.told",
    *(f"urikake.rooms.contracts.actions.together.{step}" for step in ("agreed", "changed")),
    "urikake.rooms.contracts.actions.effects.checked",
    "urikake.rooms.usage.actions.placing.placed",
    *(f"urikake.rooms.obligations.actions.arranging.{step}" for step in ("charges", "priced", "sold")),
    *(
        f"urikake.rooms.obligations.actions.combining.{step}"
        for step in ("contract", "followed", "joined_to", "members", "number_of", "told")
    ),
    *(
        f"urikake.rooms.obligations.actions.financing.{step}"
        for step in ("apart", "bare", "rate", "unperformed", "with_interest")
    ),
    *(f"urikake.rooms.revenue.actions.{step}" for step in ("interest_moves", "named_interest", "transfer_moves")),
    "urikake.rooms.ledger.actions.interest_lines",
    *(f"urikake.rooms.exports.actions.naming.{step}" for step in ("named", "speller", "written")),
    "urikake.rooms.exports.actions.proving.prove",
}


def test_every_action_refuses_the_roles_that_lack_it(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    builders.users(sqlite_url, **{f"u_{role}": role for role in ROLES})
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
    builders.users(sqlite_url, **{f"u_{role}": role for role in ROLES})
    day = date(2026, 4, 30)
    doors: list[tuple[str, Callable[[str], Any]]] = [
        ("billing.run", lambda user: month.bill(sqlite_url, day, issue=True, user=user)),
        ("matching.apply", lambda user: month.match(sqlite_url, user=user)),
        ("matching.apply", lambda user: month.apply(sqlite_url, "R", ["I"], difference="fee", on=None, user=user)),
        ("matching.apply", lambda user: month.unapply(sqlite_url, 1, on=None, user=user)),
        (
            "matching.apply",
            lambda user: month.apply_together(sqlite_url, ["R"], ["I"], difference="fee", on=None, user=user),
        ),
        ("matching.apply", lambda user: month.confirm(sqlite_url, [], on=day, user=user)),
        ("matching.apply", lambda user: month.unapply_together(sqlite_url, [1], user=user)),
        ("matching.apply", lambda user: month.hold_receipt(sqlite_url, "R", why="x", user=user)),
        ("matching.apply", lambda user: month.note(sqlite_url, "x", partner="P1", user=user)),
        ("revenue.recognize", lambda user: month.recognize(sqlite_url, "2026-04", user=user)),
        ("closing.close", lambda user: month.close(sqlite_url, "2026-04", user=user)),
        ("closing.reopen", lambda user: month.reopen(sqlite_url, "2026-04", why="x", user=user)),
        ("closing.read", lambda user: documents.found(sqlite_url, "close", ref="2026-04", user=user)),
        (
            "billing.run",
            lambda user: rehearsal.rehearse(
                sqlite_url, given([{"partner": "P1", "billed": 1}], OLD_BILLS, "x"), day, user=user
            ),
        ),
        ("contracts.change", lambda user: revision.revise(sqlite_url, revision.Asked("PLAN", day), user=user)),
        ("contracts.change", lambda user: revision.withdraw(sqlite_url, "PLAN", day, on=day, user=user)),
        ("users.change", lambda user: people.add(sqlite_url, "x", "sales", user=user)),
        ("users.change", lambda user: people.change(sqlite_url, "u_sales", "admin", user=user)),
        ("billing.read", lambda user: rating.rate(sqlite_url, rating.Asked(day, day), user=user)),
        ("users.read", lambda user: people.listed(sqlite_url, user=user)),
        ("receivables.approve", lambda user: month.approve(sqlite_url, "receivables", ["S"], user=user)),
        ("invoices.approve", lambda user: month.approve(sqlite_url, "invoices", ["2026-04-30"], user=user)),
        ("invoices.cancel", lambda user: month.cancel_invoice(sqlite_url, "INV-2026-00001", why="x", user=user)),
    ]
    kinds = {
        "users": "users.import", "partners": "partners.import", "holidays": "partners.import",
        "products": "products.import", "option-rules": "products.import", "contracts": "contracts.import",
        "events": "contracts.change", "usage": "usage.import",
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
    builders.users(database, hana="billing")
    month.bill(database, date(2026, 4, 30), issue=True, user="hana")
    builders.users(database, hana="auditor")
    with pytest.raises(Refusal, match="not-permitted"):
        month.bill(database, date(2026, 4, 30), issue=True, user="hana")


def test_every_report_refuses_the_roles_that_may_not_see_it(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    builders.users(sqlite_url, **{f"u_{role}": role for role in ROLES})
    day = date(2026, 4, 30)
    every: dict[str, Any] = {
        "as_of": day, "closing": day, "since": day, "until": day, "month": "2026-04", "partner": "P1", "receipt": "R",
        "source": "INV-2026-00001", "from_month": "2026-04",
    }  # fmt: skip
    assert READING.keys() == REPORTS.keys()
    for name, report in REPORTS.items():
        needed = [p.name for p in inspect.signature(report).parameters.values() if p.default is p.empty][1:]
        options = {key: every[key] for key in needed}
        for role in ROLES:
            try:
                asked.answer(sqlite_url, name, options, user=f"u_{role}")
                refused = ""
            except Refusal as refusal:
                refused = refusal.code
            assert (refused == "not-permitted") is (role not in PERMISSIONS[READING[name]]), (name, role, refused)
        with pytest.raises(Refusal, match="unknown-user"):
            asked.answer(sqlite_url, name, options, user="nobody")


def test_an_auditor_may_do_nothing_but_read_and_nobody_may_do_nothing_at_all() -> None:
    assert not [permission for permission, allowed in PERMISSIONS.items() if access.NOBODY in allowed]
    audited = {permission for permission, allowed in PERMISSIONS.items() if "auditor" in allowed}
    assert audited
    assert {permission.split(".")[1] for permission in audited} == {"read"}


def test_sales_see_neither_bank_nor_books() -> None:
    for permission in ("receipts.read", "matching.read", "journals.read"):
        assert "sales" not in PERMISSIONS[permission]


def test_the_built_in_user_cannot_approve_or_reopen() -> None:
    for permission in ("receivables.approve", "closing.reopen"):
        assert OPERATOR not in PERMISSIONS[permission]


def test_what_a_session_that_only_reads_would_write_is_undone(database: str) -> None:
    a_shop(database)
    builders.receive(database, 500)
    before = dump(database)
    with bulk.transaction(database, writing=False) as session:
        session.execute("DELETE FROM receipts_unapplied")
        assert session.read("SELECT receipt_id FROM receipts_unapplied").is_empty()
    assert_same(before, dump(database))


def test_users_are_added_and_changed_one_by_one_and_nobody_changes_their_own_role(database: str) -> None:
    a_shop(database)
    people.add(database, "hana", "admin", email="hana@example.jp")
    people.add(database, "taro", "sales", user="hana")
    assert people.change(database, "taro", "billing", user="hana")
    assert not people.change(database, "taro", "billing", user="hana")
    assert people.listed(database, user="hana") == [
        {"name": "hana", "role": "admin", "email": "hana@example.jp"},
        {"name": "taro", "role": "billing", "email": ""},
    ]
    assert people.change(database, "hana", "admin", email="h@example.jp", user="hana")  # the address is one's own
    refused = {
        "own-role": lambda: people.change(database, "hana", "accountant", user="hana"),
        "user-exists": lambda: people.add(database, "taro", "sales"),
        "unknown-user": lambda: people.change(database, "jiro", "sales"),
        "unknown-role": lambda: people.add(database, "jiro", "boss"),
        "user-name": lambda: people.add(database, " jiro", "sales"),
        "user-email": lambda: people.add(database, "jiro", "sales", email="x" * 255),
        "file-refused": lambda: take_bytes(
            database, "users", b"name,role,email\nhana,sales,h@example.jp\n", user="hana"
        ),
    }
    for code, door in refused.items():
        with pytest.raises(Refusal) as found:
            door()
        assert found.value.code == code
    with pytest.raises(Refusal, match="user-exists"):
        people.add(database, SYSTEM, "sales")


def test_who_was_disabled_may_do_nothing_and_stands_on_another_fact(database: str) -> None:
    a_shop(database)
    people.add(database, "taro", "admin")
    with runs.reading(database) as session:
        before = access.standing(session, "taro")
        assert access.standing(session, "jiro") is None
    people.change(database, "taro", access.NOBODY)
    with runs.reading(database) as session:
        after = access.standing(session, "taro")
    assert before is not None
    assert after is not None
    assert (before[1], after[1]) == ("admin", "none")
    assert after[0] > before[0]
    with pytest.raises(Refusal, match="not-permitted"):
        asked.answer(database, "invoices", {}, user="taro")
