"""Prices that fall on what was promised by its selling price, and contracts that change on the way."""

from __future__ import annotations

from tests.builders import (
    a_contract,
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
)
from urikake.base import periods


def months(first: int, count: int) -> list[str]:
    """So many months from the month of 2026 on."""
    return [f"{2026 + (first - 1 + at) // 12}-{(first - 1 + at) % 12 + 1:02}" for at in range(count)]


def by_product(url: str, month: str) -> dict[str, int]:
    return {row["key"]: row["amount"] for row in report(url, "recognized", month=month, by="product")}


def a_bundle(url: str, setup: int = 0, monthly: int = 10_000, **contract: object) -> None:
    """C1: setup (alone 30,000) with a year of service from April (alone 10,000 a month), billed month by month."""
    a_shop(url)
    a_product(url, "BEGIN", price_model="flat", unit_price=30_000, revenue="contract_start", ssp=30_000)
    a_product(url, "HOST", price_model="flat", unit_price=10_000, revenue="monthly", ssp=10_000)
    term = {"start": "2026-04-01", "end": "2027-03-31"}
    take_rows(url, "contracts", [
        a_line(product="HOST", unit_price=monthly, cycle_months=1, **term) | contract,
        a_line(product="BEGIN", unit_price=setup, cycle_months=0, **term) | contract,
    ])  # fmt: skip


def live(url: str, count: int = 12) -> None:
    """Bill and recognise so many months from April on."""
    for number in range(4, 4 + count):
        _on(url, number)


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
    a_product(database, "MORE", unit_price=3_000, ssp=3_000)
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
    a_product(database, "MORE", unit_price=3_000, ssp=3_000)
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
    (month,) = months(number, 1)
    bill(url, f"{periods.last_day(periods.first_day(month))}")
    recognize(url, month)
