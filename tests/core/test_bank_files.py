"""Deposit notices and statements: by the published tables, read back as written, and refused whole where anything is off."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bank_files import Book, Move, notice, statement, western
from urikake.core.formats import zengin01, zengin03
from urikake.core.formats.bank_file import BankFile
from urikake.core.formats.bank_kana import converted, cut
from urikake.core.formats.zengin import SEPARATORS, Fault, Field, Refused

TABLES = json.loads((Path(__file__).parent / "zengin-bank.json").read_text(encoding="utf-8"))
LATEST = date(2026, 12, 31)
DAY = date(2026, 5, 29)
Writer = Callable[..., bytes]
READERS: dict[Writer, Callable[..., BankFile]] = {notice: zengin01.read, statement: zengin03.read}
A_NOTICE = Book(
    moves=[Move(amount=110_000, edi="INV-1", code="0012345678", inquiry="1"), Move(amount=880, payer="ﾐﾄﾞﾘ(ﾕ")]
)
A_STATEMENT = Book(
    moves=[Move(amount=110_000), Move(amount=30_000, way="out", payer="", note="ﾃｽｳﾘﾖｳ"), Move(amount=880)]
)


@pytest.mark.parametrize(
    ("form", "record", "fields"),
    [
        (form, record, getattr(module, f"{record.upper()}{'_' + form[2] if record == 'data' and form[2:] else ''}"))
        for form, module in (("01A", zengin01), ("01B", zengin01), ("03", zengin03))
        for record in ("header", "data", "trailer", "end")
    ],
)
def test_the_layouts_are_the_published_ones(form: str, record: str, fields: Sequence[Field]) -> None:
    mine = [(f.name, f.start, f.length, f.kind) for f in fields]
    assert mine == [(name, start, length, kind) for name, start, length, kind, _ in TABLES[form][record]]
    must = {f.name for f in fields if f.required}
    assert must == {name for name, *_, required in TABLES[form][record] if required}
    assert sum(f.length for f in fields) == 200


# --- there and back ------------------------------------------------------------------------------------------------

KANA = st.text(alphabet="アイウカガキサシジタダテナハバパマヤラワンABCXYZ019 ()-.", min_size=1, max_size=48).filter(
    str.strip
)
MOVE = st.builds(
    Move,
    amount=st.integers(0, 9_999_999_999),
    payer=KANA,
    on=st.dates(date(2026, 5, 1), date(2026, 5, 31)),
    edi=st.sampled_from(["", "INV-2026-00001", "12345678901234567890", "ｵｵ/｢1｣"]),
    code=st.sampled_from(["", "0000000000", "0012345678"]),
    inquiry=st.sampled_from(["", "7"]),
)


def told(move: Move, way: str) -> dict[str, Any]:
    """What a reader has to say of the movement."""
    payer = cut(converted(move.payer), 48).strip()
    code = "" if not move.code.strip("0") else move.code
    return {
        "move": way,
        "booked_on": move.on,
        "amount": move.amount,
        "payer": payer,
        "reference": move.edi,
        "payer_code": code,
    }


@settings(max_examples=60, deadline=None)
@given(
    books=st.lists(st.tuples(st.lists(st.tuples(MOVE, st.booleans()), max_size=5), st.integers(-(10**9), 10**9)), min_size=1, max_size=3),
    separator=st.sampled_from(SEPARATORS),
    tail=st.sampled_from([b"", b"\x1a"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    form=st.sampled_from(["A", "B", "03"]),
    day=st.sampled_from([None, western]),
)  # fmt: skip
def test_what_is_written_is_read_back(
    books: Any, separator: str, tail: bytes, mark: bytes, form: str, day: Any
) -> None:
    other = "out" if form == "03" else "cancel"
    made = [
        Book(
            moves=[replace(move, way=other if back else "in") for move, back in moves],
            opening=opening,
            number=f"{at:07}",
        )
        for at, (moves, opening) in enumerate(books, 1)
    ]
    more = {"separator": separator} | ({"day": day} if day else {}) | ({} if form == "03" else {"form": form})
    write = statement if form == "03" else notice
    found = READERS[write](mark + write(*made, **more) + tail, LATEST, western=day is not None)
    assert found.statements["number"].to_list() == [book.number for book in made]
    wanted = [told(move, move.way) | {"statement": at} for at, book in enumerate(made) for move in book.moves]
    assert found.movements.select(*told(Move(amount=1), ""), "statement").to_dicts() == wanted
    if form == "03":
        assert found.statements.select("balance_before", "balance_after").rows() == [
            (book.opening, book.closing) for book in made
        ]
    plain = write(*made, **more | {"separator": ""}).decode("cp932")
    assert [plain[(at - 1) * 200 : at * 200] for at in found.movements["record"]] == found.movements["raw"].to_list()


def test_form_b_holds_what_form_a_cannot_and_text_of_twenty_digits_stays_text() -> None:
    large = Book(moves=[Move(amount=123_456_789_012), Move(amount=5)])
    assert zengin01.read(notice(large, form="B"), LATEST).movements["amount"].to_list() == [123_456_789_012, 5]
    digits = Book(moves=[Move(amount=5, edi="1" * 20)])
    assert zengin01.read(notice(digits), LATEST).movements["reference"].to_list() == ["1" * 20]


def test_lines_whose_spaces_were_stripped_are_read_only_on_demand() -> None:
    data = b"\r\n".join(row.rstrip() for row in statement(A_STATEMENT).splitlines())
    with pytest.raises(Refused, match="バイトです"):
        zengin03.read(data, LATEST)
    assert zengin03.read(data, LATEST, lenient=True).movements.equals(
        zengin03.read(statement(A_STATEMENT), LATEST).movements
    )


def test_a_correction_is_told_apart_and_still_moves_the_balance() -> None:
    book = Book(moves=[Move(amount=500), Move(amount=500, way="out", sort="19"), Move(amount=700, sort="19")])
    found = zengin03.read(statement(book), LATEST).movements
    assert found.select("move", "amount").rows() == [("in", 500), ("correction", -500), ("correction", 700)]


# --- refused -------------------------------------------------------------------------------------------------------


def altered(data: bytes, record: int, at: int, text: str) -> bytes:
    """The file with other bytes at a place of a record (both from 1)."""
    start = (record - 1) * 202 + at - 1
    return data[:start] + text.encode("cp932") + data[start + len(text.encode("cp932")) :]


def faults_of(read: Callable[..., BankFile], data: bytes) -> list[Fault]:
    with pytest.raises(Refused) as refused:
        read(data, LATEST)
    return list(refused.value.faults)


@pytest.mark.parametrize(
    ("write", "record", "at", "text", "name", "why"),
    [
        (notice,    1, 2,   "03",         "種別コード",   "振込入金通知（01）ではなく、入出金取引明細のファイルです"),
        (notice,    1, 4,   "1",          "コード区分",   "EBCDIC"),
        (notice,    1, 60,  "6",          "預金種目",     "普通 1"),
        (notice,    1, 17,  "080231",     "勘定日(至)",   "暦にない日"),
        (notice,    2, 8,   "080630",     "勘定日",       "範囲にありません"),
        (notice,    2, 8,   "270229",     "勘定日",       "暦にない日か、先の日"),
        (notice,    2, 20,  "000011000X", "金額",         "数字ではありません"),
        (notice,    2, 20,  "0000110001", "振込合計金額", "明細から数えると 110881"),
        (notice,    2, 128, "1",          "振込合計件数", "明細から数えると 1"),
        (notice,    2, 128, "5",          "取消区分",     "取消は 1"),
        (notice,    4, 1,   "2",          "データ区分",   "ここには 2か8 が来ます"),
        (notice,    5, 1,   "8",          "データ区分",   "ここには 1か9 が来ます"),
        (statement, 1, 63,  "6",          "預金種目",     "定期の明細は読めません"),
        (statement, 1, 116, "00000000000001", "取引後残高", "取引前残高 1 に明細を足し引きすると 80,881 です"),
        (statement, 2, 22,  "3",          "入払区分",     "入金は 1"),
        (statement, 2, 23,  "77",         "取引区分",     "この業務にない値"),
        (statement, 2, 22,  "2",          "入金件数",     "明細から数えると 1"),
        (statement, 5, 40,  "2",          "取引後残高",   "取引前残高"),
        (statement, 5, 55,  "0000002",    "データ・レコード件数", "明細から数えると 3"),
        (statement, 6, 12,  "00002",      "口座数",       "数えると 1"),
    ],
)  # fmt: skip
def test_a_file_with_one_thing_wrong_is_refused_with_its_place(
    write: Writer, record: int, at: int, text: str, name: str, why: str
) -> None:
    data = altered(write(A_NOTICE if write is notice else A_STATEMENT), record, at, text)
    found = faults_of(READERS[write], data)
    assert (name, True) in {(fault.name, why in fault.why) for fault in found}


def test_every_fault_is_told_at_once() -> None:
    data = altered(altered(notice(A_NOTICE), 2, 20, "A"), 3, 14, "ZZ")
    assert [(f.record, f.at, f.name) for f in faults_of(zengin01.read, data)] == [(2, 20, "金額"), (3, 14, "起算日")]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=700), st.sampled_from([notice, statement]))
def test_nothing_breaks_the_readers(data: bytes, write: Writer) -> None:
    assert faults_of(READERS[write], data)
