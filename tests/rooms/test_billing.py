"""Which closing bills what: timing, closing days, anchors, payers, drafts, runs again and out of order."""

from __future__ import annotations

import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_partner,
    a_product,
    a_shop,
    an_event,
    assert_same,
    bill,
    billed,
    dump,
    invoices,
    line_rows,
    take_rows,
    the_invoice,
)
from urikake.base.errors import Refusal

# Every closing of these partners from April to June; each run bills only those that close on the day.
CLOSINGS = [f"2026-{month}-{day}" for month, last in (("04", 30), ("05", 31), ("06", 30)) for day in (10, 20, last)]


def test_a_period_is_billed_in_the_closing_that_its_timing_gives(database: str) -> None:
    # 前払: the last closing day strictly before the period starts. 当月: the first on or after its start.
    # 後払: the first on or after its last day.
    expected = {
        # closing days  start         advance       current       arrears
        ("31",         "2026-05-01"): ("2026-04-30", "2026-05-31", "2026-05-31"),
        ("20",         "2026-05-01"): ("2026-04-20", "2026-05-20", "2026-06-20"),
        ("10",         "2026-05-01"): ("2026-04-10", "2026-05-10", "2026-06-10"),
        ("10;20;31",   "2026-05-01"): ("2026-04-30", "2026-05-10", "2026-05-31"),
        ("20",         "2026-05-20"): ("2026-04-20", "2026-05-20", "2026-06-20"),
        ("10;20;31",   "2026-05-11"): ("2026-05-10", "2026-05-20", "2026-06-10"),
    }  # fmt: skip
    a_shop(database)
    cases = {
        f"{number}{timing}": (days, start, timing, closing)
        for number, ((days, start), closings) in enumerate(expected.items())
        for timing, closing in zip(("advance", "current", "arrears"), closings, strict=True)
    }
    take_rows(
        database,
        "partners",
        [{"code": f"T{no}", "name": no, "closing_day": days} for no, (days, *_) in cases.items()],
    )
    take_rows(
        database,
        "contracts",
        [a_line(no, partner=f"T{no}", start=start, timing=timing) for no, (_, start, timing, _) in cases.items()],
    )
    bill(database, *CLOSINGS)
    first: dict[str, str] = {}
    for invoice in invoices(database):
        for line in invoice["lines"]:
            if line["service_from"] == cases[line["contract_no"]][1]:
                first[line["contract_no"]] = invoice["closing"]
    assert first == {no: closing for no, (*_, closing) in cases.items()}


def test_a_bill_day_moves_the_bill_date_and_nothing_else(database: str) -> None:
    a_shop(database)
    a_contract(database, start="2026-05-01", bill_day=15)
    assert bill(database, "2026-05-31")["charges"] == 0  # the partner's closing day is not this contract's
    bill(database, "2026-05-15")
    invoice = the_invoice(database)
    assert line_rows(invoice) == [("2026-05-01", "2026-05-31", 10_000)]
    assert invoice["dues"] == [{"date": "2026-06-30", "method": "transfer", "amount": 11_000}]  # 翌月末払い


def test_another_partner_pays_the_bill_on_its_own_closing_day(database: str) -> None:
    a_shop(database)
    a_partner(database, "HQ", closing_day=20, payment_months=2, payment_day=10)
    a_partner(database, "SHOP", closing_day=31, bill_to="HQ")
    a_contract(database, partner="SHOP", start="2026-05-01")
    assert bill(database, "2026-05-31")["charges"] == 0
    bill(database, "2026-05-20")
    invoice = the_invoice(database)
    assert (invoice["partner"], invoice["closing"]) == ("HQ", "2026-05-20")
    assert [due["date"] for due in invoice["dues"]] == ["2026-07-10"]


def test_what_is_billed_once_is_billed_once(database: str) -> None:
    a_shop(database)
    a_contract(database, product="SETUP", start="2026-04-15", cycle_months=0, monthly=50_000)
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    assert [row[0::3] for row in billed(database)] == [("2026-04-30", 50_000)]


def test_a_start_off_the_anchor_cuts_the_first_cycle(database: str) -> None:
    # Prorated by days against the whole cycle before the first boundary.
    cases = [
        # no   anchor start         cycle price    first day     last day      first amount
        ("A1", 1,  "2026-04-11", 1,  9_000, "2026-04-11", "2026-04-30",  6_000),  # 20/30
        ("A2", 20, "2026-04-11", 1, 31_000, "2026-04-11", "2026-04-19",  9_000),  # 3/20–4/19: 9/31
        ("A3", 1,  "2026-04-16", 3, 91_000, "2026-04-16", "2026-06-30", 76_000),  # 4/1–6/30: 76/91
        ("A4", 31, "2026-04-16", 1, 30_000, "2026-04-16", "2026-04-29", 14_000),  # 3/31–4/29: 14/30
        ("A5", 11, "2026-04-11", 1,  9_000, "2026-04-11", "2026-05-10",  9_000),  # on the anchor: whole
    ]  # fmt: skip
    a_shop(database)
    take_rows(
        database,
        "contracts",
        [a_line(no, monthly=p, start=s, anchor_day=a, cycle_months=c) for no, a, s, c, p, *_ in cases],
    )
    bill(database, "2026-04-30")
    lines = sorted(the_invoice(database)["lines"], key=lambda line: line["service_from"], reverse=True)
    first = {line["contract_no"]: (line["service_from"], line["service_to"], line["net"]) for line in lines}
    assert first == {no: (since, until, amount) for no, *_, since, until, amount in cases}


def test_calendar_cycles_are_the_companys_choice(database: str) -> None:
    a_shop(database, cycle_anchor="calendar")
    a_contract(database, monthly=9_000, start="2026-04-11")
    bill(database, "2026-04-30", "2026-05-31")
    assert billed(database) == [
        ("2026-04-30", "2026-04-11", "2026-04-30", 6_000),
        ("2026-05-31", "2026-05-01", "2026-05-31", 9_000),
    ]


def test_a_cycle_anchored_on_the_31st_never_loses_its_anchor(database: str) -> None:
    a_shop(database)
    a_contract(database, start="2026-12-31")
    bill(database, "2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31")
    assert [row[1:3] for row in billed(database)] == [
        ("2026-12-31", "2027-01-30"),
        ("2027-01-31", "2027-02-27"),
        ("2027-02-28", "2027-03-30"),
        ("2027-03-31", "2027-04-29"),
    ]


@pytest.mark.parametrize("months", [2, 6, 12])
def test_longer_cycles_are_billed_once_in_each(database: str, months: int) -> None:
    a_shop(database)
    a_contract(database, cycle_months=months, monthly=120_000)
    bill(database, *[f"2026-{m:02}-{d}" for m, d in ((4, 30), (5, 31), (6, 30), (9, 30), (10, 31))])
    starts = {2: ["04-01", "06-01", "08-01", "10-01"], 6: ["04-01", "10-01"], 12: ["04-01"]}
    assert [row[1] for row in billed(database)] == [f"2026-{day}" for day in starts[months]]


def test_a_contract_ends_with_its_last_day(database: str) -> None:
    a_shop(database)
    a_contract(database, monthly=31_000, end="2026-05-10")
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    assert billed(database) == [
        ("2026-04-30", "2026-04-01", "2026-04-30", 31_000),
        ("2026-05-31", "2026-05-01", "2026-05-10", 10_000),  # 日割り 10/31
    ]


def test_a_run_again_changes_nothing(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    before = dump(database)
    assert bill(database, "2026-04-30")["charges"] == 0
    assert_same(before, dump(database))


def test_a_run_again_bills_only_what_is_new_on_another_invoice(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    first = invoices(database)
    a_contract(database, "C2", monthly=5_000)
    bill(database, "2026-04-30")
    both = invoices(database)
    assert both[:1] == first
    assert [(i["number"], i["net"]) for i in both] == [("INV-2026-00001", 10_000), ("INV-2026-00002", 5_000)]


def test_a_later_closing_takes_what_an_earlier_one_missed(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-05-31")
    assert billed(database) == [
        ("2026-05-31", "2026-04-01", "2026-04-30", 10_000),
        ("2026-05-31", "2026-05-01", "2026-05-31", 10_000),
    ]
    assert bill(database, "2026-04-30")["charges"] == 0
    assert len(invoices(database)) == 1


def test_a_dry_run_stores_nothing(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2026-04-30", auto_renew=12)
    before = dump(database)
    assert bill(database, "2026-05-31", preview=True)["invoices"] == 1
    assert bill(database, "2026-05-31", preview=True, issue=False)["drafts"] == 1
    assert_same(before, dump(database))


def test_drafts_wait_until_they_are_issued(database: str) -> None:
    a_shop(database)
    a_contract(database)
    assert bill(database, "2026-04-30", issue=False) == {"charges": 1, "drafts": 1}
    assert bill(database, "2026-04-30", issue=False)["charges"] == 0
    assert invoices(database) == []
    a_contract(database, "C2", monthly=5_000)
    figures = bill(database, "2026-04-30")
    assert (figures["invoices"], figures["total"]) == (1, 16_500)
    assert [line["contract_no"] for line in the_invoice(database)["lines"]] == ["C1", "C2"]
    assert bill(database, "2026-04-30")["invoices"] == 0


def test_a_locked_month_takes_no_bill_but_does_not_mind_none(database: str) -> None:
    from urikake.doors import month

    a_shop(database)
    a_contract(database)
    month.close(database, "2026-04")
    assert bill(database, "2026-04-30")["charges"] == 0
    a_contract(database, "C2", monthly=5_000)
    before = dump(database)
    with pytest.raises(Refusal) as refused:
        bill(database, "2026-04-30")
    assert refused.value.code == "period-locked"
    assert_same(before, dump(database))
    bill(database, "2026-05-31")  # the open one takes what the locked one could not
    assert [row[1:] for row in billed(database) if row[0] == "2026-05-31"] == [
        ("2026-05-01", "2026-05-31", 10_000),
        ("2026-04-01", "2026-04-30", 5_000),
        ("2026-05-01", "2026-05-31", 5_000),
    ]


def test_a_month_before_the_books_begin_takes_no_bill(database: str) -> None:
    a_shop(database)
    a_contract(database, start="2026-03-01")
    with pytest.raises(Refusal, match="period-locked"):
        bill(database, "2026-03-31")


def test_quantity_multiplies_the_flat_price_and_a_free_product_is_not_billed(database: str) -> None:
    a_shop(database)
    a_product(database, "GIFT", price_model="free")
    take_rows(database, "contracts", [a_line(quantity="2.5", unit_price="1000.50"), a_line(product="GIFT")])
    bill(database, "2026-04-30")
    line = the_invoice(database)["lines"][0]
    assert (line["net"], line["quantity"], line["unit_price"]) == (2_501, 2.5, 1000.5)  # 2,501.25 切捨て


def test_a_price_revision_does_not_move_a_running_contract(database: str) -> None:
    # A price revision is a new version; a running contract keeps its version until an event moves it.
    a_shop(database)
    a_contract(database)
    a_product(database, "PLAN", unit_price=12_000, valid_from="2026-05-01")
    a_contract(database, "C2", start="2026-05-01")
    bill(database, "2026-05-31")
    nets = {(line["contract_no"], line["service_from"]): line["net"] for line in the_invoice(database)["lines"]}
    assert nets == {
        ("C1", "2026-04-01"): 10_000,
        ("C1", "2026-05-01"): 10_000,
        ("C2", "2026-05-01"): 12_000,
    }
    an_event(database, "change_plan", "2026-06-01", product="PLAN")
    bill(database, "2026-06-30")
    assert [line["net"] for line in invoices(database)[-1]["lines"]] == [12_000, 12_000]
