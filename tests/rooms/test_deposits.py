"""Deposits (預り保証金): taken with the first bill, held, given back when the line ends; never revenue."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders import (
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
    invoices,
    open_items,
    recognize,
    report,
    take_rows,
)
from tests.laws.test_explained import explained
from urikake.base import company, runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import month, revision
from urikake.rooms.reports.queries.explain import explain

DEPOSIT = {
    "name": "入居保証金",
    "tax": "out_of_scope",
    "price_model": "unit",
    "unit_price": 100_000,
    "revenue": "deposit",
}
ENDS = [f"2026-{n:02}-{day}" for n, day in ((4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30))]


def a_house(url: str, **line: Any) -> None:
    """A shop with contract C1: the plan, and three deposits of 100,000 yen."""
    a_shop(url)
    a_product(url, "DEP", **DEPOSIT)
    take_rows(url, "contracts", [a_line(), a_line(product="DEP", quantity=3, cycle_months=0) | line])


def moved(url: str) -> list[tuple[str, str, str, float, int]]:
    """Every line of a deposit on an invoice: number, day, description, quantity and amount."""
    return [
        (one["number"], line["service_from"], line["description"], line["quantity"], line["net"])
        for one in invoices(url)
        for line in one["lines"]
        if line["product"] == "DEP"
    ]


def held(url: str, as_of: str) -> int:
    """What is held on a day, by contract, which is the balance of the account."""
    found = sum(row["held"] for row in report(url, "deposits", as_of=as_of))
    assert found == -balances(url, as_of).get("預り保証金", 0)
    return int(found)


def test_a_deposit_is_taken_once_kept_apart_from_revenue_and_given_back(database: str) -> None:
    a_house(database)
    ahead = report(database, "forecast", from_month="2026-04", months=6)
    assert [row["billing"] for row in ahead] == [310_000, 10_000, 10_000, 10_000, 10_000, 10_000]
    bill(database, *ENDS[:1])
    first = invoices(database)[0]
    assert first["taxes"] == [
        {"tax": "standard", "rate": 10, "net": 10_000, "amount": 1_000},
        {"tax": "out_of_scope", "rate": 0, "net": 300_000, "amount": 0},
    ]
    (posted,) = entries(database)
    assert entry(posted) == {"売掛金": 311_000, "売上高": -10_000, "仮受消費税": -1_000, "預り保証金": -300_000}
    assert report(database, "mrr", month="2026-04")["mrr"] == 10_000
    an_event(database, "change_quantity", "2026-06-01", line="DEP", quantity=2)
    an_event(database, "suspend", "2026-06-10")
    an_event(database, "resume", "2026-06-20")
    an_event(database, "discount", "2026-07-01", line="PLAN", discount="10%")
    bill(database, *ENDS[1:4])
    recognize(database, "2026-07")
    an_event(database, "cancel", "2026-09-01")
    ahead = report(database, "forecast", from_month="2026-04", months=6)
    bill(database, *ENDS[4:])
    recognize(database, "2026-09")
    assert report(database, "forecast", from_month="2026-04", months=6) == ahead
    assert_given_back(database)


def assert_given_back(url: str) -> None:
    """What the year of the first test leaves: three taken, one given back in May, two in August; nothing more to bill."""
    assert moved(url) == [
        ("INV-2026-00001", "2026-04-01", "入居保証金", 3, 300_000),
        ("RET-2026-00001", "2026-05-31", "入居保証金 返還", 1, -100_000),
        ("RET-2026-00002", "2026-08-31", "入居保証金 返還", 2, -200_000),
    ]
    assert [held(url, day) for day in ENDS] == [300_000, 200_000, 200_000, 200_000, 0, 0]
    (row,) = report(url, "deposits", as_of="2026-06-30")
    assert row == {
        "contract_no": "C1", "partner": "P1", "partner_name": "P1商事", "product": "DEP", "product_name": "入居保証金",
        "taken_on": "2026-04-30", "amount": 300_000, "returned": 100_000, "held": 200_000,
    }  # fmt: skip
    assert deferred(url, "2026-09")["C1"][3] == 0
    assert open_items(url)["RET-2026-00002"] == -200_000
    assert report(url, "deposits", as_of="2026-06-30", partner="P1") == [row]
    before = dump(url)
    bill(url, *ENDS)
    assert_same({n: t for n, t in before.items() if n.startswith(("billing_c", "deposits"))}, dump(url))
    with runs.reading(url) as session:
        kept = explain(session, "deposit:C1")
    assert (kept.amount, [step.amount for step in kept.steps]) == (0, [300_000, -100_000, -200_000])
    assert "deposit:C1" in explained(url)


def test_a_term_that_is_renewed_keeps_the_deposit_as_it_was_agreed_and_one_that_runs_out_returns_it(
    database: str,
) -> None:
    a_house(database, end="2026-05-31", auto_renew=2)
    plan = {"end": "2026-05-31", "cycle_months": 1}
    lines = [a_line("C2", **plan), a_line("C2", product="DEP", **plan)]
    rising = a_line("C3", **plan, auto_renew=2, uplift="10%")
    take_rows(database, "contracts", [*lines, rising])
    an_event(database, "add_option", "2026-04-10", contract_no="C3", product="DEP")
    bill(database, *ENDS)
    rows = {row["contract_no"]: row for row in report(database, "deposits", as_of="2026-09-30")}
    assert {no: (row["amount"], row["returned"]) for no, row in rows.items()} == {
        "C1": (300_000, 0), "C2": (100_000, 100_000), "C3": (100_000, 0),
    }  # fmt: skip
    assert held(database, "2026-05-30") == 500_000
    assert held(database, "2026-05-31") == 400_000
    an_event(database, "decline_renewal", "2026-10-01")
    bill(database, "2026-10-31", "2026-11-30", "2026-12-31")
    assert [one[4] for one in moved(database)][-1] == -300_000


def test_what_is_paid_ahead_brings_the_deposit_and_who_gave_it_has_it_back(database: str) -> None:
    a_house(database, timing="advance", start="2026-05-01")
    a_partner(database, "P2", closing_day=20)
    bill(database, "2026-04-30")
    assert moved(database)[0][4] == 300_000
    an_event(database, "change_bill_to", "2026-06-01", bill_to="P2")
    an_event(database, "change_price", "2026-06-15", line="DEP", unit_price=120_000)
    bill(database, "2026-05-31", "2026-06-20", "2026-06-30")
    assert [(number, amount) for number, _, _, _, amount in moved(database)[1:]] == [
        ("INV-2026-00002", -300_000),
        ("INV-2026-00002", 360_000),
    ]
    an_event(database, "remove_option", "2026-07-11", line="DEP")
    bill(database, "2026-07-20", "2026-07-31")
    assert {one["partner"] for one in invoices(database) for line in one["lines"] if line["product"] == "DEP"} == {"P1"}
    assert held(database, "2026-07-31") == 0


def test_a_cancelled_invoice_takes_the_deposit_back_and_a_new_one_brings_it_again(database: str) -> None:
    a_house(database)
    bill(database, *ENDS[:2])
    month.cancel_invoice(database, "INV-2026-00001", why="誤り", reissue=True)
    assert moved(database)[1:] == [
        ("RET-2026-00001", "2026-04-01", "入居保証金 返還", 3, -300_000),
        ("REV-2026-00001", "2026-04-01", "入居保証金", 3, 300_000),
    ]
    (row,) = report(database, "deposits", as_of="2026-05-31")
    assert (row["amount"], row["returned"], row["held"]) == (300_000, 0, 300_000)
    month.cancel_invoice(database, "REV-2026-00001", why="誤り")
    assert held(database, "2026-05-31") == 0
    bill(database, *ENDS[2:3])
    an_event(database, "cancel", "2026-08-01")
    bill(database, *ENDS[3:4])
    (row,) = report(database, "deposits", as_of="2026-07-31")
    assert (row["amount"], row["returned"], row["held"]) == (300_000, 300_000, 0)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_what_is_held_is_what_the_events_say(database: str, seed: int) -> None:
    chance = random.Random(seed)
    a_house(database, timing=chance.choice(["advance", "current", "arrears"]))
    level = {date(2026, 4, 1): 300_000}
    day = date(2026, 4, 1)
    for at, closing in enumerate(ENDS):
        for _ in range(chance.randint(0, 2)):
            day += timedelta(chance.randint(1, 12))
            quantity, price = chance.randint(1, 5) / 2, chance.choice([100_001, 80_003])
            an_event(database, "change_quantity", str(day), line="DEP", quantity=quantity)
            an_event(database, "change_price", str(day), line="DEP", unit_price=price)
            level[day] = int(quantity * price)
        bill(database, closing)
        if at % 2:
            numbers = [one["number"] for one in invoices(database) if one["kind"] == "invoice"]
            month.cancel_invoice(database, numbers[-1], why="誤り", reissue=chance.random() < 0.5)
    last = max(day, date(2026, 9, 30))
    bill(database, "2026-10-31", "2026-11-30")
    assert held(database, "2026-11-30") == level[max(on for on in level if on <= last)]
    an_event(database, "cancel", "2026-12-31")
    bill(database, "2026-12-31")
    assert held(database, "2026-12-31") == 0
    explained(database)


def test_what_a_deposit_cannot_be_is_refused(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(company, "ACCOUNTS", [name for name in company.ACCOUNTS if name != "預り保証金"])
        a_shop(database)
    for wrong, column in (
        ({"tax": "standard"}, "tax"),
        ({"price_model": "free"}, "price_model"),
        ({"revenue_account": "売上高"}, "revenue_account"),
        ({"minimum": 1}, "minimum"),
        ({"revenue": "monthly", "revenue_account": "預り保証金"}, "revenue_account"),
    ):
        with pytest.raises(FileRefusal, match=column):
            a_product(database, "DEP", **DEPOSIT | wrong)
    a_product(database, "DEP", **DEPOSIT)
    a_product(database, "KEY", **DEPOSIT | {"revenue_account": "預り保証金"})
    with pytest.raises(Refusal, match="契約ごとに決めた額"):
        revision.revise(database, revision.Asked("DEP", date(2026, 5, 1)))
    turned = {"valid_from": "2026-05-01", "tax": "out_of_scope"}
    with pytest.raises(FileRefusal, match="別の商品コード"):
        a_product(database, "DEP", **turned)
    with pytest.raises(FileRefusal, match="別の商品コード"):
        a_product(database, "PLAN", **DEPOSIT | turned)
    for terms in ({"discount": "10%"}, {"free_months": 1}, {"end": "2027-03-31", "auto_renew": 12, "uplift": "3%"}):
        with pytest.raises(FileRefusal, match="預り保証金の明細には"):
            take_rows(database, "contracts", [a_line("C9", product="DEP", **terms)])
    take_rows(database, "contracts", [a_line(), a_line(product="DEP")])
    with pytest.raises(FileRefusal, match="入れ替える"):
        an_event(database, "change_plan", "2026-05-01", line="DEP", product="PLAN")
    with pytest.raises(FileRefusal, match="入れ替える"):
        an_event(database, "change_plan", "2026-05-01", line="PLAN", product="DEP")
    with pytest.raises(FileRefusal, match="預り保証金の明細には"):
        an_event(database, "discount", "2026-05-01", line="DEP", discount="10%")
    slip = {"slip_no": "S1", "partner": "P1", "date": "2026-04-10", "account": "売掛金", "amount": 9}
    with pytest.raises(FileRefusal, match="預り保証金の商品の請求だけ"):
        take_rows(database, "receivables", [slip | {"credit_account": "預り保証金"}])
