"""Prices that hold interest (重要な金融要素): what is paid long before or after what it is paid for."""

from __future__ import annotations

import pytest

from tests import arranged
from tests.builders import (
    a_line,
    a_product,
    a_shop,
    an_event,
    assert_coherent,
    balances,
    bill,
    recognize,
    recognized,
    report,
    take_rows,
    users,
)
from tests.laws.test_explained import explained
from urikake.base.errors import Refusal
from urikake.doors import company, judging

MONTHS = [f"{2026 + (3 + at) // 12}-{(3 + at) % 12 + 1:02}" for at in range(40)]


def judge(url: str, rate: str, contract: str = "C1", kind: str = "financing", **what: object) -> None:
    """Judge as one person, approve as another."""
    users(url, maker="accountant", checker="approver")
    asked = judging.judge(url, contract, kind, "57項", user="maker", rate=rate, **what)
    company.decide(url, asked["proposal"], "approved", user="checker")


def advance(url: str, rate: str = "6", **policy: str) -> None:
    """C1, a machine for 4,000 billed in April 2026 and handed over in April 2028 (IFRS 15 IE148–IE151, times 1,000)."""
    a_shop(url, financing="judged", **policy)
    a_product(url, "MACHINE", price_model="flat", unit_price=4_000_000, revenue="progress")
    take_rows(url, "contracts", [
        a_line("C1", product="MACHINE", unit_price=4_000_000, cycle_months=0, start="2026-04-01", end="2028-04-01"),
    ])  # fmt: skip
    if rate:
        judge(url, rate)


def instalments(url: str, rate: str = "5") -> None:
    """C1, a machine handed over in April 2026 and paid in 24 months of 10,000."""
    a_shop(url, financing="judged")
    a_product(url, "MACHINE", price_model="flat", unit_price=10_000, revenue="contract_start", ssp=10_000)
    take_rows(url, "contracts", [
        a_line("C1", product="MACHINE", unit_price=10_000, cycle_months=1, start="2026-04-01", end="2028-03-31"),
    ])  # fmt: skip
    judge(url, rate)


def progress(url: str, day: str, percent: int = 100) -> None:
    take_rows(url, "progress", [{"contract_no": "C1", "product": "MACHINE", "date": day, "percent": percent}])


def live(url: str, first: int, last: int) -> None:
    arranged.live(url, *MONTHS[first:last])


def test_what_is_paid_later_is_revenue_at_once_less_its_interest(database: str) -> None:
    instalments(database)
    live(database, 0, 1)
    (first,) = recognized(database, "2026-04")
    assert 220_000 < first < 240_000
    assert balances(database)["契約資産"] == first - 10_000
    live(database, 1, 2)
    told = balances(database)
    assert -told["受取利息"] == int((first - 10_000) * (1.05 ** (1 / 12) - 1))
    assert_coherent(database)
    live(database, 2, 24)
    found = balances(database)
    assert "契約資産" not in found
    assert "契約負債" not in found
    assert found["売上高"] + found["受取利息"] == -240_000
    assert_coherent(database)
    assert len(explained(database)) > 20


def test_what_is_paid_in_advance_is_revenue_with_its_interest(database: str) -> None:
    advance(database, advance_tax="on_invoice")
    live(database, 0, 13)
    assert balances(database)["支払利息"] == 240_000
    assert_coherent(database)
    live(database, 13, 24)
    progress(database, "2028-04-01")
    live(database, 24, 25)
    assert recognized(database, "2028-04") == [4_494_400]
    assert balances(database) == {
        "売掛金": 4_400_000, "支払利息": 494_400, "売上高": -4_494_400, "仮受消費税": -400_000,
    }  # fmt: skip
    assert_coherent(database)
    assert len(explained(database)) > 20


def code(url: str, kind: str = "financing", contract: str = "C1", **what: object) -> str:
    with pytest.raises(Refusal) as refused:
        judging.judge(url, contract, kind, "57項", **what)
    return refused.value.code


def test_a_rate_is_judged_by_policy_alone_and_stays(database: str) -> None:
    arranged.products(database)
    arranged.a_bundle(database)
    arranged.a_bundle(database, "C2")
    assert code(database, rate="4.5") == "financing-off"
    for rate in ("", "high", "-1", "100.5", "1.2345678", "inf", "1e999999", "3_0", "1e1", "+3"):
        assert code(database, rate=rate) == "bad-rate"
    assert code(database, rate="0") == "not-financed"


def test_a_rate_stays_and_contracts_are_not_joined_over_it(database: str) -> None:
    a_shop(database, financing="judged")
    arranged.shelf(database)
    arranged.a_bundle(database)
    arranged.a_bundle(database, "C2")
    a_product(database, "PLAIN", price_model="flat", unit_price=1_000, revenue="monthly")
    take_rows(database, "contracts", [
        a_line("C3", product="PLAIN", unit_price=1_000, cycle_months=1, start="2026-04-01", end="2027-03-31"),
    ])  # fmt: skip
    assert code(database, contract="C3", rate="3") == "not-arranged"
    judge(database, "4.5")
    assert code(database, rate="5") == "rate-fixed"
    assert code(database, kind="combine", contract="C2", with_contract="C1") == "financed"
    judge(database, "0")
    judge(database, "5")
    assert [row["rate"] for row in report(database, "judgements")] == [4.5, 0.0, 5.0]


def test_a_judgement_that_is_given_up_takes_its_interest_back(database: str) -> None:
    instalments(database)
    live(database, 0, 6)
    assert balances(database)["受取利息"] < 0
    judge(database, "0")
    live(database, 6, 7)
    assert "受取利息" not in balances(database)
    assert balances(database)["売上高"] == -70_000
    assert len(explained(database)) > 20
    assert_coherent(database)


def test_a_judgement_learned_late_is_caught_up(database: str) -> None:
    a_shop(database, financing="judged")
    arranged.shelf(database)
    arranged.a_bundle(database, end="2028-03-31", setup=240_000, monthly=0)
    live(database, 0, 5)
    judge(database, "3")
    live(database, 5, 6)
    rows = report(database, "interest", contract="C1")
    assert [row["month"] for row in rows] == ["2026-09"]
    live(database, 6, 24)
    found = balances(database)
    assert not {"契約資産", "前受金", "契約負債"} & {
        name for name, amount in found.items() if amount and name != "前受金"
    }
    assert found["売上高"] == -240_000 - found["支払利息"]
    assert_coherent(database)
    assert len(explained(database)) > 20


def test_a_change_keeps_the_rate_and_the_end_closes_what_is_left(database: str) -> None:
    a_shop(database, financing="judged")
    arranged.shelf(database)
    arranged.a_bundle(database, end="2028-03-31")
    judge(database, "5")
    live(database, 0, 6)
    an_event(database, "add_option", "2026-10-01", product="MORE", quantity=1, unit_price=3_000)
    live(database, 6, 8)
    told = report(database, "obligations", contract="C1")
    assert {(row["version"], row["treatment"], row["rate"]) for row in told} == {
        (1, "inception", 5.0), (2, "separate", 5.0),
    }  # fmt: skip
    an_event(database, "change_price", "2026-12-01", line="HOST", unit_price=9_000)
    live(database, 8, 12)
    for row in report(database, "allocation-check", as_of="2027-03-31"):
        assert row["difference"] == row["unshared"] == 0, row
        assert row["financed"] < 0
    an_event(database, "cancel", "2027-10-01")
    live(database, 12, 20)
    found = balances(database)
    assert "契約資産" not in found
    assert "前受金" not in found
    assert found["売上高"] + found["受取利息"] == -(8 * 10_000 + 10 * 9_000 + 12 * 3_000)
    assert_coherent(database)
    assert len(explained(database)) > 20


def as_one(url: str, rate_of: str, *lines: tuple[str, str, int]) -> None:
    """C1 and C2 of these lines (contract, product, price) over two years, judged to be one, with a rate told of one of them."""
    a_shop(url, financing="judged")
    arranged.shelf(url)
    year = {"start": "2026-04-01", "end": "2028-03-31"}
    take_rows(url, "contracts", [
        a_line(contract, product=product, unit_price=price, cycle_months=int(product == "HOST"), **year)
        for contract, product, price in lines
    ])  # fmt: skip
    judge(url, "", "C2", "combine", with_contract="C1")
    judge(url, "5", rate_of)


def test_contracts_that_are_one_bear_interest_as_one(database: str) -> None:
    as_one(database, "C2", ("C1", "HOST", 10_000), ("C2", "BEGIN", 0))
    live(database, 0, 4)
    assert {row["contract_no"] for row in report(database, "interest")} == {"C1"}
    told = report(database, "contract-balances", since="2026-04-01", until="2026-07-31", by="contract")
    (row,) = [row for row in told if row["closing"]]
    assert row["opening"] + row["billed"] + row["combined"] + row["interest"] - row["recognized"] == row["closing"]
    assert_coherent(database)
    live(database, 4, 24)
    found = balances(database)
    assert "契約資産" not in found
    assert found["売上高"] + found["受取利息"] == -240_000
    assert len(explained(database)) > 20


def test_interest_taken_back_of_contracts_that_were_one_does_not_come_back(database: str) -> None:
    """The rate was told of one of them and taken back of the other; then they part."""
    as_one(database, "C1", ("C1", "HOST", 9_000), ("C1", "BEGIN", 0), ("C2", "BEGIN", 20_000))
    live(database, 0, 2)
    assert "受取利息" in balances(database)
    judge(database, "0", "C2")
    judge(database, "", "C2", "combine", with_contract="")
    live(database, 2, 3)
    assert balances(database).get("受取利息", 0) == 0
    assert {row["rate"] for row in report(database, "obligations", contract="C1")[-2:]} == {None}
    assert_coherent(database)


def test_the_roll_forward_tells_interest_apart(database: str) -> None:
    instalments(database)
    live(database, 0, 3)
    rows = report(database, "contract-balances", since="2026-05-01", until="2026-06-30")
    asset = {row["cause"]: row["amount"] for row in rows if row["balance"] == "contract_asset"}
    assert asset["interest"] == -balances(database)["受取利息"]
    assert asset["billed_after"] == -20_000
    assert asset["recognized_ahead"] == 0
    assert asset["opening"] + asset["recognized_ahead"] + asset["billed_after"] + asset["interest"] == asset["closing"]
    assert all(not row["difference"] for row in rows)


def test_a_month_recognised_again_adds_no_interest(database: str) -> None:
    instalments(database)
    live(database, 0, 3)
    before = balances(database)
    recognize(database, MONTHS[2])
    assert balances(database) == before


def test_months_recognised_together_bear_what_they_bear_one_by_one(database: str) -> None:
    instalments(database)
    for month in ("2026-04-30", "2026-05-31", "2026-06-30"):
        bill(database, month)
    recognize(database, MONTHS[2])
    rows = report(database, "interest")
    assert [row["month"] for row in rows] == MONTHS[1:3]
    assert len(explained(database)) > 5
