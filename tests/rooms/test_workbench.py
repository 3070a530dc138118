"""The matching workbench: the kinds of decision, many at once, several receipts for several items, holds and notes."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from tests.builders import (
    a_company,
    a_partner,
    a_shop,
    apply,
    assert_same,
    balances,
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
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import month
from urikake.rooms.matching import queries as matching
from urikake.rooms.matching.actions import Seen
from urikake.rooms.receipts import queries as receipts

ON = date(2026, 6, 30)


def owed(url: str, **amounts: Any) -> None:
    """Opening balances by number: ``A1=(partner, amount)``, due on the last of May."""
    rows = [
        {"partner": partner, "invoice_no": number, "invoice_date": "2026-03-31", "due": "2026-05-31", "balance": amount}
        for number, (partner, amount) in amounts.items()
    ]
    take_rows(url, "openings", rows)


def a_desk(url: str, partners: int, **amounts: Any) -> None:
    """A company with that many partners and what they owe."""
    a_company(url)
    for number in range(1, partners + 1):
        a_partner(url, f"P{number}")
    owed(url, **amounts)


def pays(url: str, name: str, partner: str, amount: int, on: str = "2026-05-29") -> None:
    receive(url, amount, payer=f"{partner}ショウジ", on=on, id=name)


def kinds(url: str) -> dict[str, str]:
    """What each waiting receipt asks for, by the name of the receipt."""
    with runs.reading(url) as session:
        found = matching.judged(session, ON).rows
        names = receipts.receipts(session).select("receipt_id", "bank_code")
        return dict(found.join(names, on="receipt_id").select("bank_code", "kind").iter_rows())


def seen(url: str, *names: str) -> list[Seen]:
    """The proposals of the receipts as a person sees them now."""
    with runs.reading(url) as session:
        found = matching.judged(session, ON).rows
        codes = receipts.receipts(session).select("receipt_id", "bank_code")
        rows = found.join(codes, on="receipt_id").filter(pl.col("bank_code").is_in(names)).sort("receipt_id")
        return [
            Seen(row["receipt_id"] - session.low, row["unapplied"], tuple(row["documents"]))
            for row in rows.iter_rows(named=True)
        ]


def together(url: str, refs: list[str], *targets: str, difference: str = "remain", **how: Any) -> dict[str, Any]:
    return month.apply_together(url, refs, list(targets), difference=difference, on=how.pop("on", None), **how)


def unapplied(url: str) -> dict[str, int]:
    return {r["receipt"]: r["unapplied"] for r in report(url, "receipts", status="unapplied")}


def test_every_receipt_is_told_by_the_decision_that_it_asks_for(database: str) -> None:
    a_desk(
        database,
        9,
        **{f"A{n}": (f"P{n}", 10_000 * n) for n in range(1, 9)},
        B3=("P3", 5_000), B8=("P8", 80_000),
    )  # fmt: skip
    pays(database, "exact", "P1", 10_000)
    pays(database, "fee", "P2", 19_560)
    pays(database, "sum", "P3", 35_000)
    pays(database, "half", "P4", 15_000)
    pays(database, "other half", "P4", 25_000)
    pays(database, "part", "P5", 20_000)
    pays(database, "over", "P6", 75_000)
    pays(database, "once", "P7", 70_000)
    pays(database, "twice", "P7", 70_000, on="2026-06-03")
    pays(database, "either", "P8", 80_000)
    pays(database, "nothing", "P9", 1_000)
    receive(database, 3_000, payer="ダレカ", id="who")
    assert kinds(database) == {
        "exact": "exact", "fee": "fee", "sum": "sum", "half": "parts", "other half": "parts", "part": "part", "over": "over",
        "once": "exact", "twice": "duplicate", "either": "ambiguous", "nothing": "none", "who": "unknown",
    }  # fmt: skip
    with runs.reading(database) as session:
        rows = {row["unapplied"]: row for row in matching.judged(session, ON).rows.iter_rows(named=True)}
    assert (rows[19_560]["difference"], rows[19_560]["documents"]) == (-440, ["A2"])
    assert sorted(rows[35_000]["documents"]) == ["A3", "B3"]
    apply(database, "once", "A7")
    assert kinds(database)["twice"] == "duplicate"


def test_many_proposals_are_confirmed_at_once_but_for_those_that_changed_meanwhile(database: str) -> None:
    a_desk(database, 5, **{f"A{n}": (f"P{n}", 10_000 * n) for n in range(1, 6)})
    users(database, hana="accountant", taro="accountant")
    for n in range(1, 5):
        pays(database, f"R{n}", f"P{n}", 10_000 * n - (440 if n == 4 else 0))
    pays(database, "R5", "P5", 50_000)
    looked = seen(database, "R1", "R2", "R3", "R4", "R5")
    month.apply(database, "R1", ["A1"], difference="remain", on=None, user="taro")
    month.hold_receipt(database, "R2", why="先方へ確認中", user="taro")
    owed(database, C3=("P3", 30_000))  # now there are two of that amount
    before = dump(database)
    figures = month.confirm(database, [*looked, Seen(99, 1, ("A1",))], on=ON, user="hana")
    assert (figures["applied"], figures["amount"], figures["outcomes"]) == (2, 89_560, {"exact": 1, "fee": 1})
    told = {row["receipt"]: row["why"] for row in figures["refused"]}
    assert set(told) == {looked[0].number, looked[1].number, looked[2].number, 99}
    assert "taro が消し込みました" in told[looked[0].number]
    assert "保留中です" in told[looked[1].number]
    assert "先方へ確認中" in told[looked[1].number]
    assert "候補が変わりました" in told[looked[2].number]
    assert open_items(database) == {"A2": 20_000, "A3": 30_000, "C3": 30_000}
    assert entry(entries(database)[-2]).get("支払手数料", 0) + entry(entries(database)[-1]).get("支払手数料", 0) == 440
    month.unapply_together(database, figures["applications"], user="hana")
    assert open_items(database) == {f"A{n}": 10_000 * n for n in range(2, 6)} | {"C3": 30_000}
    assert unapplied(database) == {"R2": 20_000, "R3": 30_000, "R4": 39_560, "R5": 50_000}
    with pytest.raises(Refusal, match="reversed"):
        month.unapply_together(database, figures["applications"], user="hana")
    with pytest.raises(Refusal, match="no-application"):
        month.unapply_together(database, [99])
    assert len(dump(database)["matching_application"]) == len(before["matching_application"]) + 4


@pytest.mark.parametrize(
    ("difference", "left", "waiting", "account"),
    [
        # 入金 30,000 + 24,560 = 54,560、明細 20,000 + 35,000 = 55,000
        ("fee",    {},               {}, {"支払手数料": 440}),
        ("remain", {"A2": 440},      {}, {}),
        ("misc",   {},               {}, {"雑損失": 440}),
    ],
)  # fmt: skip
def test_several_receipts_pay_several_items_together(
    database: str, difference: str, left: dict[str, int], waiting: dict[str, int], account: dict[str, int]
) -> None:
    a_desk(database, 2, A1=("P1", 20_000), A2=("P2", 35_000), A3=("P1", 9_000))
    pays(database, "R1", "P1", 30_000)
    pays(database, "R2", "P1", 24_560, on="2026-05-30")
    figures = together(database, ["R1", "R2"], "A1", "A2", difference=difference)
    assert (figures["applied"], figures["amount"]) == (2, 54_560)
    assert open_items(database) == left | {"A3": 9_000}
    assert unapplied(database) == waiting
    assert {name: balances(database).get(name, 0) for name in account} == account
    assert [e["date"][-2:] for e in entries(database)[-4:]] == ["29", "29", "30", "30"]
    month.unapply_together(database, figures["applications"])
    assert open_items(database) == {"A1": 20_000, "A2": 35_000, "A3": 9_000}
    assert unapplied(database) == {"R1": 30_000, "R2": 24_560}
    over = together(database, ["R1", "R2"], "A1", difference="advance")
    assert over["applied"] == 2
    assert balances(database)["前受金"] == -(54_560 - 20_000)
    assert unapplied(database) == {}
    month.unapply_together(database, over["applications"])
    kept = together(database, ["R1", "R2"], "A1", "A3=4000")
    assert kept["applied"] == 1  # the second is not needed and waits on
    assert unapplied(database) == {"R1": 6_000, "R2": 24_560}


def test_one_receipt_together_is_one_receipt_by_hand(database: str) -> None:
    a_desk(database, 1, A1=("P1", 20_000), A2=("P1", 35_000), A3=("P1", -2_000))
    pays(database, "R1", "P1", 52_560)
    figures = together(database, ["R1"], "A1", "A2", "A3", difference="fee")
    assert (figures["applied"], figures["amount"]) == (1, 52_560)
    assert open_items(database) == {}
    assert entry(entries(database)[-1]) == {"仮受金": 52_560, "支払手数料": 440, "売掛金": -53_000}


def test_what_somebody_else_did_meanwhile_is_refused_with_who_and_when(database: str) -> None:
    a_desk(database, 1, A1=("P1", 20_000), A2=("P1", 35_000))
    users(database, taro="accountant")
    pays(database, "R1", "P1", 20_000)
    pays(database, "R2", "P1", 30_000)
    month.apply(database, "R1", ["A1"], difference="remain", on=None, user="taro")
    month.apply(database, "R2", ["A2=1000"], difference="remain", on=None, user="taro")
    before = dump(database)
    for refs, targets, more, code in [
        (["R1"], ["A2"], {}, "receipt-used"),
        (["R2"], ["A2"], {"seen": {"R2": 30_000}}, "receipt-changed"),
        (["R2", "R2"], ["A2"], {}, "receipt-twice"),
        (["R2"], ["A2", "A2=5"], {}, "item-twice"),
        (["R2", "R9"], ["A2"], {}, "no-receipt"),
    ]:
        with pytest.raises(Refusal, match=code) as told:
            together(database, refs, *targets, **more)
        if code == "receipt-used":
            assert "に taro がすべて消し込みました" in told.value.cause
    assert_same(before, dump(database))


def test_a_held_receipt_is_left_alone_until_it_is_released(database: str) -> None:
    a_desk(database, 1, A1=("P1", 20_000))
    users(database, taro="accountant", jiro="auditor")
    pays(database, "R1", "P1", 20_000)
    for how, code in [
        ({"why": " "}, "no-reason"),
        ({"why": "あ" * 501}, "long-reason"),
        ({"release": True}, "not-held"),
    ]:
        with pytest.raises(Refusal, match=code):
            month.hold_receipt(database, "R1", **how)
    with pytest.raises(Refusal, match="not-permitted"):
        month.hold_receipt(database, "R1", why="確認中", user="jiro")
    month.hold_receipt(database, "R1", why="先方へ確認中", user="taro")
    assert match(database)["applied"] == 0
    assert kinds(database) == {}
    with pytest.raises(Refusal, match="receipt-held") as told:
        apply(database, "R1", "A1")
    assert "taro: 先方へ確認中" in told.value.cause
    with pytest.raises(Refusal, match="receipt-held"):
        month.hold_receipt(database, "R1", why="もう一度")
    month.hold_receipt(database, "R1", release=True)
    month.hold_receipt(database, "R1", why="仕入先からの返金", aside=True)
    with pytest.raises(Refusal, match="対象外"):
        apply(database, "R1", "A1")
    month.hold_receipt(database, "R1", release=True)
    assert match(database)["applied"] == 1
    unapply(database, 1)
    assert kinds(database) == {"R1": "exact"}


def test_the_newest_note_stands_and_an_empty_one_takes_it_back(database: str) -> None:
    a_desk(database, 1, A1=("P1", 20_000))
    pays(database, "R1", "P1", 20_000)
    assert month.note(database, "毎月、支店分と合わせて振り込む", partner="P1") == {"new": True}
    assert month.note(database, "毎月、支店分と合わせて振り込む", partner="P1") == {"new": False}
    month.note(database, "手数料は当社負担", partner="P1")
    month.note(database, "4月分と思われる", receipt="R1")
    with runs.reading(database) as session:
        partner_id = matching.judged(session, ON).rows["partner_id"][0]
        found = matching.notes(session, partner_id=partner_id)
        assert found is not None
        assert (found["text"], found["actor"]) == ("手数料は当社負担", "system")
        mine = matching.notes(session, receipt_id=session.low + 1)
        assert mine is not None
        assert mine["text"] == "4月分と思われる"
    month.note(database, "", partner="P1")
    with runs.reading(database) as session:
        assert matching.notes(session, partner_id=partner_id) is None
    for what, code in [({}, "note-on-what"), ({"partner": "P9"}, "no-partner"), ({"receipt": "R9"}, "no-receipt")]:
        with pytest.raises(Refusal, match=code):
            month.note(database, "メモ", **what)


def test_progress_tells_apart_what_went_by_itself(database: str) -> None:
    a_shop(database)
    owed(database, A1=("P1", 20_000), A2=("P1", 35_000))
    pays(database, "R1", "P1", 20_000)
    match(database)
    pays(database, "R2", "P1", 30_000)
    apply(database, "R2", "A2", difference="discount")
    pays(database, "R3", "P1", 7_000)
    with runs.reading(database) as session:
        done = matching.progress(session, date(2026, 5, 1), ON)
        assert done.select("amount", "automatic").rows() == [(20_000, True), (30_000, False)]
        after = matching.newest(session)
    unapply(database, 2)
    with runs.reading(database) as session:
        assert matching.progress(session, date(2026, 5, 1), ON)["amount"].to_list() == [20_000]
        assert matching.touched(session, *after)["receipt_id"].to_list() == [session.low + 2]
