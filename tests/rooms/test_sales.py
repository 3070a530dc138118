"""MRR, its movements, cohorts and the forecast, on the database: months told by hand, and months that then came."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_partner,
    a_product,
    a_shop,
    an_event,
    bill,
    recognize,
    report,
    take_rows,
)
from urikake.base.errors import Refusal
from urikake.rooms.reports.queries import sales

MOVES = ("previous", "new", "expansion", "reactivation", "contraction", "churn", "mrr")


def moves(url: str, month: str, **options: Any) -> tuple[int, ...]:
    found = report(url, "mrr", month=month, **options)
    return tuple(found[name] for name in MOVES)


def test_the_movements_of_a_year_told_by_hand(database: str) -> None:
    """10,000 a month; a plan at 30,000; back to 10,000; left on the last of August; back in October."""
    a_shop(database)
    a_contract(database)
    an_event(database, "change_plan", "2026-06-15", line="PLAN", product="BIG")
    an_event(database, "change_plan", "2026-07-01", line="BIG", product="PLAN", unit_price=10_000)
    an_event(database, "cancel", last_day="2026-08-31")
    a_contract(database, "C2", monthly=8_000, start="2026-10-20")
    assert moves(database, "2026-03") == (0, 0, 0, 0, 0, 0, 0)
    assert moves(database, "2026-04") == (0, 10_000, 0, 0, 0, 0, 10_000)
    assert moves(database, "2026-05") == (10_000, 0, 0, 0, 0, 0, 10_000)
    assert moves(database, "2026-06") == (10_000, 0, 20_000, 0, 0, 0, 30_000)
    assert moves(database, "2026-07") == (30_000, 0, 0, 0, 20_000, 0, 10_000)
    assert moves(database, "2026-08") == (10_000, 0, 0, 0, 0, 0, 10_000)
    assert moves(database, "2026-09") == (10_000, 0, 0, 0, 0, 10_000, 0)
    assert moves(database, "2026-10") == (0, 0, 0, 8_000, 0, 0, 8_000)


def test_rates_are_of_what_was_there_before(database: str) -> None:
    a_shop(database)
    for code in ("P2", "P3", "P4"):
        a_partner(database, code)
    for code in ("P1", "P2", "P3", "P4"):
        a_contract(database, f"C-{code}", partner=code)
    an_event(database, "cancel", "2026-05-01", contract_no="C-P4")
    an_event(database, "change_price", "2026-05-01", contract_no="C-P3", line="PLAN", unit_price=6_000)
    found = report(database, "mrr", month="2026-05")
    assert (found["mrr"], found["arr"], found["customers"], found["arpa"]) == (26_000, 312_000, 3, 8_666)
    assert (found["churned_customers"], found["customer_churn_rate"], found["revenue_churn_rate"]) == (1, 0.25, 0.35)
    first = report(database, "mrr", month="2026-04")
    assert (first["new_customers"], first["customer_churn_rate"], first["revenue_churn_rate"]) == (4, None, None)


def test_suspended_usage_and_one_off_are_worth_nothing_and_tax_inside_comes_out(database: str) -> None:
    a_shop(database)
    lines = [
        a_line("C1"), a_line("C1", product="API", quantity=0), a_line("C1", product="SETUP", cycle_months=0),
        a_line("C1", product="GROSS", monthly=11_000), a_line("C1", product="SEAT", monthly=12_000, cycle_months=12),
    ]  # fmt: skip
    take_rows(database, "contracts", lines)
    assert moves(database, "2026-04")[-1] == 10_000 + 10_000 + 1_000
    an_event(database, "suspend", "2026-05-10")
    an_event(database, "resume", "2026-07-01")
    assert moves(database, "2026-05") == (21_000, 0, 0, 0, 0, 21_000, 0)
    assert moves(database, "2026-07") == (0, 0, 0, 21_000, 0, 0, 21_000)


def test_a_commitment_over_several_months_counts_its_month(database: str) -> None:
    """Usage at 300,000 a quarter at the least; and at 90,000 a year."""
    a_shop(database)
    a_product(database, "VOL", price_model="unit", unit_price=10, revenue="usage", commitment_months=3, minimum=300_000)
    a_product(database, "CAP", price_model="unit", unit_price=10, revenue="usage", commitment_months=12, minimum=90_000)
    take_rows(database, "contracts", [a_line("C1", product="VOL"), a_line("C2", product="CAP")])
    assert moves(database, "2026-04")[-1] == 100_000 + 7_500


def test_a_term_that_goes_on_by_itself_does_not_churn_and_rises_by_its_uplift(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2026-09-30", auto_renew=6, uplift="3%")
    a_contract(database, "C2", monthly=500, end="2026-09-30")
    assert moves(database, "2026-10") == (10_500, 0, 0, 0, 200, 0, 10_300)
    before = moves(database, "2027-05")
    bill(database, "2026-10-31")  # makes the renewal
    assert (moves(database, "2026-10")[-1], moves(database, "2027-05")) == (10_300, before)


def test_what_was_known_before_is_still_said(database: str) -> None:
    a_shop(database)
    a_contract(database, recorded_at="2026-04-01 09:00")
    an_event(database, "change_quantity", "2026-06-01", line="PLAN", quantity=2, recorded_at="2026-07-15 09:00")
    an_event(database, "change_price", "2026-06-01", line="PLAN", unit_price=12_000, recorded_at="2026-07-15 09:00")
    assert moves(database, "2026-06")[-1] == 24_000
    assert moves(database, "2026-06", known_at=datetime(2026, 7, 1, tzinfo=UTC))[-1] == 10_000


def test_the_lines_behind_a_movement_sum_to_it(database: str) -> None:
    a_shop(database)
    take_rows(database, "contracts", [a_line("C1"), a_line("C1", product="OPTION"), a_line("C2", product="BIG")])
    an_event(database, "remove_option", "2026-05-01", line="OPTION")
    an_event(database, "change_price", "2026-05-01", contract_no="C2", line="BIG", unit_price=31_000)
    found = report(database, "mrr-movements", month="2026-05")
    assert [(row["contract_no"], row["product"], row["change"]) for row in found] == [
        ("C1", "OPTION", -3_000),
        ("C2", "BIG", 1_000),
    ]
    assert {row["kind"] for row in found} == {"contraction"}  # the partner as a whole fell
    assert moves(database, "2026-05") == (43_000, 0, 0, 0, 2_000, 0, 41_000)
    assert report(database, "cohorts", month="2026-05")[-1] == {
        "cohort": "2026-04", "month": "2026-05", "customers": 1, "mrr": 41_000,
    }  # fmt: skip


def test_what_was_forecast_is_what_then_came(database: str) -> None:
    """Reservations, renewals with uplift, a year in advance, an end in the middle: billed and recognised to the yen."""
    a_shop(database, opening_month="2026-03")
    a_partner(database, "P2", closing_day=20)
    lines = [
        a_line("C1"), a_line("C1", product="SEAT", quantity=3, timing="advance", cycle_months=3),
        a_line("C2", partner="P2", product="BIG", end="2026-06-30", auto_renew=1, uplift="10%", timing="arrears"),
        a_line("C3", product="GROSS", monthly=11_000, start="2026-04-11", timing="advance"),
        a_line("C4", product="SETUP", cycle_months=0), a_line("C5", monthly=120_000, cycle_months=12),
    ]  # fmt: skip
    take_rows(database, "contracts", lines)
    an_event(database, "cancel", last_day="2026-07-15", contract_no="C3")
    an_event(database, "change_plan", "2026-06-10", contract_no="C1", line="PLAN", product="BIG")
    for closing in ("2026-03-31", "2026-04-20", "2026-04-30"):
        bill(database, closing)
    recognize(database, "2026-04")
    said = report(database, "forecast", from_month="2026-04", months=6)
    for month, last in ((4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30)):
        if month > 4:
            bill(database, f"2026-{month:02}-20")
            bill(database, f"2026-{month:02}-{last}")
            recognize(database, f"2026-{month:02}")
        invoices = [row for row in report(database, "invoices") if row["issue_date"][:7] == f"2026-{month:02}"]
        earned = sum(row["amount"] for row in report(database, "recognized", month=f"2026-{month:02}"))
        came = {"month": f"2026-{month:02}", "billing": sum(row["net"] for row in invoices), "revenue": earned}
        assert said[month - 4] == came
    assert report(database, "forecast", from_month="2026-04", months=6) == said


def test_renewals_are_weighed_by_their_chance_once_for_each(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2026-04-30", auto_renew=1, timing="current")
    said = report(database, "forecast", from_month="2026-04", months=4, renewal=80)
    assert [row["billing"] for row in said] == [10_000, 8_000, 6_400, 5_120]
    assert [row["revenue"] for row in said] == [10_000, 8_000, 6_400, 5_120]
    parts = report(database, "forecast", from_month="2026-04", months=2, by="partner")
    assert [(row["key"], row["billing"]) for row in parts] == [("P1", 10_000), ("P1", 10_000)]


def test_lines_that_are_alike_are_looked_at_once_and_counted_each(database: str) -> None:
    """Seven alike and one changed: as the sum of what each partner is forecast alone."""
    a_shop(database)
    for code in ("P2", "P3"):
        a_partner(database, code)
    lines = [
        a_line(f"C{n}", partner=f"P{n % 3 + 1}", monthly=1_000, cycle_months=3, timing=timing, start="2026-04-11",
               end="2026-10-10", auto_renew=6, **more)
        for n, (timing, more) in enumerate([("advance", {}), ("current", {}), ("arrears", {}), ("current", {"uplift": "5%"})] * 3)
    ]  # fmt: skip
    take_rows(database, "contracts", lines)
    an_event(database, "change_price", "2026-06-01", contract_no="C1", line="PLAN", unit_price=999)
    for closing in ("2026-04-30", "2026-07-31"):
        for renewal in (100, 70):
            options = {"from_month": "2026-04", "months": 14, "renewal": renewal}
            whole = report(database, "forecast", **options)
            parts = report(database, "forecast", by="partner", **options)
            for row in whole:
                mine = [part for part in parts if part["month"] == row["month"]]
                for name in ("billing", "revenue"):
                    assert row[name] == sum(part[name] for part in mine)
        bill(database, closing)


@pytest.mark.parametrize("options", [{"months": 0}, {"months": 61}, {"renewal": 101}, {"by": "color"}])
def test_a_forecast_that_cannot_be_made_is_refused(database: str, options: dict[str, Any]) -> None:
    a_shop(database)
    with pytest.raises(Refusal, match=r"指定してください|選んでください"):
        report(database, "forecast", from_month="2026-04", **options)


def test_differences_of_what_was_billed_are_foreseen_at_the_next_closing_and_come_then(database: str) -> None:
    """A price raised backwards, and usage that came late: both go on the next bill, whatever month they are of."""
    a_shop(database)
    take_rows(database, "contracts", [a_line("C1"), a_line("C2", product="API", quantity=0, timing="arrears")])
    bill(database, "2026-04-30", "2026-05-31")
    recognize(database, "2026-05")
    an_event(database, "change_price", "2026-04-16", line="PLAN", unit_price=13_000)
    take_rows(
        database,
        "usage",
        [{"event_id": "U1", "contract_no": "C2", "product": "API", "timestamp": "2026-05-10", "quantity": 40_000}],
    )
    told = report(database, "forecast", from_month="2026-04", months=4)
    issued = [row["billing"] for row in told[:2]]
    bill(database, "2026-06-30", "2026-07-31")
    recognize(database, "2026-07")
    came = report(database, "forecast", from_month="2026-04", months=4)
    assert [row["billing"] for row in came[:2]] == issued  # what was issued stays as it is
    assert [row["billing"] for row in came] == [row["billing"] for row in told]
    assert report(database, "forecast", from_month="2026-06", months=2) == came[2:]


def a_company_of_departments(url: str) -> None:
    """Two partners: one moves 4,000 from web to mail and grows by 1,000, the other moves 2,000 and stays; a third leaves."""
    a_shop(url)
    for code in ("P2", "P3"):
        a_partner(url, code)
    lines = [
        ("C1", "P1", "web", 10_000, None), ("C2", "P1", "mail", 3_000, None), ("C3", "P2", "web", 6_000, None),
        ("C4", "P2", "mail", 5_000, None), ("C5", "P3", "", 9_000, "2026-05-31"),
    ]  # fmt: skip
    take_rows(
        url,
        "contracts",
        [a_line(no, partner=who, department=where, monthly=yen, end=end) for no, who, where, yen, end in lines],
    )
    for no, yen in (("C1", 6_000), ("C2", 8_000), ("C3", 4_000), ("C4", 7_000)):
        an_event(url, "change_price", "2026-06-01", contract_no=no, line="PLAN", unit_price=yen)


def test_the_movements_split_by_department_add_up_in_each_and_in_all(database: str) -> None:
    a_company_of_departments(database)
    names = ("key", "previous", "expansion", "transfer", "churn", "mrr", "customers")
    found = [tuple(row[name] for name in names) for row in report(database, "mrr-by", month="2026-06", by="department")]
    assert found == [
        ("mail", 8_000, 5_000, 2_000, 0, 15_000, 2),
        ("web", 16_000, -4_000, -2_000, 0, 10_000, 2),
        ("", 9_000, 0, 0, 9_000, 0, 0),
    ]


@pytest.mark.parametrize("by", list(sales.CUTS))
def test_every_split_adds_up_to_the_whole(database: str, by: str) -> None:
    a_company_of_departments(database)
    bill(database, "2026-04-30")
    whole = report(database, "mrr", month="2026-06")
    parts = report(database, "mrr-by", month="2026-06", by=by)
    for name in (*MOVES,):
        assert sum(row[name] for row in parts) == whole[name], name
    assert sum(row["transfer"] for row in parts) == 0
    for row in parts:
        rises = row["new"] + row["expansion"] + row["reactivation"] + row["transfer"]
        assert row["previous"] + rises - row["contraction"] - row["churn"] == row["mrr"]
    whole_months = report(database, "forecast", from_month="2026-04", months=6)
    split_months = report(database, "forecast", from_month="2026-04", months=6, by=by)
    for month in whole_months:
        mine = [row for row in split_months if row["month"] == month["month"]]
        assert sum(row["billing"] for row in mine) == month["billing"], month
        assert sum(row["revenue"] for row in mine) == month["revenue"], month


def test_a_split_that_there_is_not_is_refused(database: str) -> None:
    a_shop(database)
    with pytest.raises(Refusal, match="bad-by"):
        report(database, "mrr-by", month="2026-06", by="colour")
