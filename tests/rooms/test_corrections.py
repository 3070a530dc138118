"""Issued invoices taken back (取消) and issued again (修正): every yen mirrored, then billed as the contract stands."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_partner,
    a_shop,
    an_event,
    apply,
    assert_coherent,
    assert_same,
    balances,
    bill,
    deferred,
    dump,
    entries,
    entry,
    invoices,
    open_items,
    receive,
    recognize,
    report,
    take_rows,
    users,
)
from urikake.base.errors import Refusal
from urikake.doors import month


def cancel(url: str, number: str, on: str | None = None, **how: Any) -> dict[str, Any]:
    """Take the invoice back."""
    day = date.fromisoformat(on) if on else None
    return month.cancel_invoice(url, number, why="宛先の誤り", on=day, **how)


def papers(url: str) -> list[tuple[str, int, int, int]]:
    """Number, net, tax and total of every document."""
    return [(paper["number"], paper["net"], paper["tax"], paper["total"]) for paper in invoices(url)]


def test_a_return_invoice_mirrors_every_line_and_tax_and_settles_what_was_owed(database: str) -> None:
    a_shop(database)
    rows = [
        a_line("C1", monthly=833),
        a_line("C1", product="OPTION", monthly=215),
        a_line("C2", product="WATER", monthly=207),
    ]
    take_rows(database, "contracts", rows)
    bill(database, "2026-04-30")
    done = cancel(database, "INV-2026-00001")
    first, back = invoices(database)
    assert (done["returned"], back["kind"], back["issue_date"]) == ("RET-2026-00001", "return", "2026-04-30")
    for name in ("net", "tax", "total"):
        assert back[name] == -first[name]
    mirrored = [(line["product"], line["net"], line["tax_amount"]) for line in back["lines"]]
    assert mirrored == [(line["product"], -line["net"], -line["tax_amount"]) for line in first["lines"]]
    assert back["taxes"] == [tax | {"net": -tax["net"], "amount": -tax["amount"]} for tax in first["taxes"]]
    assert open_items(database) == {}
    assert {row["collected"] for row in report(database, "receivables", as_of="2026-05-31")} == {0}
    assert_coherent(database)


def test_what_was_taken_back_is_billed_anew_at_the_next_closing_and_revenue_is_whole(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    cancel(database, "INV-2026-00001", "2026-05-10")
    assert balances(database) == {}  # the sale and its tax are gone until it is billed again, or accrued as served
    recognize(database, "2026-05")
    bill(database, "2026-05-31")
    assert papers(database) == [
        ("INV-2026-00001", 10_000, 1_000, 11_000),
        ("RET-2026-00001", -10_000, -1_000, -11_000),
        ("INV-2026-00002", 20_000, 2_000, 22_000),
    ]
    assert balances(database) == {"売掛金": 22_000, "仮受消費税": -2_000, "売上高": -20_000}
    assert_coherent(database)
    before = dump(database)
    assert bill(database, "2026-04-30", "2026-05-31") == {"charges": 0, "invoices": 0, "total": 0}
    assert_same(before, dump(database))


def test_a_revised_invoice_follows_the_contract_as_it_stands_and_is_due_when_the_old_one_was(database: str) -> None:
    """A price put right after the invoice went out: taken back, and issued again for the same closing at the right price."""
    a_shop(database)
    a_partner(database, "P1", payment_months=2)
    a_contract(database)
    bill(database, "2026-04-30")
    an_event(database, "change_price", "2026-04-01", unit_price=8_000)
    done = cancel(database, "INV-2026-00001", "2026-05-10", reissue=True)
    assert (done["returned"], done["revised"]) == ("RET-2026-00001", ["REV-2026-00001"])
    new = next(paper for paper in invoices(database) if paper["kind"] == "revised")
    assert (new["closing"], new["issue_date"], new["net"], new["tax"]) == ("2026-04-30", "2026-05-10", 8_000, 800)
    assert [due["date"] for due in new["dues"]] == ["2026-06-30"]
    assert open_items(database) == {"REV-2026-00001": 8_800}
    posted = [entry(found) for found in entries(database, "2026-05-10", "2026-05-10")]
    assert posted == [
        {"売掛金": -11_000, "売上高": 10_000, "仮受消費税": 1_000},
        {"売掛金": 8_800, "売上高": -8_000, "仮受消費税": -800},
    ]
    bill(database, "2026-05-31")
    assert papers(database)[-1] == ("INV-2026-00002", 8_000, 800, 8_800)
    assert_coherent(database)


def test_what_had_been_paid_stays_as_a_credit_of_the_payer(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    receive(database, 4_000, on="2026-05-20", id="R1")
    apply(database, "R1", "INV-2026-00001=4000")
    cancel(database, "INV-2026-00001", "2026-05-25")
    assert open_items(database) == {"RET-2026-00001": -4_000}
    assert open_items(database, "2026-05-24") == {"INV-2026-00001": 7_000}
    assert balances(database)["売掛金"] == -4_000
    kinds = [row["kind"] for row in report(database, "statement", partner="P1", since="2026-04-01", until="2026-06-30")]
    assert kinds == ["opening", "raised", "applied", "cancelled", "raised", "cancelled"]
    assert_coherent(database)


def test_a_year_in_advance_taken_back_in_its_third_month_gives_its_revenue_back(database: str) -> None:
    a_shop(database)
    a_contract(database, monthly=120_000, cycle_months=12, timing="current")
    bill(database, "2026-04-30")
    recognize(database, "2026-06")
    assert deferred(database, "2026-06")["C1"] == (110_000 - 10_000, 0, 10_000, 90_000)
    cancel(database, "INV-2026-00001", "2026-07-15")
    recognize(database, "2026-07")
    # Served for four months, and no longer billed: what is earned of it is a contract asset.
    assert balances(database) == {"契約資産": 40_000, "売上高": -40_000}
    bill(database, "2026-07-31")
    assert deferred(database, "2026-07")["C1"][3] == 80_000
    assert balances(database)["売上高"] == -40_000
    assert_coherent(database)


def test_usage_taken_back_is_measured_and_billed_again(database: str) -> None:
    a_shop(database)
    a_contract(database, product="API", quantity=0, timing="arrears")
    take_rows(database, "usage", [usage("u1", 30)])
    bill(database, "2026-04-30")
    take_rows(database, "usage", [usage("u2", 5)])
    cancel(database, "INV-2026-00001", "2026-05-10")
    bill(database, "2026-05-31")
    lines = [
        (paper["number"], line["quantity"], line["net"]) for paper in invoices(database) for line in paper["lines"]
    ]
    assert lines == [("INV-2026-00001", 30, 300), ("RET-2026-00001", -30, -300), ("INV-2026-00002", 35, 350)]
    assert_coherent(database)


def usage(code: str, quantity: int) -> dict[str, object]:
    day = "2026-04-05T10:00:00+09:00"
    return {"event_id": code, "contract_no": "C1", "product": "API", "timestamp": day, "quantity": quantity}


def test_an_invoice_with_a_credit_on_it_is_mirrored_too(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    an_event(database, "change_price", "2026-04-16", unit_price=8_000)
    bill(database, "2026-05-31")
    cancel(database, "INV-2026-00002", "2026-06-05", reissue=True)
    _, second, back, new = invoices(database)
    assert back["total"] == -second["total"]
    assert sorted(line["net"] for line in new["lines"]) == sorted(line["net"] for line in second["lines"])
    bill(database, "2026-06-30")
    assert sum(line["net"] for paper in invoices(database) for line in paper["lines"]) == 9_000 + 8_000 + 8_000
    assert_coherent(database)


def test_of_a_closed_month_the_correction_is_posted_in_the_first_open_one(database: str) -> None:
    a_shop(database, second_person=[])
    a_contract(database)
    month.close(database, "2026-04")
    done = cancel(database, "INV-2026-00001", reissue=True)
    dates = {paper["number"]: paper["issue_date"] for paper in invoices(database)}
    assert (dates[done["returned"]], dates["REV-2026-00001"]) == ("2026-05-31", "2026-05-31")
    assert_coherent(database)


@pytest.mark.parametrize(
    ("number", "how", "code"),
    [
        ("INV-2026-00009", {}, "no-invoice"),
        ("INV-2026-00001", {"on": "2026-04-29"}, "too-early"),
        ("RET-2026-00001", {}, "is-return"),
        ("INV-2026-00002", {}, "cancelled"),
    ],
)
def test_what_cannot_be_taken_back_is_refused(database: str, number: str, how: dict[str, Any], code: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30", "2026-05-31")
    cancel(database, "INV-2026-00002")
    before = dump(database)
    with pytest.raises(Refusal) as error:
        cancel(database, number, **how)
    assert error.value.code == code
    assert_same(before, dump(database))


def test_a_reason_is_needed_and_a_trial_keeps_nothing(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    before = dump(database)
    with pytest.raises(Refusal, match="理由"):
        month.cancel_invoice(database, "INV-2026-00001", why=" ")
    done = cancel(database, "INV-2026-00001", "2026-05-10", reissue=True, preview=True)
    assert (done["total"], done["total_revised"]) == (-11_000, 11_000)
    assert_same(before, dump(database))


def test_drafts_are_issued_by_someone_who_made_none_of_them(database: str) -> None:
    a_shop(database, second_person=["invoices"])
    users(database, hana="billing", jiro="approver", kei="accountant")
    a_contract(database)
    with pytest.raises(Refusal) as error:
        month.bill(database, date(2026, 4, 30), issue=True, user="hana")
    assert error.value.code == "needs-approval"
    month.bill(database, date(2026, 4, 30), issue=False, user="hana")
    with pytest.raises(Refusal) as error:
        month.approve(database, "invoices", ["2026-04-30"], user="hana")
    assert error.value.code == "not-permitted"
    assert month.approve(database, "invoices", ["2026-04-30"], user="jiro") == {"invoices": 1, "total": 11_000}
    assert invoices(database, "2026-04-30")[0]["total"] == 11_000
    with pytest.raises(Refusal) as error:
        month.approve(database, "invoices", ["2026-04-30"], user="kei")
    assert error.value.code == "not-waiting"
    assert_coherent(database)


def test_nobody_approves_the_drafts_they_made(database: str) -> None:
    a_shop(database, second_person=["invoices"])
    users(database, taro="admin", jiro="approver")
    a_contract(database)
    month.bill(database, date(2026, 4, 30), issue=False, user="taro")
    with pytest.raises(Refusal) as error:
        month.approve(database, "invoices", ["2026-04-30"], user="taro")
    assert error.value.code == "own-work"
    assert invoices(database) == []
    month.approve(database, "invoices", ["2026-04-30"], user="jiro")
    assert [paper["number"] for paper in invoices(database)] == ["INV-2026-00001"]
