"""Layouts that a company makes for the CSV of any bank: what they may say, how a sample is guessed, how they are read."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_bank_csv import FILES, LATEST
from urikake.core.formats.bank_csv import drafted, read
from urikake.core.formats.bank_layout import KEYS, LABELS, LISTS, PROFILES, Unusable, layout, restored
from urikake.core.formats.bank_outline import guessed, like, outline
from urikake.core.formats.zengin import Refused

WORDED = {"day": ["取引日"], "amount": "金額", "way": "入払", "payer": ["内容"], "balance": "残高"}
DAY = date(2026, 10, 30)


def told(text: str, **says: Any) -> list[tuple[Any, ...]]:
    """What moved by the file of that text: its move, day, yen and payer."""
    found = read(text, layout(says, "みほん"), LATEST).movements
    return found.select("move", "booked_on", "amount", "payer").rows()


def wrong(text: str, **says: Any) -> list[tuple[int, int, str, str]]:
    """Everything that is wrong with the file: line, column, heading, what stands there."""
    with pytest.raises(Refused) as found:
        read(text, layout(says, "みほん"), LATEST)
    return [(each.record, each.at, each.name, each.value) for each in found.value.faults]


def test_an_amount_with_its_word_tells_what_came_in_and_what_went_out() -> None:
    text = "取引日,入払,金額,残高,内容\n2026/10/30,入金,500,1500,ハルノ\n2026/10/30,出金,50,1450,手数料\n"
    assert told(text, **WORDED) == [("in", DAY, 500, "ハルノ"), ("out", DAY, 50, "手数料")]
    coded = text.replace("入金", "Ｃ").replace("出金", "D")
    assert told(coded, **WORDED, way_in=["C"], way_out=["D"])[1] == ("out", DAY, 50, "手数料")
    assert wrong(coded, **WORDED) == [(2, 2, "入払", "Ｃ"), (3, 2, "入払", "D")]
    back = text.replace("出金,50,1450", "入金,-50,1450").replace("手数料", "ハルノ")
    assert told(back, **WORDED)[1] == ("cancel", DAY, 50, "ハルノ")


@pytest.mark.parametrize(
    ("written", "prefixes", "payer"),
    [
        ("ﾌﾘｺﾐｷﾝ ｶ)ﾊﾙﾉ", ["フリコミキン"], "ｶ)ﾊﾙﾉ"),
        ("フリコミキンカ）ハルノ", ["フリコミ", "フリコミキン"], "カ）ハルノ"),
        ("普通預金振込＊ハルノ", ["普通預金振込"], "ハルノ"),
        ("普通預金 振込 ハルノ", ["普通預金"], "ハルノ"),
        ("振込 ハルノ", [], "ハルノ"),
        ("フリコミキン", ["フリコミキン"], "フリコミキン"),
        ("ハルノ フリコミキン", ["フリコミキン"], "ハルノ フリコミキン"),
        ("ﾃﾞﾝｻｲ ﾊﾙﾉ", ["デンサイ"], "ﾊﾙﾉ"),
    ],
)
def test_the_payer_stands_after_the_longest_prefix_in_whatever_width(
    written: str, prefixes: list[str], payer: str
) -> None:
    text = f"日付,入金,摘要\n20261030,500,{written}\n"
    assert told(text, day="日付", incoming="入金", payer="摘要", prefixes=prefixes) == [("in", DAY, 500, payer)]


@pytest.mark.parametrize(
    "cell", ["2026/10/30(金)", "2026年10月30日（金） 9:05", "2026-10-30T09:05:11", "R8.10.30 09:05", "20261030"]
)
def test_a_day_may_have_its_weekday_and_its_time(cell: str) -> None:
    assert told(f"日付,入金,摘要\n{cell},1,ハルノ\n", day="日付", incoming="入金", payer="摘要")[0][1] == DAY


def test_year_month_and_day_may_stand_apart_and_cells_between_tabs_or_semicolons() -> None:
    for mark in ("\t", ";", ","):
        text = "年,月,日,入出金,摘要\n2026,10,30,-50,手数料\n".replace(",", mark)
        assert told(text, day=["年", "月", "日"], signed="入出金", payer="摘要") == [("out", DAY, 50, "手数料")]


def test_rows_with_a_word_are_passed_over_unless_they_move_money() -> None:
    says = {"day": "日付", "incoming": "入金", "outgoing": "出金", "payer": "摘要", "skip": ["合計", "前月繰越"]}
    text = "日付,入金,出金,摘要\n2026/10/01,,,前月繰越\n2026/10/30,500,,合計\n,500,,合計\n合計\n"
    assert told(text, **says) == [("in", DAY, 500, "合計")]
    assert len(wrong(text, **says | {"skip": []})) == 3


def test_columns_without_a_heading_and_with_the_same_one_are_called_apart() -> None:
    text = "日付,金額,金額,\n2026/10/30,,50,手数料\n2026/10/30,500,,ハルノ\n"
    assert outline(text).columns == ["日付", "金額", "金額（2つ目）", "4列目"]
    says = {"day": "日付", "incoming": "金額", "outgoing": "金額（2つ目）", "payer": "4列目"}
    assert told(text, **says) == [("out", DAY, 50, "手数料"), ("in", DAY, 500, "ハルノ")]


def test_a_file_without_a_header_is_read_by_places() -> None:
    says = {"day": "1列目", "incoming": "２列目", "payer": "3列目", "headless": True}
    assert told("20261030,500,ハルノ\n20261030,7,ミドリ\n", **says)[0] == ("in", DAY, 500, "ハルノ")
    assert wrong("20261030,500\n", **says) == [(1, 1, "列数", "2")]
    assert wrong("20261030,500,ハルノ\n20261030,x,ミドリ\n", **says) == [(2, 2, "２列目", "x")]
    assert wrong("", **says) == [(1, 1, "列数", "0")]


def test_an_order_that_balances_leave_open_is_told_by_the_days() -> None:
    text = "日付,額,残高,摘要\n2026/10/31,-5,5000,ハルノ\n2026/10/30,5,5005,ハルノ\n"
    found = read(text, layout({"day": "日付", "signed": "額", "balance": "残高", "payer": "摘要"}, "みほん"), LATEST)
    assert found.statements.select("balance_before", "balance_after").rows() == [(5_000, 5_000)]


def test_every_column_of_a_companys_own_layout_must_be_there() -> None:
    text = "取引日,入払,金額,内容\n2026/10/30,入金,500,ハルノ\n"
    with pytest.raises(Refused, match="みほんの見出し（残高）のある行がありません"):
        read(text, layout(WORDED, "みほん"), LATEST)


def test_what_the_bank_calls_and_numbers_is_kept() -> None:
    text = "日付,入金,摘要,EDI,番号,仮想口座\n20261030,500,ハルノ,INV-1,T-1,0012345678\n"
    says = {
        "day": "日付",
        "incoming": "入金",
        "payer": "摘要",
        "reference": "EDI",
        "code": "番号",
        "payer_code": "仮想口座",
    }
    found = read(text, layout(says, "みほん"), LATEST).movements
    assert found.select("reference", "bank_code", "payer_code").rows() == [("INV-1", "T-1", "0012345678")]
    assert wrong(text.replace("T-1", "1" * 61), **says) == [(2, 5, "番号", "1" * 61)]


def test_a_draft_shows_the_rows_that_can_be_read_beside_all_that_cannot() -> None:
    text = "取引日,入払,金額,残高,内容\n2026/10/30,入金,500,1500,ハルノ\n未定,入金,x,9,ミドリ\n短い行\n"
    found = drafted(text, layout(WORDED, "みほん"), LATEST)
    assert found.movements.select("record", "booked_on", "amount").rows() == [(2, DAY, 500), (3, None, 0)]
    assert [(each.record, each.name) for each in sorted(found.faults)] == [(3, "取引日"), (3, "金額"), (4, "列数")]
    assert found.statement == {}
    broken = drafted(
        text.splitlines()[0] + "\n2026/10/30,入金,5,5,ハ\n2026/10/30,入金,5,9,ハ\n", layout(WORDED, "み"), LATEST
    )
    assert [(each.record, each.name) for each in broken.faults] == [(3, "残高")]


@pytest.mark.parametrize(
    ("says", "part", "why"),
    [
        ({"day": []}, "day", "一つの列か、年・月・日の三つの列"),
        ({"day": ["年", "月"]}, "day", "一つの列か、年・月・日の三つの列"),
        ({"payer": []}, "payer", "一つから三つまで"),
        ({"payer": ["甲", "乙", "丙", "丁"]}, "payer", "一つから三つまで"),
        ({"incoming": ""}, "incoming", "どれか一つの形で"),
        ({"incoming": "", "outgoing": "出金"}, "incoming", "どれか一つの形で"),
        ({"signed": "入出金"}, "incoming", "どれか一つの形で"),
        ({"incoming": "", "amount": "金額"}, "way", "組で選んで"),
        ({"way": "区分"}, "way", "組で選んで"),
        ({"incoming": "", "amount": "金額", "way": "区分", "way_in": ["出 金"]}, "way_out", "両方にあります"),
        ({"outgoing": "入 金"}, "outgoing", "入金額の列にも選ばれています"),
        ({"balance": "日付"}, "balance", "日付の列にも選ばれています"),
        ({"headless": True}, "headless", "列の位置ではありません"),
        ({"headless": "はい"}, "headless", "true か false"),
        ({"balance": ["甲", "乙"]}, "balance", "列の見出しを文字で"),
        ({"balance": 3}, "balance", "列の見出しを文字で"),
        ({"prefixes": [1]}, "prefixes", "言葉を並べて"),
        ({"note": "あ" * 101}, "note", "100字まで"),
        ({"note": "あ\nい"}, "note", "100字まで"),
        ({"skip": [f"{at}" for at in range(31)]}, "skip", "30個まで"),
        ({"zandaka": "残高"}, "zandaka", "この項目はありません"),
    ],
)
def test_a_layout_that_cannot_be_used_tells_what_is_wrong_with_which_part(
    says: dict[str, Any], part: str, why: str
) -> None:
    with pytest.raises(Unusable) as found:
        layout({"day": "日付", "incoming": "入金", "payer": "摘要"} | says, "みほん")
    assert any(key == part and why in told for key, told in found.value.wrong), found.value
    assert all(LABELS.get(key, key) in str(found.value) for key, _ in found.value.wrong)


@pytest.mark.parametrize("name", PROFILES)
def test_a_sample_of_every_known_bank_gives_a_layout_that_reads_it_alike(name: str) -> None:
    found = outline(FILES[name])
    assert like(found) in (name, "")  # two banks have the same headings
    own, shipped = (
        read(FILES[name], layout(guessed(found), "みほん"), LATEST),
        read(FILES[name], PROFILES[name], LATEST),
    )
    names = ["move", "booked_on", "amount", "payer", "raw"]
    assert own.movements.select(names).equals(shipped.movements.select(names))
    assert own.statements.select("balance_before", "balance_after").rows() == [(1_000_000, 1_109_450)]


def test_the_header_may_be_told_and_a_sample_may_have_none() -> None:
    text = "2026/10/30,摘要,残高\n日付,摘要,残高\n20261030,500,ハルノ\n"
    assert (outline(text).header, outline(text, 1).columns[0]) == (2, "2026/10/30")
    bare = outline("20261030,500,ハルノ\n")
    assert (bare.header, bare.columns, guessed(bare)) == (0, ["1列目", "2列目", "3列目"], {})
    assert outline(text, 99).header == 0
    assert outline("").lines == []


# --- laws ----------------------------------------------------------------------------------------------------------

_headings = st.text("日付金額残高摘要内容入出ABC（）()円 ", min_size=1, max_size=8).filter(str.strip)


@settings(deadline=None)  # most of its time is drawing
@given(st.data())
def test_what_a_layout_tells_is_what_it_was_made_of(data: st.DataObject) -> None:
    texts = {key: data.draw(_headings) for key in KEYS if key not in (*LISTS, "headless") and data.draw(st.booleans())}
    lists = {key: data.draw(st.lists(_headings, max_size=3, unique=True)) for key in LISTS}
    try:
        made = layout(texts | lists, "みほん")
    except Unusable:
        return
    assert restored(made.told(), "みほん") == made
    assert layout(made.told(), "みほん") == made


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 20), st.integers(-(10**12), 10**12).filter(bool), st.text("アイウ振込 ", max_size=6)),
        min_size=1,
        max_size=8,
    ),
    st.permutations(range(5)),
    st.sampled_from(("both", "signed", "word")),
    st.booleans(),
)
def test_the_same_movements_are_read_in_whichever_way_amounts_are_written(
    moves: list[tuple[int, int, str]], order: list[int], way: str, newest_first: bool
) -> None:
    rows, balance, days = [], 5_000, list(itertools.accumulate(day for day, _, _ in moves))
    for at, (day, (_, yen, payer)) in enumerate(zip(days, moves, strict=True)):
        balance += yen
        amounts = {
            "both": (f"{yen:,}" if yen > 0 else "", f"{-yen}" if yen < 0 else ""),
            "signed": (f"△{-yen:,}" if yen < 0 else str(yen), ""),
            "word": (str(abs(yen)), "お預入れ" if yen > 0 else "お引出し"),
        }[way]
        rows.append([f"{date(2026, 1, 1) + timedelta(day)}", *amounts, str(balance), f"{payer}{at}"])
    says = {
        "both": {"incoming": "甲", "outgoing": "乙"},
        "signed": {"signed": "甲"},
        "word": {"amount": "甲", "way": "乙", "way_in": ["お預入れ"], "way_out": ["お引出し"]},
    }[way]
    out = io.StringIO()
    lines = [["日付", "甲", "乙", "残高", "名義"], *(rows[::-1] if newest_first else rows)]
    csv.writer(out).writerows([[line[at] for at in order] for line in lines])
    found = read(out.getvalue(), layout({"day": "日付", "payer": "名義", "balance": "残高"} | says, "み"), LATEST)
    kept = found.movements.sort("record", descending=newest_first)
    signs = [1 if move == "in" else -1 for move in kept["move"]]
    assert [sign * amount for sign, amount in zip(signs, kept["amount"], strict=True)] == [yen for _, yen, _ in moves]
    assert kept["booked_on"].to_list() == [date(2026, 1, 1) + timedelta(day) for day in days]
    assert found.statements.select("balance_before", "balance_after").rows() == [(5_000, balance)]
