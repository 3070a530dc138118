"""Bills below the minimum for an invoice (少額繰越): carried on until they come to enough, or are the last."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_partner,
    a_shop,
    an_event,
    bill,
    invoices,
    recognize,
    report,
    take_rows,
    users,
)
from urikake.base.errors import Refusal
from urikake.doors import month


def papers(url: str) -> list[tuple[str, str, int, list[str]]]:
    """Partner, closing, total and the first days of the lines of every document."""
    return [(p["partner"], p["closing"], p["total"], [li["service_from"] for li in p["lines"]]) for p in invoices(url)]


def test_a_small_bill_waits_until_it_comes_to_enough_and_the_month_closes_meanwhile(database: str) -> None:
    a_shop(database, minimum_invoice=3_000)
    a_partner(database, "P2", minimum_invoice=0)
    a_partner(database, "P3")
    take_rows(database, "contracts", [a_line(f"C{at}", partner=f"P{at}", monthly=1_000) for at in (1, 2, 3)])
    assert bill(database, "2026-04-30") == {"charges": 3, "invoices": 1, "total": 1_100, "carried": 2}
    assert bill(database, "2026-04-30") == {"charges": 0, "invoices": 0, "total": 0, "carried": 2}
    recognize(database, "2026-04")
    assert month.close(database, "2026-04")["locked"]
    assert bill(database, "2026-05-31") == {"charges": 3, "invoices": 1, "total": 1_100, "carried": 2}
    assert bill(database, "2026-05-31", partners=["P3"]) == {"charges": 0, "invoices": 1, "total": 2_200}
    recognize(database, "2026-05")
    assert bill(database, "2026-06-30") == {"charges": 3, "invoices": 2, "total": 4_400, "carried": 1}
    three = ["2026-04-01", "2026-05-01", "2026-06-01"]
    assert papers(database) == [
        ("P2", "2026-04-30", 1_100, three[:1]),
        ("P2", "2026-05-31", 1_100, three[1:2]),
        ("P3", "2026-05-31", 2_200, three[:2]),
        ("P1", "2026-06-30", 3_300, three),
        ("P2", "2026-06-30", 1_100, three[2:]),
    ]
    revenue = {row["month"]: row["amount"] for row in report(database, "schedule", contract="C1")}
    assert [revenue[f"2026-0{at}"] for at in (4, 5, 6)] == [1_000, 1_000, 1_000]


def test_the_last_bill_is_issued_whatever_it_comes_to_and_drafts_are_carried_on_approval(database: str) -> None:
    a_shop(database, minimum_invoice=50_000, second_person=["invoices"])
    a_partner(database, "P2")
    take_rows(
        database,
        "contracts",
        [a_line("C1", monthly=2_000), a_line("C2", partner="P2", monthly=1_000, end="2026-05-31")],
    )
    users(database, aya="approver")
    bill(database, "2026-04-30", issue=False)
    april = month.approve_invoices(database, [date(2026, 4, 30)], user="aya")
    assert april == {"invoices": 0, "total": 0, "carried": 2}
    bill(database, "2026-05-31", issue=False)
    assert month.approve_invoices(database, [date(2026, 5, 31)], user="aya") == {
        "invoices": 1,
        "total": 2_200,
        "carried": 1,
    }
    an_event(database, "cancel", "2026-06-16", contract_no="C1")
    bill(database, "2026-06-30", issue=False)
    assert month.approve_invoices(database, [date(2026, 6, 30)], user="aya") == {"invoices": 1, "total": 5_500}
    assert [paper[:3] for paper in papers(database)] == [("P2", "2026-05-31", 2_200), ("P1", "2026-06-30", 5_500)]


def test_a_bill_that_a_person_leaves_to_the_next_closing_keeps_no_month_open(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2")
    take_rows(database, "contracts", [a_line(f"C{at}", partner=f"P{at}") for at in (1, 2)])
    bill(database, "2026-04-30", issue=False)
    april = date(2026, 4, 30)
    assert month.hold_billing(database, april, partner="P1", why="検収待ち") == {"new": True, "held": 1}
    assert month.hold_billing(database, april, partner="P1", why="来月に", to_next=True) == {"new": True, "held": 0}
    assert month.hold_billing(database, april, partner="P1", why="来月に", to_next=True) == {"new": False, "held": 0}
    assert bill(database, "2026-04-30") == {"charges": 0, "invoices": 1, "total": 11_000}
    assert month.close(database, "2026-04")["locked"]
    assert bill(database, "2026-05-31") == {"charges": 2, "invoices": 2, "total": 33_000}
    assert papers(database)[1:] == [
        ("P1", "2026-05-31", 22_000, ["2026-04-01", "2026-05-01"]),
        ("P2", "2026-05-31", 11_000, ["2026-05-01"]),
    ]
    with pytest.raises(Refusal, match="no-draft"):
        month.hold_billing(database, april, partner="P1", why="x", to_next=True)
    with pytest.raises(Refusal, match="no-reason"):
        month.hold_billing(database, april, partner="P2", why=" ", to_next=True)


def test_what_was_carried_for_a_payer_that_is_billed_no_longer_is_its_last_bill(database: str) -> None:
    a_shop(database, minimum_invoice=3_000)
    for at in (2, 3, 4):
        a_partner(database, f"P{at}", closing_day=20)
    take_rows(database, "contracts", [a_line(f"C{at}", partner=f"P{at}", monthly=1_000) for at in (1, 2, 3, 4)])
    assert bill(database, "2026-04-20")["carried"] == 3
    assert bill(database, "2026-04-30")["carried"] == 1
    a_partner(database, "P2", closing_day=20, bill_to="P1")  # day 20 is no closing of P2's any more
    an_event(database, "change_bill_to", "2026-05-01", contract_no="C3", bill_to="P1")
    an_event(database, "suspend", "2026-05-01", contract_no="C4")
    bill(database, "2026-05-31")
    told = [paper[:3] for paper in papers(database)]
    assert sorted(told) == [("P1", "2026-05-31", 4_400), *((f"P{at}", "2026-05-31", 1_100) for at in (2, 3, 4))]


def test_a_hold_holds_what_was_carried_and_new_charges_of_its_closing_are_not_carried_with_it(database: str) -> None:
    a_shop(database, minimum_invoice=3_000)
    a_contract(database, monthly=1_000)
    assert bill(database, "2026-04-30")["carried"] == 1
    month.hold_billing(database, date(2026, 4, 30), partner="P1", why="係争中")
    a_contract(database, "C2", monthly=20_000)
    bill(database, "2026-04-30", issue=False)
    with pytest.raises(Refusal, match="保留している請求が1件"):
        month.close(database, "2026-04")
    assert bill(database, "2026-05-31") == {"charges": 2, "invoices": 1, "total": 23_100}
    month.hold_billing(database, date(2026, 4, 30), partner="P1", release=True)
    assert bill(database, "2026-04-30") == {"charges": 0, "invoices": 1, "total": 23_100}
