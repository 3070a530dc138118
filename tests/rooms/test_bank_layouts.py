"""The company's own layouts of banks' CSV files: saved, used like shipped ones, put aside; and files without their spaces."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.bank_files import Book, Move, notice, statement, western
from tests.builders import a_company, assert_same, balances, dump, report, take_bytes
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import bank_formats as door
from urikake.rooms.receipts import queries as receipts

LAYOUT: dict[str, Any] = {
    "day": ["取引日"], "payer": ["摘要"], "incoming": "入金金額", "outgoing": "出金金額", "balance": "残高",
    "reference": "メモ", "prefixes": ["ソウキン"],
}  # fmt: skip
FILE = (
    "取引日,摘要,出金金額,入金金額,残高,メモ\n"
    "2026/06/01,振込 ミドリグループ,,3960,1003960,INV-1\n"
    "2026/06/02,手数料,550,,1003410,\n"
    "2026/06/03,ソウキンカ）ハルノ,,29928,1033338,\n"
)


def taken(url: str, text: str, format_: str, **how: Any) -> int:
    return take_bytes(url, "receipts", text.encode("cp932"), name="meisai.csv", format_=format_, **how)


def own(url: str) -> list[str]:
    with runs.reading(url) as session:
        return list(receipts.layouts(session))


def refused(url: str, name: str, layout: dict[str, Any]) -> str:
    """Why the layout is refused; nothing was stored."""
    before = dump(url)
    with pytest.raises(Refusal) as found:
        door.save(url, name, layout)
    assert_same(before, dump(url))
    return found.value.code


def test_a_bank_that_nobody_knows_is_taken_by_the_companys_own_layout(database: str) -> None:
    a_company(database)
    assert door.save(database, "みほん信金", LAYOUT)
    assert taken(database, FILE, "みほん信金") == 2
    assert balances(database)["仮受金"] == -33_888
    with runs.reading(database) as session:
        told = receipts.receipts(session).select("payer", "reference").rows()
    assert told == [("ミドリグループ", "INV-1"), ("カ）ハルノ", "")]
    before = dump(database)
    assert taken(database, FILE, "みほん信金") == 0
    assert_same(before, dump(database))
    assert [(row["format"], row["balance_after"]) for row in report(database, "bank-files")] == [
        ("みほん信金", 1_033_338)
    ]


def test_it_reads_like_a_shipped_one_and_refuses_like_one(database: str) -> None:
    a_company(database)
    with runs.reading(database) as session:
        assert door.save(database, "しんせい", door.told(session, "sbi-shinsei"))
    plain = FILE.replace("INV-1", "").replace("ソウキン", "振込 ")
    assert taken(database, plain, "sbi-shinsei") == 2
    assert taken(database, plain, "しんせい") == 0  # the very same receipts
    told = []
    for format_ in ("sbi-shinsei", "しんせい"):
        with pytest.raises(FileRefusal) as found:
            taken(database, plain.replace("1033338", "1033339"), format_)
        told.append([str(error) for error in found.value.errors])
    assert told[0] == told[1] == [
        "4行目 残高（5列目） 「1,033,339」: 前の行の残高から計算すると 1,033,338 です（行の抜けか重なりがあります）"
    ]  # fmt: skip


def test_the_newest_of_a_name_counts_and_one_put_aside_is_offered_no_longer(database: str) -> None:
    a_company(database)
    assert door.save(database, "甲", LAYOUT | {"balance": ""})
    assert door.save(database, "甲", LAYOUT)
    assert not door.save(database, "甲", LAYOUT)
    assert door.save(database, "乙", LAYOUT, preview=True)
    assert own(database) == ["甲"]
    taken(database, FILE, "甲")
    between = datetime.now(UTC)
    door.withdraw(database, "甲")
    assert own(database) == []
    for gone in (lambda: taken(database, FILE, "甲"), lambda: door.withdraw(database, "甲")):
        with pytest.raises(Refusal) as found:
            gone()
        assert found.value.code in ("unknown-format", "no-format")
    with runs.reading(database) as session:
        assert list(receipts.layouts(session, withdrawn=True)) == ["甲"]
        assert [(row["name"], row["withdrawn"]) for row in receipts.layout_history(session)] == [
            ("甲", True), ("甲", False), ("甲", False),
        ]  # fmt: skip
    with runs.reading(database, known_at=between) as session:
        assert list(receipts.layouts(session)) == ["甲"]
    assert len(report(database, "bank-files")) == 1  # what was taken by it stays
    assert door.save(database, "甲", LAYOUT)
    assert own(database) == ["甲"]


@pytest.mark.parametrize(
    ("name", "layout", "code"),
    [
        ("", LAYOUT, "format-name"),
        (" 甲", LAYOUT, "format-name"),
        ("あ" * 31, LAYOUT, "format-name"),
        ("甲\n乙", LAYOUT, "format-name"),
        ("anser", LAYOUT, "format-shipped"),
        ("zengin-deposit", LAYOUT, "format-shipped"),
        ("csv", LAYOUT, "format-shipped"),
        ("甲", LAYOUT | {"day": []}, "format-unusable"),
        ("甲", LAYOUT | {"kingaku": "金額"}, "format-unusable"),
    ],
)
def test_a_layout_that_cannot_be_used_is_not_kept(database: str, name: str, layout: dict[str, Any], code: str) -> None:
    a_company(database)
    assert refused(database, name, layout) == code


def test_only_who_may_match_columns_may_save_one(database: str) -> None:
    a_company(database)
    take_bytes(database, "users", b"name,role,email\nsei,sales,s@example.jp\nsei2,billing,b@example.jp\n")
    with pytest.raises(Refusal, match=r"imports\.map"):
        door.save(database, "甲", LAYOUT, user="sei")
    assert door.save(database, "甲", LAYOUT, user="sei2")


@pytest.mark.parametrize("format_", ["zengin-deposit", "zengin-statement", "zengin-deposit-western"])
def test_a_file_whose_spaces_were_stripped_is_taken_on_demand(database: str, format_: str) -> None:
    a_company(database)
    write, book = statement if "statement" in format_ else notice, Book(moves=[Move(amount=110_000)])
    whole = write(book, day=western) if "western" in format_ else write(book)
    data = b"\r\n".join(line.rstrip() for line in whole.splitlines())
    with pytest.raises(FileRefusal):
        take_bytes(database, "receipts", data, format_=format_)
    assert take_bytes(database, "receipts", data, format_=format_, lenient=True) == 1
    assert take_bytes(database, "receipts", whole, format_=format_) == 0


def test_the_commands_list_show_guess_add_and_remove(database: str, tmp_path: Path, monkeypatch: Any) -> None:
    from urikake.doors.cli.main import app

    a_company(database)
    monkeypatch.setenv("DATABASE_URL", database)

    def said(*words: str) -> str:
        answer = CliRunner().invoke(app, ["bank-format", *words], catch_exceptions=False)
        return answer.stdout

    (tmp_path / "mihon.csv").write_bytes(FILE.encode("cp932"))
    draft = said("guess", str(tmp_path / "mihon.csv"))
    assert 'incoming = "入金金額"' in draft
    (tmp_path / "mihon.toml").write_text(draft)
    assert "まだ保存していません" in said("add", "みほん", str(tmp_path / "mihon.toml"), "--dry-run")
    assert own(database) == []
    assert "保存しました" in said("add", "みほん", str(tmp_path / "mihon.toml"))
    assert "もう同じ内容" in said("add", "みほん", str(tmp_path / "mihon.toml"))
    assert said("show", "みほん") == draft
    assert "みほん" in said("list")
    assert "anser" in said("list", "--format", "csv")
    assert taken(database, FILE, "みほん") == 2
    assert "やめました" in said("remove", "みほん")
    assert own(database) == []
    for bad, code in (("[", "not-toml"), ('dai = "1"', "format-unusable")):
        (tmp_path / "bad.toml").write_text(bad)
        with pytest.raises(Refusal) as found:
            said("add", "みほん", str(tmp_path / "bad.toml"))
        assert found.value.code == code
    for file, data, code in (
        ("a.csv", b"", "empty-file"), ("a.csv", b"PK\x03\x04", "not-csv"), ("a.csv", b"\xff\xfe\xff", "encoding"),
        ("a.csv", b'"' + b"a" * 200_000, "not-csv"),
    ):  # fmt: skip
        (tmp_path / file).write_bytes(data)
        with pytest.raises(Refusal) as found:
            said("guess", str(tmp_path / file))
        assert found.value.code == code, data[:4]
    with pytest.raises(Refusal, match="ありません"):
        said("show", "ない")
