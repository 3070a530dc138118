"""Going live: opening balances tied to what the old system said, and the first bill rehearsed against its last one."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_partner,
    a_shop,
    apply,
    assert_same,
    behind_its_back,
    bill,
    dump,
    invoices,
    receive,
    report,
    take_rows,
    users,
)
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import month, rehearsal
from urikake.rooms.closing.actions import OLD_BILLS
from urikake.rooms.intake.queries import given

APRIL = date(2026, 4, 30)


def an_opening(partner: str, number: str, balance: int) -> dict[str, Any]:
    return {
        "partner": partner,
        "invoice_no": number,
        "invoice_date": "2026-03-31",
        "due": "2026-04-30",
        "balance": balance,
    }


def test_opening_balances_stand_by_partner_and_tie_to_the_ledger_and_the_old_system(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", name="二番商店")
    rows = [an_opening("P1", "OLD-1", 5_500), an_opening("P1", "OLD-2", 1_100), an_opening("P2", "OLD-3", 7_700)]
    take_rows(database, "openings", rows)
    receive(database, 5_500, payer="P1", on="2026-04-20", id="R-1")
    apply(database, "R-1", "OLD-1", on="2026-04-20")
    *partners, total = report(database, "openings", total="１４，３００")
    assert [(row["partner"], row["items"], row["balance"], row["left"]) for row in partners] == [
        ("P1", 2, 6_600, 1_100),
        ("P2", 1, 7_700, 7_700),
    ]
    assert (total["balance"], total["left"], total["ledger"], total["stated"], total["off"]) == (
        14_300,
        8_800,
        14_300,
        14_300,
        0,
    )
    assert report(database, "openings", total="14000")[-1]["off"] == 300
    assert report(database, "openings")[-1]["stated"] is None
    with pytest.raises(Refusal, match="bad-amount"):
        report(database, "openings", total="たくさん")


def test_opening_balances_that_the_ledger_does_not_hold_are_told(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    take_rows(sqlite_url, "openings", [an_opening("P1", "OLD-1", 5_500)])
    behind_its_back(sqlite_url, "UPDATE receivables_item SET gross = gross + 10 WHERE source = 'opening'")
    assert report(sqlite_url, "openings", total="5510")[-1]["off"] == 10


def rehearsed(
    url: str, rows: list[dict[str, Any]], on: date = APRIL, user: str = "system"
) -> dict[Any, tuple[Any, ...]]:
    """By what names each row: both amounts, the state and the reason."""
    found = rehearsal.rehearse(url, given(rows, OLD_BILLS, "old.csv"), on, user=user)
    keys = [name for name in ("partner", "contract_no", "product") if name in found.columns]
    named = {tuple(row[k] for k in keys): row for row in found.to_dicts()}
    return {
        key[0] if len(key) == 1 else key: (row["ours"], row["theirs"], row["state"], row["why"])
        for key, row in named.items()
    }


def a_going_concern(url: str) -> None:
    """Partners of which every one stands for a way in which both systems may differ."""
    a_shop(url)
    for code in ("SAME", "NET", "MID", "NEW", "AFTER", "NONE", "CHILD"):
        a_partner(url, code, **({"bill_to": "SAME"} if code == "CHILD" else {}))
    a_partner(url, "TENTH", closing_day=10)
    lines = [
        a_line("C-SAME", partner="SAME"),
        a_line("C-NET", partner="NET"),
        a_line("C-MID", partner="MID", start="2026-04-16", anchor_day=1),
        a_line("C-NEW", partner="NEW"),
        a_line("C-AFTER", partner="AFTER", start="2026-06-01"),
        a_line("C-TENTH", partner="TENTH"),
    ]
    take_rows(url, "contracts", lines)


OLD = [
    {"partner": "SAME", "billed": 11_000},
    {"partner": "NET", "billed": 10_000},
    {"partner": "MID", "billed": 11_000},
    {"partner": "AFTER", "billed": 11_000},
    {"partner": "NONE", "billed": 3_300},
    {"partner": "CHILD", "billed": 2_200},
    {"partner": "TENTH", "billed": 11_000},
    {"partner": "GONE", "billed": 1_100},
]


def test_the_first_bill_is_held_against_the_last_one_with_reasons(database: str) -> None:
    a_going_concern(database)
    before = dump(database)
    found = rehearsed(database, OLD)
    assert_same(before, dump(database))
    assert found == {
        "SAME": (11_000, 11_000, "equal", ""),
        "NET": (11_000, 10_000, "different", "旧システムの額は、当社の税抜の額と同じです"),
        "MID": (5_500, 11_000, "different", "日割り・月割りの明細があります: PLAN（04/16〜04/30）"),
        "NEW": (11_000, None, "ours_only", "旧システムの請求にありません（当社の期間は 2026-04-01 から）"),
        "AFTER": (None, 11_000, "theirs_only", "契約の開始が 2026-06-01 です"),
        "NONE": (None, 3_300, "theirs_only", "この取引先に契約がありません"),
        "CHILD": (None, 2_200, "theirs_only", "請求先は SAME です"),
        "TENTH": (None, 11_000, "theirs_only", "この日は、この取引先の締日ではありません"),
        "GONE": (None, 1_100, "theirs_only", "この取引先は登録されていません"),
    }


def test_what_was_drafted_or_issued_already_counts_once(database: str) -> None:
    a_going_concern(database)
    first = rehearsed(database, OLD)
    month.bill(database, APRIL, issue=False)
    assert rehearsed(database, OLD) == first
    bill(database, "2026-04-30")
    before = dump(database)
    assert rehearsed(database, OLD) == first
    assert_same(before, dump(database))
    sums = {row["partner"]: row["total"] for row in invoices(database)}
    assert {code: told[0] for code, told in first.items() if told[0]} == sums


def test_contracts_and_products_are_told_apart_where_the_old_bill_does(database: str) -> None:
    a_shop(database)
    take_rows(database, "contracts", [a_line("C1"), a_line("C2", monthly=20_000), a_line("C3", start="2026-06-01")])
    rows = [
        {"partner": "P1", "contract_no": "C1", "billed": 22_000},
        {"partner": "P1", "contract_no": "C2", "billed": 11_000},
    ]
    found = rehearsed(database, rows)
    same = "取引先の合計は同じです（端数を置いた明細の違い）"
    assert found == {
        ("P1", "C1"): (11_000, 22_000, "different", same),
        ("P1", "C2"): (22_000, 11_000, "different", same),
    }
    extra = [{"partner": "P1", "contract_no": "C3", "billed": 1}, {"partner": "P1", "contract_no": "C9", "billed": 2}]
    found = rehearsed(database, rows + extra)
    assert found["P1", "C3"][3] == "契約の開始が 2026-06-01 です"
    assert found["P1", "C9"][3] == "この契約番号は登録されていません"


def test_a_yen_of_tax_is_told_as_rounding(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    a_contract(sqlite_url, monthly=1_005)  # 1,105 with tax rounded down
    (told,) = rehearsed(sqlite_url, [{"partner": "P1", "billed": 1_106}]).values()
    assert told == (1_105, 1_106, "different", "消費税の端数と思われます（当社は請求書の税率ごとに1回だけ丸めます）")


def test_a_held_bill_and_one_too_small_are_told(sqlite_url: str) -> None:
    a_shop(sqlite_url, minimum_invoice=5_000)
    a_partner(sqlite_url, "P2")
    take_rows(sqlite_url, "contracts", [a_line("C1", monthly=1_000), a_line("C2", partner="P2")])
    month.bill(sqlite_url, APRIL, issue=False)
    month.hold_billing(sqlite_url, APRIL, partner="P2", why="検収待ち")
    found = rehearsed(sqlite_url, [{"partner": "P9", "billed": 1}])
    assert "請求最低額 5,000円に満たない" in found["P1"][3]
    assert "請求を保留しています: 検収待ち" in found["P2"][3]


def test_a_company_that_wants_a_second_person_for_invoices_rehearses_too(sqlite_url: str) -> None:
    a_shop(sqlite_url, second_person=["invoices"])
    a_contract(sqlite_url)
    assert rehearsed(sqlite_url, [{"partner": "P1", "billed": 11_000}])["P1"][2] == "equal"


def test_a_bad_old_bill_is_refused_and_who_may_not_bill_may_not_rehearse(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    users(sqlite_url, aud="auditor")
    mixed = [{"partner": "P1", "billed": 1, "contract_no": "C1"}, {"partner": "P1", "billed": 1}]
    for rows in (mixed, [{"partner": "P1", "billed": "x"}], [{"billed": 1}]):
        with pytest.raises(FileRefusal):
            rehearsed(sqlite_url, rows)
    with pytest.raises(Refusal, match="not-permitted"):
        rehearsed(sqlite_url, [{"partner": "P1", "billed": 1}], user="aud")
    empty = given([{"partner": "P1", "billed": 1}], OLD_BILLS, "old.csv")
    empty.frame = empty.frame.filter(pl.lit(value=False))
    with pytest.raises(Refusal, match="no-rows"):
        rehearsal.rehearse(sqlite_url, empty, APRIL)
