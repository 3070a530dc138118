"""Files of other products: their columns matched with ours, guessed, saved under a name, and checked as ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import a_company, a_shop, assert_same, dump, report
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import files
from urikake.rooms.intake.queries import Mapping, guessed, mappings, raw, read
from urikake.rooms.parties import queries as parties

THEIRS = (
    "得意先CD\t会社名\tふりがな\t担当\t締め日\t回収手段\n"
    "A1\tみなと商事\tミナトショウジ\t田中\t31\t振込\nA2\t北野製作\tキタノ\t\t20\t口座 振替\n"
)
MAPPING = Mapping(
    {
        "得意先CD": "code",
        "会社名": "name",
        "ふりがな": "kana",
        "担当": "",
        "締め日": "closing_day",
        "回収手段": "method",
    },
    {"delivery": "email"},
)
BANK = '取引日,お預入れ金額,摘要,お取引内容\nR8.4.20,"１，０００円",振込,ミナトショウジ\n20260421,500,振込,ｷﾀﾉ\n'


def a_file(folder: Path, text: str, name: str = "得意先.csv", encoding: str = "cp932") -> Path:
    found = folder / name
    found.write_bytes(text.encode(encoding))
    return found


def test_the_columns_of_another_product_are_guessed_by_their_usual_words() -> None:
    found = raw(THEIRS.encode("cp932"), "得意先.csv")
    assert found.form == "Shift_JIS（CP932）・タブ区切り"
    assert guessed(found.headers, files.kind_of("partners")).columns == MAPPING.columns


def test_what_was_decided_before_goes_before_the_usual_words() -> None:
    earlier = Mapping({"会社名": "", "担当": "name"}, {})
    found = guessed(["担当", "会社名", "x_memo"], files.kind_of("partners"), [earlier])
    assert found.columns == {"担当": "name", "会社名": "", "x_memo": "x_memo"}


def test_a_file_is_taken_by_a_saved_mapping_and_the_newest_of_a_name_holds(database: str, tmp_path: Path) -> None:
    a_company(database)
    file = a_file(tmp_path, THEIRS)
    assert files.save_mapping(database, "partners", "販売管理から", Mapping({"得意先CD": "code"}))
    assert files.save_mapping(database, "partners", "販売管理から", MAPPING)
    assert not files.save_mapping(database, "partners", "販売管理から", MAPPING)
    with runs.reading(database) as session:
        assert mappings(session, "partners") == {"販売管理から": MAPPING}
        assert mappings(session, "products") == {}
    assert files.take(database, "partners", file, mapping="販売管理から") == 2
    assert files.take(database, "partners", file, mapping=MAPPING) == 0
    with runs.reading(database) as session:
        assert parties.terms(session)["method"].to_list() == ["transfer", "direct_debit"]
    with pytest.raises(Refusal, match="unknown-mapping"):
        files.take(database, "products", file, mapping="販売管理から")


def test_days_and_amounts_of_a_mapped_file_may_be_written_as_on_screens(database: str, tmp_path: Path) -> None:
    a_shop(database)
    found = raw(BANK.encode(), "入金.csv")
    mapping = guessed(found.headers, files.kind_of("receipts"))
    assert mapping.columns == {"取引日": "date", "お預入れ金額": "amount", "摘要": "reference", "お取引内容": "payer"}
    file = a_file(tmp_path, BANK, "入金.csv")
    assert files.take_receipts(database, file, account="main", mapping=mapping)["amount"] == 1_500
    rows = [(row["date"], row["amount"]) for row in report(database, "receipts")]
    assert rows == [("2026-04-20", 1_000), ("2026-04-21", 500)]


def test_a_trial_tells_what_the_import_would_and_stores_nothing(database: str) -> None:
    a_shop(database)
    before = dump(database)
    good = raw(THEIRS.encode(), "得意先.csv")
    assert files.tried(database, "partners", good, mapping=MAPPING).new == 2
    bad = raw(THEIRS.replace("\t20\t", "\t29\t").encode(), "得意先.csv")
    found = files.tried(database, "partners", bad, mapping=MAPPING)
    assert [(e.line, e.column, e.value) for e in found.errors] == [(3, "締め日", "29")]
    assert_same(before, dump(database))


def test_two_columns_for_one_and_columns_that_are_not_there_are_named() -> None:
    found = raw(THEIRS.encode(), "得意先.csv")
    twice = Mapping(MAPPING.columns | {"担当": "name"}, {})
    with pytest.raises(FileRefusal) as error:
        read(found, files.kind_of("partners"), twice)
    assert [e.column for e in error.value.errors] == ["会社名", "担当"]
    with pytest.raises(FileRefusal, match="対応づけにある列がファイルにありません"):
        read(found, files.kind_of("partners"), Mapping(MAPPING.columns | {"電話": "address"}))
    with pytest.raises(FileRefusal, match="必須の列 name"):
        read(found, files.kind_of("partners"), Mapping(MAPPING.columns | {"会社名": ""}))


def test_a_mapping_needs_a_name_and_columns_that_there_are(database: str) -> None:
    a_company(database)
    for name, mapping, code in ((" ", MAPPING, "mapping-name"), ("A", Mapping({"a": "b"}), "mapping-column")):
        with pytest.raises(Refusal) as error:
            files.save_mapping(database, "partners", name, mapping)
        assert error.value.code == code


def test_what_is_no_excel_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="not-excel"):
        raw(b"PK nothing", "a.xlsx")


def test_what_excel_calls_unicode_text_is_read_and_what_is_no_text_is_said() -> None:
    assert raw(THEIRS.encode("utf-16"), "得意先.txt").form == "UTF-16・タブ区切り"
    with pytest.raises(Refusal, match="encoding"):
        raw(b"code\0,name\n", "a.csv")
