"""Payers that bear another name than the books (名義): like names, numbers written, groups, and what is learned by hand."""

from __future__ import annotations

import pytest

from tests.builders import (
    a_contract,
    a_partner,
    a_shop,
    apply,
    balances,
    bill,
    match,
    open_items,
    receive,
    report,
    unapply,
    users,
)
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import month, names
from urikake.rooms.reports.queries.explain import explain

INV = [f"INV-2026-0000{n}" for n in range(5)]
OTHER = "ｼﾞﾑｲﾁﾌﾞ"  # a name that nobody bears


def partners_owe(url: str, *partners: dict[str, object], **policy: object) -> None:
    """P1, P2, … owe one invoice each, of 11,000, 22,000, … in order."""
    a_shop(url, **policy)
    for n, columns in enumerate(partners, 1):
        a_partner(url, f"P{n}", **columns)
        a_contract(url, f"C{n}", partner=f"P{n}", monthly=10_000 * n, cycle_months=0)
    bill(url, "2026-04-30")


def test_who_is_meant_follows_from_like_names_written_numbers_and_groups(database: str) -> None:
    partners_owe(
        database,
        {"kana": "アオバショウジ"},
        {"kana": "ミドリコウギョウ"},
        {"kana": "キタノフーズ", "parent": "P1"},
        {"kana": "ミナミデンキ"},
    )
    receive(database, 11_000, payer="ｱｵﾊﾞｼﾖｳｼﾞｵｵｻｶｼﾃﾝ", id="branch")
    receive(database, 22_000, payer="ﾐﾄﾞﾘｺｷﾞﾖｳ", id="slip")
    receive(database, 33_000, payer="ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", id="parent")
    receive(database, 43_560, payer=OTHER, reference=f"ｾｲｷﾕｳｼﾖ {INV[4]}", id="number")
    figures = match(database)
    assert (figures["applied"], open_items(database)) == (4, {})
    assert balances(database)["支払手数料"] == 440
    known = {r["receipt"]: r["applications"][0] for r in report(database, "receipts")}
    with runs.reading(database) as session:
        told = {name: dict(explain(session, f"application-{number}").sources) for name, number in known.items()}
    assert {name: sources["支払人の見分け方"][:4] for name, sources in told.items()} == {
        "branch": "振込名義", "slip": "振込名義", "parent": "名寄せ先", "number": "摘要・名",
    }  # fmt: skip


def test_a_name_is_learned_by_hand_and_used_once_a_second_person_released_it(database: str) -> None:
    partners_owe(database, {}, {})
    a_contract(database, "C9", partner="P1", start="2026-05-01")
    users(database, sato="accountant", yama="approver")
    receive(database, 11_000, payer=OTHER, id="R1")
    apply(database, "R1", INV[1], user="sato")
    (row,) = report(database, "payer-names")
    assert row == {
        "partner": "P1", "payer": OTHER, "times": 1, "right": 1, "wrong": 0, "waiting": 0, "state": "許可待ち", "in_use": False,
    }  # fmt: skip
    bill(database, "2026-05-31")
    receive(database, 11_000, payer=OTHER, id="R2", on="2026-06-30")
    assert match(database)["applied"] == 0
    assert report(database, "matches", receipt="R2")[0]["items"] == [INV[3]]
    with pytest.raises(Refusal, match="own-lesson"):
        names.release(database, "P1", OTHER, user="sato")
    with pytest.raises(Refusal, match="no-learned-name"):
        names.release(database, "P2", OTHER, user="yama")
    assert names.release(database, "P1", "ジムイチブ", user="yama") == {"names": 1}
    assert match(database)["applied"] == 1
    assert report(database, "payer-names")[0]["state"] == "許可済み"
    assert names.revoke(database, "P1", OTHER, user="yama") == {"names": 1}
    bill(database, "2026-06-30")
    receive(database, 11_000, payer=OTHER, id="R3", on="2026-07-31")
    assert match(database)["applied"] == 0
    assert (report(database, "payer-names")[0]["state"], report(database, "payer-names")[0]["waiting"]) == (
        "取りやめ",
        1,
    )
    with pytest.raises(Refusal, match="name-revoked"):
        names.add(database, "P1", OTHER, user="sato")
    a_partner(database, "P1", payer_names=OTHER)  # nor does a file take it up again
    assert match(database)["applied"] == 0
    assert names.release(database, "P1", OTHER, user="yama") == {"names": 1}
    assert match(database)["applied"] == 1


@pytest.mark.parametrize(("policy", "wanted"), [("at_once", 1), ("after_two", 2)])
def test_a_name_is_used_after_as_many_matches_as_the_company_says(database: str, policy: str, wanted: int) -> None:
    partners_owe(database, {}, {}, learned_names=policy)
    for n in range(wanted):
        receive(database, 4_000 + n, payer=OTHER, id=f"R{n}")
        assert not any(row["in_use"] for row in report(database, "payer-names"))
        apply(database, f"R{n}", INV[1])
    assert [row["in_use"] for row in report(database, "payer-names")] == [True]
    receive(database, 11_000 - 4_000 * wanted - wanted + 1, payer=OTHER, id="rest")
    assert match(database)["applied"] == 1


def test_a_match_that_was_taken_back_taught_nothing(database: str) -> None:
    partners_owe(database, {}, {}, learned_names="after_two")
    receive(database, 4_000, payer=OTHER, id="R1")
    receive(database, 4_001, payer=OTHER, id="R2")
    apply(database, "R1", INV[1])
    (number,) = next(r["applications"] for r in report(database, "receipts") if r["receipt"] == "R1")
    unapply(database, number)
    assert report(database, "payer-names") == []
    apply(database, "R2", INV[1])
    assert [(row["times"], row["in_use"]) for row in report(database, "payer-names")] == [(1, False)]


@pytest.mark.parametrize("policy", ["at_once", "after_two"])
def test_a_name_that_wrong_matches_taught_is_used_no_more_once_they_are_taken_back(database: str, policy: str) -> None:
    partners_owe(database, {}, {}, learned_names=policy)
    for n in range(2):
        receive(database, 4_000 + n, payer=OTHER, id=f"R{n}")
        apply(database, f"R{n}", INV[1])
    assert [row["in_use"] for row in report(database, "payer-names")] == [True]
    for row in report(database, "receipts"):
        unapply(database, row["applications"][0])
    receive(database, 11_000, payer=OTHER, id="R9")
    assert match(database)["applied"] == 0
    apply(database, "R9", INV[1])
    names_of = {row["partner"]: row["in_use"] for row in report(database, "payer-names")}
    assert names_of == {"P1": policy == "at_once"}


def test_a_match_may_be_made_without_learning_the_name(database: str) -> None:
    partners_owe(database, {}, {}, learned_names="at_once")
    receive(database, 4_000, payer=OTHER, id="R1")
    month.apply(database, "R1", [INV[1]], difference="remain", on=None, learning=False)
    assert report(database, "payer-names") == []


def test_who_pays_for_a_group_company_keeps_its_own_name(database: str) -> None:
    partners_owe(database, {}, {}, learned_names="at_once")
    receive(database, 22_000, payer="P1ショウジ", id="R1")
    apply(database, "R1", INV[2])
    assert report(database, "payer-names") == []
    receive(database, 10_560, payer="P1ショウジ", id="R2")
    assert match(database)["applied"] == 1


def test_several_receipts_make_one_invoice_and_are_posted_each_by_itself(database: str) -> None:
    partners_owe(database, {})
    receive(database, 6_000, payer="P1ショウジ", id="R1", on="2026-05-28")
    receive(database, 5_000, payer="P1ショウジ", id="R2", on="2026-05-29")
    assert match(database)["applied"] == 2
    assert (open_items(database), balances(database).get("仮受金", 0)) == ({}, 0)


def test_what_a_partner_that_bears_the_fee_keeps_back_is_owed_still(database: str) -> None:
    partners_owe(database, {"fee_bearer": "payer"}, {"fee_bearer": "us"})
    receive(database, 10_560, payer="P1ショウジ", id="R1")
    receive(database, 21_560, payer="P2ショウジ", id="R2")
    assert match(database)["applied"] == 1
    assert open_items(database) == {INV[1]: 11_000}
