"""What is told before bills go out: bills that moved, vanished or came to nothing, first ones, no usage, credit limits."""

from __future__ import annotations

from tests.builders import a_contract, a_line, a_partner, a_shop, an_event, bill, report, take_rows


def told(url: str, closing: str) -> list[tuple[str, ...]]:
    rows = report(url, "billing-alarms", closing=closing)
    return [(row["kind"], row["contract_no"] or row["partner"], row["previous"], row["current"]) for row in rows]


def test_a_bill_that_moved_more_than_the_company_says_is_told_and_one_that_is_gone(database: str) -> None:
    a_shop(database, billing_alarm_percent=20)
    for code in ("P2", "P3", "P4"):
        a_partner(database, code)
    take_rows(
        database,
        "contracts",
        [a_line(f"C{n}", partner=f"P{n}", quantity=1, product="SEAT", monthly=10_000) for n in (1, 2, 3, 4)],
    )
    bill(database, "2026-04-30")
    assert told(database, "2026-04-30") == [("first", f"C{n}", 0, 10_000) for n in (1, 2, 3, 4)]
    an_event(database, "change_price", "2026-05-01", contract_no="C1", unit_price=12_000)
    an_event(database, "change_price", "2026-05-01", contract_no="C2", unit_price=12_001)
    an_event(database, "change_price", "2026-05-01", contract_no="C3", unit_price=7_999)
    an_event(database, "cancel", last_day="2026-04-30", contract_no="C4")
    bill(database, "2026-05-31", issue=False)
    assert told(database, "2026-05-31") == [
        ("swing", "P2", 10_000, 12_001), ("swing", "P3", 10_000, 7_999), ("none", "P4", 10_000, 0),
    ]  # fmt: skip


def test_a_bill_that_comes_to_nothing_and_usage_that_did_not_come(database: str) -> None:
    a_shop(database)
    a_contract(database, "C1")
    a_contract(database, "U1", product="API", quantity=0, timing="arrears")
    bill(database, "2026-04-30")
    an_event(database, "change_price", "2026-04-01", contract_no="C1", unit_price=5_000)
    bill(database, "2026-05-31", issue=False)
    assert told(database, "2026-05-31") == [("zero", "P1", 10_000, 0), ("usage", "U1", 0, 0)]


def test_what_is_owed_with_the_drafts_is_held_against_the_credit_limit(database: str) -> None:
    a_shop(database)
    a_partner(database, "P1", credit_limit=20_999)
    a_contract(database)
    bill(database, "2026-04-30")
    bill(database, "2026-05-31", issue=False)
    assert told(database, "2026-05-31") == [("limit", "P1", 11_000, 10_000)]
    a_partner(database, "P1", credit_limit=21_000)
    assert told(database, "2026-05-31") == []
