"""Metered lines (従量): which month usage belongs to, what comes late, and what is billed without any."""

from __future__ import annotations

import pytest

from tests.builders import (
    a_line,
    a_product,
    a_shop,
    an_event,
    assert_coherent,
    assert_same,
    bill,
    billed,
    deferred,
    dump,
    invoices,
    recognize,
    recognized,
    take_rows,
)
from urikake.base.errors import FileRefusal


def use(url: str, quantity: float, timestamp: str, event_id: str = "", product: str = "API") -> int:
    row = {"event_id": event_id or f"{timestamp}/{quantity}", "contract_no": "C1", "product": product}
    return take_rows(url, "usage", [row | {"timestamp": timestamp, "quantity": quantity}])


def a_metered_shop(url: str, **columns: object) -> None:
    a_shop(url)
    take_rows(url, "contracts", [a_line("C1", product="API", **columns)])


def test_usage_belongs_to_its_day_in_japan(database: str) -> None:
    a_metered_shop(database)
    use(database, 1, "2026-04-30T23:30:00+09:00")
    use(database, 10, "2026-04-30T14:59:59Z")  # 23:59:59 in Tokyo
    use(database, 100, "2026-04-30T15:00:00Z")  # 1 May in Tokyo
    use(database, 1000, "2026-05-01 00:00")  # without an offset: Tokyo
    bill(database, "2026-04-30", "2026-05-31")
    assert billed(database) == [
        ("2026-04-30", "2026-04-01", "2026-04-30", 110),
        ("2026-05-31", "2026-05-01", "2026-05-31", 11_000),
    ]


def test_usage_of_a_day_on_which_the_line_is_not_in_force_is_refused(database: str) -> None:
    a_metered_shop(database, start="2026-04-01", end="2026-04-30")
    for moment in ("2026-03-31T23:59:59+09:00", "2026-04-30T15:00:00Z"):
        with pytest.raises(FileRefusal):
            use(database, 1, moment)
    assert use(database, 1, "2026-03-31T15:00:00Z") == 1  # 1 April in Tokyo


def test_no_usage_is_no_line_and_usage_of_nothing_neither(database: str) -> None:
    a_metered_shop(database)
    bill(database, "2026-04-30")
    use(database, 0, "2026-05-10T10:00")
    bill(database, "2026-05-31")
    assert invoices(database) == []


def test_usage_that_comes_late_is_billed_next_time(database: str) -> None:
    a_metered_shop(database)
    use(database, 5, "2026-04-10T10:00")
    bill(database, "2026-04-30")
    issued = invoices(database)
    use(database, 3, "2026-04-20T10:00")
    use(database, 7, "2026-05-20T10:00")
    bill(database, "2026-05-31")
    assert invoices(database)[:1] == issued
    assert sorted(row[1:] for row in billed(database) if row[0] == "2026-05-31") == [
        ("2026-04-01", "2026-04-30", 30),
        ("2026-05-01", "2026-05-31", 70),
    ]
    before = dump(database)
    bill(database, "2026-05-31")
    assert_same(before, dump(database))


def test_late_usage_costs_what_the_whole_costs_less_what_was_billed(database: str) -> None:
    # 100 at 10, then 5: 90 used is 900; 20 more make 110: 100 × 10 + 10 × 5 = 1,050 → 150 more.
    a_metered_shop(database)
    a_product(database, "TIER", price_model="graduated", tiers="100@10;*@5", revenue="usage")
    an_event(database, "change_plan", "2026-04-01", product="TIER")
    use(database, 90, "2026-04-10T10:00", product="TIER")
    bill(database, "2026-04-30")
    use(database, 20, "2026-04-20T10:00", product="TIER")
    bill(database, "2026-05-31")
    assert [net for *_, net in billed(database)] == [900, 150]


def test_the_base_fee_is_billed_without_usage_and_the_overage_above_what_is_included(database: str) -> None:
    # 5,000 with 100 included, 10 above it; quantity 0 counts as one plan.
    a_shop(database)
    a_product(
        database, "BASE", price_model="included", unit_price=5_000, included=100, overage_price=10, revenue="usage"
    )
    take_rows(database, "contracts", [a_line("C1", product="BASE", quantity=0)])
    use(database, 130, "2026-05-10T10:00", product="BASE")
    bill(database, "2026-04-30", "2026-05-31")
    assert [net for *_, net in billed(database)] == [5_000, 5_300]


def test_a_minimum_is_billed_without_usage(database: str) -> None:
    a_shop(database)
    a_product(database, "MIN", price_model="unit", unit_price=10, minimum=800, revenue="usage")
    take_rows(database, "contracts", [a_line("C1", product="MIN", quantity=0)])
    use(database, 50, "2026-05-10T10:00", product="MIN")
    use(database, 100, "2026-06-10T10:00", product="MIN")
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    assert [net for *_, net in billed(database)] == [800, 800, 1_000]


def test_usage_is_revenue_of_the_month_in_which_it_was_used(database: str) -> None:
    a_shop(database)
    take_rows(database, "partners", [{"code": "TEN", "name": "十", "closing_day": 10}])
    take_rows(database, "contracts", [a_line("C1", product="API", partner="TEN")])
    use(database, 30, "2026-04-10T10:00")
    recognize(database, "2026-04")
    assert recognized(database, "2026-04") == [300]
    assert deferred(database, "2026-04") == {"C1": (0, 0, 300, -300)}  # 契約資産: served, not billed
    bill(database, "2026-05-10")
    recognize(database, "2026-05")
    assert recognized(database, "2026-05") == [0]
    assert deferred(database, "2026-05")["C1"] == (-300, 300, 0, 0)


def test_late_usage_of_a_recognised_month_is_revenue_of_the_month_that_learns_it(database: str) -> None:
    a_metered_shop(database)
    use(database, 5, "2026-04-10T10:00")
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    use(database, 3, "2026-04-20T10:00")
    bill(database, "2026-05-31")
    recognize(database, "2026-05")
    assert recognized(database, "2026-04", "2026-05") == [50, 30]


def test_a_negative_quantity_corrects_the_day_down_to_nothing_and_no_further(database: str) -> None:
    a_metered_shop(database)
    use(database, 10, "2026-04-10T10:00")
    use(database, -4, "2026-04-10T23:00")
    with pytest.raises(FileRefusal, match=r"合計が -0\.5 になります"):
        use(database, -6.5, "2026-04-10T12:00")
    with pytest.raises(FileRefusal, match="合計が -1 になります"):
        use(database, -1, "2026-04-11T12:00")  # another day has nothing to correct
    bill(database, "2026-04-30")
    assert [net for *_, net in billed(database)] == [60]


def test_a_correction_may_stand_before_what_it_corrects_in_one_file(database: str) -> None:
    a_metered_shop(database)
    row = {"contract_no": "C1", "product": "API", "timestamp": "2026-04-10 10:00"}
    rows = [row | {"event_id": "a", "quantity": -5}, row | {"event_id": "b", "quantity": 5}]
    assert take_rows(database, "usage", rows) == 2
    assert take_rows(database, "usage", rows) == 0
    bill(database, "2026-04-30")
    assert billed(database) == []


def test_a_correction_after_the_bill_is_credited_with_the_next_one(database: str) -> None:
    # 100 at 10, then 5: 120 used cost 1,100, of 90 it is 900; so 200 back with May's 500.
    a_metered_shop(database)
    a_product(database, "TIER", price_model="graduated", tiers="100@10;*@5", revenue="usage")
    an_event(database, "change_plan", "2026-04-01", product="TIER")
    use(database, 120, "2026-04-10T10:00", product="TIER")
    bill(database, "2026-04-30")
    use(database, -30, "2026-04-10T10:00", product="TIER")
    use(database, 50, "2026-05-10T10:00", product="TIER")
    bill(database, "2026-05-31")
    assert [row["net"] for row in invoices(database)] == [1_100, 300]
    recognize(database, "2026-05")
    assert sum(recognized(database, "2026-04", "2026-05")) == 1_400
    assert_coherent(database)
