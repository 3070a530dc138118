"""Documents: grouping, tax once per rate, inclusive prices, numbers without gaps."""

from __future__ import annotations

import pytest

from tests.builders import (
    a_company,
    a_contract,
    a_line,
    a_partner,
    a_shop,
    apply,
    bill,
    invoices,
    match,
    open_items,
    receive,
    report,
    take_rows,
    the_invoice,
    users,
)
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.rooms.reports.queries.explain import explain


@pytest.mark.parametrize(
    ("grouping", "documents"),
    [
        ("bill_to",  [["C1", "C2", "C3"]]),
        ("contract", [["C1"], ["C2"], ["C3"]]),
        ("order",    [["C1", "C2"], ["C3"]]),
        ("project",  [["C1", "C3"], ["C2"]]),
    ],
)  # fmt: skip
def test_lines_are_gathered_by_the_companys_choice(database: str, grouping: str, documents: list[list[str]]) -> None:
    a_shop(database, invoice_grouping=grouping)
    dimensions = {"C1": ("SO-1", "桜"), "C2": ("SO-1", "梅"), "C3": ("SO-2", "桜")}
    rows = [a_line(no, order_no=order, project=project) for no, (order, project) in dimensions.items()]
    take_rows(database, "contracts", rows)
    bill(database, "2026-04-30")
    assert [[line["contract_no"] for line in i["lines"]] for i in invoices(database)] == documents


def test_a_partner_may_have_its_invoices_gathered_in_a_way_of_its_own(database: str) -> None:
    a_shop(database, invoice_grouping="bill_to")
    for code, own in (("P1", "order"), ("P2", ""), ("P3", "contract")):
        a_partner(database, code, invoice_grouping=own)
    rows = [
        a_line(f"{code}-{n}", partner=code, order_no=order)
        for code in ("P1", "P2", "P3")
        for n, order in enumerate(("SO-1", "SO-1", "SO-2"))
    ]
    take_rows(database, "contracts", rows)
    assert bill(database, "2026-04-30", issue=False)["drafts"] == 2 + 1 + 3
    bill(database, "2026-04-30")
    a_partner(database, "P1", invoice_grouping="bill_to")  # from the next invoice on
    bill(database, "2026-05-31")
    found = [(i["closing"], [line["contract_no"] for line in i["lines"]]) for i in invoices(database)]
    own = [["P2-0", "P2-1", "P2-2"], ["P3-0"], ["P3-1"], ["P3-2"]]
    assert found == [
        *(("2026-04-30", numbers) for numbers in [["P1-0", "P1-1"], ["P1-2"], *own]),
        *(("2026-05-31", numbers) for numbers in [["P1-0", "P1-1", "P1-2"], *own]),
    ]
    with runs.reading(database) as session:
        told = {n: dict(explain(session, f"INV-2026-0000{n}").sources) for n in (1, 3, 7)}
    assert {n: sources.get("請求書の単位") or sources["方針 請求書の単位"] for n, sources in told.items()} == {
        1: "取引先の「請求書のまとめ方」受注番号ごと",
        3: "請求先ごと",
        7: "取引先の「請求書のまとめ方」請求先ごと",
    }


def test_a_way_to_gather_invoices_that_there_is_not_is_refused(database: str) -> None:
    a_company(database)
    with pytest.raises(FileRefusal) as refused:
        a_partner(database, invoice_grouping="month")
    (wrong,) = refused.value.errors
    assert wrong.column == "invoice_grouping"
    assert "bill_to・contract・order・project" in wrong.why


@pytest.mark.parametrize(("rounding", "tax"), [("floor", 125), ("half_up", 126), ("ceil", 126)])
def test_tax_is_rounded_once_per_rate_on_the_whole_invoice(database: str, rounding: str, tax: int) -> None:
    # 消費税法施行令70条の10, 基本通達1-8-15: 833 + 215 + 207 = 1,255 → 125.5; by line it would be 83 + 21 + 20 = 124.
    a_shop(database, tax_rounding=rounding)
    take_rows(database, "contracts", [a_line(f"C{n}", monthly=p) for n, p in enumerate((833, 215, 207))])
    bill(database, "2026-04-30")
    invoice = the_invoice(database)
    assert (invoice["net"], invoice["tax"], invoice["total"]) == (1_255, tax, 1_255 + tax)
    assert sum(line["tax_amount"] for line in invoice["lines"]) == tax


def test_every_rate_stands_by_itself(database: str) -> None:
    a_shop(database)
    rows = [
        a_line(n, product=p, monthly=m) for n, p, m in (("A", "PLAN", 105), ("B", "WATER", 1_013), ("C", "RENT", 7))
    ]
    take_rows(database, "contracts", rows)
    bill(database, "2026-04-30")
    invoice = the_invoice(database)
    assert invoice["taxes"] == [
        {"tax": "standard", "rate": 10, "net": 105, "amount": 10},
        {"tax": "reduced", "rate": 8, "net": 1_013, "amount": 81},  # 81.04
        {"tax": "exempt", "rate": 0, "net": 7, "amount": 0},
    ]
    assert [line["description"] for line in invoice["lines"]] == ["PLAN", "WATER※", "RENT"]


def test_inclusive_and_exclusive_prices_never_share_an_invoice(database: str) -> None:
    a_shop(database)
    take_rows(database, "contracts", [a_line("C1"), a_line("C2", product="GROSS", monthly=1_000)])
    bill(database, "2026-04-30")
    found = [(i["net"], i["tax"], i["total"]) for i in invoices(database)]
    assert sorted(found) == [(910, 90, 1_000), (10_000, 1_000, 11_000)]  # 1,000 × 10/110 = 90.9 切捨て


def test_numbers_follow_payer_and_contract_and_begin_again_with_the_fiscal_year(database: str) -> None:
    a_shop(database)
    a_partner(database, "P0")
    for number, partner in (("Z", "P0"), ("B", "P1"), ("A", "P1")):
        a_contract(database, number, partner=partner, start="2027-03-01")
    bill(database, "2027-03-31", "2027-04-30")
    found = [(i["number"], i["partner"], [line["contract_no"] for line in i["lines"]]) for i in invoices(database)]
    assert found == [
        ("INV-2026-00001", "P0", ["Z"]),
        ("INV-2026-00002", "P1", ["A", "B"]),
        ("INV-2027-00001", "P0", ["Z"]),
        ("INV-2027-00002", "P1", ["A", "B"]),
    ]


def test_a_fiscal_year_that_starts_in_january_numbers_by_it(database: str) -> None:
    a_shop(database, fiscal_year_start_month=1)
    a_contract(database, start="2026-12-01")
    bill(database, "2026-12-31", "2027-01-31")
    assert [i["number"] for i in invoices(database)] == ["INV-2026-00001", "INV-2027-00001"]


def test_a_refused_or_dry_run_takes_no_number(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30", preview=True)
    bill(database, "2026-04-30")
    assert the_invoice(database)["number"] == "INV-2026-00001"


def test_invoices_that_need_a_second_person_are_not_issued_alone(database: str) -> None:
    a_shop(database, second_person=["invoices"])
    a_contract(database)
    with pytest.raises(Refusal, match="needs-approval"):
        bill(database, "2026-04-30")
    assert bill(database, "2026-04-30", issue=False)["drafts"] == 1
    assert invoices(database) == []


def test_the_carried_balance_tells_what_was_owed_and_paid(database: str) -> None:
    # 合計請求書: 前回請求額・入金額・繰越額・今回請求額
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    receive(database, 6_000, on="2026-05-20", id="R1")
    apply(database, "R1", "INV-2026-00001=6000")
    bill(database, "2026-05-31")
    assert the_invoice(database, "2026-05-31")["carry"] == {
        "previous": 11_000,
        "received": 6_000,
        "carried": 5_000,
        "current": 11_000,
        "total": 16_000,
    }


def test_the_chain_behind_an_invoice_is_walked_both_ways(database: str) -> None:
    a_shop(database)
    users(database, hana="billing")
    a_contract(database)
    bill(database, "2026-04-30", user="hana")
    receive(database, 11_000)
    match(database)
    chain = report(database, "audit", source="INV-2026-00001")
    assert [step["step"] for step in chain] == ["charge", "invoice", "receivable", "applied", "entry"]
    assert (chain[0]["ref"], chain[1]["by"], chain[3]["amount"]) == ("C1 2026-04-01", "hana", -11_000)
    assert open_items(database) == {}
