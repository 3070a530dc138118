"""Money in (入金) and what it pays (消込): by itself where only one answer is possible, by hand, and undone."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import (
    Rows,
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
    dump,
    entries,
    entry,
    match,
    open_items,
    receive,
    report,
    take_rows,
    unapply,
    users,
)
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import company, month, names

INV1, INV2, INV3 = (f"INV-2026-0000{n}" for n in (1, 2, 3))


def a_shop_owed(url: str, *monthly: int, **policy: object) -> None:
    """P1 owes one invoice of 31 April, May, … for each amount (net)."""
    a_shop(url, **policy)
    closings = ["2026-04-30", "2026-05-31", "2026-06-30"]
    for number, amount in enumerate(monthly):
        a_contract(url, f"C{number + 1}", monthly=amount, start=f"2026-0{4 + number}-01", cycle_months=0)
        bill(url, closings[number])


def unapplied(url: str) -> dict[str, int]:
    return {r["receipt"]: r["unapplied"] for r in report(url, "receipts", status="unapplied")}


def test_a_receipt_stands_in_suspense_until_it_is_matched(database: str) -> None:
    a_shop_owed(database, 10_000)
    receive(database, 11_000, id="R1")
    assert balances(database)["仮受金"] == -11_000
    assert unapplied(database) == {"R1": 11_000}
    figures = match(database)
    assert (figures["applied"], figures["amount"]) == (1, 11_000)
    assert open_items(database) == {}
    assert "仮受金" not in balances(database)
    before = dump(database)
    match(database)
    assert_same(before, dump(database))


@pytest.mark.parametrize(
    ("owed", "paid", "left", "in_suspense", "fee"),
    [
        # net amounts        receipt  open afterwards                       left in suspense, fee
        ((10_000,),          11_000, {},                                    0,      0),    # exact
        ((10_000, 20_000),   33_000, {},                                    0,      0),    # the sum of all
        ((10_000, 20_000),   22_000, {INV1: 11_000},                        0,      0),    # one of them
        ((10_000,),          10_560, {},                                    0,      440),  # 手数料 440 short
        ((10_000, 20_000),   32_340, {},                                    0,      660),  # fee off the sum
        ((10_000,),          10_119, {INV1: 11_000},                        10_119, 0),    # 881 short: above the tolerance
        ((10_000, 10_000),   11_000, {INV1: 11_000, INV2: 11_000},          11_000, 0),    # two of one amount
        ((10_000,),          11_001, {INV1: 11_000},                        11_001, 0),    # more than is owed
    ],
)  # fmt: skip
def test_what_has_one_answer_is_applied_and_the_rest_is_left_alone(
    database: str, owed: tuple[int, ...], paid: int, left: dict[str, int], in_suspense: int, fee: int
) -> None:
    a_shop_owed(database, *owed)
    receive(database, paid, on="2026-06-30")
    match(database)
    found = (open_items(database), -balances(database).get("仮受金", 0), balances(database).get("支払手数料", 0))
    if owed == (10_000, 10_000):  # the older may be taken, or neither: but never both, and never half
        assert found in ((left, in_suspense, fee), ({INV2: 11_000}, 0, 0))
    else:
        assert found == (left, in_suspense, fee)


def test_a_fee_is_booked_where_the_company_says(database: str) -> None:
    a_shop_owed(database, 10_000, fee_account="売上値引", fee_tolerance=500)
    receive(database, 10_500)
    match(database)
    assert entry(entries(database)[-1])["売上値引"] in {500, 455}
    assert open_items(database) == {}


def test_an_unknown_payer_and_two_partners_of_one_name_are_left_to_a_person(database: str) -> None:
    a_shop_owed(database, 10_000)
    a_partner(database, "P2", kana="サトウシヨウテン")
    a_partner(database, "P3", kana="サトウショウテン")
    take_rows(database, "contracts", [a_line("X2", partner="P2"), a_line("X3", partner="P3", monthly=20_000)])
    bill(database, "2026-04-30")
    receive(database, 11_000, payer="フメイ", id="R1")
    receive(database, 11_000, payer="ｻﾄｳｼﾖｳﾃﾝ", id="R2")
    assert match(database)["applied"] == 0
    assert unapplied(database) == {"R1": 11_000, "R2": 11_000}


def test_a_payers_name_is_known_by_kana_by_name_and_by_what_banks_print(database: str) -> None:
    a_shop(database)
    names = {
        "A": ({"kana": "アオイデンキ"}, "ｶ)ｱｵｲﾃﾞﾝｷ"),
        "B": ({"name": "株式会社ビー"}, "カ）ビー"),
        "C": ({"payer_names": "ｼ-ｻｰﾋﾞｽ;ﾂｳｼﾝﾌﾞ"}, "ツウシンブ"),
        "D": ({"virtual_account": "9000001"}, "ダレカ"),
    }
    for code, (columns, _) in names.items():
        a_partner(database, code, **{"kana": ""} | columns)
        a_contract(database, code, partner=code)
    bill(database, "2026-04-30")
    for code, (_, payer) in names.items():
        receive(database, 11_000, payer=payer, id=code, virtual_account="9000001" if code == "D" else "")
    assert match(database)["applied"] == 4
    assert open_items(database) == {}


def test_a_virtual_account_is_stronger_than_a_name(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", virtual_account="9000002")
    take_rows(database, "contracts", [a_line("C1"), a_line("C2", partner="P2")])
    bill(database, "2026-04-30")
    receive(database, 11_000, payer="P1ショウジ", virtual_account="9000002")
    match(database)
    assert open_items(database) == {INV1: 11_000}


def test_overlapping_files_take_every_record_once(database: str) -> None:
    a_shop(database)
    one = {"date": "2026-05-01", "amount": 500, "payer": "アルヒト"}
    two = {"date": "2026-05-02", "amount": 700, "payer": "アルヒト"}
    files: list[tuple[Rows, int]] = [
        ([one, two], 2),
        ([two, one], 0),
        ([one, one], 1),  # two alike on one day: the second is new
        ([one, one, two, two | {"amount": 800}], 1),
    ]
    for rows, new in files:
        assert take_rows(database, "receipts", rows) == new
    assert balances(database)["普通預金"] == 500 + 700 + 500 + 800


def test_a_receipt_of_a_locked_month_is_refused(database: str) -> None:
    a_shop(database)
    month.close(database, "2026-04")
    with pytest.raises(FileRefusal):
        receive(database, 500, on="2026-04-20")


def test_candidates_are_ranked_with_their_reasons(database: str) -> None:
    a_shop_owed(database, 10_000, 20_000)
    receive(database, 22_000, payer="シラナイ", reference=INV1, id="R1")
    proposals = report(database, "matches", receipt="R1")
    assert proposals
    assert all(p["why"] for p in proposals)
    assert [INV2] in [p["items"] for p in proposals]
    assert [p["score"] for p in proposals] == sorted((p["score"] for p in proposals), reverse=True)


# --- by hand -------------------------------------------------------------------------------------------------------


def two_orders(url: str, **policy: object) -> None:
    """One invoice of two orders: SO-1 11,000 and SO-2 22,000."""
    a_shop(url, **policy)
    take_rows(url, "contracts", [a_line("C1", order_no="SO-1"), a_line("C2", order_no="SO-2", monthly=20_000)])
    bill(url, "2026-04-30")


def by_order(url: str) -> dict[str, int]:
    return {r["order_no"]: r["balance"] for r in report(url, "receivables", as_of="2099-12-31")}


@pytest.mark.parametrize(
    ("policy", "target", "paid", "left", "in_suspense"),
    [
        ("oldest",       INV1,                     33_000, {"SO-1": 0,      "SO-2": 0},      0),
        ("oldest",       f"{INV1}/SO-2",           22_000, {"SO-1": 11_000, "SO-2": 0},      0),
        ("oldest",       f"{INV1}=15000",          20_000, {"SO-1": 0,      "SO-2": 18_000}, 5_000),
        ("oldest",       f"{INV1}/SO-2=5000",      5_000,  {"SO-1": 11_000, "SO-2": 17_000}, 0),
        ("oldest",       INV1,                     15_000, {"SO-1": 0,      "SO-2": 18_000}, 0),
        ("proportional", INV1,                     15_000, {"SO-1": 6_000,  "SO-2": 12_000}, 0),
        ("oldest",       INV1,                     40_000, {"SO-1": 0,      "SO-2": 0},      7_000),
    ],
)  # fmt: skip
def test_a_receipt_is_applied_by_hand_as_it_is_named(
    database: str, policy: str, target: str, paid: int, left: dict[str, int], in_suspense: int
) -> None:
    two_orders(database, allocation=policy)
    receive(database, paid, payer="ダレカ", id="R1")
    apply(database, "R1", target)
    assert by_order(database) == left
    assert -balances(database).get("仮受金", 0) == in_suspense


@pytest.mark.parametrize(
    ("difference", "paid", "booked"),
    [
        ("fee",       32_000, {"支払手数料": 1_000}),
        ("discount",  32_000, {"売上値引": 910, "仮受消費税": -2_910}),  # 1,000 内税: 90 of tax (90.9 切捨て)
        ("write-off", 32_000, {"貸倒損失": 910, "仮受消費税": -2_910}),
        ("misc",      32_000, {"雑損失": 1_000}),
        ("misc",      34_000, {"雑収入": -1_000}),
        ("advance",   34_000, {"前受金": -1_000}),
    ],
)  # fmt: skip
def test_a_difference_becomes_what_the_person_says(
    database: str, difference: str, paid: int, booked: dict[str, int]
) -> None:
    two_orders(database, second_person=[])
    receive(database, paid, payer="ダレカ", id="R1")
    apply(database, "R1", INV1, difference=difference)
    found = balances(database)
    assert {account: found.get(account, 0) for account in booked} == booked
    assert (found.get("売掛金", 0), found.get("仮受金", 0), open_items(database)) == (0, 0, {})


def test_a_write_off_waits_for_a_second_person(database: str) -> None:
    two_orders(database)
    users(database, keiri="accountant", buchou="approver")
    receive(database, 32_000, payer="ダレカ", id="R1")
    told = apply(database, "R1", INV1, difference="write-off", user="keiri")
    assert (told["applied"], told["proposal"]) == (0, 1)
    assert open_items(database) == {INV1: 33_000}
    (waits,) = company.waiting(database)
    assert waits["text"] == f"貸倒 {INV1} のうち 1,000円（入金 R1 の 32,000円に足りない分）"
    with pytest.raises(Refusal, match="own-proposal"):
        company.decide(database, 1, "approved", user="keiri")
    company.decide(database, 1, "approved", user="buchou")
    assert (balances(database)["貸倒損失"], open_items(database)) == (910, {})
    assert_coherent(database)


def test_a_write_off_of_money_that_was_used_meanwhile_is_not_approved(database: str) -> None:
    two_orders(database)
    users(database, keiri="accountant", buchou="approver")
    receive(database, 32_000, payer="ダレカ", id="R1")
    apply(database, "R1", INV1, difference="write-off", user="keiri")
    apply(database, "R1", f"{INV1}=2000", user="keiri")
    with pytest.raises(Refusal, match="receipt-changed"):
        company.decide(database, 1, "approved", user="buchou")
    assert "貸倒損失" not in balances(database)
    with pytest.raises(Refusal, match="over-paid"):
        apply(database, "R1", f"{INV1}=1000", difference="write-off")


def test_what_cannot_be_applied_is_refused_and_changes_nothing(database: str) -> None:
    two_orders(database)
    receive(database, 11_000, payer="ダレカ", id="R1")
    cases = [
        (("R9", INV1), {}, "no-receipt"),
        (("R1", "INV-2026-00009"), {}, "no-item"),
        (("R1", f"{INV1}/SO-9"), {}, "no-item"),
        (("R1", f"{INV1}=33001"), {}, "bad-amount"),
        (("R1", f"{INV1}=0"), {}, "bad-amount"),
        (("R1", f"{INV1}=x"), {}, "bad-amount"),
        (("R1", INV1), {"difference": "advance"}, "no-advance"),
        (("R1", f"{INV1}/SO-1=5000"), {"difference": "fee"}, "over-paid"),
        (("R1", INV1), {"difference": "nothing"}, "bad-difference"),
        (("R1", INV1), {"on": "2026-03-31"}, "period-locked"),
    ]
    before = dump(database)
    for words, options, code in cases:
        with pytest.raises(Refusal) as refused:
            apply(database, *words, **options)  # type: ignore[arg-type]
        assert refused.value.code == code, words
    assert_same(before, dump(database))
    apply(database, "R1", f"{INV1}/SO-1")
    with pytest.raises(Refusal, match="receipt-used"):
        apply(database, "R1", f"{INV1}/SO-2")


def test_naming_the_same_item_twice_never_settles_it_twice(database: str) -> None:
    two_orders(database)
    receive(database, 22_000, payer="ダレカ", id="R1")
    before = dump(database)
    with pytest.raises(Refusal):
        apply(database, "R1", f"{INV1}/SO-1", f"{INV1}/SO-1")
    assert_same(before, dump(database))


def test_several_items_of_several_partners_by_one_payer(database: str) -> None:
    # A payer that pays for a group company: each item is settled in its own partner's account.
    a_shop(database)
    a_partner(database, "P2")
    take_rows(database, "contracts", [a_line("C1"), a_line("C2", partner="P2", monthly=20_000)])
    bill(database, "2026-04-30")
    receive(database, 33_000, payer="ホンシャ", id="R1")
    apply(database, "R1", INV1, INV2)
    assert open_items(database) == {}


def slips_of_every_claim(url: str) -> None:
    """P1 owes 10,000 since April, 1,000 of interest on it since May, and 300 that it costs since June."""
    a_shop(url, second_person=[])
    told = (
        ("W", "2026-04-01", "雑収入", 10_000),
        ("R", "2026-05-01", "受取利息", 1_000),
        ("T", "2026-06-01", "支払手数料", 300),
    )
    rows = [
        {"slip_no": number, "partner": "P1", "date": day, "account": "売掛金", "credit_account": account, "amount": amount,
         "tax": "out_of_scope", "due": day}
        for number, day, account, amount in told
    ]  # fmt: skip
    take_rows(url, "receivables", rows)


@pytest.mark.parametrize(
    ("money", "left"),
    [
        (200, {"W": 10_000, "R": 1_000, "T": 100}),
        (800, {"W": 10_000, "R": 500}),
        (5_300, {"W": 6_000}),
    ],
)
def test_costs_then_interest_then_principal_are_paid(database: str, money: int, left: dict[str, int]) -> None:
    """民法489条: the newest first, as costs and interest go before what bears them."""
    slips_of_every_claim(database)
    receive(database, money, on="2026-06-30", payer="ダレカ", id="R1")
    apply(database, "R1", "W", "R", "T", difference="remain")
    assert open_items(database) == left


def test_a_part_is_not_taken_for_principal_by_itself_while_interest_is_owed(database: str) -> None:
    slips_of_every_claim(database)
    users(database, yama="approver")
    names.release_rule(database, "part", why="試し", user="yama")
    receive(database, 4_000, on="2026-06-30", id="R1")
    assert match(database)["applied"] == 0


@pytest.mark.parametrize("difference", ["fee", "discount", "misc", "remain"])
def test_unapplying_restores_every_balance(database: str, difference: str) -> None:
    two_orders(database, second_person=[])
    receive(database, 32_000, payer="ダレカ", id="R1")
    before = balances(database), by_order(database), unapplied(database)
    apply(database, "R1", INV1, difference=difference)
    (number,) = next(r["applications"] for r in report(database, "receipts"))
    unapply(database, number)
    assert (balances(database), by_order(database), unapplied(database)) == before
    assert next(r["applications"] for r in report(database, "receipts")) == []
    with pytest.raises(Refusal, match="reversed"):
        unapply(database, number)
    apply(database, "R1", f"{INV1}=32000")  # and it can be applied anew
    assert sum(by_order(database).values()) == 1_000


def test_an_application_of_a_locked_month_is_undone_in_the_open_one(database: str) -> None:
    a_shop_owed(database, 10_000)
    receive(database, 11_000, on="2026-04-30", id="R1")
    match(database)
    month.close(database, "2026-04")
    (number,) = report(database, "receipts")[0]["applications"]
    unapply(database, number)
    last = entries(database)[-1]
    assert (last["date"], entry(last)) == ("2026-05-31", {"仮受金": -11_000, "売掛金": 11_000})
    assert open_items(database, "2026-04-30") == {}
    assert open_items(database) == {INV1: 11_000}


def test_a_receipt_of_a_locked_month_is_matched_in_the_open_one(database: str) -> None:
    a_shop(database)
    receive(database, 11_000, on="2026-04-20", id="R1")
    month.close(database, "2026-04")
    a_contract(database, start="2026-05-01")
    bill(database, "2026-05-31")
    match(database)
    assert entries(database)[-1]["date"] == "2026-05-31"
    assert open_items(database) == {}


def test_a_match_up_to_a_day_leaves_later_money_and_later_items_alone(database: str) -> None:
    a_shop_owed(database, 10_000, 20_000)
    receive(database, 11_000, on="2026-05-20", id="R1")
    receive(database, 22_000, on="2026-06-20", id="R2")
    match(database, on="2026-05-31")
    assert unapplied(database) == {"R2": 22_000}


def test_a_return_is_set_off_against_what_is_owed(database: str) -> None:
    # 56,100 owed (51,000 net); 16 of 31 days of 31,000 come back: 17,600. The payer sends the rest: 38,500.
    a_shop(database)
    a_contract(database, timing="advance", start="2026-05-01", monthly=31_000)
    a_contract(database, "C2", monthly=20_000, cycle_months=0)
    bill(database, "2026-04-30")
    an_event(database, "cancel", last_day="2026-05-15")
    bill(database, "2026-05-31")
    assert open_items(database) == {INV1: 56_100, "RET-2026-00001": -17_600}
    receive(database, 38_500, on="2026-05-31", id="R1")
    match(database)
    assert open_items(database) == {}


def test_a_receipt_that_the_bank_returned_is_taken_back_once_and_only_unapplied(database: str) -> None:
    a_shop_owed(database, 10_000)
    receive(database, 11_000, on="2026-05-20", id="R1", payer="ダレカ")
    apply(database, "R1", f"{INV1}=4000")
    day = date(2026, 5, 25)
    with pytest.raises(Refusal, match="receipt-applied"):
        month.take_back(database, "R1", day)
    unapply(database, report(database, "receipts")[0]["applications"][0])
    with pytest.raises(Refusal, match="before-receipt"):
        month.take_back(database, "R1", date(2026, 5, 19))
    assert month.take_back(database, "R1", day)["amount"] == -11_000
    assert (unapplied(database), balances(database).get("普通預金", 0), balances(database).get("仮受金", 0)) == (
        {},
        0,
        0,
    )
    with pytest.raises(Refusal, match="receipt-returned"):
        month.take_back(database, "R1", day)
    with pytest.raises(Refusal, match="no-receipt"):
        month.take_back(database, "R9", day)
    assert match(database)["applied"] == 0


def test_a_number_that_two_documents_bear_is_refused_and_an_item_has_a_number_of_its_own(database: str) -> None:
    a_shop_owed(database, 10_000)
    a_partner(database, "P2")
    row = {"invoice_date": "2026-03-31", "due": "2026-04-30", "partner": "P2"}
    take_rows(database, "openings", [row | {"invoice_no": INV1, "balance": 7_700}, row | {"invoice_no": "1", "balance": 900},
                                     row | {"invoice_no": "2026/03-001", "balance": 500}])  # fmt: skip
    receive(database, 11_000, payer="ダレカ", id="R1")
    with pytest.raises(Refusal, match="number-ambiguous"):
        apply(database, "R1", INV1)
    for odd in ("²", f"{INV1}=²", "#999"):
        with pytest.raises(Refusal):
            apply(database, "R1", odd)
    apply(database, "R1", "1", "2026/03-001")
    apply(database, "R1", "#1=6000")
    owed = [row["balance"] for row in report(database, "receivables", as_of="2099-12-31") if row["balance"]]
    assert sorted(owed) == [5_000, 7_700]


def test_money_that_came_before_its_invoice_pays_it_on_the_day_the_invoice_is_there(database: str) -> None:
    a_shop_owed(database, 10_000, 20_000)  # issued at the end of April and of May
    receive(database, 22_000, on="2026-05-20", id="R2")
    receive(database, 9_000, on="2026-05-21", id="R3", payer="ダレカ")
    assert match(database)["applied"] == 1
    with pytest.raises(Refusal, match="too-early"):
        apply(database, "R3", INV1, on="2026-05-20")
    apply(database, "R3", INV1)
    days = [e["date"] for e in entries(database) if e["description"].startswith("消込")]
    assert days == ["2026-05-21", "2026-05-31"]
    assert open_items(database, "2026-05-25") == {INV1: 2_000}


def test_what_is_applied_by_hand_without_a_day_counts_in_the_first_open_month(database: str) -> None:
    a_shop_owed(database, 10_000)
    receive(database, 11_000, on="2026-04-30", id="R1", payer="ダレカ")
    month.close(database, "2026-04")
    with pytest.raises(Refusal, match="period-locked"):
        apply(database, "R1", INV1, on="2026-04-30")
    apply(database, "R1", INV1)
    assert entries(database)[-1]["date"] == "2026-05-31"


def test_a_fee_beyond_the_tolerance_that_people_booked_twice_is_taken_by_itself(database: str) -> None:
    a_shop_owed(database, 50_000, 50_000, 50_000, second_person=[])
    for number, invoice in enumerate((INV1, INV2)):
        receive(database, 52_500, on=f"2026-0{5 + number}-20", id=f"R{number}")
        match(database)
        assert unapplied(database) == {f"R{number}": 52_500}
        apply(database, f"R{number}", invoice, difference="fee")
    receive(database, 52_500, on="2026-07-20", id="R2")
    match(database)
    assert (unapplied(database), open_items(database)) == ({}, {})
    assert balances(database)["支払手数料"] == 7_500
    assert_coherent(database)


def test_what_gives_up_more_than_a_fee_waits_under_whatever_name(database: str) -> None:
    two_orders(database)
    users(database, keiri="accountant", buchou="approver")
    receive(database, 32_000, payer="ダレカ", id="R1")
    for difference, word in (("fee", "手数料"), ("misc", "雑損失")):
        told = apply(database, "R1", INV1, difference=difference, user="keiri")
        assert told["applied"] == 0
        assert company.waiting(database)[-1]["text"].startswith(f"{word} {INV1} のうち 1,000円")
    receive(database, 32_560, payer="ダレカ", id="R2")
    assert apply(database, "R2", INV1, difference="fee", user="keiri")["applied"] == 1


def test_a_write_off_that_would_be_more_by_then_is_not_approved(database: str) -> None:
    two_orders(database)
    users(database, keiri="accountant", buchou="approver")
    receive(database, 20_000, payer="ダレカ", id="R1")
    receive(database, 12_900, payer="ダレカ", id="R2")
    apply(database, "R1", INV1, user="keiri")
    number = apply(database, "R2", INV1, difference="write-off", user="keiri")["proposal"]
    unapply(database, report(database, "receipts")[0]["applications"][0])
    company.decide(database, number, "approved", user="buchou")
    assert balances(database)["貸倒損失"] + (balances(database)["仮受消費税"] + 3_000) == 100
