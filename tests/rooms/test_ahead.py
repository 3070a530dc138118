"""What is said of the next bills before a change is exactly what they will be after it, and saying it stores nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import a_contract, a_shop, an_event, assert_same, bill, dump, invoices, users
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors.ahead import look, look_all
from urikake.doors.files import TAKERS
from urikake.rooms.intake.queries import given

SINCE = date(2026, 5, 1)
CLOSINGS = ("2026-05-31", "2026-06-30", "2026-07-31")
CHANGES: list[dict[str, Any]] = [
    {"type": "change_quantity", "effective": "2026-05-16", "line": "PLAN", "quantity": "3"},
    {"type": "change_price", "effective": "2026-06-01", "unit_price": "15000"},
    {"type": "add_option", "effective": "2026-06-11", "product": "OPTION", "unit_price": "3000", "quantity": "1"},
    {"type": "cancel", "last_day": "2026-06-20"},
]


def a_billed_contract(url: str, **columns: Any) -> None:
    a_shop(url)
    a_contract(url, "C1", monthly=10_000, **columns)
    a_contract(url, "C2", monthly=7_000)
    bill(url, "2026-04-30")


def of_closings(url: str, contract_no: str = "C1") -> list[int]:
    """What the closings bill of the contract, net."""
    bill(url, *CLOSINGS)
    return [
        sum(line["net"] for i in invoices(url, day) for line in i["lines"] if line["contract_no"] == contract_no)
        for day in CLOSINGS
    ]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change["type"])
@pytest.mark.parametrize("timing", ["advance", "current", "arrears"])
def test_what_is_said_of_the_next_bills_is_what_they_will_be(
    sqlite_url: str, timing: str, change: dict[str, Any]
) -> None:
    a_billed_contract(sqlite_url, timing=timing)
    said = look(sqlite_url, "C1", [{"contract_no": "C1", **change}], since=SINCE).bills()
    assert [row["closing"].isoformat() for row in said] == list(CLOSINGS)
    an_event(sqlite_url, change["type"], **{name: value for name, value in change.items() if name != "type"})
    assert [row["after"] for row in said] == of_closings(sqlite_url)


def test_a_look_ahead_stores_nothing_and_needs_leave_to_change_contracts(database: str) -> None:
    a_billed_contract(database)
    users(database, sales="sales", auditor="auditor")
    before = dump(database)
    event = {"contract_no": "C1", "type": "change_quantity", "effective": "2026-05-16", "quantity": "2"}
    found = look(database, "C1", [event], since=SINCE, user="sales")
    assert [(row["before"], row["after"]) for row in found.bills()] == [
        (10_000, 4_838 + 10_322),
        (10_000, 20_000),
        (10_000, 20_000),
    ]
    assert {row["product_name"] for row in found.changed()} == {"PLAN"}
    assert_same(before, dump(database))
    for user, number, event_, kind in (
        ("auditor", "C1", event, Refusal),
        ("sales", "C9", event, Refusal),
        ("sales", "C1", event | {"quantity": "many"}, FileRefusal),
    ):
        with pytest.raises(kind):
            look(database, number, [event_], since=SINCE, user=user)


def test_other_contracts_are_not_billed_by_looking(database: str) -> None:
    a_billed_contract(database)
    look(database, "C1", [{"contract_no": "C1", "type": "cancel", "last_day": "2026-05-31"}], since=SINCE)
    assert of_closings(database, "C2") == [7_000, 7_000, 7_000]


def test_a_file_of_changes_is_looked_at_in_sum(database: str) -> None:
    a_billed_contract(database)
    before = dump(database)
    change = {"type": "change_price", "effective": "2026-06-01", "unit_price": "15000"}
    rows = [{"contract_no": number, **change} for number in ("C1", "C2")]
    found = look_all(database, lambda: given(rows, TAKERS["events"][0], "events.csv"), since=SINCE)
    assert [(row["before"], row["after"]) for row in found.bills()] == [
        (17_000, 17_000),
        (17_000, 30_000),
        (17_000, 30_000),
    ]
    assert_same(before, dump(database))


def test_the_look_ahead_says_in_which_months_the_bills_are_revenue(database: str) -> None:
    """A year at 12,000 from June, doubled from 1 December: half of it, 6,000 more, is revenue of December to May."""
    a_shop(database)
    a_contract(database, "C1", monthly=12_000, cycle_months=12, start="2026-06-01", proration="monthly")
    event = {"contract_no": "C1", "type": "change_price", "effective": "2026-12-01", "unit_price": "24000"}
    found = look(database, "C1", [event], since=date(2026, 6, 1))
    told = {row["month"].isoformat()[:7]: (row["before"], row["after"]) for row in found.revenue()}
    assert told["2026-11"] == (1_000, 1_000)
    assert (told["2026-12"], told["2027-05"]) == ((1_000, 2_000), (1_000, 2_000))
    assert sum(after for _, after in told.values()) == sum(row["after"] for row in found.bills())
