"""もしも計算: what is supposed never touches the books, and what it foretells is what the real engine then makes."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_partner,
    a_product,
    a_shop,
    an_event,
    assert_coherent,
    assert_same,
    bill,
    csv_text,
    dump,
    recognize,
    take_rows,
    users,
)
from urikake.base import connections, facts, periods, runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.base.url import sqlite_path
from urikake.doors import month, simulation
from urikake.doors.simulation import Cancel, Changes, Price, Rate
from urikake.doors.simulation.playing import MEASURES, _came
from urikake.rooms.closing.queries import closing_dates

PRICE = Price("PLAN", Decimal(5), date(2026, 7, 1))
MONTHS = 6


def a_company(url: str) -> None:
    """Contracts of several closings, cycles and ways of being revenue, billed and recognised up to May."""
    a_shop(url)
    a_partner(url, "P2", closing_day="20", payment_months=2)
    a_contract(url, "C1", quantity=2)
    a_contract(url, "C2", partner="P2", product="SEAT", quantity=7, start="2026-04-11")
    a_contract(url, "OWN", monthly=9_000)
    a_contract(url, "YEAR", product="BIG", cycle_months=12, timing="advance")
    a_contract(url, "FOOD", product="WATER", partner="P2", timing="arrears")
    a_contract(url, "USE", product="API")
    usage = {"contract_no": "USE", "product": "API", "timestamp": "2026-05-05T10:00:00+09:00", "quantity": 300}
    take_rows(url, "usage", [usage | {"event_id": "u1"}])
    for name in ("2026-04", "2026-05"):
        advance(url, name)
    bill(url, "2026-06-20")


def advance(url: str, name: str) -> None:
    """The month billed and recognised in earnest."""
    first = periods.first_day(name)
    with runs.reading(url) as session:
        days = closing_dates(session, first)
    for day in days:
        month.bill(url, day, issue=True)
    month.recognize(url, name)


def following(count: int = MONTHS) -> list[str]:
    return [f"2026-{number:02}" for number in range(4, 4 + count)]


def lived(url: str) -> list[dict[str, Any]]:
    """What the real company comes to when its months are billed and recognised, as a result tells it."""
    names = following()
    for name in names:
        advance(url, name)
    first, last = periods.first_day(names[0]), periods.last_day(periods.first_day(names[-1]))
    rows, due = _came(url, first, last)
    cash = dict(due.select("month", "cash").iter_rows())
    found = []
    for name in names:
        day = periods.first_day(name)
        mine = rows.filter(month=day)
        sums = {measure: int(mine[measure].sum()) for measure in MEASURES[:3]}
        found.append({"month": name, **sums, "cash": cash.get(day, 0)})
    return found


def plan(result: simulation.Result, which: str) -> list[dict[str, Any]]:
    return [{"month": row["month"], **{m: row[f"{m}_{which}"] for m in MEASURES}} for row in result.months]


def test_nothing_supposed_differs_in_nothing_and_is_what_the_company_then_gets(database: str) -> None:
    a_company(database)
    before = dump(database)
    found = simulation.simulate(database, Changes(), months=MONTHS)
    assert_same(before, dump(database))
    assert found.contracts == []
    assert found.differing == 0
    assert plan(found, "before") == plan(found, "after")
    assert [row["month"] for row in found.months] == following()
    assert sum(row["billing_before"] for row in found.months) > 0
    assert plan(found, "before") == lived(database)
    assert_coherent(database)


def test_not_a_byte_of_the_database_changes(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    a_contract(sqlite_url)
    connections.drop_all()
    file = Path(sqlite_path(sqlite_url))
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    simulation.simulate(sqlite_url, Changes(prices=(PRICE,)), months=2)
    connections.drop_all()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before


def test_what_is_reserved_becomes_what_was_foretold(database: str) -> None:
    a_company(database)
    file = csv_text(
        [{"contract_no": "C2", "effective": "2026-08-01", "type": "change_quantity", "line": "SEAT", "quantity": 9}]
    )
    changes = Changes(
        prices=(Price("*", Decimal("5"), date(2026, 7, 1)),),
        cancels=(Cancel("FOOD", date(2026, 8, 31)),),
        events=({"contract_no": "USE", "effective": "2026-08-01", "type": "discount", "discount": "10%"},),
        file=("changes.csv", file.encode()),
    )
    found = simulation.simulate(database, changes, months=MONTHS)
    assert plan(found, "before") != plan(found, "after")
    assert {row["contract_no"] for row in found.contracts} >= {"C1", "C2", "FOOD"}
    head = heads(database)
    tried = simulation.reserve(database, changes, preview=True)
    assert heads(database) == head
    assert simulation.reserve(database, changes) == tried
    assert plan(found, "after") == lived(database)
    assert simulation.reserve(database, changes)["events"] == 0  # once more is nothing more
    assert_coherent(database)


def heads(url: str) -> str:
    with runs.reading(url) as session:
        return facts.head(session)


def test_a_price_up_by_a_share_moves_list_prices_from_the_day_on(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    a_contract(sqlite_url, "C1", quantity=2)
    a_contract(sqlite_url, "OWN", monthly=9_000)
    found = simulation.simulate(sqlite_url, Changes(prices=(PRICE,)), months=5)
    assert [(row["month"], row["billing_before"], row["billing_after"], row["tax_after"]) for row in found.months] == [
        ("2026-04", 29_000, 29_000, 2_900), ("2026-05", 29_000, 29_000, 2_900), ("2026-06", 29_000, 29_000, 2_900),
        ("2026-07", 29_000, 30_000, 3_000), ("2026-08", 29_000, 30_000, 3_000),
    ]  # fmt: skip
    assert [(row["contract_no"], row["month"], row["revenue_after"] - row["revenue_before"]) for row in found.contracts] == [
        ("C1", "2026-07", 1_000), ("C1", "2026-08", 1_000),
    ]  # fmt: skip
    # billed on 31 August, due at the end of September: not in these months
    assert [row["cash_after"] - row["cash_before"] for row in found.months] == [0, 0, 0, 0, 1_100]


def test_a_rate_of_tax_changes_what_is_supposed_and_nothing_else(database: str) -> None:
    a_shop(database)
    a_contract(database, "FOOD", product="WATER")
    a_contract(database, "C1")
    changes = Changes(rates=(Rate("reduced", Decimal(0), date(2026, 6, 1)),))
    found = simulation.simulate(database, changes, months=3)
    assert [(row["tax_before"], row["tax_after"]) for row in found.months] == [
        (1_800, 1_800),
        (1_800, 1_800),
        (1_800, 1_000),
    ]
    assert [(row["contract_no"], row["month"], row["tax_after"]) for row in found.contracts] == [("FOOD", "2026-06", 0)]
    for closing in ("2026-04-30", "2026-05-31", "2026-06-30"):
        bill(database, closing)
    recognize(database, "2026-06")
    assert_coherent(database)
    with pytest.raises(Refusal, match="税率の変更は予約できません"):
        simulation.reserve(database, changes)


def test_a_simulation_begins_after_the_last_closed_month_and_in_none_that_is_closed(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    a_contract(sqlite_url)
    month.close(sqlite_url, "2026-04")
    found = simulation.simulate(sqlite_url, Changes(), months=1)
    assert [row["month"] for row in found.months] == ["2026-05"]
    with pytest.raises(Refusal, match="2026年4月は締め済みです"):
        simulation.simulate(sqlite_url, Changes(), months=1, first=date(2026, 4, 1))


def test_an_empty_company_has_nothing_to_play(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    with pytest.raises(Refusal, match="契約がまだありません"):
        simulation.simulate(sqlite_url, Changes())


def test_where_a_second_person_agrees_to_invoices_the_simulation_waits_for_nobody(sqlite_url: str) -> None:
    a_shop(sqlite_url, second_person=["invoices"])
    a_contract(sqlite_url)
    found = simulation.simulate(sqlite_url, Changes(), months=2)
    assert [row["billing_before"] for row in found.months] == [10_000, 10_000]


WRONG = [
    (lambda: Price.read("PLAN+5%"), "商品コード=\\+5%@2027-01-01 の形"),
    (lambda: Price.read("PLAN=+5%@来年"), "「来年」は日付ではありません"),
    (lambda: Price.read("PLAN=-101%@2027-01-01"), "割合が「-101」です。-100〜1,000"),
    (lambda: Cancel.read("C1"), "契約番号@2027-01-31 の形"),
    (lambda: Rate.read("reduced=0"), "reduced=0%@2027-04-01 の形"),
    (lambda: Rate.read("food=0%@2027-04-01"), "税区分が「food」です"),
]


@pytest.mark.parametrize(("read", "why"), WRONG, ids=[why for _, why in WRONG])
def test_what_cannot_be_read_is_refused_with_the_form_to_write(read: Any, why: str) -> None:
    with pytest.raises(Refusal, match=why):
        read()


def test_changes_come_back_from_json_as_they_were() -> None:
    changes = Changes(
        (PRICE, Price("*", Decimal("-2.5"), date(2027, 1, 1))), (Cancel("A@B", date(2027, 1, 31)),),
        (Rate("standard", Decimal("12"), date(2027, 4, 1)),), ({"contract_no": "C1"},), ("x.csv", b"\xff"),
    )  # fmt: skip
    assert Changes.of(changes.kept()) == changes
    assert changes.words[:3] == [
        "2026/07/01 から PLAN を 5% の値上げ", "2027/01/01 から すべての商品 を 2.5% の値下げ", "契約 A@B を 2027/01/31 で解約",
    ]  # fmt: skip


def test_changes_that_cannot_be_are_refused_with_their_place_and_nothing_is_kept(database: str) -> None:
    a_company(database)
    before = dump(database)
    file = "契約番号,適用日,変更種別\nC1,2026-07-01,cancel\nC9,2026-07-99,cancel\n"
    changes = Changes(prices=(PRICE,), file=("changes.csv", file.encode()))
    for do in (simulation.simulate, simulation.reserve):
        with pytest.raises(FileRefusal) as refused:
            do(database, changes)
        assert [(error.line, error.column) for error in refused.value.errors] == [(3, "契約番号"), (3, "適用日")]
    for wrong, why in (
        (
            Changes(prices=(Price("NONE", Decimal(5), date(2026, 7, 1)),)),
            "商品「NONE」は、2026-07-01 より前からの料金がありません",
        ),
        (Changes(cancels=(Cancel("C9", date(2026, 7, 31)),)), "C9"),
        (Changes(prices=(Price("PLAN", Decimal(0), date(2026, 7, 1)),)), "変わる料金がありません"),
        (Changes(), "予約する変更がありません"),
    ):
        with pytest.raises(Refusal, match=why):
            simulation.reserve(database, wrong)
    with pytest.raises(Refusal, match="1〜60"):
        simulation.simulate(database, Changes(), months=61)
    assert_same(before, dump(database))


def test_who_may_not_register_prices_reserves_none_of_it(sqlite_url: str) -> None:
    a_company(sqlite_url)
    users(sqlite_url, saru="sales", kuma="auditor")
    before = dump(sqlite_url)
    changes = Changes(prices=(PRICE,), cancels=(Cancel("C1", date(2026, 7, 31)),))
    for name in ("saru", "kuma"):
        with pytest.raises(Refusal, match="not-permitted"):
            simulation.reserve(sqlite_url, changes, user=name)
    assert simulation.simulate(sqlite_url, changes, months=2, user="kuma").months
    assert_same(before, dump(sqlite_url))
    simulation.reserve(sqlite_url, Changes(cancels=changes.cancels), user="saru")
    assert an_event(sqlite_url, "cancel", last_day="2026-07-31", reason="もしも計算") == 0


def test_every_kind_of_price_is_raised(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    a_product(sqlite_url, "STEP", price_model="graduated", tiers="100@10;*@0.05", minimum=999, maximum=10_001)
    a_product(sqlite_url, "OVER", price_model="included", unit_price=980, included=10, overage_price="12.5")
    simulation.reserve(sqlite_url, Changes(prices=(Price("*", Decimal(10), date(2026, 7, 1)),)))
    from urikake.rooms.catalog.queries import products

    with runs.reading(sqlite_url) as session:
        new = products(session).filter(valid_from_on=date(2026, 7, 1))
    step, over = (new.filter(product=code).row(0, named=True)
                  for code in ("STEP", "OVER"))  # fmt: skip
    assert (step["tiers"], step["minimum"], step["maximum"]) == ("100@11;*@0.055", 1_099, 11_001)
    assert (over["unit_price_micro"], over["overage_price_micro"], over["included_micro"]) == (
        1_078_000_000,
        13_750_000,
        10_000_000,
    )
