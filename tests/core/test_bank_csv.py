"""Statements of banks as CSV: each bank's columns, days and amounts, and the breaks that balances show."""

from __future__ import annotations

from datetime import date

import pytest

from urikake.core.formats.bank_csv import PROFILES, read
from urikake.core.formats.bank_file import totals
from urikake.core.formats.zengin import Refused

LATEST = date(2026, 12, 31)
ANSER = (
    '"照会口座","番号","勘定日","(起算日)","出金金額(円)","入金金額(円)","小切手区分","残高(円)","取引区分","明細区分","金融機関名","支店名","摘要"\r\n'
    '"本店 普通 1234567","00001","2026年10月30日","","","110000","","1110000","振込","","テスト第二","丸の内","カ)アオゾラシステム"\r\n'
    '"本店 普通 1234567","00002","2026年10月31日","","550","","","1109450","手数料","","","",""\r\n'
)  # fmt: skip
MUFG = (
    "口座,普通 1234567\n\n"
    '"日付","摘要","摘要内容","支払い金額","預かり金額","差引残高","メモ","未資金化区分","入払区分"\n'
    '"2026/10/30","振込１","カ）アオゾラシステム","","110,000","1,110,000","","","入金"\n'
    '"2026/10/31","手数料","フリコミテスウリヨウ","550","","1,109,450","","","支払い"\n'
)
PAYPAY = (
    '"操作日(年)","操作日(月)","操作日(日)","操作時刻(時)","操作時刻(分)","操作時刻(秒)","取引順番号","摘要","お支払金額","お預り金額","残高","メモ"\n'
    '"2026","10","30","9","1","2","1","振込　カ）アオゾラシステム","","110000","1110000",""\n'
    '"2026","10","31","9","1","2","2","振込手数料","550","","1109450",""\n'
)


def two(header: str, first: str, second: str) -> str:
    """A file of a header and the two rows that every file here tells: 110,000 in, 550 out."""
    return f"{header}\n{first}\n{second}\n"


FILES = {
    "anser": ANSER,
    "mufg-direct": MUFG,
    "smbc-direct": two("年月日,お引出し,お預入れ,お取り扱い内容,残高,メモ,ラベル",
                       "R8.10.30,,110000,振込　カ）アオゾラシステム,1110000,,", "R8.10.31,550,,テスウリヨウ,1109450,,"),
    "mizuho-direct": two("日付,お取引内容,お支払い金額,お預かり金額,残高",
                         "2026.10.30,振込 カ）アオゾラシステム,,110000,1110000", "2026.10.31,手数料,550,,1109450"),
    "sbi-net": two("日付,内容,出金金額(円),入金金額(円),残高(円),メモ",
                   '2026/10/30,振込＊カ）アオゾラシステム,,"110,000","1,110,000",-', '2026/10/31,手数料,550,,"1,109,450",-'),
    "gmo-aozora": two("日付,摘要,入金金額,出金金額,残高,メモ",
                      "20261030,振込 カ）アオゾラシステム,110000,,1110000,", "20261031,手数料,,550,1109450,"),
    "paypay-bank": PAYPAY,
    "rakuten-bank": two("取引日,入出金(円),取引後残高(円),入出金先内容",
                        "20261030,110000,1110000,カ）アオゾラシステム", "20261031,-550,1109450,手数料"),
    "sbi-shinsei": two("取引日,摘要,出金金額,入金金額,残高,メモ",
                       "2026/10/30,振込 カ）アオゾラシステム,,110000,1110000,", "2026/10/31,手数料,550,,1109450,"),
    "aeon-bank": two("日付,お取引内容,お引出し,お預入れ,残高,備考",
                     "08.10.30,振込 カ）アオゾラシステム,,110000,1110000,", "08.10.31,手数料,550,,1109450,"),
    "yucho": two("取引日,入出金明細ID,受入金額(円),払出金額(円),詳細1,詳細2,現在（貸付）高",
                 "20261030,1,110000,,振込,カ）アオゾラシステム,1110000", "20261031,2,,550,料金,,1109450"),
}  # fmt: skip


@pytest.mark.parametrize("bank", PROFILES)
def test_the_file_of_every_bank_tells_the_same(bank: str) -> None:
    found = read(FILES[bank], PROFILES[bank], LATEST)
    assert found.movements.select("move", "booked_on", "amount").rows() == [
        ("in", date(2026, 10, 30), 110_000),
        ("out", date(2026, 10, 31), 550),
    ]
    assert found.movements["payer"][0].replace(")", "）") == "カ）アオゾラシステム"
    assert found.movements["raw"][0] in FILES[bank]
    assert found.statements.select("balance_before", "balance_after").rows() == [(1_000_000, 1_109_450)]
    head, *rows = FILES[bank].strip().splitlines()[-3:]
    newest_first = read("\n".join([head, *reversed(rows)]), PROFILES[bank], LATEST)
    assert totals(newest_first).select("balance_before", "balance_after").rows() == [(1_000_000, 1_109_450)]
    if bank == "anser":
        assert found.statements["number"].to_list() == ["1234567"]
        assert found.movements.select("payer_bank", "payer_branch").row(0) == ("テスト第二", "丸の内")


def test_what_was_taken_back_is_told_apart() -> None:
    rows = "20261030,カ）アオゾラ,-500,,999500,\n20261030,手数料,,△50,999550,\n"
    found = read("日付,摘要,入金金額,出金金額,残高,メモ\n" + rows, PROFILES["gmo-aozora"], LATEST)
    assert found.movements.select("move", "amount").rows() == [("cancel", 500), ("correction", 50)]
    assert found.statements.select("balance_before", "balance_after").rows() == [(1_000_000, 999_550)]


@pytest.mark.parametrize(
    ("old", "new", "line", "name", "why"),
    [
        ("摘要,", "内容,", 1, "見出し", "見出し（摘要）のある行がありません"),
        ("20261031", "20261131", 3, "日付", "日付として読めない"),
        ("20261031", "20270131", 3, "日付", "先の日"),
        (",110000,", ",十一万,", 2, "入金金額", "円の金額として読めません"),
        (",110000,,", ",110000,1,", 2, "出金金額", "両方に"),
        (",110000,,", ",,,", 2, "入金金額", "どちらにも"),
        ("1109450,", "1109451,", 3, "残高", "計算すると 1,109,450"),
        ("1109450,", "1109450,,", 3, "列数", "見出しは 6 列"),
        ("日付,", "20261029,振込 カ）ソラ,1,,1000000,\n日付,", 1, "見出し", "見出しより前に明細"),
        ("日付,", "20660529,振込 カ）ソラ,1,,1000000,\n日付,", 1, "見出し", "見出しより前に明細"),
        ("日付,", '""20261029,振込 カ）ソラ,1,,1000000,\n日付,', 1, "見出し", "見出しより前に明細"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_column(old: str, new: str, line: int, name: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        read(FILES["gmo-aozora"].replace(old, new, 1), PROFILES["gmo-aozora"], LATEST)
    assert (line, name, True) in {(fault.record, fault.name, why in fault.why) for fault in refused.value.faults}


def test_rows_without_a_balance_are_reckoned_between_those_that_have_one() -> None:
    head = "日付,摘要,入金金額,出金金額,残高,メモ\n"
    rows = "20261030,カ）アオゾラ,500,,,\n20261030,手数料,,50,1000450,\n20261031,カ）ミドリ,50,,,\n"
    found = read(head + rows, PROFILES["gmo-aozora"], LATEST)
    assert found.statements.select("balance_before", "balance_after").rows() == [(1_000_000, 1_000_500)]
    with pytest.raises(Refused, match="計算すると 1,000,499 です"):
        read(head + rows + "20261031,カ）ソラ,,1,1000500,\n", PROFILES["gmo-aozora"], LATEST)


def test_a_row_is_kept_as_it_came_whatever_stands_in_it_and_its_texts_as_far_as_they_fit() -> None:
    row = f"20261030,カ）アオ\u2028ゾラ{'ア' * 300},500,,1000500,メモ\x0b"
    found = read(f"日付,摘要,入金金額,出金金額,残高,メモ\n{row}\n", PROFILES["gmo-aozora"], LATEST).movements
    assert found["raw"].to_list() == [row]
    assert found["payer"].str.len_chars().to_list() == [200]
    long = FILES["anser"].replace('"00001"', f'"{"1" * 100}"').replace("テスト第二", "ア" * 300)
    told = read(long, PROFILES["anser"], LATEST).movements.row(0, named=True)
    assert (len(told["inquiry"]), len(told["payer_bank"])) == (60, 200)
