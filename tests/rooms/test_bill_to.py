"""A contract billed to another partner from a day on (請求先の変更): whose invoice each cycle is on, and when it closes."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import (
    a_contract,
    a_partner,
    a_shop,
    an_event,
    bill,
    invoices,
    recognize,
    report,
    take_rows,
)
from urikake.base import runs
from urikake.base.errors import FileRefusal
from urikake.doors import ahead
from urikake.rooms.reports.queries.explain import explain


def papers(url: str) -> list[tuple[str, str, str, int]]:
    """Partner, closing, first day and net amount of every line of every invoice."""
    return [
        (paper["partner"], paper["closing"], line["service_from"], line["net"])
        for paper in invoices(url)
        for line in paper["lines"]
    ]


def a_moved_shop(url: str, effective: str = "2026-06-01", closing_day: int = 31, **line: object) -> None:
    a_shop(url)
    a_partner(url, "P2", closing_day=closing_day)
    a_contract(url, "C1", **line)
    an_event(url, "change_bill_to", effective, bill_to="P2")


def test_cycles_that_begin_from_the_day_on_go_to_the_new_payer(database: str) -> None:
    a_moved_shop(database, "2026-05-16")
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    assert papers(database) == [
        ("P1", "2026-04-30", "2026-04-01", 10_000),
        ("P1", "2026-05-31", "2026-05-01", 10_000),
        ("P2", "2026-06-30", "2026-06-01", 10_000),
    ]


@pytest.mark.parametrize(
    ("timing", "wanted"),
    [
        ("advance", [("P2", "2026-05-20", "2026-06-01"), ("P1", "2026-04-30", "2026-05-01")]),
        ("current", [("P2", "2026-06-20", "2026-06-01"), ("P1", "2026-05-31", "2026-05-01")]),
        ("arrears", [("P2", "2026-07-20", "2026-06-01"), ("P1", "2026-05-31", "2026-05-01")]),
    ],
)
def test_each_payer_is_billed_on_its_own_closing_day(database: str, timing: str, wanted: list[tuple[str, ...]]) -> None:
    a_moved_shop(database, closing_day=20, timing=timing)
    bill(
        database,
        *(f"2026-{month:02}-{day}" for month, end in ((4, 30), (5, 31), (6, 30), (7, 31)) for day in (20, end)),
    )
    found = [row[:3] for row in papers(database)]
    assert all(row in found for row in wanted)
    assert [row for row in found if row[0] == "P2" and row[2] < "2026-06-01"] == []
    assert [row for row in found if row[0] == "P1" and row[2] >= "2026-06-01"] == []
    assert len({row[2] for row in found}) == len(found)


def test_what_the_old_payer_closes_later_is_not_forgotten(database: str) -> None:
    """The new payer's closing of the 20th comes before the old one's of the 31st."""
    a_moved_shop(database, "2026-06-01", closing_day=20, timing="advance", start="2026-05-01")
    bill(database, "2026-05-20", "2026-05-31", "2026-06-20", "2026-06-30")
    assert [row[:3] for row in papers(database)] == [
        ("P2", "2026-05-20", "2026-06-01"),
        ("P1", "2026-05-31", "2026-05-01"),
        ("P2", "2026-06-20", "2026-07-01"),
    ]


def test_a_credit_goes_to_whom_the_cycle_was_billed(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2")
    a_contract(database, "C1", cycle_months=12)
    bill(database, "2026-04-30")
    an_event(database, "change_bill_to", "2026-04-01", bill_to="P2")
    an_event(database, "cancel", "2026-10-01")
    bill(database, "2026-10-31")
    assert [(paper["partner"], paper["kind"], paper["net"]) for paper in invoices(database)] == [
        ("P1", "invoice", 10_000),
        ("P1", "return", -4_986),
    ]


def test_usage_is_billed_to_the_payer_of_its_cycle(database: str) -> None:
    a_moved_shop(database, product="API", timing="arrears")
    for month in (5, 6):
        row = {"event_id": f"u{month}", "contract_no": "C1", "product": "API", "timestamp": f"2026-{month:02}-10"}
        take_rows(database, "usage", [row | {"quantity": month}])
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    late = {"event_id": "late", "contract_no": "C1", "product": "API", "timestamp": "2026-05-11", "quantity": 100}
    take_rows(database, "usage", [late])
    bill(database, "2026-07-31")
    assert papers(database) == [
        ("P1", "2026-05-31", "2026-05-01", 50),
        ("P2", "2026-06-30", "2026-06-01", 60),
        ("P1", "2026-07-31", "2026-05-01", 1_000),
    ]


def test_back_to_the_holder_and_a_reservation_taken_back(database: str) -> None:
    a_moved_shop(database, "2026-05-01")
    an_event(database, "change_bill_to", "2026-06-01", bill_to="P1")
    an_event(database, "change_bill_to", "2026-07-01", bill_to="P2", recorded_at="2026-04-01")
    an_event(database, "withdraw", "2026-07-01", recorded_at="2026-04-02")
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31")
    assert [row[0] for row in papers(database)] == ["P1", "P2", "P1", "P1"]


def test_what_is_earned_before_its_bill_is_the_new_payers(database: str) -> None:
    a_moved_shop(database, "2026-05-01", timing="arrears", cycle_months=2)
    recognize(database, "2026-06")
    with runs.reading(database) as session:
        rows = session.read(
            "SELECT p.code, a.month, a.amount FROM revenue_accrual a JOIN parties_partner p ON p.id = a.partner_id"
            " ORDER BY a.id"
        ).rows()
    assert rows == [
        ("P1", date(2026, 4, 1), 5_000),
        ("P1", date(2026, 5, 1), 5_000),
        ("P2", date(2026, 6, 1), 5_000),
    ]


def test_the_next_bills_show_both_payers_closings_and_nothing_is_stored(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", closing_day=20)
    a_contract(database, "C1")
    event = {"contract_no": "C1", "effective": "2026-05-01", "type": "change_bill_to", "bill_to": "P2"}
    found = ahead.look(database, "C1", [event], since=date(2026, 4, 1))
    told = {str(row["closing"]): (row["before"], row["after"]) for row in found.bills()}
    assert told["2026-05-20"] == (0, 10_000)
    assert told["2026-05-31"] == (10_000, 0)
    assert report(database, "timeline", partner="P1")[-1]["type"] == "start"


def test_the_timeline_says_to_whom(database: str) -> None:
    a_moved_shop(database)
    told = report(database, "timeline", partner="P1")[-1]
    assert (told["type"], told["detail"]) == ("change_bill_to", "契約全体 → P2")
    with runs.reading(database) as session:
        found = explain(session, "contract:C1")
    assert any("P2商事" in cause.label for cause in found.path)


def test_a_payer_that_later_has_its_own_bills_paid_has_these_paid_too(database: str) -> None:
    """The contract of P1 goes to P2; then P2 has its bills sent to P1: no circle, P1 pays on its own closing day."""
    a_moved_shop(database, "2026-05-01", closing_day=20)
    bill(database, "2026-04-30")
    a_partner(database, "P2", closing_day=20, bill_to="P1")
    bill(database, "2026-05-20", "2026-05-31")
    assert papers(database) == [
        ("P1", "2026-04-30", "2026-04-01", 10_000),
        ("P1", "2026-05-31", "2026-05-01", 10_000),
    ]


def test_a_forecast_by_partner_is_of_whom_is_billed(database: str) -> None:
    a_moved_shop(database, "2026-06-01")
    a_partner(database, "P3", bill_to="P2")
    a_contract(database, "C3", partner="P3", monthly=3_000)
    bill(database, "2026-04-30")

    def said() -> list[tuple[str, ...]]:
        rows = report(database, "forecast", from_month="2026-04", months=3, by="partner")
        return [(row["month"], row["key"], row["billing"], row["revenue"]) for row in rows]

    wanted = [
        ("2026-04", "P1", 10_000, 10_000), ("2026-04", "P2", 3_000, 3_000),
        ("2026-05", "P1", 10_000, 10_000), ("2026-05", "P2", 3_000, 3_000),
        ("2026-06", "P2", 13_000, 13_000),
    ]  # fmt: skip
    assert said() == wanted
    bill(database, "2026-05-31", "2026-06-30")
    recognize(database, "2026-05")
    assert said() == wanted


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({}, "必須"),
        ({"bill_to": "NONE"}, "この取引先はありません"),
        ({"bill_to": "P3"}, "循環・多段"),
        ({"bill_to": "P2", "line": "PLAN"}, "契約ごと"),
    ],
)
def test_a_payer_that_cannot_be_is_refused(database: str, columns: dict[str, str], why: str) -> None:
    a_shop(database)
    a_partner(database, "P2")
    a_partner(database, "P3", bill_to="P2")
    a_contract(database, "C1")
    with pytest.raises(FileRefusal, match=why):
        an_event(database, "change_bill_to", "2026-05-01", **columns)
    with pytest.raises(FileRefusal, match="change_bill_to だけ"):
        an_event(database, "change_quantity", "2026-05-01", quantity=2, bill_to="P2")
