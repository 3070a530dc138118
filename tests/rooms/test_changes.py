"""Contracts that change: what is credited, what is charged, in which closing, on which document."""

from __future__ import annotations

from tests.builders import (
    a_contract,
    a_line,
    a_partner,
    a_shop,
    an_event,
    assert_same,
    bill,
    billed,
    dump,
    invoices,
    line_rows,
    report,
    take_rows,
    the_invoice,
)


def test_a_change_in_the_middle_of_a_cycle_is_a_credit_and_a_charge_that_name_their_days(database: str) -> None:
    a_shop(database)
    a_partner(database, "TEN", closing_day=10)
    a_contract(database, partner="TEN", monthly=31_000, start="2026-05-01")
    bill(database, "2026-05-10")
    issued = invoices(database)
    an_event(database, "change_plan", "2026-05-17", product="BIG", unit_price=62_000)
    bill(database, "2026-06-10")
    assert invoices(database)[:1] == issued
    lines = invoices(database, "2026-06-10")[0]["lines"]
    assert [(line["product"], line["description"], line["net"]) for line in lines] == [
        ("PLAN", "PLAN 返金 5/17–5/31 15日分 15/31", -15_000),
        ("BIG", "BIG 5/17–5/31 15日分 15/31", 30_000),
        ("BIG", "BIG", 62_000),
    ]


def test_the_difference_is_billed_in_the_closing_that_timing_gives_for_its_first_day(database: str) -> None:
    # A yearly contract from 1 May; from 1 August 240,000 instead of 120,000: 273 of 365 days. 前払: the last closing
    # before 1 August; 当月: the first on or after it.
    a_shop(database)
    for number, timing in (("ADV", "advance"), ("CUR", "current")):
        a_partner(database, number)
        a_contract(
            database, number, partner=number, timing=timing, start="2026-05-01", cycle_months=12, monthly=120_000
        )
    bill(database, "2026-04-30", "2026-05-31")
    for number in ("ADV", "CUR"):
        an_event(database, "change_price", "2026-08-01", contract_no=number, unit_price=240_000)
    bill(database, "2026-06-30", "2026-07-31", "2026-08-31")
    later = [(i["partner"], i["closing"], line_rows(i)) for i in invoices(database) if i["closing"] > "2026-05-31"]
    days = ("2026-08-01", "2027-04-30")
    assert later == [
        # 120,000 × 273/365 = 89,753.4; 240,000 × 273/365 = 179,506.8
        ("ADV", "2026-07-31", [(*days, -89_753), (*days, 179_506)]),
        ("CUR", "2026-08-31", [(*days, -89_753), (*days, 179_506)]),
    ]


def test_a_backdated_change_bills_only_the_difference_in_the_next_open_billing(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30", "2026-05-31")
    issued = invoices(database)
    an_event(database, "change_price", "2026-04-16", unit_price=13_000)
    bill(database, "2026-06-30")
    assert invoices(database)[:2] == issued
    assert line_rows(invoices(database, "2026-06-30")[0]) == [
        ("2026-04-16", "2026-04-30", -5_000),
        ("2026-04-16", "2026-04-30", 6_500),
        ("2026-05-01", "2026-05-31", -10_000),
        ("2026-05-01", "2026-05-31", 13_000),
        ("2026-06-01", "2026-06-30", 13_000),
    ]
    before = dump(database)
    bill(database, "2026-06-30")
    assert_same(before, dump(database))


def test_two_changes_of_one_day_already_billed_make_one_difference(database: str) -> None:
    a_shop(database)
    a_contract(database, monthly=30_000)
    bill(database, "2026-04-30")
    an_event(database, "change_price", "2026-04-16", unit_price=60_000)
    bill(database, "2026-05-31")
    an_event(database, "change_price", "2026-04-16", unit_price=30_000, reason="取り違え")
    bill(database, "2026-06-30")
    # The rate's sum is −15,000, so the credits of this bill go on a return invoice of their own.
    found = {i["kind"]: line_rows(i) for i in invoices(database, "2026-06-30")}
    assert found == {
        "return": [("2026-04-16", "2026-04-30", -30_000), ("2026-05-01", "2026-05-31", -60_000)],
        "invoice": [
            ("2026-04-16", "2026-04-30", 15_000),
            ("2026-05-01", "2026-05-31", 30_000),
            ("2026-06-01", "2026-06-30", 30_000),
        ],
    }


def test_a_cancellation_credit_alone_is_a_return_invoice(database: str) -> None:
    # 120,000 a year in advance from 1 May, last day 31 October: 181 of 365 days back = 59,506.8, 税 5,950.6 切捨て.
    a_shop(database)
    a_contract(database, timing="advance", start="2026-05-01", cycle_months=12, monthly=120_000)
    bill(database, "2026-04-30")
    an_event(database, "cancel", last_day="2026-10-31")
    bill(database, "2026-10-31")
    back = invoices(database, "2026-10-31")[0]
    assert (back["number"], back["kind"]) == ("RET-2026-00001", "return")
    assert (back["net"], back["tax"], back["total"]) == (-59_506, -5_950, -65_456)
    assert back["taxes"] == [{"tax": "standard", "net": -59_506, "amount": -5_950, "rate": 10}]
    assert line_rows(back) == [("2026-11-01", "2027-04-30", -59_506)]
    bill(database, "2026-11-30", "2027-04-30")
    assert len(invoices(database)) == 2


def test_a_cancellation_credit_stays_on_the_months_invoice_while_no_rate_falls_below_zero(database: str) -> None:
    a_shop(database)
    a_contract(database, timing="advance", start="2026-05-01", cycle_months=12, monthly=120_000)
    a_contract(database, "C2", monthly=100_000, start="2026-10-01")
    bill(database, "2026-04-30")
    an_event(database, "cancel", last_day="2026-10-31")
    bill(database, "2026-10-31")
    invoice = invoices(database, "2026-10-31")[0]
    assert (invoice["kind"], invoice["net"], invoice["tax"]) == ("invoice", 40_494, 4_049)
    assert sum(line["tax_amount"] for line in invoice["lines"]) == 4_049


def test_a_credit_of_one_rate_goes_apart_from_charges_of_another(database: str) -> None:
    a_shop(database)
    a_contract(database, timing="advance", start="2026-05-01", cycle_months=12, monthly=120_000)
    a_contract(database, "C2", product="WATER", monthly=100_000, start="2026-10-01")
    bill(database, "2026-04-30")
    an_event(database, "cancel", last_day="2026-10-31")
    bill(database, "2026-10-31")
    found = {i["number"]: (i["net"], i["tax"]) for i in invoices(database, "2026-10-31")}
    assert found == {"INV-2026-00002": (100_000, 8_000), "RET-2026-00001": (-59_506, -5_950)}


def test_a_cancellation_from_the_first_day_gives_everything_back(database: str) -> None:
    a_shop(database)
    a_contract(database, timing="advance", start="2026-05-01", monthly=10_001)
    bill(database, "2026-04-30")
    an_event(database, "cancel", "2026-05-01")
    bill(database, "2026-05-31")
    first, back = invoices(database)
    assert (first["net"], first["tax"]) == (10_001, 1_000)
    assert (back["net"], back["tax"]) == (-10_001, -1_000)


def test_what_is_given_back_twice_in_one_cycle_never_exceeds_what_was_charged(database: str) -> None:
    # 10,000 for 30 days: 3,333.3 for 10 days, three times; the last credit takes what is left.
    a_shop(database)
    a_partner(database, "TEN", closing_day=10)
    a_contract(database, partner="TEN", monthly=10_000)
    bill(database, "2026-04-10")
    an_event(database, "cancel", "2026-04-21")
    bill(database, "2026-05-10")
    an_event(database, "cancel", "2026-04-11")
    bill(database, "2026-06-10")
    an_event(database, "cancel", "2026-04-01")
    bill(database, "2026-07-10")
    assert [row[1:] for row in billed(database)] == [
        ("2026-04-01", "2026-04-30", 10_000),
        ("2026-04-21", "2026-04-30", -3_333),
        ("2026-04-11", "2026-04-20", -3_333),
        ("2026-04-01", "2026-04-10", -3_334),
    ]


def test_an_option_of_a_yearly_contract_is_cut_against_its_cycle(database: str) -> None:
    # The contract runs from 1 May, paid by the year. An option from 1 August is billed to 30 April: 273 of 365 days of
    # 36,500 = 27,300, in the closing that the contract's timing gives; from then on with the contract.
    a_shop(database)
    a_contract(
        database, timing="advance", start="2026-05-01", cycle_months=12, monthly=120_000, order_no="SO-7", project="桜"
    )
    bill(database, "2026-04-30")
    an_event(database, "add_option", "2026-08-01", product="OPTION", unit_price=36_500, quantity=1)
    bill(database, "2026-07-31", "2027-04-30")
    option = invoices(database, "2026-07-31")[0]
    assert line_rows(option) == [("2026-08-01", "2027-04-30", 27_300)]
    assert option["lines"][0]["order_no"] == "SO-7"
    assert line_rows(invoices(database, "2027-04-30")[0]) == [
        ("2027-05-01", "2028-04-30", 120_000),
        ("2027-05-01", "2028-04-30", 36_500),
    ]


def test_an_option_is_removed_and_the_contract_goes_on(database: str) -> None:
    a_shop(database)
    take_rows(database, "contracts", [a_line(), a_line(product="OPTION", unit_price=3_000)])
    an_event(database, "remove_option", line="OPTION", last_day="2026-05-10")
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    assert [row[1:] for row in billed(database) if row[0] > "2026-04-30"] == [
        ("2026-05-01", "2026-05-31", 10_000),
        ("2026-05-01", "2026-05-10", 967),  # 3,000 × 10/31 = 967.7
        ("2026-06-01", "2026-06-30", 10_000),
    ]


def test_a_withdrawn_reservation_is_as_if_it_had_never_been(database: str) -> None:
    a_shop(database)
    a_contract(database)
    an_event(database, "change_price", "2026-06-01", unit_price=20_000, event_id="E1", recorded_at="2026-04-01T09:00")
    an_event(database, "withdraw", "2026-06-01", event_id="E1", recorded_at="2026-05-31T23:59")
    bill(database, "2026-06-30")
    assert [net for *_, net in billed(database)] == [10_000, 10_000, 10_000]


def test_a_tax_inclusive_credit_mirrors_its_charge(database: str) -> None:
    a_shop(database)
    a_contract(database, product="GROSS", timing="advance", start="2026-05-01", monthly=10_000)
    bill(database, "2026-04-30")
    an_event(database, "cancel", "2026-05-01")
    bill(database, "2026-05-31")
    assert [(i["net"], i["tax"], i["total"]) for i in invoices(database)] == [
        (9_091, 909, 10_000),  # 10,000 × 10/110 = 909.09
        (-9_091, -909, -10_000),
    ]


def test_the_bridge_to_the_month_before_says_why(database: str) -> None:
    a_shop(database)
    a_contract(database)
    a_contract(database, "C2", start="2026-05-01")
    bill(database, "2026-04-30")
    an_event(database, "change_price", "2026-05-01", unit_price=12_000)
    bill(database, "2026-05-31")
    bridge = {
        r["contract_no"]: (r["previous"], r["current"]) for r in report(database, "billing-diff", closing="2026-05-31")
    }
    assert bridge == {"C1": (10_000, 12_000), "C2": (0, 10_000)}
    assert the_invoice(database, "2026-05-31")["net"] == 22_000
