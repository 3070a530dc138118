"""Files of banks taken: each record once, in suspense, as it came; what the bank took back goes out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.bank_files import Book, Move, camt, notice, statement, western
from tests.builders import (
    a_company,
    apply,
    assert_same,
    balances,
    dump,
    entries,
    entry,
    report,
    take_bytes,
    unapply,
)
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import files, month
from urikake.rooms.reports.queries.explain import Explanation, explain

ONE, OTHER = Move(amount=110_000, edi="INV-2026-00001", code="0012345678"), Move(amount=880, payer="ﾐﾄﾞﾘ(ﾕ")
BACK = Move(amount=110_000, way="cancel", edi="INV-2026-00001", code="0012345678", on=date(2026, 5, 30))


def take(url: str, data: bytes, format_: str = "zengin-deposit", **how: Any) -> int:
    """Take the file on the main account; how many receipts were new."""
    return take_bytes(url, "receipts", data, name="ginko.txt", format_=format_, **how)


def figures(url: str, data: bytes) -> dict[str, Any]:
    """What came of a statement on the main account."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "meisai.txt"
        file.write_bytes(data)
        return files.take_receipts(url, file, account="main", format_="zengin-statement")


def explained(url: str, ref: str) -> Explanation:
    with runs.reading(url) as session:
        found = explain(session, ref)
    assert found
    return found


def received(url: str) -> list[tuple[str, int, int]]:
    return [(row["payer"], row["amount"], row["unapplied"]) for row in report(url, "receipts")]


def refused(url: str, data: bytes, format_: str = "zengin-deposit") -> Sequence[str]:
    """Why the file is refused; nothing of it was stored."""
    before = dump(url)
    with pytest.raises(Refusal) as found:
        take(url, data, format_)
    assert_same(before, dump(url))
    return [error.why for error in found.value.errors] if isinstance(found.value, FileRefusal) else [str(found.value)]


def test_a_record_is_taken_once_whichever_file_tells_it(database: str) -> None:
    a_company(database)
    assert take(database, notice(Book(moves=[ONE, OTHER]))) == 2
    assert received(database) == [("ｶ)ｱｵﾊﾞ", 110_000, 110_000), ("ﾐﾄﾞﾘ(ﾕ", 880, 880)]
    assert balances(database)["仮受金"] == -110_880
    before = dump(database)
    assert take(database, notice(Book(moves=[ONE, OTHER]), separator="", form="B")) == 0
    assert_same(before, dump(database))
    # the day's statement tells the same two, a third that is equal to the second, and what went out
    out = Move(amount=550, way="out", payer="", note="ﾃｽｳﾘﾖｳ")
    moves = [ONE, OTHER, Move(amount=880, payer="ﾐﾄﾞﾘ(ﾕ"), out]
    assert take(database, statement(Book(moves=moves)), "zengin-statement") == 1
    assert balances(database)["仮受金"] == -111_760
    why = explained(database, "receipt-1")
    assert ("仕向銀行", "ﾐﾄﾞﾘ ﾎﾝﾃﾝ") in why.sources
    assert why.sources[-1][1].startswith("2")
    assert [
        (row["format"], row["received"], row["paid"], row["balance_after"]) for row in report(database, "bank-files")
    ] == [
        ("zengin-deposit", 2, 0, None),
        ("zengin-statement", 3, 1, 1_111_210),
    ]


def test_what_the_bank_takes_back_goes_out_of_suspense_again(database: str) -> None:
    a_company(database)
    assert "先に取り込んでください" in refused(database, notice(Book(moves=[BACK])))[0]
    take(database, notice(Book(moves=[ONE, OTHER])))
    take(database, notice(Book(moves=[ONE, OTHER, BACK])))
    assert received(database) == [("ｶ)ｱｵﾊﾞ", 110_000, 0), ("ﾐﾄﾞﾘ(ﾕ", 880, 880), ("ｶ)ｱｵﾊﾞ", -110_000, 0)]
    last = entries(database)[-1]
    assert (last["date"], entry(last)) == ("2026-05-30", {"仮受金": 110_000, "普通預金": -110_000})
    assert balances(database)["仮受金"] == -880
    for number in (1, 3):
        found = explained(database, f"receipt-{number}")
        assert found.amount == found.recomputed == 0
    before = dump(database)
    take(database, notice(Book(moves=[OTHER, ONE, BACK]), form="B"))
    assert_same(before, dump(database))
    # the same payer pays and is taken back once more, all in one file
    take(database, notice(Book(moves=[ONE, ONE, BACK, BACK])))
    assert [row[1:] for row in received(database)[3:]] == [(110_000, 0), (-110_000, 0)]


def test_what_was_applied_is_not_taken_back_behind_anybodys_back(database: str) -> None:
    from tests.builders import a_contract, a_partner, a_product, bill

    a_company(database)
    a_partner(database)
    a_product(database)
    a_contract(database, unit_price=100_000, start="2026-04-01")
    bill(database, "2026-04-30")
    take(database, notice(Book(moves=[ONE])))
    apply(database, "1", "INV-2026-00001")
    assert "消込を取り消してから" in refused(database, notice(Book(moves=[BACK])))[0]
    (number,) = report(database, "receipts")[0]["applications"]
    unapply(database, number)
    take(database, notice(Book(moves=[BACK])))
    with pytest.raises(Refusal, match="receipt-used"):
        apply(database, "1", "INV-2026-00001")
    assert "仮受金" not in balances(database)


def test_the_banks_own_record_of_a_return_that_a_person_told_is_known(database: str) -> None:
    a_company(database)
    take(database, notice(Book(moves=[ONE, ONE])))
    month.take_back(database, "2", BACK.on)
    before = dump(database)
    assert take(database, notice(Book(moves=[replace(BACK, on=BACK.on + timedelta(days=1))]))) == 0
    assert [row["unapplied"] for row in report(database, "receipts", status="unapplied")] == [ONE.amount]
    assert balances(database)["仮受金"] == -ONE.amount
    assert before["receipts_receipt"].equals(dump(database)["receipts_receipt"])


def test_corrections_are_for_a_person_and_other_accounts_are_left_alone(database: str) -> None:
    a_company(database)
    wrong = Move(amount=500, sort="19", payer="ﾃｲｾｲ", note="ｺﾞﾆﾕｳｷﾝ")
    book = Book(moves=[OTHER, wrong, wrong])
    theirs = Book(moves=[Move(amount=7)], number="7654321")
    assert take(database, statement(book, theirs), "zengin-statement") == 1
    told = report(database, "bank-corrections")
    assert [(row["date"], row["amount"], row["payer"], row["note"]) for row in told] == [
        ("2026-05-29", 500, "ﾃｲｾｲ", "ｺﾞﾆﾕｳｷﾝ")
    ] * 2
    assert balances(database)["仮受金"] == -880
    before = dump(database)
    assert take(database, statement(book), "zengin-statement") == 0
    assert_same(before, dump(database))
    (why,) = refused(database, statement(theirs), "zengin-statement")
    assert "0001 001 普通 1234567" in why
    assert "0001 001 普通 7654321" in why
    assert "other-account" in why


def test_files_of_an_account_tie_to_one_another_or_tell_what_is_missing(database: str) -> None:
    a_company(database)

    def week(first: int, last: int, opening: int) -> bytes:
        on = date(2026, 5, first)
        return statement(Book(moves=[Move(amount=first, on=on)], since=on, until=date(2026, 5, last), opening=opening))

    weeks = [(week(11, 17, 1_000), 0), (week(18, 24, 1_011), 0), (week(27, 28, 1_050), 1), (week(29, 31, 1_070), 1)]
    for data, gaps in weeks:
        assert figures(database, data)["gaps"] == gaps
    ties = [
        (row["booked_from"], row["missing_from"], row["missing_to"], row["balance_difference"])
        for row in report(database, "bank-files")
    ]
    assert ties == [
        ("2026-05-11", None, None, None),
        ("2026-05-18", None, None, 0),
        ("2026-05-27", "2026-05-25", "2026-05-26", 21),
        ("2026-05-29", None, None, -7),
    ]


def test_other_formats_bring_the_same_receipts(database: str) -> None:
    a_company(database)
    kept = Move(amount=300, payer="カ)アオバ", code="S1", edi="INV-1")
    assert take(database, camt(Book(moves=[kept, Move(amount=20, way="out")])), "camt") == 1
    assert take(database, camt(Book(moves=[kept]), message="camt.054.001.02"), "camt") == 0
    text = "取引日,摘要,出金金額,入金金額,残高,メモ\n2026/05/30,振込 カ）アオゾラ,,500,1500,\n2026/05/31,手数料,100,,1400,\n"
    assert take(database, text.encode("utf-8-sig"), "sbi-shinsei") == 1
    assert take(database, notice(Book(moves=[ONE]), day=western), "zengin-deposit-western") == 1
    assert {row[0]: row[1] for row in received(database)} == {"カ)アオバ": 300, "カ）アオゾラ": 500, "ｶ)ｱｵﾊﾞ": 110_000}
    assert report(database, "receipts")[0]["receipt"] == "S1"
    assert (
        "別の内容" in refused(database, camt(Book(moves=[Move(amount=301, payer="カ)アオバ", code="S1")])), "camt")[0]
    )
    assert (
        "締め済み"
        in refused(database, notice(Book(moves=[Move(amount=1, on=date(2026, 3, 31))], since=date(2026, 3, 1))))[0]
    )
    assert "0 円の入金" in refused(database, notice(Book(moves=[Move(amount=0)])))[0]
    assert "対応していません" in refused(database, b"", "mt940")[0]
    assert "振込入金通知（01）ではなく" in refused(database, statement(Book()))[0]
