"""The timeline: folds at (effective, known), withdrawals, renewals, and the order in which things are learned."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from tests.builders import (
    Rows,
    a_contract,
    a_line,
    a_shop,
    an_event,
    assert_same,
    bill,
    billed,
    dump,
    invoices,
    recognize,
    recognized,
    report,
    take_rows,
)
from urikake.base.errors import FileRefusal


def in_force(url: str, as_of: str, known_at: datetime | None = None) -> list[tuple[str, float, float]]:
    """Product, quantity and price of every line in force."""
    rows = report(url, "contracts", as_of=as_of, **({"known_at": known_at} if known_at else {}))
    return [(r["product"], r["quantity"], r["unit_price"]) for r in rows]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_the_state_is_the_fold_of_what_is_effective_and_known(database: str) -> None:
    a_shop(database)
    a_contract(database, recorded_at="2026-03-20T09:00:00+09:00")
    an_event(database, "change_price", "2026-06-01", unit_price=12_000, recorded_at="2026-05-10T09:00:00+09:00")
    an_event(database, "change_quantity", "2026-05-01", quantity=3, recorded_at="2026-07-01T09:00:00+09:00")
    assert in_force(database, "2026-03-31") == []
    assert in_force(database, "2026-04-01") == [("PLAN", 1, 10_000)]
    assert in_force(database, "2026-05-31") == [("PLAN", 3, 10_000)]
    assert in_force(database, "2026-06-01") == [("PLAN", 3, 12_000)]
    known = [
        ("2026-03-20T08:59:59+09:00", []),
        ("2026-03-20T09:00:00+09:00", [("PLAN", 1, 10_000)]),
        ("2026-05-10T09:00:00+09:00", [("PLAN", 1, 12_000)]),
        ("2026-07-01T09:00:00+09:00", [("PLAN", 3, 12_000)]),
    ]
    for moment, state in known:
        assert in_force(database, "2026-06-01", at(moment)) == state, moment


def test_the_timeline_tells_what_happened_as_it_was_known(database: str) -> None:
    a_shop(database)
    a_contract(database, recorded_at="2026-03-20T09:00")
    an_event(database, "change_plan", "2026-06-01", product="BIG", recorded_at="2026-05-10T09:00", reason="増強")
    an_event(database, "cancel", last_day="2026-07-31", recorded_at="2026-06-10T09:00")
    rows = report(database, "timeline", partner="P1")
    assert [(r["effective"], r["type"], r["by"]) for r in rows] == [
        ("2026-04-01", "start", "system"),
        ("2026-06-01", "change_plan", "system"),
        ("2026-08-01", "cancel", "system"),
    ]
    assert rows[1]["recorded_at"] == "2026-05-10T00:00:00+00:00"
    assert "BIG" in rows[1]["detail"]
    assert "増強" in rows[1]["detail"]
    assert len(report(database, "timeline", partner="P1", as_of="2026-06-01")) == 2
    assert len(report(database, "timeline", partner="P1", known_at=at("2026-05-01T00:00+09:00"))) == 1


EVENTS: Rows = [
    {"type": "change_price", "effective": "2026-04-16", "unit_price": 30_000, "recorded_at": "2026-05-01T10:00"},
    {"type": "change_quantity", "effective": "2026-04-11", "quantity": 2, "recorded_at": "2026-05-02T10:00"},
    {"type": "cancel", "last_day": "2026-05-10", "recorded_at": "2026-05-03T10:00"},
]


def test_the_order_of_import_makes_no_difference(database: str) -> None:
    # 30 days at 10,000: 1–10 April × 1, 11–15 April × 2, 16–30 April 30,000 × 2, 1–10 May of 31 days.
    a_shop(database)
    orders = list(permutations(range(3)))
    take_rows(database, "contracts", [a_line(f"C{n}") for n in range(len(orders))])
    for number, order in enumerate(orders):
        for at_ in order:
            take_rows(database, "events", [{"contract_no": f"C{number}"} | EVENTS[at_]])
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    lines = [
        line | {"closing": invoice["closing"]}
        for invoice in report(database, "invoices")
        for line in invoice["lines"]
    ]  # fmt: skip
    for number in range(len(orders)):
        found = [(x["closing"], x["service_from"], x["net"]) for x in lines if x["contract_no"] == f"C{number}"]
        assert found == [
            ("2026-04-30", "2026-04-01", 3_333),
            ("2026-04-30", "2026-04-11", 3_333),
            ("2026-04-30", "2026-04-16", 30_000),
            ("2026-05-31", "2026-05-01", 19_354),  # 60,000 × 10/31
        ], orders[number]


def test_events_of_one_day_apply_in_the_order_in_which_they_were_recorded(database: str) -> None:
    a_shop(database)
    a_contract(database)
    rows = [
        {"unit_price": 20_000, "recorded_at": "2026-05-02T10:00"},
        {"unit_price": 30_000, "recorded_at": "2026-05-01T10:00"},
    ]
    base = {"contract_no": "C1", "type": "change_price", "effective": "2026-06-01"}
    take_rows(database, "events", [base | row for row in rows])
    assert in_force(database, "2026-06-01") == [("PLAN", 1, 20_000)]
    same = {"recorded_at": "2026-05-03T10:00"}  # one moment: then in the order of the file
    take_rows(database, "events", [base | {"unit_price": price} | same for price in (50_000, 40_000)])
    assert in_force(database, "2026-06-01") == [("PLAN", 1, 40_000)]


def test_a_reservation_can_be_withdrawn_until_its_day(database: str) -> None:
    a_shop(database)
    a_contract(database, recorded_at="2026-04-01T09:00")
    an_event(database, "change_price", "2026-06-01", unit_price=20_000, recorded_at="2026-05-01T09:00")
    with pytest.raises(FileRefusal, match="file-refused"):
        an_event(database, "withdraw", "2026-06-01", recorded_at="2026-06-01T00:00:00+09:00")
    an_event(database, "withdraw", "2026-06-01", recorded_at="2026-05-31T23:59:00+09:00")
    assert in_force(database, "2026-06-01") == [("PLAN", 1, 10_000)]
    known = at("2026-05-15T00:00+09:00")
    assert in_force(database, "2026-06-01", known) == [("PLAN", 1, 20_000)]
    with pytest.raises(FileRefusal):
        an_event(database, "withdraw", "2026-06-02", recorded_at="2026-05-01T09:00")


def test_a_withdrawal_taken_twice_is_taken_once(database: str) -> None:
    a_shop(database)
    a_contract(database)
    an_event(database, "cancel", "2026-06-01", event_id="E9", recorded_at="2026-05-01T09:00")
    row: dict[str, Any] = {"event_id": "E9", "recorded_at": "2026-05-02T09:00"}
    assert an_event(database, "withdraw", "2026-06-01", **row) == 1
    before = dump(database)
    assert an_event(database, "withdraw", "2026-06-01", **row) == 0
    assert_same(before, dump(database))
    assert in_force(database, "2026-06-01") == [("PLAN", 1, 10_000)]


def test_an_option_is_added_removed_and_cancelled_with_its_contract(database: str) -> None:
    a_shop(database)
    a_contract(database)
    an_event(database, "add_option", "2026-05-01", product="OPTION", quantity=2)
    an_event(database, "add_option", "2026-05-01", product="SEAT", quantity=5)
    an_event(database, "remove_option", "2026-06-01", line="SEAT")
    an_event(database, "cancel", last_day="2026-06-30")
    assert in_force(database, "2026-05-31") == [("PLAN", 1, 10_000), ("OPTION", 2, 3_000), ("SEAT", 5, 1_000)]
    assert in_force(database, "2026-06-30") == [("PLAN", 1, 10_000), ("OPTION", 2, 3_000)]
    assert in_force(database, "2026-07-01") == []


def test_a_change_of_one_line_of_several_must_say_which(database: str) -> None:
    a_shop(database)
    take_rows(database, "contracts", [a_line(), a_line(product="OPTION")])
    with pytest.raises(FileRefusal) as error:
        an_event(database, "change_quantity", "2026-05-01", quantity=2)
    assert error.value.errors[0].column == "line"
    an_event(database, "change_quantity", "2026-05-01", quantity=2, line="OPTION")
    assert in_force(database, "2026-05-01") == [("PLAN", 1, 10_000), ("OPTION", 2, 3_000)]


def test_a_change_after_the_end_is_refused(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2026-05-31")
    for kind, more in (("change_price", {"unit_price": 1}), ("change_quantity", {"quantity": 1})):
        with pytest.raises(FileRefusal):
            an_event(database, kind, "2026-07-01", **more)


def test_a_term_renews_by_itself_however_long_nobody_looked(database: str) -> None:
    a_shop(database)
    a_contract(database, start="2026-04-01", end="2027-03-31", auto_renew=12, cycle_months=12, monthly=120_000)
    bill(database, "2030-04-30")
    starts = ["2026-04-01", "2027-04-01", "2028-04-01", "2029-04-01", "2030-04-01"]
    assert [row[1] for row in billed(database)] == starts
    renewals = [r["effective"] for r in report(database, "timeline", partner="P1") if r["type"] == "renew"]
    assert renewals == starts[1:]
    before = dump(database)
    bill(database, "2030-04-30")
    assert_same(before, dump(database))


def test_a_term_without_renewal_and_a_declined_one_end(database: str) -> None:
    a_shop(database)
    take_rows(
        database, "contracts",
        [a_line("END", end="2026-05-31"), a_line("DEC", end="2026-05-31", auto_renew=1), a_line("CAN", end="2026-05-31", auto_renew=1)],
    )  # fmt: skip
    an_event(database, "decline_renewal", "2026-05-10", contract_no="DEC")
    an_event(database, "cancel", contract_no="CAN", last_day="2026-05-31")
    bill(database, "2026-07-31")
    assert [row[1] for row in billed(database)] == ["2026-04-01", "2026-05-01"] * 3
    assert in_force(database, "2026-06-01") == []


def test_a_term_that_ended_at_the_end_of_a_month_keeps_it(database: str) -> None:
    # Started on the 31st, terms of a month: 30 May, 29 June, 30 July — each ends the day before the anchored day.
    a_shop(database)
    a_contract(database, start="2026-12-31", end="2027-01-30", auto_renew=1)
    bill(database, "2027-05-31")
    assert [row[1:3] for row in billed(database)] == [
        ("2026-12-31", "2027-01-30"),
        ("2027-01-31", "2027-02-27"),
        ("2027-02-28", "2027-03-30"),
        ("2027-03-31", "2027-04-29"),
        ("2027-04-30", "2027-05-30"),
        ("2027-05-31", "2027-06-29"),
    ]


def test_recognition_carries_a_term_on_before_anybody_bills_it(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2026-04-30", auto_renew=12, timing="arrears", monthly=30_000)
    recognize(database, "2026-05")
    assert recognized(database, "2026-04", "2026-05") == [30_000, 30_000]


def test_contracts_up_for_renewal_are_listed_with_the_day_for_notice(database: str) -> None:
    a_shop(database)
    take_rows(
        database, "contracts",
        [
            a_line("YES", end="2027-03-31", auto_renew=12, notice_days=30),
            a_line("NO", end="2027-02-28"),
            a_line("LATER", end="2027-12-31", auto_renew=12),
            a_line("OFF", end="2027-03-31", auto_renew=12, notice_days=10),
        ],
    )  # fmt: skip
    an_event(database, "decline_renewal", "2027-01-15", contract_no="OFF")
    assert report(database, "renewals", as_of="2027-02-01", days=60) == [
        {"contract_no": "NO", "partner": "P1", "ends": "2027-02-28", "notice_by": "2027-02-28", "renews_to": None},
        {"contract_no": "OFF", "partner": "P1", "ends": "2027-03-31", "notice_by": "2027-03-21", "renews_to": None},
        {"contract_no": "YES", "partner": "P1", "ends": "2027-03-31", "notice_by": "2027-03-01", "renews_to": "2028-03-31"},
    ]  # fmt: skip


def test_a_renewal_that_raises_nothing_leaves_the_cycle_whole(database: str) -> None:
    # The term ends on 15 May, in the middle of a calendar cycle: one line for May, in force since the start.
    a_shop(database)
    a_contract(database, start="2026-04-16", end="2026-05-15", auto_renew=12, anchor_day=1)
    bill(database, "2026-04-30", "2026-05-31")
    assert [len(invoice["lines"]) for invoice in invoices(database)] == [1, 1]
    (line,) = report(database, "contracts", as_of="2026-05-31")
    assert line["since"] == "2026-04-16"
