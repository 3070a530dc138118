"""Direct debit files: byte for byte by the published table, read back as written, and refused where anything is off."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.formats import bank_kana
from urikake.core.formats.bank_kana import converted, cut
from urikake.core.formats.zengin import SEPARATORS, Fault, Refused
from urikake.core.formats.zengin91 import (
    DATA,
    END,
    HEADER,
    NEXT,
    RESULTS,
    TRAILER,
    Batch,
    Collector,
    Debit,
    differences,
    read,
    written,
)

TABLE = json.loads((Path(__file__).parent / "zengin91.json").read_text(encoding="utf-8"))
DAY = date(2026, 5, 27)
OURS = Collector(
    code="1234567890",
    name="カ)カクウショウジ",
    bank="9991",
    branch="001",
    bank_name="カクウギンコウ",
    branch_name="ホンテン",
    deposit="普通",
    number="7654321",
)
FIRST = Debit(
    bank="9992", branch="002", deposit="普通", number="1234567", holder="アオゾラ タロウ", amount=11_000, customer="101"
)
SECOND = Debit(
    bank="9993",
    branch="030",
    deposit="当座",
    number="0000009",
    holder="ミドリ(カ",
    amount=980,
    customer="P-7",
    change="first",
)


def a_batch(*debits: Debit, **more: object) -> Batch:
    return Batch(**{"collector": OURS, "on": DAY, "debits": debits or (FIRST, SECOND)} | more)  # type: ignore[arg-type]


def answered(**results: int) -> bytes:
    """A result file: every debit with the code of its customer number (``n101=1``)."""
    debits = tuple(
        Debit(
            **{n: getattr(d, n) for n in Debit.__slots__}
            | {"result": results.get("n" + d.customer.replace("-", ""), 0)}
        )
        for d in (FIRST, SECOND)
    )
    return written([a_batch(*debits, answered=True)])


# --- the published table -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("record", "layout"), [("header", HEADER), ("data", DATA), ("trailer", TRAILER), ("end", END)])
def test_the_layout_is_the_published_one(record: str, layout: tuple[object, ...]) -> None:
    mine = [(f.name, f.start, f.length, f.kind) for f in layout]  # type: ignore[attr-defined]
    theirs = [(name.partition("(")[0], start, length, kind) for name, start, length, kind, _ in TABLE[record]]
    assert mine == theirs
    must = [f.required for f in layout]  # type: ignore[attr-defined]
    assert must == [required for *_, required in TABLE[record]]


def by_hand(record: str, values: dict[str, str]) -> bytes:
    """A record filled field by field from the published table, the slow way."""
    row = bytearray(b" " * 120)
    for name, start, length, kind, _ in TABLE[record]:
        value = values.get(name, "").encode("cp932")
        placed = value.rjust(length, b"0") if kind == "N" and value else value.ljust(length)
        assert len(placed) == length, name
        row[start - 1 : start - 1 + length] = placed
    return bytes(row)


def test_a_request_is_these_bytes() -> None:
    head = {
        "データ区分": "1", "種別コード": "91", "コード区分": "0", "委託者コード": "1234567890", "委託者名": "ｶ)ｶｸｳｼﾖｳｼﾞ",
        "引落日": "0527", "取引銀行番号": "9991", "取引銀行名": "ｶｸｳｷﾞﾝｺｳ", "取引支店番号": "001", "取引支店名": "ﾎﾝﾃﾝ",
        "預金種目(委託者)": "1", "口座番号(委託者)": "7654321",
    }  # fmt: skip
    one = {
        "データ区分": "2", "引落銀行番号": "9992", "引落支店番号": "002", "預金種目": "1", "口座番号": "1234567",
        "預金者名": "ｱｵｿﾞﾗ ﾀﾛｳ", "引落金額": "11000", "新規コード": "0", "顧客番号": "101", "振替結果コード": "0",
    }  # fmt: skip
    total = {"データ区分": "8", "合計件数": "1", "合計金額": "11000"} | dict.fromkeys(
        ("振替済件数", "振替済金額", "振替不能件数", "振替不能金額"), "0"
    )
    rows = [
        by_hand("header", head),
        by_hand("data", one),
        by_hand("trailer", total),
        by_hand("end", {"データ区分": "9"}),
    ]
    assert written([a_batch(FIRST)]) == b"".join(row + b"\r\n" for row in rows)
    assert written([a_batch(FIRST)], "") == b"".join(rows)


def test_a_customer_number_that_is_no_number_stands_at_the_left() -> None:
    row = written([a_batch(SECOND)]).splitlines()[1]
    assert row[91:111] == b"P-7".ljust(20)


# --- there and back ------------------------------------------------------------------------------------------------

KANA = st.text(alphabet="アイウカガキサシジタダテナハバパマヤラワンabcXYZ019 ()-.", min_size=1, max_size=30).filter(
    str.strip
)
DEBIT = st.builds(
    Debit,
    bank=st.integers(0, 9999).map(lambda n: f"{n:04}"),
    branch=st.integers(0, 999).map(lambda n: f"{n:03}"),
    deposit=st.sampled_from(["普通", "当座", "納税準備", "その他"]),
    number=st.integers(0, 9_999_999).map(lambda n: f"{n:07}"),
    holder=KANA,
    amount=st.integers(1, 9_999_999_999),
    customer=st.integers(1, 10**20 - 1).map(str),
    change=st.sampled_from(["first", "changed", "other"]),
    result=st.sampled_from(list(RESULTS)),
)
DAYS = st.sampled_from([date(2026, 5, 27), date(2026, 6, 26), date(2027, 1, 4), date(2027, 2, 26)])


@settings(max_examples=60, deadline=None)
@given(
    batches=st.lists(st.tuples(st.lists(DEBIT, max_size=6), DAYS), min_size=1, max_size=3),
    separator=st.sampled_from(SEPARATORS),
    tail=st.sampled_from([b"", b"\x1a"]),
    done=st.booleans(),
)
def test_what_is_written_is_read_back(
    batches: list[tuple[list[Debit], date]], separator: str, tail: bytes, done: bool
) -> None:
    told = []
    for debits, on in batches:
        kept = [Debit(**{n: getattr(d, n) for n in Debit.__slots__} | ({} if done else {"result": 0})) for d in debits]
        told.append(a_batch(*kept, on=on, answered=done, debits=tuple(kept)))
    data = written(told, separator) + tail
    assert all(
        len(row) == 120 for row in data.replace(b"\r", b"\n").replace(b"\x1a", b"").split(b"\n") if row and separator
    )
    for batch, again in zip(told, [read(data, batch.on)[at] for at, batch in enumerate(told)], strict=True):
        assert again.on == batch.on
        assert again.answered == (done and bool(batch.debits))
        for one, other in zip(batch.debits, again.debits, strict=True):
            same = {name: getattr(one, name) for name in Debit.__slots__ if name != "holder"}
            assert {name: getattr(other, name) for name in Debit.__slots__ if name != "holder"} == same
            assert other.holder == cut(converted(one.holder), 30).strip()
        if done and batch.debits:
            assert differences(batch, again) == []


def test_lines_whose_spaces_were_stripped_are_read_only_on_demand() -> None:
    data = b"\r\n".join(row.rstrip() for row in written([a_batch()]).splitlines())
    with pytest.raises(Refused, match="バイトです"):
        read(data, DAY)
    assert read(data, DAY, lenient=True) == read(written([a_batch()]), DAY)


# --- results -------------------------------------------------------------------------------------------------------


def test_a_result_says_of_every_debit_what_came_of_it() -> None:
    (batch,) = read(answered(n101=1), DAY)
    assert batch.answered
    assert [(debit.customer, debit.result, RESULTS[debit.result]) for debit in batch.debits] == [
        ("101", 1, "資金不足"),
        ("P-7", 0, "振替済"),
    ]
    assert set(NEXT) == set(RESULTS) - {0}
    assert differences(a_batch(), batch) == []


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (
            a_batch(collector=Collector(code="0000000001", name="カ", bank="9991", branch="001")),
            "委託者コードが違います",
        ),
        (a_batch(on=date(2026, 6, 26)), "引落日が違います"),
        (a_batch(FIRST), "顧客番号 P-7 の 980円 が合いません（依頼 0件、結果 1件）"),
        (a_batch(FIRST, FIRST, SECOND), "顧客番号 101 の 11,000円 が合いません（依頼 2件、結果 1件）"),
    ],
)
def test_a_result_of_another_request_is_told_apart(request_: Batch, why: str) -> None:
    (result,) = read(answered(n101=1), DAY)
    assert any(why in each for each in differences(request_, result))


def test_a_request_is_no_result() -> None:
    (sent,) = read(written([a_batch()]), DAY)
    assert any("振替結果のない" in each for each in differences(a_batch(), sent))


# --- faults --------------------------------------------------------------------------------------------------------


def put(record: int, at: int, text: str) -> Callable[[bytes], bytes]:
    """Other bytes at a place of a record."""

    def make(data: bytes) -> bytes:
        rows = data.splitlines()
        row, more = rows[record - 1], text.encode("cp932")
        rows[record - 1] = row[: at - 1] + more + row[at - 1 + len(more) :]
        return b"\r\n".join(rows)

    return make


@pytest.mark.parametrize(
    ("break_", "record", "at", "why"),
    [
        (lambda data: b"", 1, 1, "空のファイル"),
        (lambda data: "ｶ".encode().join([data[:14], data[14:]]), 1, 15, "UTF-8"),
        (lambda data: data[:50] + b"\x82\xa0" + data[52:], 1, 51, "半角カナの 1 バイト"),
        (put(1, 1, "2"), 1, 1, "ヘッダー"),
        (put(1, 2, "21"), 1, 2, "総合振込のファイルです"),
        (put(1, 2, "77"), 1, 2, "別の業務のファイルです"),
        (put(1, 4, "1"), 1, 4, "EBCDIC"),
        (put(2, 1, "3"), 2, 1, "ここには 2か8 が来ます"),
        (put(5, 1, "2"), 5, 1, "ここには 1か9 が来ます"),
        (lambda data: data[:-122], 4, 1, "エンド（9）がありません"),
        (lambda data: data + data[-122:], 6, 1, "何もない終わり"),
        (lambda data: data[:-10], 5, 1, "112 バイトです"),
        (put(2, 81, "00000X1000"), 2, 81, "数字ではありません"),
        (put(2, 112, "5"), 2, 112, "この業務にない値です"),
        (put(2, 91, "7"), 2, 91, "この業務にない値です"),
        (put(2, 43, "5"), 2, 43, "この業務にない値です"),
        (put(1, 55, "0431"), 1, 55, "暦にない日です"),
        (put(4, 2, "000003"), 4, 2, "明細から数えると 2 です"),
        (put(4, 8, "000000011981"), 4, 8, "明細から数えると 11980 です"),
        (put(2, 112, "1"), 4, 20, "明細から数えると 1 です"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_the_record_and_the_byte(
    break_: Callable[[bytes], bytes], record: int, at: int, why: str
) -> None:
    with pytest.raises(Refused) as refused:
        read(break_(written([a_batch()])), DAY)
    assert (record, at) in {(fault.record, fault.at) for fault in refused.value.faults}
    assert why in str(refused.value)


def test_every_fault_is_told_at_once() -> None:
    data = put(3, 44, "12A4567")(put(2, 81, "0000011O00")(written([a_batch()])))
    with pytest.raises(Refused) as refused:
        read(data, DAY)
    assert [(fault.record, fault.at, fault.name) for fault in refused.value.faults] == [
        (2, 81, "引落金額"),
        (3, 44, "口座番号"),
    ]


def changed(debit: Debit = FIRST, **more: object) -> Debit:
    return Debit(**{name: getattr(debit, name) for name in Debit.__slots__} | more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("batch", "at", "why"),
    [
        (a_batch(on=date(2026, 5, 30)), 55, "休業日"),
        (a_batch(changed(amount=0)), 81, "1 円から"),
        (a_batch(changed(amount=10**10)), 81, "1 円から"),
        (a_batch(changed(bank="")), 2, "必須"),
        (a_batch(changed(bank="99920")), 2, "4 桁まで"),
        (a_batch(changed(number="12A")), 44, "7 桁まで"),
        (a_batch(changed(holder="青空太郎")), 51, "「青」は銀行のファイルに書けない文字です"),
        (a_batch(changed(holder="ア゛")), 51, "「ﾞ」は銀行のファイルに書けない文字です"),
        (a_batch(changed(customer="A" * 21)), 92, "20 文字まで"),
        (a_batch(changed(customer="101"), changed(customer="0101")), 92, "頭の 0"),
        (a_batch(changed(deposit="定期")), 43, "1 桁まで"),
    ],
)  # fmt: skip
def test_what_cannot_stand_in_a_request_is_not_written(batch: Batch, at: int, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        written([batch])
    assert at in {fault.at for fault in refused.value.faults}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_nothing_breaks_the_reader(data: bytes) -> None:
    with pytest.raises(Refused):
        read(data, DAY)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 609), st.integers(0x20, 0xDF))
def test_any_one_byte_changed_is_read_or_refused_with_its_place(at: int, byte: int) -> None:
    data = bytearray(written([a_batch()]))
    data[at] = byte
    found = faults_of(bytes(data))
    assert all(1 <= fault.record <= 6 and 1 <= fault.at <= 120 and fault.why for fault in found)


def faults_of(data: bytes) -> tuple[Fault, ...]:
    """The faults for which the file is refused; none where it is read."""
    try:
        read(data, DAY)
    except Refused as refused:
        return refused.faults
    return ()


def test_the_day_of_a_leap_year_is_one_only_there() -> None:
    data = written([a_batch(on=date(2028, 2, 29))])
    assert read(data, date(2028, 1, 10))[0].on == date(2028, 2, 29)
    assert [fault.why for fault in faults_of(data)] == ["暦にない日です"]


# --- kana ----------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.text(max_size=30))
def test_bank_kana_is_one_byte_a_character_and_stays_as_it_is(text: str) -> None:
    try:
        found = converted(text)
    except ValueError:
        return
    assert len(found.encode("cp932")) == len(found)
    assert set(found) <= bank_kana.NAME
    assert converted(found) == found


@settings(deadline=None)
@given(KANA, st.integers(0, 30))
def test_a_cut_name_never_parts_a_kana_from_its_mark(text: str, most: int) -> None:
    whole = converted(text)
    short = cut(whole, most)
    assert len(short) <= most
    assert whole.startswith(short)
    assert whole[len(short) : len(short) + 1] not in ("ﾞ", "ﾟ")
    assert len(short) >= min(most, len(whole)) - 1
