"""What reports tell of obligations: shares of the price per version, what decided a change, and the proof of it all."""

from __future__ import annotations

from typing import Any

import pytest

from tests import arranged
from tests.builders import a_contract, a_product, an_event, assert_coherent, bill, recognize, report, users
from urikake.base.errors import Refusal
from urikake.doors import asked


def told(url: str, *names: str, **options: Any) -> list[tuple[Any, ...]]:
    """The named columns of the obligations."""
    return [tuple(row[name] for name in names) for row in report(url, "obligations", **options)]


def a_year_with_an_option(url: str, price: int) -> None:
    """C1: a setup and a year for 120,000; from October an option (alone 3,000 a month) at the price."""
    arranged.products(url)
    arranged.a_bundle(url)
    arranged.live(url, *(f"2026-{month:02}" for month in range(4, 10)))
    an_event(url, "add_option", "2026-10-01", product="MORE", quantity=1, unit_price=price)
    arranged.live(url, "2026-10")


def test_the_price_is_told_by_line_with_its_share(database: str) -> None:
    arranged.products(database)
    arranged.a_bundle(database)
    arranged.live(database, "2026-04")
    assert report(database, "obligations", contract="C1") == [
        {
            "contract_no": "C1", "version": 1, "effective": "2026-04-01", "treatment": "inception",
            "line": at, "product": product, "stated": stated, "ssp": ssp, "ssp_left": ssp,
            "price": price, "recognized": 0, "catch_up": 0, "left": price, "from": "2026-04-01", "to": to,
            "pattern": pattern, "share": share, "financed": None, "rate": None,
        }
        for at, product, stated, ssp, price, to, pattern, share in (
            (1, "HOST", 120_000, 120_000, 96_000, "2027-03-31", "monthly", 80),
            (2, "BEGIN", 0, 30_000, 24_000, "2026-04-01", "contract_start", 20),
        )
    ]  # fmt: skip


def test_an_option_below_its_price_makes_a_version_of_what_is_left(database: str) -> None:
    # 残り 48,000 と 12,000 = 60,000 を、残りの独立販売価格 60,000 : 18,000 で
    a_year_with_an_option(database, 2_000)
    rows = told(database, "version", "product", "price", "recognized", "left", "share", as_of="2026-10-31")
    assert rows == [
        (1, "HOST", 96_000, 0, 96_000, 80),
        (1, "BEGIN", 24_000, 0, 24_000, 20),
        (2, "HOST", 48_000 + 46_154, 48_000, 46_154, 76.923077),
        (2, "BEGIN", 24_000, 24_000, 0, 0),
        (2, "MORE", 13_846, 0, 13_846, 23.076923),
    ]
    assert told(database, "version", as_of="2026-09-30") == [(1,), (1,)]
    assert told(database, "version", as_of="2026-03-31") == []
    assert report(database, "modifications", since="2026-10-01", until="2026-10-31") == [
        {
            "contract_no": "C1", "partner": "P1", "effective": "2026-10-01", "rule": "prospective",
            "treatment": "prospective", "reason": None, "distinct": True, "added_price": 12_000, "added_ssp": 18_000,
            "price_before": 120_000, "price": 132_000, "recognized": 72_000, "catch_up": 0, "left": 60_000,
        }
    ]  # fmt: skip
    assert report(database, "modifications", since="2026-04-01", until="2026-09-30") == []


def test_an_option_at_its_price_shares_its_own_alone(database: str) -> None:
    a_year_with_an_option(database, 3_000)
    rows = [row[1:] for row in told(database, "version", "product", "price", "left", "share") if row[0] == 2]
    assert rows == [("HOST", 96_000, 48_000, None), ("BEGIN", 24_000, 0, None), ("MORE", 18_000, 18_000, 100)]
    (change,) = report(database, "modifications", since="2026-10-01", until="2026-10-01")
    assert (change["treatment"], change["added_price"], change["added_ssp"]) == ("separate", 18_000, 18_000)


def test_the_price_is_what_was_billed_and_is_to_be(database: str) -> None:
    a_year_with_an_option(database, 2_000)
    an_event(database, "cancel", "2027-01-01")
    check = {on: report(database, "allocation-check", as_of=on) for on in ("2026-03-31", "2026-05-31", "2026-10-31")}
    told = {on: [tuple(row.values())[2:] for row in rows] for on, rows in check.items()}
    assert told == {
        "2026-03-31": [],
        "2026-05-31": [(120_000, 120_000, 0, 20_000, 100_000, 0, 0, 0, 0, 0)],
        "2026-10-31": [(132_000, 132_000, 0, 72_000, 60_000, 0, 0, 0, 0, 0)],
    }
    arranged.live(database, "2026-11", "2026-12")
    # Leaving was not followed: January is not recognised yet.
    (row,) = report(database, "allocation-check", as_of="2027-01-31")
    assert (row["price"], row["billed"], row["to_bill"], row["difference"]) == (132_000, 96_000, 0, 36_000)
    arranged.live(database, "2027-01")
    (row,) = report(database, "allocation-check", as_of="2027-01-31")
    assert (row["price"], row["billed"], row["to_bill"], row["difference"]) == (96_000, 96_000, 0, 0)
    assert_coherent(database)


def test_what_a_cut_month_rounds_is_told_apart_from_what_is_to_be_billed(database: str) -> None:
    """Billed a whole month in advance, then cut twice by its days: the parts billed differ by a yen from the whole."""
    arranged.products(database)
    arranged.a_bundle(database, timing="advance")
    arranged.live(database, "2026-04", "2026-05")
    an_event(database, "change_price", "2026-06-08", line="HOST", unit_price=10_999)
    an_event(database, "cancel", "2026-06-19")
    arranged.live(database, "2026-06", "2026-07")
    (row,) = report(database, "allocation-check", as_of="2026-07-31")
    assert row["difference"] == row["to_bill"] == 0
    assert row["billed"] + row["rounding"] == row["price"]
    assert abs(row["rounding"]) <= 2
    assert_coherent(database)


def test_only_contracts_that_are_arranged_are_told(database: str) -> None:
    arranged.products(database)
    a_product(database, "ALONE", unit_price=5_000)
    arranged.a_bundle(database, "C2")
    a_contract(database, "C3", product="ALONE", monthly=5_000, end="2027-03-31")
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    assert {row["contract_no"] for row in report(database, "obligations")} == {"C2"}
    assert report(database, "obligations", contract="C3") == []


def test_prices_with_their_tax_inside_are_told_without_it(database: str) -> None:
    # 月 11,000（税込）: 取引価格は税抜の 120,000
    arranged.products(database)
    a_product(database, "INCL", unit_price=11_000, tax="standard_incl", ssp=10_000)
    a_contract(database, "C4", product="INCL", monthly=11_000, end="2027-03-31", free_months=2)
    arranged.live(database, "2026-04")
    assert told(database, "stated", "ssp", "price") == [(100_000, 120_000, 100_000)]
    (row,) = report(database, "allocation-check", as_of="2026-04-30")
    assert (row["price"], row["billed"], row["to_bill"], row["difference"]) == (100_000, 0, 100_000, 0)


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("obligations", {"contract": "C9"}, "no-contract"),
        ("modifications", {"since": "2026-05-01", "until": "2026-04-30"}, "bad-span"),
        ("allocation-check", {}, "missing-option"),
    ],
)
def test_what_cannot_be_told_is_refused(sqlite_url: str, name: str, options: dict[str, str], code: str) -> None:
    arranged.products(sqlite_url)
    with pytest.raises(Refusal, match=code):
        report(sqlite_url, name, **options)


def test_who_may_not_see_revenue_may_not_see_its_obligations(sqlite_url: str) -> None:
    arranged.products(sqlite_url)
    users(sqlite_url, sato="accountant", suzuki="sales")
    assert asked.answer(sqlite_url, "obligations", {}, user="sato") == []
    with pytest.raises(Refusal, match="not-permitted"):
        asked.answer(sqlite_url, "obligations", {}, user="suzuki")
