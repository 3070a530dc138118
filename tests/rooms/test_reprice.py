"""料金改定: which running contracts move to a new price, when, and what that is a month, worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_product,
    a_shop,
    an_event,
    assert_same,
    bill,
    dump,
    invoices,
    report,
    users,
)
from urikake.base.errors import Refusal
from urikake.doors.revision import Asked, figures, revise, rows, withdraw

SINCE = date(2026, 6, 1)


def a_new_price(url: str, **columns: Any) -> None:
    a_product(url, "PLAN", valid_from="2026-06-01", unit_price=12_000, **columns)


def asked(**how: Any) -> Asked:
    return Asked("PLAN", **({"since": SINCE} | how))


def prices(url: str, on: str) -> dict[str, int]:
    return {row["contract_no"]: row["unit_price"] for row in report(url, "contracts", as_of=on)}


def test_contracts_keep_their_price_until_they_are_moved_and_their_own_price_even_then(database: str) -> None:
    a_shop(database)
    a_contract(database, "LIST", quantity=2)
    a_contract(database, "OWN", monthly=9_000)
    a_contract(database, "YEAR", cycle_months=12, discount="10%")
    a_contract(database, "ENDS", end="2026-05-31")
    a_new_price(database)
    a_contract(database, "NEW", start="2026-07-01")
    assert prices(database, "2026-07-01") == {"LIST": 10_000, "OWN": 9_000, "YEAR": 10_000, "NEW": 12_000}
    before = dump(database)
    said = revise(database, asked(), preview=True)
    assert_same(before, dump(database))
    # LIST 2 × 10,000 → 24,000; YEAR 9,000 → 10,800 a year: 750 → 900 a month
    assert figures(said) == {
        "contracts": 2, "lines": 2, "before": 20_750, "after": 24_900, "difference": 4_150, "kept_own": 1,
        "kept_unrenewed": 0,
    }  # fmt: skip
    assert [(row["contract_no"], row["effective"], row["fate"]) for row in rows(said)] == [
        ("LIST", "2026-06-01", "moves"), ("OWN", None, "own"), ("YEAR", "2026-06-01", "moves"),
    ]  # fmt: skip
    revise(database, asked())
    assert prices(database, "2026-05-31") == {"LIST": 10_000, "OWN": 9_000, "YEAR": 10_000, "ENDS": 10_000}
    assert prices(database, "2026-06-01") == {"LIST": 12_000, "OWN": 9_000, "YEAR": 12_000}
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    june = [line["net"] for line in invoices(database)[2]["lines"] if line["contract_no"] == "LIST"]
    assert june == [24_000]
    again = dump(database)
    revise(database, asked())
    assert_same(again, dump(database))


def test_an_own_price_and_chosen_contracts_move_where_asked(database: str) -> None:
    a_shop(database)
    for number, monthly in (("A", None), ("B", 9_000), ("C", None)):
        a_contract(database, number, monthly=monthly)
    a_new_price(database)
    revise(database, asked(contracts=("A", "B"), own=True))
    assert prices(database, "2026-06-01") == {"A": 12_000, "B": 12_000, "C": 10_000}


def test_at_renewal_each_moves_on_its_own_day_if_notice_is_in_time(database: str) -> None:
    a_shop(database)
    term = {"auto_renew": 12, "notice_days": 30}
    a_contract(database, "JULY", start="2025-07-01", end="2026-06-30", **term)
    a_contract(database, "LATE", start="2025-06-10", end="2026-06-09", **term)
    a_contract(database, "OPEN")
    a_contract(database, "GONE", start="2025-07-01", end="2026-06-30", **term)
    an_event(database, "decline_renewal", "2026-04-02", contract_no="GONE")
    a_new_price(database)
    said = revise(database, asked(at="renewal", noticed_on=date(2026, 5, 20)))
    # LATE renews on 10 June, of which notice would have been due by 10 May: it moves a year later.
    assert [(row["contract_no"], row["effective"], row["notice_by"], row["fate"]) for row in rows(said)] == [
        ("GONE", None, None, "unrenewed"),
        ("JULY", "2026-07-01", "2026-05-31", "moves"),
        ("LATE", "2027-06-10", "2027-05-10", "moves"),
        ("OPEN", None, None, "unrenewed"),
    ]
    bill(database, "2026-06-30", "2026-07-31")
    assert prices(database, "2026-07-01") == {"JULY": 12_000, "LATE": 10_000, "OPEN": 10_000}


def test_a_contract_that_renews_before_the_day_moves_without_being_renewed_ahead(database: str) -> None:
    a_shop(database)
    a_contract(database, "C1", end="2026-05-31", auto_renew=12)
    a_new_price(database)
    revise(database, asked(since=date(2026, 8, 1)))
    assert {row["type"] for row in report(database, "timeline", partner="P1")} == {"start", "change_price"}
    bill(database, "2026-07-31", "2026-08-31")
    assert [line["net"] for line in invoices(database)[-1]["lines"]] == [12_000]


def test_a_change_reserved_for_later_stands_and_the_old_price_does_not_come_back(database: str) -> None:
    a_shop(database)
    a_contract(database, "C1", product="SEAT", quantity=3)
    an_event(database, "change_quantity", "2026-07-01", quantity=5)
    an_event(database, "suspend", "2026-05-20")
    an_event(database, "resume", "2026-06-15")
    a_product(database, "SEAT", valid_from="2026-06-01", price_model="unit", unit_price=1_200)
    revise(database, Asked("SEAT", SINCE))
    held = {on: report(database, "contracts", as_of=on) for on in ("2026-06-01", "2026-06-20", "2026-07-01")}
    assert [[(row["quantity"], row["unit_price"]) for row in each] for each in held.values()] == [
        [], [(3, 1_200)], [(5, 1_200)],
    ]  # fmt: skip


def test_what_is_reserved_can_be_taken_back_as_a_whole(database: str) -> None:
    a_shop(database)
    a_contract(database, "A")
    a_contract(database, "B")
    a_new_price(database)
    revise(database, asked())
    assert withdraw(database, "PLAN", SINCE, on=date(2026, 5, 31)) == 2
    assert prices(database, "2026-06-01") == {"A": 10_000, "B": 10_000}
    with pytest.raises(Refusal, match="まだ始まっていない予約はありません"):
        withdraw(database, "PLAN", SINCE, on=date(2026, 5, 31))
    revise(database, asked())
    assert prices(database, "2026-06-01") == {"A": 12_000, "B": 12_000}


def test_tiers_move_too(database: str) -> None:
    a_shop(database)
    tiers = {"price_model": "graduated"}
    a_product(database, "TIER", tiers="10@100;*@50", **tiers)
    a_contract(database, "C1", product="TIER", quantity=12)
    a_product(database, "TIER", tiers="10@120;*@60", valid_from="2026-06-01", **tiers)
    assert figures(revise(database, Asked("TIER", SINCE)))["difference"] == (1_200 + 120) - (1_000 + 100)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"since": date(2026, 5, 31)}, "新しい料金がありません"),
        ({"product": "NONE"}, "商品「NONE」はありません"),
        ({"contracts": ("C9",)}, "契約「C9」はありません"),
        ({"at": "someday"}, "改定の時期"),
    ],
)
def test_revisions_that_cannot_be_are_refused(sqlite_url: str, how: dict[str, Any], says: str) -> None:
    a_shop(sqlite_url)
    a_contract(sqlite_url)
    a_new_price(sqlite_url)
    with pytest.raises(Refusal, match=says):
        revise(sqlite_url, Asked(**({"product": "PLAN", "since": SINCE} | how)))


def test_who_may_not_change_contracts_may_not_look_either(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    users(sqlite_url, auditor="auditor")
    a_new_price(sqlite_url)
    with pytest.raises(Refusal, match="権限"):
        revise(sqlite_url, asked(), user="auditor", preview=True)
