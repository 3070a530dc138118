"""Contracts that are one (契約の結合, 29号27項): their price falls on all of them, and they are netted as one."""

from __future__ import annotations

import pytest

from tests import arranged
from tests.builders import (
    a_contract,
    a_line,
    a_partner,
    an_event,
    assert_coherent,
    balances,
    recognize,
    recognized,
    report,
    take_rows,
    users,
)
from tests.laws.test_explained import explained
from urikake.base.errors import Refusal
from urikake.doors import company, judging

MONTHS = [f"{2026 + (3 + at) // 12}-{(3 + at) % 12 + 1:02}" for at in range(12)]


def two(url: str, *, begin: str = "2026-04-01", **columns: object) -> None:
    """C1, a year of service from April for 120,000; C2, a setup for nothing (alone 30,000) from the day ``begin``."""
    arranged.products(url)
    year = {"start": "2026-04-01", "end": "2027-03-31"}
    take_rows(url, "contracts", [
        a_line("C1", product="HOST", unit_price=10_000, cycle_months=1, **year),
        a_line("C2", product="BEGIN", unit_price=0, cycle_months=0, start=begin, end="2027-03-31", **columns),
    ])  # fmt: skip


def combine(url: str, contract: str = "C2", with_contract: str = "C1") -> None:
    """Judge as one person, approve as another."""
    users(url, maker="accountant", checker="approver")
    number = judging.judge(
        url, contract, "combine", "まとめて交渉した", user="maker", with_contract=with_contract
    )["proposal"]  # fmt: skip
    assert number
    company.decide(url, number, "approved", user="checker")


def live(url: str, first: int, last: int) -> None:
    """Bill and recognise the months from the first to the last of the year from April on."""
    arranged.live(url, *MONTHS[first:last])


def by_contract(url: str, month: str) -> dict[str, int]:
    return {row["key"]: row["amount"] for row in report(url, "recognized", month=month, by="contract")}


def test_the_price_of_one_contract_falls_on_the_other(database: str) -> None:
    # 結合しないと初期設定は 0 円。結合すると 120,000 を 30,000 : 120,000 で配分し、契約一つのときと同じになる
    two(database)
    combine(database)
    live(database, 0, 1)
    assert by_contract(database, "2026-04") == {"C1": 8_000, "C2": 24_000}
    assert balances(database) == {"売掛金": 11_000, "契約資産": 22_000, "売上高": -32_000, "仮受消費税": -1_000}
    assert_coherent(database)
    assert len(explained(database)) > 20
    live(database, 1, 12)
    assert recognized(database, *MONTHS[1:]) == [8_000] * 11
    assert balances(database) == {"売掛金": 132_000, "売上高": -120_000, "仮受消費税": -12_000}
    assert_coherent(database)
    assert len(explained(database)) > 20


def test_contracts_that_are_one_are_netted_as_one(database: str) -> None:
    two(database)
    combine(database)
    live(database, 0, 2)
    told = report(database, "contract-balances", since="2026-04-01", until="2026-05-31", by="contract")
    assert [(row["contract_no"], row["asset"], row["liability"]) for row in told if row["closing"]] == [
        ("C1", 20_000, 0)
    ]
    assert balances(database)["契約資産"] == 20_000


def test_what_was_apart_is_combined_later_and_caught_up(database: str) -> None:
    two(database)
    live(database, 0, 2)
    assert recognized(database, *MONTHS[:2]) == [10_000, 10_000]
    combine(database)
    live(database, 2, 3)
    assert by_contract(database, "2026-06") == {"C1": 24_000 - 20_000, "C2": 24_000}
    assert balances(database)["契約資産"] == 18_000
    assert len(explained(database)) > 20
    live(database, 3, 12)
    assert balances(database) == {"売掛金": 132_000, "売上高": -120_000, "仮受消費税": -12_000}


def test_contracts_may_be_parted_again(database: str) -> None:
    two(database)
    combine(database)
    live(database, 0, 2)
    combine(database, with_contract="")
    live(database, 2, 3)
    assert by_contract(database, "2026-06") == {"C1": 30_000 - 16_000, "C2": -24_000}
    assert "契約資産" not in balances(database)
    assert len(explained(database)) > 20
    live(database, 3, 12)
    assert balances(database) == {"売掛金": 132_000, "売上高": -120_000, "仮受消費税": -12_000}
    assert_coherent(database)


def test_a_contract_that_begins_later_shares_from_the_first_day_on(database: str) -> None:
    # C2 は 7 月から。4 月から契約は一つなので、C1 は初めから月 8,000、C2 は 7 月に 24,000
    two(database, begin="2026-07-01")
    combine(database)
    live(database, 0, 4)
    assert recognized(database, *MONTHS[:4]) == [8_000, 8_000, 8_000, 32_000]
    live(database, 4, 12)
    assert balances(database)["売上高"] == -120_000
    assert len(explained(database)) > 20


def test_a_change_of_one_is_a_change_of_the_whole(database: str) -> None:
    # 6 月から 9,000 円に。C2 は 7 月に始まる: 残り 80,000 + 24,000 − 10,000 を 100,000 : 30,000 で
    two(database, begin="2026-07-01")
    combine(database)
    live(database, 0, 2)
    an_event(database, "change_price", "2026-06-01", line="HOST", unit_price=9_000)
    live(database, 2, 4)
    share = (80_000 + 24_000 - 10_000) * 100_000 // 130_000
    assert recognized(database, "2026-06") == [share // 10]
    rows = [row for row in report(database, "obligations") if row["version"] == 2]
    assert {(row["contract_no"], row["effective"], row["treatment"]) for row in rows} == {
        ("C1", "2026-06-01", "prospective"), ("C2", "2026-06-01", "prospective"),
    }  # fmt: skip
    assert sum(row["price"] for row in rows) == 110_000
    live(database, 4, 12)
    assert balances(database)["売上高"] == -110_000
    assert "契約資産" not in balances(database)
    assert len(explained(database)) > 20
    assert_coherent(database)


def test_the_price_of_both_is_proved_together(database: str) -> None:
    two(database)
    combine(database)
    live(database, 0, 3)
    rows = {row["contract_no"]: row for row in report(database, "allocation-check", as_of="2026-06-30")}
    assert {name: (row["price"], row["moved"], row["difference"]) for name, row in rows.items()} == {
        "C1": (96_000, -24_000, 0), "C2": (24_000, 24_000, 0),
    }  # fmt: skip


def test_three_contracts_are_one(database: str) -> None:
    two(database)
    a_contract(database, "C3", product="MORE", quantity=1, monthly=1_000, end="2027-03-31")
    combine(database)
    combine(database, "C3")
    live(database, 0, 1)
    # 132,000 を 30,000 : 120,000 : 36,000 で
    assert by_contract(database, "2026-04") == {"C1": 85_161 // 12, "C2": 21_290, "C3": 25_549 // 12}
    live(database, 1, 12)
    assert balances(database)["売上高"] == -132_000
    assert len(explained(database)) > 20


def test_companies_that_belong_together_may_be_combined(database: str) -> None:
    arranged.products(database)
    a_partner(database, "P2", parent="P1")
    year = {"start": "2026-04-01", "end": "2027-03-31"}
    take_rows(database, "contracts", [
        a_line("C1", product="HOST", unit_price=10_000, cycle_months=1, **year),
        a_line("C2", partner="P2", product="BEGIN", unit_price=0, cycle_months=0, **year),
    ])  # fmt: skip
    combine(database)
    live(database, 0, 1)
    assert by_contract(database, "2026-04") == {"C1": 8_000, "C2": 24_000}


def bundled(url: str) -> None:
    """C1, a bundle, and C2, an option with a free setup."""
    arranged.products(url)
    arranged.a_bundle(url)
    year = {"start": "2026-04-01", "end": "2027-03-31"}
    take_rows(url, "contracts", [
        a_line("C2", product="MORE", unit_price=1_000, cycle_months=1, **year),
        a_line("C2", product="BEGIN", unit_price=0, cycle_months=0, **year),
    ])  # fmt: skip


@pytest.mark.parametrize("between", [False, True])
def test_what_is_judged_is_told_before_a_change_that_comes_with_it(database: str, between: bool) -> None:
    bundled(database)
    live(database, 0, 2)
    combine(database)
    if between:
        recognize(database, "2026-05")
    an_event(database, "change_price", "2026-06-01", line="HOST", unit_price=9_000)
    live(database, 2, 3)
    assert sum(recognized(database, *MONTHS[:3])) == 59_498
    rows = [row for row in report(database, "obligations") if row["version"] == 3]
    assert {(row["contract_no"], row["product"]): row["price"] for row in rows} == {
        ("C1", "HOST"): 65_642, ("C1", "BEGIN"): 18_333, ("C2", "MORE"): 19_692, ("C2", "BEGIN"): 18_333,
    }  # fmt: skip
    assert_coherent(database)


def test_contracts_are_parted_before_a_change_that_comes_with_it(database: str) -> None:
    bundled(database)
    combine(database)
    live(database, 0, 2)
    combine(database, with_contract="")
    an_event(database, "change_price", "2026-06-01", line="HOST", unit_price=9_000)
    live(database, 2, 3)
    checks = {row["contract_no"]: row for row in report(database, "allocation-check", as_of="2026-06-30")}
    assert {name: (row["price"], row["difference"]) for name, row in checks.items()} == {
        "C1": (110_000, 0), "C2": (12_000, 0),
    }  # fmt: skip
    assert_coherent(database)


def test_the_price_that_must_be_left_is_that_of_all(database: str) -> None:
    two(database)
    combine(database)

    def judge(kind: str, amount: int) -> None:
        number = judging.judge(database, "C2", kind, "理由", user="maker", amount=amount)["proposal"]
        company.decide(database, number, "approved", user="checker")

    judge("noncash", 30_000)
    judge("payable", -20_000)
    judge("noncash", 0)
    with pytest.raises(Refusal, match="no-price-left"):
        judge("estimate", -100_000)
    with pytest.raises(Refusal, match="no-price-left"):  # C2 alone would cost less than nothing
        combine(database, with_contract="")
    judge("payable", 0)
    combine(database, with_contract="")


def test_what_cannot_be_combined_is_refused(database: str) -> None:
    two(database)
    a_partner(database, "P2")
    a_contract(database, "C3", partner="P2", product="MORE", quantity=1, monthly=1_000, end="2027-03-31")
    a_contract(database, "C4", product="MORE", quantity=1, monthly=1_000, end="2027-03-31")
    a_contract(database, "C5")

    def code(contract: str, with_contract: str) -> str:
        with pytest.raises(Refusal) as refused:
            judging.judge(database, contract, "combine", "理由", with_contract=with_contract)
        return refused.value.code

    assert code("C1", "C9") == "unknown-contract"
    assert code("C1", "C1") == "bad-combination"
    assert code("C3", "C1") == "other-customer"
    assert code("C5", "C1") == "not-arranged"
    assert code("C2", "") == "not-combined"
    combine(database)
    assert code("C2", "C4") == "bad-combination"
    assert code("C4", "C2") == "bad-combination"
    assert code("C1", "C4") == "bad-combination"
    live(database, 0, 2)
    an_event(database, "change_price", "2026-06-01", line="HOST", unit_price=9_000)
    live(database, 2, 3)
    assert code("C4", "C1") == "changed-since"
    assert code("C2", "") == "changed-since"
