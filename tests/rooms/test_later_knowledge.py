"""What comes late, is changed backwards or in the middle, or waits: each as the smallest case by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    a_line,
    a_product,
    a_shop,
    an_event,
    assert_coherent,
    bill,
    invoices,
    recognize,
    recognized,
    report,
    take_rows,
)
from urikake.base import memory

Rows = list[tuple[str, str, str, int]]


def billed(url: str) -> Rows:
    """Closing, product, first day and net of every invoice line."""
    return [(i["closing"], x["product"], x["service_from"], x["net"]) for i in invoices(url) for x in i["lines"]]


def used(url: str, code: str, on: str, quantity: int, product: str = "API") -> None:
    row = {"event_id": code, "contract_no": "C1", "product": product, "timestamp": f"{on}T12:00:00+09:00"}
    take_rows(url, "usage", [row | {"quantity": quantity}])


def agreed(url: str, *products: str, **columns: Any) -> None:
    take_rows(url, "contracts", [a_line("C1", product=code, **columns) for code in products])


@pytest.fixture
def shop(database: str) -> str:
    return a_shop(database)


def test_a_fee_billed_once_is_not_billed_again_when_the_contract_is_cancelled(shop: str) -> None:
    take_rows(shop, "contracts", [a_line("C1"), a_line("C1", product="SETUP", cycle_months=0)])
    bill(shop, "2026-04-30")
    an_event(shop, "cancel", "2026-06-01")
    bill(shop, "2026-05-31", "2026-06-30")
    assert [row[:3] for row in billed(shop) if row[1] == "SETUP"] == [("2026-04-30", "SETUP", "2026-04-01")]
    assert_coherent(shop)


def test_a_year_billed_once_gives_back_its_unused_days(shop: str) -> None:
    agreed(shop, "PLAN", cycle_months=0, end="2027-03-31", unit_price=365_000)
    bill(shop, "2026-04-30")
    an_event(shop, "cancel", "2026-07-01")
    bill(shop, "2026-06-30", "2026-07-31")
    assert [row[2:] for row in billed(shop)] == [("2026-04-01", 365_000), ("2026-07-01", -274_000)]
    assert_coherent(shop)


def test_usage_that_comes_late_for_a_cycle_without_any_is_billed(shop: str) -> None:
    agreed(shop, "API", quantity=0)
    bill(shop, "2026-04-30")
    used(shop, "may", "2026-05-10", 10)
    bill(shop, "2026-05-31")
    used(shop, "april", "2026-04-10", 7)
    bill(shop, "2026-06-30")
    assert ("2026-06-30", "API", "2026-04-01", 70) in billed(shop)


def test_late_usage_that_cost_nothing_still_counts_for_what_comes_later(shop: str) -> None:
    included = {"price_model": "included", "unit_price": 1000, "included": 100, "overage_price": 10}
    a_product(shop, "MAIL", revenue="usage", **included)
    agreed(shop, "MAIL")
    used(shop, "1", "2026-04-10", 50, "MAIL")
    bill(shop, "2026-04-30")
    used(shop, "2", "2026-04-11", 30, "MAIL")
    bill(shop, "2026-05-31")
    used(shop, "3", "2026-04-12", 40, "MAIL")
    bill(shop, "2026-06-30")
    assert [row[3] for row in billed(shop) if row[2] == "2026-04-01"] == [1000, 200]


def test_a_backdated_price_of_metered_usage_bills_the_difference(shop: str) -> None:
    agreed(shop, "API", quantity=0)
    used(shop, "1", "2026-04-10", 50)
    bill(shop, "2026-04-30")
    an_event(shop, "change_price", "2026-04-01", line="API", unit_price=20)
    bill(shop, "2026-05-31")
    assert sum(row[3] for row in billed(shop)) == 1000
    assert_coherent(shop)


def test_a_plan_that_becomes_metered_is_billed_by_usage(shop: str) -> None:
    agreed(shop, "PLAN")
    an_event(shop, "change_plan", "2026-06-01", line="PLAN", product="API")
    bill(shop, "2026-04-30", "2026-05-31")
    used(shop, "1", "2026-06-10", 50)
    bill(shop, "2026-06-30")
    assert [row[1:] for row in billed(shop)][-1] == ("API", "2026-06-01", 500)


def test_revenue_of_a_cycle_billed_ahead_is_not_taken_back(shop: str) -> None:
    a_product(shop, "ENTRY", revenue="contract_start", unit_price=12_000)
    agreed(shop, "ENTRY", timing="advance")
    an_event(shop, "change_quantity", "2027-01-01", line="ENTRY", quantity=2)
    bill(shop, "2026-04-30")
    recognize(shop, "2026-04")
    assert recognized(shop, "2026-04") == [24_000]  # April, and May billed ahead
    assert_coherent(shop)


def test_a_change_that_waits_leaves_the_cut_cycle_to_the_lines_end(shop: str) -> None:
    agreed(shop, "PLAN", timing="arrears", proration_up="free", unit_price=30_000)
    an_event(shop, "change_quantity", "2026-06-05", line="PLAN", quantity=2)
    an_event(shop, "cancel", "2026-06-16")
    bill(shop, "2026-04-30", "2026-05-31", "2026-06-30")
    assert billed(shop)[-1] == ("2026-06-30", "PLAN", "2026-06-01", 15_000)


@pytest.mark.parametrize("order", [1, -1])
def test_an_option_may_be_added_and_changed_in_one_file(shop: str, order: int) -> None:
    agreed(shop, "PLAN")
    head = {"contract_no": "C1", "quantity": 1}
    added = head | {"type": "add_option", "effective": "2026-05-01", "product": "OPTION", "line": ""}
    changed = head | {"type": "change_quantity", "effective": "2026-06-01", "line": "OPTION", "quantity": 3}
    take_rows(shop, "events", [added, changed][::order])
    found = report(shop, "contracts", as_of="2026-06-01")
    assert [(row["product"], row["quantity"]) for row in found] == [("PLAN", 1), ("OPTION", 3)]


def test_an_upfront_fee_is_revenue_at_once_when_the_contract_ends_before_its_expected_life(shop: str) -> None:
    a_product(shop, "ENTRY", revenue="lifetime", life_months=12, unit_price=12_000)
    agreed(shop, "PLAN", "ENTRY", unit_price=12_000)
    take_rows(shop, "contracts", [a_line("C2", product="ENTRY", cycle_months=0, unit_price=12_000)])
    bill(shop, "2026-04-30")
    recognize(shop, "2026-04")
    row = {"contract_no": "C2", "type": "cancel", "effective": "2026-06-16"}
    take_rows(shop, "events", [row])
    for month in ("2026-05", "2026-06", "2026-07"):
        recognize(shop, month)
    found = [r["amount"] for r in report(shop, "schedule", contract="C2")]
    assert found == [1_000, 1_000, 10_000]
    assert_coherent(shop)


def test_an_end_known_only_later_is_caught_up_in_the_open_month(shop: str) -> None:
    a_product(shop, "ENTRY", revenue="lifetime", life_months=12, unit_price=12_000)
    take_rows(shop, "contracts", [a_line("C1", product="ENTRY", cycle_months=0, unit_price=12_000)])
    bill(shop, "2026-04-30")
    recognize(shop, "2026-06")
    an_event(shop, "cancel", "2026-05-16")
    recognize(shop, "2026-06")
    recognize(shop, "2026-06")
    assert sum(r["amount"] for r in report(shop, "schedule", contract="C1")) == 12_000
    assert recognized(shop, "2026-06") == [10_000]
    assert_coherent(shop)


def test_an_option_keeps_the_day_of_its_contract_through_a_short_february(shop: str) -> None:
    terms = {"start": "2026-10-30", "end": "2026-11-29", "auto_renew": 1, "cycle_months": 1}
    agreed(shop, "PLAN", **terms)
    an_event(shop, "add_option", "2026-12-06", product="OPTION", quantity=1)
    bill(shop, "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31")
    found = report(shop, "contracts", as_of="2027-04-01")
    assert [(row["product"], row["end"]) for row in found] == [("PLAN", "2027-04-29"), ("OPTION", "2027-04-29")]
    assert_coherent(shop)


def test_an_early_end_that_another_process_recognised_is_not_recognised_again(shop: str) -> None:
    a_product(shop, "ENTRY", revenue="lifetime", life_months=12, unit_price=12_000)
    take_rows(shop, "contracts", [a_line("C1", product="ENTRY", cycle_months=0, unit_price=12_000)])
    bill(shop, "2026-04-30")
    recognize(shop, "2026-06")
    mine = memory._kept.copy()  # what this process knows
    memory._kept.clear()  # another one knows nothing yet
    an_event(shop, "cancel", "2026-05-16")
    recognize(shop, "2026-06")
    memory._kept.clear()
    memory._kept.update(mine)
    recognize(shop, "2026-07")
    assert sum(r["amount"] for r in report(shop, "schedule", contract="C1")) == 12_000
    assert_coherent(shop)
