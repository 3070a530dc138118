"""Prices that fall on what was promised by its selling price, and contracts that change on the way."""

from __future__ import annotations

import pytest

from tests import arranged
from tests.builders import (
    a_contract,
    a_partner,
    a_product,
    a_shop,
    an_event,
    assert_coherent,
    balances,
    behind_its_back,
    bill,
    recognize,
    recognized,
    report,
    take_rows,
    users,
    wrongs,
)
from tests.laws.test_explained import explained
from urikake.base.errors import Refusal
from urikake.doors import company, judging


def months(first: int, count: int) -> list[str]:
    """So many months from the month of 2026 on."""
    return [f"{2026 + (first - 1 + at) // 12}-{(first - 1 + at) % 12 + 1:02}" for at in range(count)]


def by_product(url: str, month: str) -> dict[str, int]:
    return {row["key"]: row["amount"] for row in report(url, "recognized", month=month, by="product")}


def a_bundle(url: str, **columns: int) -> None:
    """C1 in a shop: setup (alone 30,000) with a year of service from April (alone 10,000 a month), billed month by month."""
    arranged.products(url)
    arranged.a_bundle(url, **columns)  # type: ignore[arg-type]


def live(url: str, count: int = 12) -> None:
    """Bill and recognise so many months from April on."""
    arranged.live(url, *months(4, count))


def test_a_free_setup_gets_its_share_of_the_price(database: str) -> None:
    # 取引価格 120,000 を独立販売価格 30,000 : 120,000 で配分する: 24,000 と 96,000（月 8,000）
    a_bundle(database)
    live(database, 1)
    assert by_product(database, "2026-04") == {"HOST": 8_000, "BEGIN": 24_000}
    assert balances(database) == {"売掛金": 11_000, "契約資産": 22_000, "売上高": -32_000, "仮受消費税": -1_000}
    assert_coherent(database)
    for number in range(5, 16):
        _on(database, number)
    assert recognized(database, *months(5, 11)) == [8_000] * 11
    assert balances(database) == {"売掛金": 132_000, "売上高": -120_000, "仮受消費税": -12_000}
    assert_coherent(database)


def test_what_is_to_come_is_told_by_the_share_of_the_price(database: str) -> None:
    a_bundle(database)
    live(database, 1)
    rows = report(database, "schedule", contract="C1")
    assert [row["amount"] for row in rows if row["product"] == "HOST"] == [8_000] * 12
    assert [row["amount"] for row in rows if row["product"] == "BEGIN"] == [24_000]


def test_a_share_that_begins_within_a_month_is_told_from_that_month_on(database: str) -> None:
    arranged.products(database)
    arranged.a_bundle(database, start="2026-06-16", end="2027-06-15")
    bill(database, "2026-06-30")
    recognize(database, "2026-06")
    rows = [row for row in report(database, "schedule", contract="C1") if row["product"] == "HOST"]
    assert (rows[0]["month"], rows[-1]["month"], sum(row["amount"] for row in rows)) == ("2026-06", "2027-06", 96_000)


def test_months_that_cost_nothing_get_their_share(database: str) -> None:
    # 12か月のうち2か月無料: 取引価格 100,000 を12か月に配分する
    a_shop(database)
    a_product(database, "HOST", unit_price=10_000, ssp=10_000)
    a_contract(database, product="HOST", monthly=10_000, end="2027-03-31", free_months=2)
    live(database)
    assert recognized(database, *months(4, 12)) == [8_333] * 2 + [8_334] + ([8_333] * 2 + [8_334]) * 3
    assert balances(database)["売上高"] == -100_000


def test_an_option_at_its_selling_price_is_a_contract_of_its_own(database: str) -> None:
    a_bundle(database)
    live(database, 6)
    an_event(database, "add_option", "2026-10-01", product="MORE", quantity=1, unit_price=3_000)
    _on(database, 10)
    assert by_product(database, "2026-10") == {"HOST": 8_000, "MORE": 3_000}
    for number in range(11, 16):
        _on(database, number)
    assert balances(database)["売上高"] == -(120_000 + 18_000)
    assert "契約資産" not in balances(database)


def test_an_option_below_its_selling_price_shares_what_is_left(database: str) -> None:
    # 残り 8,000×6 = 48,000 と 12,000 を、独立販売価格 60,000 : 18,000 で配分し直す（31項(1)）
    a_bundle(database)
    live(database, 6)
    an_event(database, "add_option", "2026-10-01", product="MORE", quantity=1, unit_price=2_000)
    _on(database, 10)
    assert by_product(database, "2026-10") == {"HOST": 46_154 // 6, "MORE": 13_846 // 6}
    for number in range(11, 16):
        _on(database, number)
    assert balances(database)["売上高"] == -132_000


def test_a_price_that_falls_is_spread_over_what_is_left(database: str) -> None:
    a_bundle(database)
    live(database, 6)
    an_event(database, "change_price", "2026-10-01", line="HOST", unit_price=9_000)
    for number in range(10, 16):
        _on(database, number)
    assert recognized(database, *months(10, 6)) == [7_000] * 6
    assert balances(database)["売上高"] == -114_000


def test_leaving_closes_what_was_deferred(database: str) -> None:
    a_bundle(database)
    live(database, 6)
    an_event(database, "cancel", "2026-10-01")
    _on(database, 10)
    # 何も残らないとき、どの明細も請求した額になる: 無料の初期設定は 24,000 を戻し、サービスは 60,000 − 48,000
    assert by_product(database, "2026-10") == {"BEGIN": -24_000, "HOST": 12_000}
    assert "契約資産" not in balances(database)
    assert balances(database)["売上高"] == -60_000
    assert recognized(database, "2026-10") == [60_000 - 24_000 - 8_000 * 6]


def test_a_change_learned_late_is_caught_up_in_the_open_month(database: str) -> None:
    a_bundle(database)
    live(database, 6)
    an_event(database, "change_price", "2026-07-01", line="HOST", unit_price=9_000)
    _on(database, 10)
    # 9か月で 9,000 減る: 残り 72,000 − 9,000 = 63,000 → 7月から月 7,000、4か月分をあわせて 28,000
    assert recognized(database, "2026-10") == [28_000 - 8_000 * 3]
    for number in range(11, 16):
        _on(database, number)
    assert balances(database)["売上高"] == -111_000


def test_recognising_again_adds_nothing(database: str) -> None:
    a_bundle(database)
    live(database, 3)
    before = recognized(database, *months(4, 12))
    recognize(database, "2026-06")
    assert recognized(database, *months(4, 12)) == before


def test_prices_in_the_ratio_of_selling_prices_are_left_as_they_are(database: str) -> None:
    a_bundle(database, setup=30_000)
    live(database, 2)
    assert by_product(database, "2026-04") == {"BEGIN": 30_000, "HOST": 10_000}


def _on(url: str, number: int) -> None:
    """Bill and recognise the month."""
    arranged.live(url, *months(number, 1))


def judged(url: str, kind: str, **what: object) -> None:
    """Judge of C1 as one person, approve it as another."""
    users(url, maker="accountant", checker="approver")
    number = judging.judge(url, "C1", kind, "契約書 3条", user="maker", **what)["proposal"]
    assert number
    company.decide(url, number, "approved", user="checker")


def test_a_setup_that_is_not_distinct_is_earned_with_the_service(database: str) -> None:
    a_bundle(database, setup=24_000, monthly=8_000)
    judged(database, "bundle", line="BEGIN", with_line="HOST")
    live(database, 2)
    # 24,000 + 96,000 を12か月で
    assert recognized(database, *months(4, 2)) == [10_000, 10_000]
    assert report(database, "deferred", month="2026-05")[0]["closing"] == 24_000 - 4_000


def test_a_bundle_judged_later_is_caught_up(database: str) -> None:
    a_bundle(database, setup=24_000, monthly=8_000)
    live(database, 2)
    assert recognized(database, *months(4, 2)) == [32_000, 8_000]
    judged(database, "bundle", line="BEGIN", with_line="HOST")
    _on(database, 6)
    assert recognized(database, "2026-06") == [30_000 - 40_000]
    for number in range(7, 16):
        _on(database, number)
    assert balances(database)["売上高"] == -120_000


def test_what_is_expected_to_be_paid_back_lowers_the_price_from_the_start(database: str) -> None:
    # 年間リベート 12,000 を見込む: 取引価格 108,000 を 30,000 : 120,000 で配分 → 21,600 と 86,400（月 7,200）
    a_bundle(database)
    judged(database, "estimate", amount=-12_000)
    live(database, 1)
    assert by_product(database, "2026-04") == {"BEGIN": 21_600, "HOST": 7_200}
    judged(database, "estimate", amount=0)
    _on(database, 5)
    assert by_product(database, "2026-05") == {"BEGIN": 2_400, "HOST": 8_000 * 2 - 7_200}
    for number in range(6, 16):
        _on(database, number)
    assert balances(database)["売上高"] == -120_000


def test_what_varies_of_one_line_is_its_own(database: str) -> None:
    # 変動する 12,000 は HOST だけに。残り 120,000 を 30,000 : 120,000 − 12,000 で配分 → 26,087 と 93,913
    a_bundle(database)
    judged(database, "estimate", amount=12_000, line="HOST")
    live(database, 1)
    assert by_product(database, "2026-04") == {"BEGIN": 26_087, "HOST": (93_913 + 12_000) // 12}


def test_what_is_paid_to_the_customer_lowers_the_price_and_is_owed_in_the_end(database: str) -> None:
    # 120,000 − 協賛金 12,000 を 30,000 : 120,000 で。請求は変わらないので、12,000 は支払うまで負債に残る（29号63項）
    a_bundle(database)
    judged(database, "payable", amount=-12_000)
    live(database, 1)
    assert by_product(database, "2026-04") == {"BEGIN": 21_600, "HOST": 7_200}
    for number in range(5, 16):
        _on(database, number)
    assert balances(database) == {"売掛金": 132_000, "前受金": -12_000, "売上高": -108_000, "仮受消費税": -12_000}
    (row,) = report(database, "allocation-check", as_of="2027-03-31")
    assert (row["price"], row["billed"], row["estimated"], row["difference"]) == (108_000, 120_000, -12_000, 0)
    assert_coherent(database)
    assert len(explained(database)) > 20


def test_what_is_received_otherwise_than_in_money_is_part_of_the_price(database: str) -> None:
    # 受け取る備品 30,000 を加えた 150,000 は独立販売価格どおり。備品を計上するまで契約資産に残る（59項）
    a_bundle(database)
    judged(database, "noncash", amount=30_000)
    judged(database, "estimate", amount=-15_000)
    live(database, 1)
    assert by_product(database, "2026-04") == {"BEGIN": 27_000, "HOST": 9_000}
    judged(database, "estimate", amount=0)
    for number in range(5, 16):
        _on(database, number)
    assert balances(database) == {"売掛金": 132_000, "契約資産": 30_000, "売上高": -150_000, "仮受消費税": -12_000}
    assert len(explained(database)) > 20


def test_a_change_may_be_treated_otherwise_with_a_reason_and_a_second_person(database: str) -> None:
    a_bundle(database)
    live(database, 6)
    an_event(database, "change_price", "2026-10-01", line="HOST", unit_price=9_000)
    _on(database, 10)
    assert recognized(database, "2026-10") == [7_000]
    judged(database, "treatment", treatment="catch_up")
    _on(database, 11)
    # 114,000 を 30,000 : 120,000 で配分し直す: 22,800 と 91,200。11月末までに 22,800 + 60,800、これまで 24,000 + 48,000 + 7,000
    assert recognized(database, "2026-11") == [22_800 + 60_800 - 79_000]
    for number in range(12, 16):
        _on(database, number)
    assert balances(database)["売上高"] == -114_000


def test_nobody_approves_a_judgement_of_their_own(database: str) -> None:
    a_bundle(database)
    users(database, maker="accountant")
    number = judging.judge(database, "C1", "estimate", "見込み", user="maker", amount=1_000)["proposal"]
    with pytest.raises(Refusal, match="自分"):
        company.decide(database, number, "approved", user="maker")


REFUSED = [
    ("unknown-contract", {"contract": "C9", "kind": "estimate", "amount": 1}),
    ("unknown-line", {"kind": "bundle", "line": "MOON", "with_line": "HOST"}),
    ("bad-bundle", {"kind": "bundle", "with_line": "HOST"}),
    ("bad-treatment", {"kind": "treatment", "treatment": "anyhow"}),
    ("bad-judgement", {"kind": "mood"}),
    ("no-change", {"kind": "treatment", "treatment": "separate"}),
    ("bad-amount", {"kind": "payable", "amount": 1}),
    ("bad-amount", {"kind": "noncash", "amount": -1}),
]


@pytest.mark.parametrize(("code", "asked"), REFUSED)
def test_what_cannot_be_judged_is_refused(database: str, code: str, asked: dict[str, object]) -> None:
    a_bundle(database)
    live(database, 6)
    if code == "bad-treatment":
        an_event(database, "change_price", "2026-10-01", line="HOST", unit_price=9_000)
        _on(database, 10)
    told = {"contract": "C1", "why": "理由"} | asked
    with pytest.raises(Refusal) as refused:
        judging.judge(database, **told)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_a_share_that_is_lost_is_found(database: str) -> None:
    a_bundle(database)
    live(database, 1)
    behind_its_back(database, "UPDATE obligations_obligation SET amount = amount + 1 WHERE amount = 24000")
    assert any("取引価格 120000 円に対し、配分の合計が 120001 円" in told for told in wrongs(database))
    behind_its_back(database, "UPDATE obligations_obligation SET amount = amount - 1 WHERE amount = 24001")


def a_building(url: str, **contract: object) -> None:
    """C1: a system built for 1,000,000 from April, billed at the start."""
    a_shop(url)
    a_product(url, "BUILD", unit_price=1_000_000, revenue="progress")
    a_contract(url, product="BUILD", monthly=1_000_000, cycle_months=0, end="2026-09-30", **contract)


def performed(url: str, date: str, **told: object) -> int:
    return take_rows(url, "progress", [{"contract_no": "C1", "product": "BUILD", "date": date} | told])


def test_costs_of_costs_expected_are_a_share_to_the_yen(database: str) -> None:
    """A third of a billion is 333,333,333 yen, whatever whole it is told of."""
    arranged.products(database)
    a_product(database, "SITE", price_model="flat", unit_price=1_000_000_000, revenue="progress")
    a_contract(database, "C9", product="SITE", unit_price=1_000_000_000, cycle_months=0, end="2026-09-30")
    performed(database, "2026-04-30", contract_no="C9", product="SITE", cost=210_000_007, total_cost=630_000_021)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    assert by_product(database, "2026-04") == {"SITE": 333_333_333}
    performed(database, "2026-05-31", contract_no="C9", product="SITE", cost=123_456_789, total_cost=370_370_367)
    recognize(database, "2026-05")
    assert recognized(database, "2026-05") == [0]
    assert len(explained(database)) > 3


def test_what_is_built_is_revenue_as_it_is_performed(database: str) -> None:
    a_building(database)
    assert performed(database, "2026-04-30", cost=210_000, total_cost=700_000) == 1
    _on(database, 4)
    assert balances(database) == {"売掛金": 1_100_000, "前受金": -800_000, "売上高": -300_000}
    _on(database, 5)
    assert recognized(database, "2026-05") == [0]
    (left,) = report(database, "remaining-obligations", as_of="2026-05-31")
    assert (left["year"], left["amount"]) == ("2026", 700_000)
    assert report(database, "schedule", contract="C1")[-1]["amount"] == 700_000
    assert performed(database, "2026-06-30", percent=100, note="検収書") == 1
    _on(database, 6)
    assert recognized(database, "2026-06") == [700_000]
    assert balances(database)["売上高"] == -1_000_000


def test_what_was_performed_may_be_told_late_and_corrected(database: str) -> None:
    a_building(database)
    performed(database, "2026-04-30", percent=50)
    live(database, 2)
    assert performed(database, "2026-04-30", percent="50") == 0
    assert performed(database, "2026-04-30", percent=40) == 1
    _on(database, 6)
    assert recognized(database, *months(4, 3)) == [500_000, 0, -100_000]


def test_what_is_built_for_another_price_is_caught_up(database: str) -> None:
    # 一つの履行義務の価格が 1,150,000 になる: 60% の 690,000 から、認識した 600,000 を引いて一時に（31項(2)）
    a_building(database)
    performed(database, "2026-04-30", percent=60)
    live(database, 1)
    an_event(database, "change_price", "2026-04-01", line="BUILD", unit_price=1_150_000)
    _on(database, 5)
    assert recognized(database, "2026-05") == [1_150_000 * 60 // 100 - 600_000]
    performed(database, "2026-06-30", percent=100)
    _on(database, 6)
    assert balances(database)["売上高"] == -1_150_000


WRONG = [
    ({"percent": 101}, "0 から 100 まで"),
    ({}, "どれか一つだけ"),
    ({"percent": 10, "cost": 1, "total_cost": 2}, "どれか一つだけ"),
    ({"cost": 3, "total_cost": 2}, "0 から見積総原価まで"),
    ({"cost": 3}, "見積総原価"),
    ({"used": 3, "expected": 2}, "0 から見込みの総数まで"),
    ({"used": 3}, "見込みの総数"),
    ({"used": 1, "expected": 2, "cost": 1, "total_cost": 2}, "どれか一つだけ"),
    ({"percent": 10, "product": "MOON"}, "明細がありません"),
    ({"percent": 10, "date": "2026-03-31"}, "開始日より前"),
]


@pytest.mark.parametrize(("told", "why"), WRONG)
def test_progress_that_cannot_be_is_refused(database: str, told: dict[str, object], why: str) -> None:
    a_building(database)
    with pytest.raises(Refusal, match=why):
        take_rows(database, "progress", [{"contract_no": "C1", "product": "BUILD", "date": "2026-04-30"} | told])


def test_a_change_that_is_corrected_to_a_later_day_is_followed_back(database: str) -> None:
    a_bundle(database)
    live(database, 6)
    an_event(database, "change_price", "2026-10-01", line="HOST", unit_price=9_000, event_id="E1")
    _on(database, 10)
    assert recognized(database, "2026-10") == [7_000]
    an_event(database, "correct", "2026-12-01", event_id="E1", reason="申込書の日付")
    _on(database, 11)
    assert recognized(database, "2026-11") == [9_000]  # 8,000 と、10月の 1,000
    for number in range(12, 16):
        _on(database, number)
    assert recognized(database, *months(12, 4)) == [7_000] * 4
    assert balances(database)["売上高"] == -116_000


def test_a_change_that_touches_neither_price_nor_scope_makes_no_version(database: str) -> None:
    a_bundle(database)
    a_partner(database, "P2")
    live(database, 2)
    an_event(database, "change_bill_to", "2026-06-01", bill_to="P2")
    an_event(database, "change_price", "2026-06-01", line="HOST", unit_price=10_000)
    _on(database, 6)
    assert [row["treatment"] for row in report(database, "obligations", contract="C1")] == ["inception"] * 2
    assert recognized(database, "2026-06") == [8_000]


def test_changes_of_one_month_are_followed_one_after_the_other(database: str) -> None:
    a_bundle(database)
    live(database, 6)
    an_event(database, "change_price", "2026-10-01", line="HOST", unit_price=9_000)
    an_event(database, "change_price", "2026-10-16", line="HOST", unit_price=8_000)
    _on(database, 10)
    days = [row["effective"] for row in report(database, "obligations", contract="C1")]
    assert sorted(set(days)) == ["2026-04-01", "2026-10-01", "2026-10-16"]
    for number in range(11, 16):
        _on(database, number)
    total = sum(row["amount"] for each in months(4, 12) for row in report(database, "recognized", month=each))
    assert balances(database)["売上高"] == -total
    assert "契約資産" not in balances(database)


def test_contracts_that_began_on_other_days_are_arranged_in_one_run(database: str) -> None:
    a_bundle(database)
    arranged.a_bundle(database, "C2", start="2026-05-10")
    arranged.a_bundle(database, "C3", start="2026-06-01")
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    recognize(database, "2026-06")
    rows = report(database, "obligations")
    assert {(row["contract_no"], row["effective"]) for row in rows} == {
        ("C1", "2026-04-01"), ("C2", "2026-05-10"), ("C3", "2026-06-01"),
    }  # fmt: skip


def test_an_estimate_that_leaves_no_price_is_refused(database: str) -> None:
    a_bundle(database)
    with pytest.raises(Refusal, match="no-price-left"):
        judging.judge(database, "C1", "estimate", "見込み", amount=-120_000)


def test_what_is_judged_needs_a_price_that_is_shared_and_a_reason(database: str) -> None:
    a_shop(database)
    a_contract(database)
    with pytest.raises(Refusal, match="not-arranged"):
        judging.judge(database, "C1", "estimate", "見込み", amount=1)
    with pytest.raises(Refusal, match="no-reason"):
        judging.judge(database, "C1", "estimate", " ", amount=1)
