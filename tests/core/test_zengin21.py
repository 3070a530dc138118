"""Files of bulk transfers: byte for byte by the published table, read back as written, and refused where anything is off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.formats.bank_kana import converted, cut
from urikake.core.formats.zengin import SEPARATORS, Refused
from urikake.core.formats.zengin21 import Batch, Sender, Transfer, read, written

DAY = date(2026, 5, 27)
# The published table: name, first byte, bytes, kind.
TABLE: dict[str, list[tuple[str, int, int, str]]] = {
    "header": [
        ("データ区分", 1, 1, "N"), ("種別コード", 2, 2, "N"), ("コード区分", 4, 1, "N"), ("振込依頼人コード", 5, 10, "N"),
        ("振込依頼人名", 15, 40, "C"), ("取組日", 55, 4, "N"), ("仕向銀行番号", 59, 4, "N"), ("仕向銀行名", 63, 15, "C"),
        ("仕向支店番号", 78, 3, "N"), ("仕向支店名", 81, 15, "C"), ("預金種目", 96, 1, "N"), ("口座番号", 97, 7, "N"),
        ("ダミー", 104, 17, "C"),
    ],
    "data": [
        ("データ区分", 1, 1, "N"), ("被仕向銀行番号", 2, 4, "N"), ("被仕向銀行名", 6, 15, "C"), ("被仕向支店番号", 21, 3, "N"),
        ("被仕向支店名", 24, 15, "C"), ("手形交換所番号", 39, 4, "N"), ("預金種目", 43, 1, "N"), ("口座番号", 44, 7, "N"),
        ("受取人名", 51, 30, "C"), ("振込金額", 81, 10, "N"), ("新規コード", 91, 1, "N"), ("顧客コード1", 92, 10, "N"),
        ("顧客コード2", 102, 10, "N"), ("振込指定区分", 112, 1, "N"), ("識別表示", 113, 1, "C"), ("ダミー", 114, 7, "C"),
    ],
    "trailer": [("データ区分", 1, 1, "N"), ("合計件数", 2, 6, "N"), ("合計金額", 8, 12, "N"), ("ダミー", 20, 101, "C")],
    "end": [("データ区分", 1, 1, "N"), ("ダミー", 2, 119, "C")],
}  # fmt: skip
OURS = Sender(
    code="1234567890", name="カ)カクウショウジ", bank="9991", branch="001", bank_name="カクウギンコウ", branch_name="ホンテン",
    deposit="普通", number="7654321",
)  # fmt: skip
FIRST = Transfer(
    bank="9992", branch="002", deposit="普通", number="1234567", holder="アオゾラ タロウ", amount=11_000, customer="12"
)
SECOND = Transfer(
    bank="9993", branch="030", deposit="当座", number="0000009", holder="ミドリ(カ", amount=980, change="first"
)


def by_hand(record: str, values: dict[str, str]) -> bytes:
    """A record filled field by field from the published table, the slow way."""
    row = bytearray(b" " * 120)
    for name, start, length, kind in TABLE[record]:
        value = values.get(name, "").encode("cp932")
        placed = value.rjust(length, b"0") if kind == "N" and value else value.ljust(length)
        assert len(placed) == length, name
        row[start - 1 : start - 1 + length] = placed
    return bytes(row)


def test_a_file_is_these_bytes() -> None:
    head = {
        "データ区分": "1", "種別コード": "21", "コード区分": "0", "振込依頼人コード": "1234567890", "振込依頼人名": "ｶ)ｶｸｳｼﾖｳｼﾞ",
        "取組日": "0527", "仕向銀行番号": "9991", "仕向銀行名": "ｶｸｳｷﾞﾝｺｳ", "仕向支店番号": "001", "仕向支店名": "ﾎﾝﾃﾝ",
        "預金種目": "1", "口座番号": "7654321",
    }  # fmt: skip
    one = {
        "データ区分": "2", "被仕向銀行番号": "9992", "被仕向支店番号": "002", "預金種目": "1", "口座番号": "1234567",
        "受取人名": "ｱｵｿﾞﾗ ﾀﾛｳ", "振込金額": "11000", "新規コード": "0", "顧客コード1": "12", "振込指定区分": "7",
    }  # fmt: skip
    total = {"データ区分": "8", "合計件数": "1", "合計金額": "11000"}
    rows = [
        by_hand("header", head),
        by_hand("data", one),
        by_hand("trailer", total),
        by_hand("end", {"データ区分": "9"}),
    ]
    batch = Batch(sender=OURS, on=DAY, transfers=(FIRST,))
    assert written([batch]) == b"".join(row + b"\r\n" for row in rows)
    assert written([batch], "") == b"".join(rows)


TRANSFER = st.builds(
    Transfer,
    bank=st.integers(0, 9999).map(lambda n: f"{n:04}"),
    branch=st.integers(0, 999).map(lambda n: f"{n:03}"),
    deposit=st.sampled_from(["普通", "当座", "貯蓄", "その他"]),
    number=st.integers(0, 9_999_999).map(lambda n: f"{n:07}"),
    holder=st.text(alphabet="アイウカガサザタダパヤンabcXYZ019 ()-.", min_size=1, max_size=30).filter(str.strip),
    amount=st.integers(1, 9_999_999_999),
    customer=st.integers(1, 10**10 - 1).map(lambda n: f"{n:010}"),
    change=st.sampled_from(["first", "changed", "other"]),
)
DAYS = st.sampled_from([date(2026, 5, 27), date(2026, 6, 26), date(2027, 1, 4), date(2027, 2, 26)])


@settings(max_examples=200, deadline=None)
@given(
    batches=st.lists(st.tuples(st.lists(TRANSFER, max_size=6), DAYS), min_size=1, max_size=3),
    separator=st.sampled_from(SEPARATORS),
    tail=st.sampled_from([b"", b"\x1a"]),
)
def test_what_is_written_is_read_back(batches: list[tuple[list[Transfer], date]], separator: str, tail: bytes) -> None:
    told = [Batch(sender=OURS, on=on, transfers=tuple(each)) for each, on in batches]
    data = written(told, separator) + tail
    for at, batch in enumerate(told):
        again = read(data, batch.on)[at]
        assert (again.on, again.sender.code, again.sender.deposit) == (batch.on, OURS.code, "普通")
        for one, other in zip(batch.transfers, again.transfers, strict=True):
            for name in ("bank", "branch", "deposit", "number", "amount", "customer", "change"):
                assert getattr(other, name) == getattr(one, name)
            assert other.holder == cut(converted(one.holder), 30).strip()


def put(record: int, at: int, text: str) -> Callable[[bytes], bytes]:
    """Other bytes at a place of a record."""

    def make(data: bytes) -> bytes:
        rows = data.splitlines()
        row, more = rows[record - 1], text.encode("cp932")
        rows[record - 1] = row[: at - 1] + more + row[at - 1 + len(more) :]
        return b"\r\n".join(rows)

    return make


@pytest.mark.parametrize(
    ("break_", "record", "at"),
    [
        (lambda data: b"", 1, 1),
        (put(1, 2, "91"), 1, 2),
        (put(1, 55, "0230"), 1, 55),
        (put(2, 81, "00000X1000"), 2, 81),
        (put(2, 43, "3"), 2, 43),
        (put(2, 91, "5"), 2, 91),
        (put(4, 2, "000003"), 4, 2),
        (put(4, 8, "000000011981"), 4, 8),
        (lambda data: b"\r\n".join(data.splitlines()[:-1]), 4, 1),
    ],
)
def test_a_file_that_is_off_is_refused_with_its_place(break_: Callable[[bytes], bytes], record: int, at: int) -> None:
    data = written([Batch(sender=OURS, on=DAY, transfers=(FIRST, SECOND))])
    with pytest.raises(Refused) as refused:
        read(break_(data), DAY)
    assert (refused.value.faults[0].record, refused.value.faults[0].at) == (record, at)


def to(**changed: object) -> Batch:
    """A batch of one transfer that differs in something."""
    same = {"bank": "9992", "branch": "002", "deposit": "普通", "number": "1", "holder": "カ", "amount": 1}
    return Batch(sender=OURS, on=DAY, transfers=(Transfer(**same | changed),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("batch", "name"),
    [
        (Batch(sender=OURS, on=date(2026, 5, 24), transfers=(FIRST,)), "取組日"),
        (Batch(sender=Sender(code="12345678901", name="カ", bank="9991", branch="001"), on=DAY), "振込依頼人コード"),
        (to(holder="漢字"), "受取人名"),
        (to(amount=10**10), "振込金額"),
        (to(amount=0), "振込金額"),
        (to(bank=""), "被仕向銀行番号"),
        (to(deposit="納税準備"), "預金種目"),
    ],
)
def test_what_cannot_stand_in_a_file_is_refused(batch: Batch, name: str) -> None:
    with pytest.raises(Refused, match=name):
        written([batch])
