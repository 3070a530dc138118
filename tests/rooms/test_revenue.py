"""When billed and served becomes revenue, and how it stands in the books until then."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.builders import (
    Row,
    a_contract,
    a_line,
    a_partner,
    a_product,
    a_shop,
    an_event,
    assert_same,
    balances,
    bill,
    deferred,
    dump,
    entries,
    entry,
    recognize,
    recognized,
    report,
    take_rows,
)
from urikake.doors import month


def schedule(url: str, contract: str = "C1") -> dict[str, int]:
    return {r["month"]: r["amount"] for r in report(url, "schedule", contract=contract)}


def a_year_in_advance(url: str, amount: int = 120_000, **policy: object) -> None:
    """C1: a year from 1 May, billed on 30 April."""
    a_shop(url, **policy)
    a_contract(url, timing="advance", start="2026-05-01", cycle_months=12, monthly=amount)
    bill(url, "2026-04-30")


def test_an_advance_holds_its_tax_until_it_is_revenue(database: str) -> None:
    # advance_tax with_revenue (前受金は不課税): Dr 売掛金 132,000 / Cr 前受金 132,000; each month 10,000 and its 1,000 of tax.
    a_year_in_advance(database)
    assert entry(entries(database)[0]) == {"売掛金": 132_000, "前受金": -132_000}
    recognize(database, "2026-05")
    last = entries(database)[-1]
    assert (last["date"], entry(last)) == ("2026-05-31", {"前受金": 11_000, "売上高": -10_000, "仮受消費税": -1_000})
    recognize(database, "2027-04")
    assert balances(database) == {"売掛金": 132_000, "売上高": -120_000, "仮受消費税": -12_000}


def test_an_advance_may_owe_its_tax_with_the_invoice(database: str) -> None:
    a_year_in_advance(database, advance_tax="on_invoice")
    assert entry(entries(database)[0]) == {"売掛金": 132_000, "契約負債": -120_000, "仮受消費税": -12_000}
    recognize(database, "2026-05")
    assert entry(entries(database)[-1]) == {"契約負債": 10_000, "売上高": -10_000}


def test_the_part_up_to_the_end_of_the_posting_month_is_revenue_at_once(database: str) -> None:
    # A quarter from 1 April billed on 30 April (当月): 10,000 is revenue, 20,000 stays with its 2,000 of tax.
    a_shop(database)
    a_contract(database, cycle_months=3, monthly=30_000)
    bill(database, "2026-04-30")
    assert entry(entries(database)[0]) == {"売掛金": 33_000, "売上高": -10_000, "仮受消費税": -1_000, "前受金": -22_000}


def test_tax_of_an_advance_follows_revenue_cumulatively(database: str) -> None:
    # 10,001 over three months by cumulative rounding: 3,333 + 3,334 + 3,334. Tax 1,000: 333.2…, 666.6…, 1,000 cumulated.
    a_shop(database)
    a_contract(database, timing="advance", start="2026-05-01", cycle_months=3, monthly=10_001)
    bill(database, "2026-04-30")
    recognize(database, "2026-07")
    found = [entry(e) for e in entries(database, "2026-05-01")]
    assert [(-e["売上高"], -e["仮受消費税"]) for e in found] == [(3_333, 333), (3_334, 333), (3_334, 334)]


@pytest.mark.parametrize(
    ("remainder", "months"),
    [
        # 10,000 over three whole months: a third is 3,333.3
        ("cumulative", [3_333, 3_333, 3_334]),
        ("last",       [3_333, 3_333, 3_334]),
        ("first",      [3_334, 3_333, 3_333]),
    ],
)  # fmt: skip
def test_odd_yen_go_where_the_company_puts_them(database: str, remainder: str, months: list[int]) -> None:
    a_shop(database, remainder=remainder)
    a_contract(database, timing="advance", start="2026-05-01", cycle_months=3, monthly=10_000)
    bill(database, "2026-04-30")
    assert list(schedule(database).values()) == months
    recognize(database, "2026-07")
    assert recognized(database, "2026-05", "2026-06", "2026-07") == months


@pytest.mark.parametrize(
    ("policy", "months"),
    [
        # Twelve months from 11 May: May 21/31, June–April whole, 10/31 of the next May; 31 × 12 = 372 for 37,200.
        ({"partial_month": "daily"},      [2_100] + [3_100] * 11 + [1_000]),
        ({"partial_month": "full_first"}, [3_100] * 12 + [0]),
        ({"partial_month": "none_first"}, [0] + [3_100] * 12),
    ],
)  # fmt: skip
def test_partial_months_weigh_as_the_company_says(database: str, policy: dict[str, str], months: list[int]) -> None:
    a_shop(database, **policy)
    a_contract(database, timing="advance", start="2026-05-11", cycle_months=12, monthly=37_200)
    bill(database, "2026-04-30")
    found = schedule(database)
    names = [f"2026-{m:02}" for m in range(5, 13)] + [f"2027-{m:02}" for m in range(1, 6)]
    assert [found.get(name, 0) for name in names] == months
    assert sum(found.values()) == 37_200


def test_by_day_every_day_weighs_the_same(database: str) -> None:
    # 36,500 a year: 100 a day.
    a_shop(database, recognition="daily")
    a_product(database, "YEAR", revenue="")  # the product does not say: the company's way
    a_contract(database, product="YEAR", timing="advance", start="2026-05-01", cycle_months=12, monthly=36_500)
    bill(database, "2026-04-30")
    recognize(database, "2026-07")
    assert recognized(database, "2026-05", "2026-06", "2026-07") == [3_100, 3_000, 3_100]


@pytest.mark.parametrize(
    ("revenue", "months"),
    [
        ("point",          {"2026-04": 60_000}),
        ("contract_start", {"2026-04": 60_000}),
        ("daily",          {"2026-04": 20_000, "2026-05": 31_000, "2026-06": 9_000}),  # 60 days from 11 April
    ],
)  # fmt: skip
def test_a_one_time_line_is_revenue_as_its_product_says(database: str, revenue: str, months: dict[str, int]) -> None:
    a_shop(database)
    a_product(database, "ONCE", revenue=revenue)
    a_contract(database, product="ONCE", start="2026-04-11", end="2026-06-09", cycle_months=0, monthly=60_000)
    bill(database, "2026-04-30")
    assert schedule(database) == months


def test_an_upfront_fee_that_transfers_nothing_is_revenue_over_the_expected_life(database: str) -> None:
    # 適用指針30号 57–60: 36,000 over 36 months from the contract's start.
    a_shop(database)
    a_product(database, "INIT", revenue="lifetime", life_months=36)
    a_contract(database, product="INIT", cycle_months=0, monthly=36_000)
    bill(database, "2026-04-30")
    found = schedule(database)
    assert (len(found), set(found.values()), found["2029-03"]) == (36, {1_000}, 1_000)


def test_months_missed_are_each_posted_on_their_own_last_day(database: str) -> None:
    a_year_in_advance(database)
    recognize(database, "2026-07")
    days = [e["date"] for e in entries(database, "2026-05-01")]
    assert days == ["2026-05-31", "2026-06-30", "2026-07-31"]


def test_recognition_again_or_of_an_earlier_month_changes_nothing(database: str) -> None:
    a_year_in_advance(database)
    recognize(database, "2026-07")
    before = dump(database)
    recognize(database, "2026-07", "2026-05")
    assert_same(before, dump(database))


def test_a_locked_month_is_recognised_in_the_first_open_one(database: str) -> None:
    a_year_in_advance(database)
    month.close(database, "2026-04")
    month.close(database, "2026-05")
    a_contract(database, "C2", monthly=9_000, timing="arrears", cycle_months=3)
    recognize(database, "2026-06")
    assert recognized(database, "2026-05", "2026-06") == [10_000, 10_000 + 9_000]


def test_a_charge_that_comes_after_its_months_were_recognised_catches_up(database: str) -> None:
    a_shop(database)
    a_contract(database, "C0")
    bill(database, "2026-04-30")
    recognize(database, "2026-06")
    a_contract(database, start="2026-05-01", cycle_months=12, monthly=120_000)
    bill(database, "2026-07-31")
    recognize(database, "2026-07")
    assert deferred(database, "2026-07")["C1"] == (0, 120_000, 30_000, 90_000)


def test_a_closing_may_be_billed_after_later_months_were_recognised(database: str) -> None:
    a_shop(database)
    a_contract(database, "C0")
    recognize(database, "2026-09")
    a_contract(database, start="2026-05-01", cycle_months=12, monthly=120_000)
    bill(database, "2026-05-31")
    assert deferred(database, "2026-09")["C1"] == (70_000 + 10_000, 0, 10_000, 70_000)


@pytest.mark.parametrize(("policy", "account"), [("contract_asset", "契約資産"), ("receivable", "未収入金")])
def test_service_before_billing_is_an_asset_and_cleared_by_the_invoice(
    database: str, policy: str, account: str
) -> None:
    # A quarter in arrears, 30,000: April and May are served before the invoice of 30 June.
    a_shop(database, accrual_account=policy)
    a_contract(database, timing="arrears", cycle_months=3, monthly=30_000)
    recognize(database, "2026-04", "2026-05")
    assert balances(database) == {account: 20_000, "売上高": -20_000}
    assert deferred(database, "2026-05") == {"C1": (-10_000, 0, 10_000, -20_000)}
    bill(database, "2026-06-30")
    assert entry(entries(database)[-1]) == {"売掛金": 33_000, account: -20_000, "売上高": -10_000, "仮受消費税": -3_000}
    recognize(database, "2026-06")
    assert balances(database) == {"売掛金": 33_000, "売上高": -30_000, "仮受消費税": -3_000}


def test_the_balance_is_netted_within_a_contract_and_not_between(database: str) -> None:
    # C1: 120,000 in advance and, in arrears, 30,000 a quarter. Served of it: 10,000 a month. C2 alone: an asset.
    a_shop(database)
    rows = [
        a_line("C1", timing="advance", start="2026-05-01", cycle_months=12, monthly=120_000),
        a_line("C1", product="BIG", timing="arrears", start="2026-05-01", cycle_months=3, monthly=30_000),
        a_line("C2", timing="arrears", start="2026-05-01", cycle_months=3, monthly=30_000),
    ]
    take_rows(database, "contracts", rows)
    bill(database, "2026-04-30")
    recognize(database, "2026-05")
    found = balances(database)
    assert found["契約資産"] == 10_000  # C2 only
    assert found["前受金"] == -(120_000 - 10_000 - 10_000) - 11_000  # C1 net of its own asset, with the tax it holds
    assert deferred(database, "2026-05") == {"C1": (120_000, 0, 20_000, 100_000), "C2": (0, 0, 10_000, -10_000)}


def test_a_credit_takes_back_revenue_not_yet_earned(database: str) -> None:
    a_year_in_advance(database, 36_500)
    recognize(database, "2026-06")
    an_event(database, "cancel", last_day="2026-06-30")
    bill(database, "2026-06-30")
    recognize(database, "2027-04")
    # 304 of 365 days back: 30,400. What remains billed is 6,100; a twelfth a month makes 3,041 + 3,042 = 6,083 by June.
    sums = deferred(database, "2027-04")["C1"]
    assert sums[3] == 0
    assert (
        sum(recognized(database, *[f"2026-{m:02}" for m in range(4, 13)], *[f"2027-{m:02}" for m in range(1, 5)]))
        == 6_100
    )


def test_opening_and_billed_less_recognised_is_closing_every_month(database: str) -> None:
    a_shop(database)
    a_partner(database, "TEN", closing_day=10)
    rows = [
        a_line("C1", timing="advance", start="2026-05-11", cycle_months=6, monthly=100_001, anchor_day=1),
        a_line("C2", partner="TEN", timing="arrears", cycle_months=2, monthly=7_777),
        a_line("C3", partner="TEN", product="WATER", monthly=3_331),
    ]
    take_rows(database, "contracts", rows)
    last: dict[str, int] = {}
    for number, day in enumerate((30, 31, 30, 31, 31, 30), 4):
        bill(database, f"2026-{number:02}-10", f"2026-{number:02}-{day}")
        recognize(database, f"2026-{number:02}")
        found = deferred(database, f"2026-{number:02}")
        for contract, (opening, charged, earned, closing) in found.items():
            assert opening + charged - earned == closing
            assert opening == last.get(contract, 0), contract
        last = {contract: row[3] for contract, row in found.items()}


def test_the_schedule_sums_to_what_was_billed(database: str) -> None:
    a_year_in_advance(database, 100_003)
    an_event(database, "change_price", "2026-08-11", unit_price=150_001)
    recognize(database, "2026-06")
    bill(database, "2026-07-31")
    charged = sum(line["net"] for i in report(database, "invoices") for line in i["lines"])
    assert sum(schedule(database).values()) == charged
    recognize(database, "2027-04")
    assert sum(schedule(database).values()) == charged


def test_journal_lines_carry_partner_order_group_and_tax(database: str) -> None:
    a_shop(database)
    rows = [
        a_line("C1", order_no="SO-1", group="A", timing="advance", start="2026-05-01", monthly=10_000),
        a_line("C1", order_no="SO-2", group="B", product="WATER", timing="advance", start="2026-05-01", monthly=5_000),
    ]
    take_rows(database, "contracts", rows)
    bill(database, "2026-04-30")
    recognize(database, "2026-05")
    invoice, revenue = entries(database)
    assert (invoice["source"], revenue["source"], revenue["date"]) == ("INV-2026-00001", "C1", "2026-05-31")
    assert sorted(map(detail, invoice["lines"])) == sorted([
        ("売掛金", 11_000, "P1", "SO-1", "A", "standard"),
        ("売掛金", 5_400, "P1", "SO-2", "B", "reduced"),
        ("前受金", -11_000, "P1", "SO-1", "A", "standard"),
        ("前受金", -5_400, "P1", "SO-2", "B", "reduced"),
    ])  # fmt: skip
    assert sorted(map(detail, revenue["lines"])) == sorted([
        ("前受金", 11_000, "P1", "SO-1", "A", "standard"),
        ("前受金", 5_400, "P1", "SO-2", "B", "reduced"),
        ("売上高", -10_000, "P1", "SO-1", "A", "standard"),
        ("売上高", -5_000, "P1", "SO-2", "B", "reduced"),
        ("仮受消費税", -1_000, "P1", "SO-1", "A", "standard"),
        ("仮受消費税", -400, "P1", "SO-2", "B", "reduced"),
    ])  # fmt: skip
    assert all(line["currency"] == "JPY" for line in invoice["lines"])


def detail(line: Row) -> tuple[str, int, str, str, str, str]:
    signed = line["debit"] - line["credit"]
    return (line["account"], signed, line["partner"], line["order_no"], line["group"], line["tax"])


def test_a_product_names_its_own_revenue_account(database: str) -> None:
    a_shop(database)
    a_product(database, "MISC", revenue_account="雑収入")
    a_contract(database, product="MISC")
    bill(database, "2026-04-30")
    assert balances(database) == {"売掛金": 11_000, "雑収入": -10_000, "仮受消費税": -1_000}


def test_recognised_revenue_is_summed_by_whatever_is_asked(database: str) -> None:
    a_shop(database)
    a_product(database, "S", service="保守")
    take_rows(database, "contracts", [a_line("C1"), a_line("C2", product="S", monthly=2_000)])
    bill(database, "2026-04-30")
    for by, expected in (
        ("contract", {"C1": 10_000, "C2": 2_000}),
        ("product", {"PLAN": 10_000, "S": 2_000}),
        ("service", {"": 10_000, "保守": 2_000}),
        ("partner", {"P1": 12_000}),
    ):
        found = {r["key"]: r["amount"] for r in report(database, "recognized", month="2026-04", by=by)}
        assert found == expected, by


def test_the_trial_balance_can_be_read_as_it_was_known(database: str) -> None:
    a_shop(database)
    a_contract(database)
    before = datetime.now(UTC)
    bill(database, "2026-04-30")
    assert report(database, "trial-balance", as_of="2026-04-30", known_at=before) == []
    assert len(report(database, "trial-balance", as_of="2026-04-30")) == 3
    assert report(database, "trial-balance", as_of="2026-04-29") == []


def test_a_product_that_says_by_month_is_not_overruled_by_the_company(database: str) -> None:
    # From the 16th, a year at 12,000: April weighs 15/30 of a month of 1,000.
    a_shop(database, recognition="daily")
    a_contract(database, timing="current", start="2026-04-16", cycle_months=12, monthly=12_000)
    bill(database, "2026-04-30")
    assert recognized(database, "2026-04") == [500]


def test_an_earlier_month_recognised_again_leaves_later_accruals_alone(database: str) -> None:
    a_shop(database)
    a_contract(database, timing="arrears", cycle_months=12, monthly=120_000)
    recognize(database, "2026-06")
    before = dump(database)
    recognize(database, "2026-04")
    assert_same(before, dump(database))


def test_usage_is_revenue_of_the_month_in_which_it_was_used(database: str) -> None:
    # 11 April to 10 May at 10 yen: 300 used in April, 70 in May; billed with the cycle, on 31 May.
    a_shop(database)
    a_contract(database, product="API", quantity=0, timing="arrears", start="2026-04-11")
    used = [("u1", "2026-04-20", 300), ("u2", "2026-05-05", 70), ("u3", "2026-05-20", 11)]
    rows = [
        {
            "event_id": name,
            "contract_no": "C1",
            "product": "API",
            "timestamp": f"{day}T10:00:00+09:00",
            "quantity": count,
        }
        for name, day, count in used
    ]
    take_rows(database, "usage", rows)
    recognize(database, "2026-04")
    assert recognized(database, "2026-04") == [3_000]
    bill(database, "2026-05-31")
    recognize(database, "2026-05")
    assert recognized(database, "2026-05") == [700 + 110]
    bill(database, "2026-06-30")
    recognize(database, "2026-06")
    assert sum(recognized(database, "2026-04", "2026-05", "2026-06")) == 3_810
