"""What a contract may agree on beyond price and term, in yen worked out by hand: 値引・無料・休止・更新時改定・解約金・返金なし・訂正."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_shop,
    an_event,
    assert_same,
    balances,
    bill,
    billed,
    deferred,
    dump,
    invoices,
    recognize,
    report,
    take_rows,
)
from urikake.base import runs
from urikake.base.errors import FileRefusal

MONTHS = ["2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31"]


def nets(url: str) -> list[int]:
    return [invoice["net"] for invoice in invoices(url)]


@pytest.mark.parametrize(
    ("terms", "each"),
    [
        ({"discount": "10%"}, [9_000, 9_000, 9_000, 9_000]),
        ({"discount": "10%", "discount_months": 2}, [9_000, 9_000, 10_000, 10_000]),
        ({"discount": "１，０００円", "discount_months": 1}, [9_000, 10_000, 10_000, 10_000]),
        ({"discount": "12000", "discount_months": 1}, [10_000, 10_000, 10_000]),  # nothing is left of the first month
        ({"free_months": 2}, [10_000, 10_000]),
        ({"free_months": 1, "discount": "300"}, [9_700, 9_700, 9_700]),
        ({"discount": "500", "discount_months": 0}, [9_500, 10_000, 10_000, 10_000]),  # once
    ],
)  # fmt: skip
def test_a_contract_begins_with_discounts_and_free_months(
    database: str, terms: dict[str, object], each: list[int]
) -> None:
    a_shop(database)
    a_contract(database, **terms)
    bill(database, *MONTHS[:4])
    assert nets(database) == each


def test_a_discount_of_part_of_a_month_is_taken_with_its_days(database: str) -> None:
    # 16–30 April: (10,000 − 1,000) × 15/30; a rate off 3,333 × 15/30 is rounded once: 1,666.5 × 0.85 = 1,416.525
    a_shop(database)
    a_contract(database, "C1", start="2026-04-16", anchor_day=1, discount="1000")
    a_contract(database, "C2", start="2026-04-16", anchor_day=1, discount="15%", monthly=3_333)
    bill(database, "2026-04-30")
    assert [amount for *_, amount in billed(database)] == [4_500, 1_416]


@pytest.mark.parametrize("agreed", [True, False])
def test_a_discount_given_once_is_off_the_cycle_of_its_first_day_and_no_longer(database: str, agreed: bool) -> None:
    # The first cycle is 16–30 April: (10,000 − 1,000) × 15/30; May is whole again.
    a_shop(database)
    terms = {"discount": "1000", "discount_months": 0}
    a_contract(database, start="2026-04-16", anchor_day=1, **(terms if agreed else {}))
    if not agreed:
        an_event(database, "discount", "2026-04-20", **terms)
    bill(database, "2026-04-30", "2026-05-31")
    # agreed later, on the 20th: four days of the full price, 11 of the lower one
    april = 4_500 if agreed else 1_333 + 3_300
    assert nets(database) == [april, 10_000]


def test_discounts_stack_in_order_and_end_together(database: str) -> None:
    # (10,000 − 1,000) × 0.9 = 8,100 from May; the discount of nothing ends both from July.
    a_shop(database)
    a_contract(database)
    an_event(database, "discount", "2026-05-01", discount="1000")
    an_event(database, "discount", "2026-05-01", discount="10%")
    an_event(database, "discount", "2026-07-01", discount="0")
    bill(database, *MONTHS[:4])
    assert nets(database) == [10_000, 8_100, 8_100, 10_000]


def test_a_discount_that_comes_late_is_a_difference_in_the_next_bill(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    an_event(database, "discount", "2026-04-16", discount="20%")
    bill(database, "2026-05-31")
    may = invoices(database)[1]
    # 16–30 April: 5,000 back, 4,000 charged; May 8,000
    assert sorted(line["net"] for line in may["lines"]) == [-5_000, 4_000, 8_000]
    assert may["net"] == 7_000


def test_what_is_suspended_is_neither_billed_nor_revenue_nor_in_force(database: str) -> None:
    a_shop(database)
    a_contract(database)
    an_event(database, "suspend", "2026-05-11")
    an_event(database, "resume", "2026-06-21")
    bill(database, *MONTHS[:4])
    # May 10/31: 3,225.8; June 10/30: 3,333.3
    assert nets(database) == [10_000, 3_225, 3_333, 10_000]
    assert report(database, "contracts", as_of="2026-05-31") == []
    assert len(report(database, "contracts", as_of="2026-06-21")) == 1
    recognize(database, "2026-07")
    months = {row["month"]: row["amount"] for row in report(database, "schedule", contract="C1")}
    assert [months[m] for m in ("2026-05", "2026-06", "2026-07")] == [3_225, 3_333, 10_000]


def test_a_suspension_of_what_is_paid_gives_the_days_back(database: str) -> None:
    a_shop(database)
    a_contract(database, cycle_months=12, monthly=36_500)
    bill(database, "2026-04-30")
    an_event(database, "suspend", "2026-07-01")
    an_event(database, "resume", "2026-07-31")
    bill(database, "2026-07-31")
    # 30 of 365 days: 3,000 back, on a return invoice of its own
    assert [(i["kind"], i["net"]) for i in invoices(database)] == [("invoice", 36_500), ("return", -3_000)]
    recognize(database, "2027-03")
    assert sum(row["amount"] for row in report(database, "schedule", contract="C1")) == 33_500


def test_a_renewal_raises_the_price_and_the_next_one_raises_that(database: str) -> None:
    # 10,015 × 1.03 = 10,315.45 → 10,315; × 1.03 = 10,624.45 → 10,624
    a_shop(database)
    a_contract(database, monthly=10_015, end="2026-05-31", auto_renew=2, uplift="3%")
    bill(database, *MONTHS, "2026-09-30")
    assert nets(database) == [10_015, 10_015, 10_315, 10_315, 10_624, 10_624]


def test_a_price_changed_before_a_renewal_is_raised_by_it(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2026-05-31", auto_renew=2, uplift="10%")
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    an_event(database, "change_price", "2026-05-16", unit_price=20_000)
    bill(database, "2026-07-31")
    # May from the 16th: 16/31 of 10,000 more (5,161 back, 10,322 charged); June 22,000 for 11,000; July 22,000
    assert nets(database)[:3] == [10_000, 10_000, 11_000]
    assert nets(database)[3] == 10_322 - 5_161 + 11_000 + 22_000


@pytest.mark.parametrize(
    ("last_day", "fee"), [("2026-09-29", 5_000), ("2026-09-30", None), ("2026-12-31", None)]
)  # fmt: skip
def test_leaving_before_the_minimum_term_costs_the_fee_once(database: str, last_day: str, fee: int | None) -> None:
    a_shop(database)
    a_contract(database, minimum_months=6, termination_fee=5_000)
    bill(database, *MONTHS)
    an_event(database, "cancel", last_day=last_day)
    bill(database, "2026-09-30", "2026-10-31", "2026-12-31")
    fees = [
        (row["net"], row["tax"])
        for i in invoices(database)
        for row in i["lines"]
        if row["product"].startswith("解約金")
    ]
    assert fees == ([(fee, "out_of_scope")] if fee else [])
    recognize(database, "2026-12")
    assert balances(database)["売上高"] == -sum(nets(database))


def test_the_fee_goes_back_when_the_cancellation_is_taken_back(database: str) -> None:
    a_shop(database)
    a_contract(database, minimum_months=6, termination_fee=5_000, termination_tax="standard", recorded_at="2026-04-01")
    an_event(database, "cancel", last_day="2026-06-30", event_id="E1", recorded_at="2026-05-01")
    bill(database, *MONTHS[:3])
    june = invoices(database)[2]
    assert (june["net"], june["tax"]) == (15_000, 1_500)
    an_event(database, "withdraw", "2026-07-01", event_id="E1", recorded_at="2026-06-30T12:00:00+09:00")
    bill(database, "2026-07-31")
    assert sum(nets(database)) == 40_000
    recognize(database, "2026-07")
    assert balances(database)["売上高"] == -40_000


def test_leaving_without_refund_gives_nothing_back_and_is_revenue_at_once(database: str) -> None:
    a_shop(database)
    a_contract(database, cycle_months=12, monthly=120_000, refund="none")
    bill(database, "2026-04-30")
    recognize(database, "2026-06")
    an_event(database, "cancel", last_day="2026-07-10")
    bill(database, "2026-07-31", "2026-08-31")
    assert nets(database) == [120_000]
    recognize(database, "2026-08")
    assert balances(database)["売上高"] == -120_000
    assert deferred(database, "2026-07")["C1"][3] == 0


def test_without_refund_a_change_of_plan_is_still_put_right(database: str) -> None:
    # 1 July to 10 July (10 of 365 days) at 120,000 back and at 240,000 charged: the rest of the year stays paid
    a_shop(database)
    a_contract(database, cycle_months=12, monthly=120_000, refund="none")
    bill(database, "2026-04-30")
    an_event(database, "change_price", "2026-07-01", unit_price=240_000)
    an_event(database, "cancel", last_day="2026-07-10")
    bill(database, "2026-07-31")
    assert nets(database) == [120_000, 6_575 - 3_287]


def test_a_start_is_moved_and_what_was_billed_of_the_old_one_goes_back(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    an_event(database, "change_start", "2026-05-01")
    bill(database, "2026-05-31")
    assert sum(nets(database)) == 10_000
    an_event(database, "change_start", "2026-04-16")
    bill(database, "2026-06-30")
    # cycles from the 16th: 16 April and 16 May are billed in full, the one of 1 May goes back, 16 June is due in June
    assert sum(nets(database)) == 30_000


def test_a_correction_takes_the_place_of_what_was_wrong(database: str) -> None:
    a_shop(database)
    a_contract(database, product="SEAT", quantity=3)
    an_event(database, "change_quantity", "2026-05-01", quantity=50, event_id="E1")
    bill(database, "2026-04-30", "2026-05-31")
    assert nets(database) == [3_000, 50_000]
    an_event(database, "correct", "2026-05-01", event_id="E1", quantity=5, reason="桁の誤り")
    an_event(database, "correct", "2026-05-01", event_id="E1", quantity=6, reason="数え直し")
    bill(database, "2026-06-30")
    assert sum(nets(database)) == 3_000 + 6_000 + 6_000
    kinds = [row["type"] for row in report(database, "timeline", partner="P1")]
    assert len(kinds) == 4


def test_the_same_files_again_change_nothing(database: str) -> None:
    a_shop(database)
    row = a_line(
        "C1",
        discount="10%",
        free_months=1,
        minimum_months=6,
        termination_fee=5_000,
        uplift="2.5%",
        end="2027-03-31",
        auto_renew=12,
    )
    take_rows(database, "contracts", [row])
    before = dump(database)
    assert take_rows(database, "contracts", [row]) == 0
    assert_same(before, dump(database))
    with pytest.raises(FileRefusal, match="別の内容"):
        take_rows(database, "contracts", [row | {"discount": "20%"}])


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"discount": "101%"}, "100% を超える"),
        ({"discount": "-5"}, "0 以上"),
        ({"discount": "たくさん"}, "10% か 500"),
        ({"discount_months": 3}, "値引も"),
        ({"free_months": 0}, "1〜120"),
        ({"uplift": "3%"}, "自動更新のない"),
        ({"termination_fee": 1_000}, "最低利用月数も"),
        ({"minimum_months": 0}, "1〜600"),
    ],
)
def test_terms_that_cannot_be_are_refused(database: str, columns: dict[str, object], says: str) -> None:
    a_shop(database)
    with pytest.raises(FileRefusal, match=says):
        a_contract(database, **columns)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"kind": "discount", "effective": "2026-05-01"}, "discount には必須"),
        ({"kind": "discount", "effective": "2026-05-01", "discount": "500"}, "明細商品コードで一つに"),
        ({"kind": "change_price", "effective": "2026-05-01", "unit_price": 1, "discount": "5%"}, "discount だけ"),
        ({"kind": "correct", "effective": "2026-05-01", "quantity": 1}, "訂正する変更が見つかりません"),
        ({"kind": "correct", "effective": "2026-04-02", "quantity": 1}, "訂正できません"),
    ],
)
def test_events_that_cannot_be_are_refused(database: str, event: dict[str, object], says: str) -> None:
    a_shop(database)
    a_contract(database)
    an_event(database, "add_option", "2026-04-02", product="OPTION")
    with pytest.raises(FileRefusal, match=says):
        an_event(database, **event)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "why"), [("withdraw", "取り消す予約が"), ("correct", "訂正する変更が")])
def test_what_is_to_be_undone_and_is_not_there_is_told_where_it_was_named(database: str, kind: str, why: str) -> None:
    a_shop(database)
    a_contract(database)
    for columns, cell in (({"event_id": "E9"}, "event_id"), ({}, "effective")):
        with pytest.raises(FileRefusal) as error:
            an_event(database, kind, "2026-05-01", **columns)
        assert [(each.column, each.why.startswith(why)) for each in error.value.errors] == [(cell, True)]


def test_the_timeline_says_what_was_taken_back_and_what_was_put_right(database: str) -> None:
    a_shop(database)
    a_contract(database)
    an_event(database, "change_price", "2026-06-01", unit_price=9_000, event_id="E1", recorded_at="2026-04-02")
    an_event(database, "correct", "2026-06-01", unit_price=9_500, event_id="E1", recorded_at="2026-04-03")
    an_event(database, "change_quantity", "2026-07-01", quantity=2, recorded_at="2026-04-04")
    an_event(database, "withdraw", "2026-07-01", recorded_at="2026-04-05")
    told = [(row["type"], row["detail"]) for row in report(database, "timeline", partner="P1")][1:]
    assert told == [
        ("change_price", "PLAN 単価 9,000"),
        ("change_price", "PLAN 単価 9,500 2026-06-01 の単価変更（E1）を訂正"),
        ("change_quantity", "PLAN 数量 2"),
        ("withdraw", "契約全体 2026-07-01 の数量変更を取り消し"),
    ]


def refusal(url: str, kind: str, effective: str = "", **columns: object) -> str:
    """What is said of an event that is refused."""
    before = dump(url)
    with pytest.raises(FileRefusal) as error:
        an_event(url, kind, effective, **columns)
    assert_same(before, dump(url))
    assert len(error.value.errors) == 1
    return error.value.errors[0].why


def test_what_has_ended_is_not_ended_again(database: str) -> None:
    a_shop(database)
    a_contract(database)
    a_contract(database, "C2", end="2026-05-31")
    an_event(database, "cancel", last_day="2026-06-30")
    assert "2026-06-30 で終わって" in refusal(database, "cancel", "2026-07-01", reason="再度")
    assert "2026-06-30 で終わって" in refusal(database, "cancel", last_day="2026-09-30")
    assert "2026-06-30 で終わって" in refusal(database, "suspend", "2026-07-01")
    assert "2026-05-31 で終わって" in refusal(database, "cancel", "2026-07-01", contract_no="C2")
    assert an_event(database, "cancel", "2026-06-01", contract_no="C2", reason="満了") == 1  # notice on its last day
    assert an_event(database, "cancel", last_day="2026-05-15") == 1  # earlier than before is a change


def test_a_contract_that_renews_is_ended_after_its_term(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2026-05-31", auto_renew=2)
    assert an_event(database, "cancel", "2026-08-16") == 1
    a_contract(database, "C2", end="2026-05-31", auto_renew=2)
    an_event(database, "decline_renewal", "2026-05-01", contract_no="C2")
    assert "2026-05-31 で終わって" in refusal(database, "cancel", "2026-08-16", contract_no="C2")


def test_a_pause_within_a_pause_and_a_resumption_without_one_are_refused(database: str) -> None:
    a_shop(database)
    take_rows(database, "contracts", [a_line(), a_line(product="OPTION")])
    assert "休止していません" in refusal(database, "resume", "2026-05-01")
    an_event(database, "suspend", "2026-05-11", line="OPTION")
    assert an_event(database, "suspend", "2026-05-21") == 1  # the other line goes on until then
    assert "既に休止" in refusal(database, "suspend", "2026-06-01")
    an_event(database, "resume", "2026-06-21")
    assert "休止していません" in refusal(database, "resume", "2026-07-01", line="OPTION")


def test_events_of_one_file_follow_each_other(database: str) -> None:
    a_shop(database)
    a_contract(database, recorded_at="2026-04-01")
    an_event(database, "cancel", "2026-07-01", event_id="E1", recorded_at="2026-04-02")
    event = {"contract_no": "C1", "recorded_at": "2026-04-03"}
    rows = [
        event | {"type": "withdraw", "effective": "2026-07-01", "event_id": "E1"},
        event | {"type": "suspend", "effective": "2026-08-01"},
        event | {"type": "resume", "effective": "2026-09-01"},
        event | {"type": "cancel", "effective": "2026-10-01"},
    ]
    with pytest.raises(FileRefusal) as error:
        take_rows(database, "events", [*rows, event | {"type": "cancel", "effective": "2026-11-01"}])
    assert [(e.line, e.column) for e in error.value.errors] == [(6, "effective")]
    assert take_rows(database, "events", rows) == 4
    bill(database, *MONTHS, "2026-09-30", "2026-10-31")
    assert nets(database) == [10_000] * 5


def test_a_cancellation_is_corrected_to_a_later_day(database: str) -> None:
    a_shop(database)
    a_contract(database)
    an_event(database, "cancel", "2026-06-01", event_id="E1")
    assert an_event(database, "correct", "2026-07-01", event_id="E1", reason="申し出の訂正") == 1
    bill(database, *MONTHS)
    assert nets(database) == [10_000] * 3


def test_a_renewal_is_told_so_many_days_before_its_last_day_of_notice(database: str) -> None:
    """A term to 31 March with 60 days' notice: notice by 30 January, told from 31 December (30 days before)."""
    from urikake.rooms.closing.queries.work import renewals_soon

    a_shop(database)
    a_contract(database, "C1", start="2026-04-01", end="2027-03-31", auto_renew=12, notice_days=60)
    with runs.reading(database) as session:
        told = [
            renewals_soon(session, date(*day)).count
            for day in ((2026, 12, 30), (2026, 12, 31), (2027, 1, 30), (2027, 1, 31))
        ]
    assert told == [0, 1, 1, 0]


def test_a_start_is_not_moved_to_where_the_contract_is_over(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2027-03-31")
    with pytest.raises(FileRefusal, match="契約は 2027-03-31 に終わっています"):
        an_event(database, "change_start", "2027-04-01")
    an_event(database, "change_start", "2027-03-31")


def test_nothing_happens_to_a_contract_on_the_day_after_its_end_unless_it_goes_on(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2027-03-31")
    a_contract(database, "C2", end="2027-03-31", auto_renew=12)
    with pytest.raises(FileRefusal, match="契約は 2027-03-31 に終わっています"):
        an_event(database, "change_price", "2027-04-01", line="PLAN", unit_price=9_000)
    an_event(database, "change_price", "2027-03-31", line="PLAN", unit_price=9_000)
    an_event(database, "change_price", "2027-04-01", contract_no="C2", line="PLAN", unit_price=9_000)
