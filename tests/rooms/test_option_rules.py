"""What may be sold together, and files that contradict themselves: refused, with what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_contract, a_line, a_partner, a_shop, an_event, report, take_rows
from urikake.base.errors import FileRefusal


def rules(url: str, *rows: tuple[str, str, str], **columns: Any) -> int:
    given = [{"product": product, "rule": rule, "other": other} | columns for product, rule, other in rows]
    return take_rows(url, "option-rules", given)


def test_an_option_needs_one_of_its_plans_from_the_first_day_on(database: str) -> None:
    a_shop(database)
    assert rules(database, ("OPTION", "needs", "PLAN"), ("OPTION", "needs", "BIG")) == 2
    assert rules(database, ("OPTION", "needs", "PLAN")) == 0
    with pytest.raises(FileRefusal, match="OPTION は PLAN・BIG のどれかと一緒に"):
        a_contract(database, "C1", product="OPTION")
    late = [a_line("C1", start="2026-05-01"), a_line("C1", product="OPTION")]
    with pytest.raises(FileRefusal, match="3行目 product"):
        take_rows(database, "contracts", late)
    assert take_rows(database, "contracts", [a_line("C1", product="BIG"), a_line("C1", product="OPTION")]) == 2
    a_contract(database, "C2", product="SEAT")
    with pytest.raises(FileRefusal, match="どれかと一緒に"):
        an_event(database, "add_option", "2026-05-01", contract_no="C2", product="OPTION")


def test_what_is_needed_cannot_be_taken_away_alone(database: str) -> None:
    a_shop(database)
    rules(database, ("OPTION", "needs", "PLAN"), ("OPTION", "needs", "BIG"))
    take_rows(database, "contracts", [a_line("C1"), a_line("C1", product="OPTION"), a_line("C1", product="SEAT")])
    an_event(database, "remove_option", "2026-05-01", line="SEAT")
    an_event(database, "change_plan", "2026-06-01", line="PLAN", product="BIG")
    for event in ({"kind": "remove_option", "line": "BIG"}, {"kind": "change_plan", "line": "BIG", "product": "WATER"}):
        with pytest.raises(FileRefusal, match="OPTION は PLAN・BIG のどれかと"):
            an_event(database, effective="2026-07-01", **event)
    an_event(database, "remove_option", "2026-07-01", line="OPTION")
    an_event(database, "change_plan", "2026-07-01", line="BIG", product="WATER")
    assert [row["product"] for row in report(database, "contracts", as_of="2026-07-01")] == ["WATER"]


def test_what_excludes_each_other_and_what_is_sold_alone(database: str) -> None:
    a_shop(database)
    rules(database, ("WATER", "excludes", "RENT"), ("GROSS", "alone", ""))
    a_contract(database, "C1", product="RENT")
    with pytest.raises(FileRefusal, match="WATER は RENT と一緒に契約できません"):
        an_event(database, "add_option", "2026-05-01", product="WATER")
    a_contract(database, "C2", product="GROSS")
    with pytest.raises(FileRefusal, match="GROSS は単独で契約する商品です。PLAN は別の契約に"):
        an_event(database, "add_option", "2026-05-01", contract_no="C2", product="PLAN")


def test_a_rule_holds_from_its_day_until_it_is_ended(database: str) -> None:
    a_shop(database)
    a_contract(database, "C1", product="OPTION")
    rule = ("OPTION", "needs", "PLAN")
    rules(database, rule, valid_from="2026-05-01")
    a_contract(database, "C2", product="OPTION", start="2026-04-30")
    with pytest.raises(FileRefusal):
        a_contract(database, "C3", product="OPTION", start="2026-05-01")
    rules(database, rule)  # what was agreed on before stands, and its file may come again
    assert take_rows(database, "contracts", [a_line("C1", product="OPTION")]) == 0
    rules(database, rule, valid_to="2026-04-30")
    rules(database, rule, valid_from="2026-05-01", valid_to="2026-06-30")
    a_contract(database, "C3", product="OPTION", start="2026-07-01")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"product": "NONE", "rule": "alone"}, "この商品はありません"),
        ({"product": "PLAN", "rule": "needs"}, "相手の商品コードが必要"),
        ({"product": "PLAN", "rule": "alone", "other": "BIG"}, "相手を書けません"),
        ({"product": "PLAN", "rule": "needs", "other": "PLAN"}, "自分自身"),
        ({"product": "PLAN", "rule": "excludes", "other": "BIG", "valid_from": "2026-05-01", "valid_to": "2026-04-30"}, "適用開始より前"),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused(sqlite_url: str, row: dict[str, Any], says: str) -> None:
    a_shop(sqlite_url)
    with pytest.raises(FileRefusal, match=says):
        take_rows(sqlite_url, "option-rules", [row])


def test_lines_of_one_product_may_follow_each_other_but_not_overlap(database: str) -> None:
    a_shop(database)
    half = {"start": "2026-04-01", "end": "2026-09-30"}
    follow = [a_line("C1", **half), a_line("C1", start="2026-10-01", monthly=12_000)]
    assert take_rows(database, "contracts", follow) == 2
    assert take_rows(database, "contracts", [a_line("C2", **half), a_line("C2", **half)]) == 2  # two of a kind
    over = [a_line("C3", **half), a_line("C3", start="2026-09-30")]
    with pytest.raises(FileRefusal, match=r"3行目 start .*期間が重なっています。前の明細の終了日の次の日から"):
        take_rows(database, "contracts", over)
    apart = [a_line("C4", **half, order_no="A"), a_line("C4", start="2026-09-30", order_no="B")]
    assert take_rows(database, "contracts", apart) == 2


def test_nothing_happens_to_a_contract_after_its_end(database: str) -> None:
    a_shop(database)
    a_contract(database, "C1", end="2026-06-30")
    a_contract(database, "C2", end="2026-06-30", auto_renew=12)
    for kind, columns in (
        ("cancel", {}),
        ("suspend", {}),
        ("discount", {"discount": "5%"}),
        ("add_option", {"product": "OPTION"}),
    ):
        with pytest.raises(FileRefusal, match="契約は 2026-06-30 に終わっています"):
            an_event(database, kind, "2026-08-01", **columns)  # type: ignore[arg-type]
        an_event(database, kind, "2026-08-01", contract_no="C2", event_id=kind, recorded_at="2026-07-01", **columns)  # type: ignore[arg-type]
        if kind == "cancel":
            an_event(database, "withdraw", "2026-08-01", contract_no="C2", event_id=kind, recorded_at="2026-07-02")
    an_event(database, "cancel", last_day="2026-06-30")


def test_a_bill_to_that_leads_in_a_circle_is_refused(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", bill_to="P1")
    with pytest.raises(
        FileRefusal, match=r"bill_to 「P2」: 請求先がさらに別の請求先を持っています（循環・多段はできません）"
    ):
        a_partner(database, "P1", bill_to="P2")
    circle = [{"code": "A", "name": "A", "bill_to": "B"}, {"code": "B", "name": "B", "bill_to": "A"}]
    with pytest.raises(FileRefusal, match="循環"):
        take_rows(database, "partners", circle)


def test_a_quantity_below_nothing_is_refused(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    with pytest.raises(FileRefusal, match="quantity 「-1」: 0 以上で"):
        a_contract(sqlite_url, quantity=-1)
    a_contract(sqlite_url)
    with pytest.raises(FileRefusal, match="0 以上で"):
        an_event(sqlite_url, "change_quantity", "2026-05-01", quantity=-1)
