"""Documents: what is printed is what the books say, nothing is lost or clipped, and the same books make the same file."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
import zlib
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    a_company,
    a_contract,
    a_line,
    a_partner,
    a_shop,
    an_event,
    apply,
    assert_coherent,
    bill,
    invoices,
    match,
    receive,
    take_rows,
    the_invoice,
    users,
)
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import company, letterhead, month, setup
from urikake.doors.documents import asked, glyphs, sample, typesetting
from urikake.doors.documents.typesetting import Book

APRIL = "2026-04-30"


def paper(url: str, kind: str = "invoice", **what: Any) -> dict[str, Any]:
    """The only paper of a document; of an invoice the only one there is, unless named."""
    if kind in {"invoice", "delivery"}:
        what = {"ref": what.get("ref") or the_invoice(url)["number"]} | what
    (found,) = asked.found(url, kind, **what).papers
    return found


def png(side: int = 8) -> str:
    """A small square picture as the letterhead keeps it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xc8\x28\x1e" * side) * side)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return base64.b64encode(content).decode()


def mixed(url: str) -> dict[str, Any]:
    """An invoice of three rates, whose only invoice it is."""
    a_shop(url)
    rows = [
        a_line(n, product=p, monthly=m) for n, p, m in (("A", "PLAN", 105), ("B", "WATER", 1_013), ("C", "RENT", 7))
    ]
    take_rows(url, "contracts", rows)
    bill(url, APRIL)
    return the_invoice(url)


# --- amounts -------------------------------------------------------------------------------------------------------


def test_every_amount_of_an_invoice_is_the_reports(database: str) -> None:
    told, found = mixed(database), paper(database)
    assert [line["amount"] for line in found["lines"]] == [line["net"] for line in told["lines"]]
    assert [(tax["net"], tax["amount"], tax["rate"]) for tax in found["taxes"]] == [
        (tax["net"], tax["amount"], str(tax["rate"] or 0)) for tax in told["taxes"]
    ]
    assert {name: found[name] for name in ("net", "tax", "total", "dues")} == {
        name: told[name] for name in ("net", "tax", "total", "dues")
    }
    assert sum(tax["net"] + tax["amount"] for tax in found["taxes"]) == found["total"]
    assert sum(line["amount"] for line in found["lines"]) == found["net"]


def test_lines_of_tax_inclusive_prices_are_told_with_their_tax(database: str) -> None:
    a_shop(database)
    take_rows(
        database, "contracts", [a_line(f"C{n}", product="GROSS", monthly=m) for n, m in enumerate((105, 105, 108))]
    )
    bill(database, APRIL)
    found = paper(database)
    assert found["inclusive"]
    assert [line["amount"] for line in found["lines"]] == [105, 105, 108]
    assert sum(line["amount"] for line in found["lines"]) == found["total"] == 318


def test_a_credit_note_tells_what_is_given_back_and_of_which_invoice(database: str) -> None:
    a_shop(database)
    a_contract(database, monthly=12_000, cycle_months=12, timing="advance", start="2026-05-01")
    bill(database, APRIL)
    first = the_invoice(database)["number"]
    an_event(database, "cancel", last_day="2026-10-31")
    bill(database, "2026-10-31")
    back = next(row for row in invoices(database) if row["kind"] == "return")
    found = paper(database, ref=back["number"])
    assert (found["kind"], found["net"], found["tax"], found["total"]) == (
        "return",
        -back["net"],
        -back["tax"],
        -back["total"],
    )
    assert [line["amount"] for line in found["lines"]] == [-line["net"] for line in back["lines"]]
    assert [one["number"] for one in found["originals"]] == [first]
    assert (found["dues"], found["accounts"]) == ([], [])
    with pytest.raises(Refusal, match="返還請求書です"):
        paper(database, "delivery", ref=back["number"])


def test_a_revised_invoice_names_the_one_it_replaces_and_all_say_whom_they_were_sent_to(database: str) -> None:
    a_shop(database)
    a_partner(database, name="旧商号株式会社", postal_code="541-0000", address="大阪市")
    a_contract(database)
    bill(database, APRIL)
    a_partner(database, name="新商号株式会社", postal_code="541-0001", address="堺市")
    month.cancel_invoice(database, "INV-2026-00001", why="宛先の誤り", reissue=True)
    told = {ref: paper(database, ref=ref) for ref in ("INV-2026-00001", "RET-2026-00001", "REV-2026-00001")}
    assert told["INV-2026-00001"]["recipient"] == {
        "code": "P1", "name": "旧商号株式会社", "postal_code": "541-0000", "address": "大阪市",
    }  # fmt: skip
    assert told["REV-2026-00001"]["recipient"]["name"] == "新商号株式会社"
    named = {ref: [one["number"] for one in found["originals"]] for ref, found in told.items()}
    assert named == {
        "INV-2026-00001": [], "RET-2026-00001": ["INV-2026-00001"], "REV-2026-00001": ["INV-2026-00001"],
    }  # fmt: skip
    assert typesetting.pdf(asked.found(database, "invoice", ref="REV-2026-00001")).startswith(b"%PDF")


def test_a_delivery_note_has_the_lines_and_amounts_of_its_invoice_and_claims_nothing(database: str) -> None:
    mixed(database)
    note, invoice = paper(database, "delivery"), paper(database)
    assert [note[name] for name in ("lines", "taxes", "total")] == [
        invoice[name] for name in ("lines", "taxes", "total")
    ]
    assert (note["kind"], note["dues"], note["accounts"], note["carry"]) == ("delivery", [], [], None)


def test_what_was_claimed_before_stands_on_an_invoice_as_the_company_wants(database: str) -> None:
    a_shop(database)
    a_contract(database, monthly=10_000)
    bill(database, APRIL, "2026-05-31")
    first, second = invoices(database)
    assert paper(database, ref=first["number"])["carry"] is None
    assert paper(database, ref=second["number"])["carry"] == second["carry"]
    letterhead.propose(database, {"carry": "never"}, since=date(2026, 4, 1))
    assert paper(database, ref=second["number"])["carry"] is None
    letterhead.propose(database, {"carry": "always"}, since=date(2026, 4, 1))
    assert paper(database, ref=first["number"])["carry"] == first["carry"]


def test_a_statement_tells_of_an_invoice_that_was_taken_back(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, APRIL)
    month.cancel_invoice(database, "INV-2026-00001", why="宛先の誤り")
    book = asked.found(database, "statement", ref="P1", since=date(2026, 4, 1), until=date(2026, 4, 30))
    told = [
        (line["kind"], line["number"], line["debit"] - line["credit"], line["balance"])
        for line in book.papers[0]["lines"]
    ]
    assert told == [("raised", "INV-2026-00001", 11_000, 11_000), ("returned", "RET-2026-00001", -11_000, 0)]
    for lang in ("ja", "en"):
        typesetting.pdf(
            asked.found(database, "statement", ref="P1", since=date(2026, 4, 1), until=date(2026, 4, 30), lang=lang)
        )


def test_a_parent_that_pays_sees_for_whom_each_contract_is(database: str) -> None:
    a_shop(database)
    a_partner(database, "CHILD", bill_to="P1")
    take_rows(
        database,
        "contracts",
        [a_line("C1"), a_line("C2", partner="CHILD"), a_line("C2", partner="CHILD", product="SEAT")],
    )
    bill(database, APRIL)
    told = paper(database)
    assert [(line["contract_no"], line["holder"]) for line in told["lines"]] == [
        ("C1", ""), ("C2", "CHILD商事"), ("C2", "CHILD商事"),
    ]  # fmt: skip
    typesetting.pdf(asked.found(database, "invoice", ref=told["number"]))


def test_invoices_of_one_closing_do_not_claim_each_other_as_carried(database: str) -> None:
    a_shop(database, invoice_grouping="contract")
    take_rows(database, "contracts", [a_line("C1"), a_line("C2")])
    bill(database, APRIL)
    bill(database, "2026-05-31")
    carried = [(told["number"][-1], told["carry"]["carried"], told["carry"]["total"]) for told in invoices(database)]
    assert carried == [("1", 0, 11_000), ("2", 0, 11_000), ("3", 22_000, 33_000), ("4", 22_000, 33_000)]
    for closing in ("2026-06-30", "2026-07-31"):
        for at, told in enumerate(invoices(database)[-2:]):
            receive(database, told["total"], on=f"{closing[:8]}05", id=f"{closing}-{at}")
            apply(database, f"{closing}-{at}", told["number"])
        bill(database, closing)
    july = invoices(database)[-2:]
    assert [(told["carry"]["previous"], told["carry"]["received"]) for told in july] == [(44_000, 22_000)] * 2
    printed = [bool(paper(database, ref=f"INV-2026-0000{at}")["carry"]) for at in (1, 2, 3, 4)]
    assert printed == [False, False, True, False]


def test_a_statement_begins_with_what_was_owed_and_ends_with_what_is(database: str) -> None:
    a_shop(database)
    a_contract(database, monthly=10_000)
    bill(database, APRIL, "2026-05-31")
    receive(database, 11_000, on="2026-05-29")
    match(database, "2026-05-29")
    found = paper(database, "statement", ref="P1", since=date(2026, 5, 1), until=date(2026, 5, 31))
    assert (found["opening"], found["debit"], found["credit"], found["closing"]) == (11_000, 11_000, 11_000, 11_000)
    assert [line["balance"] for line in found["lines"]] == [0, 11_000]
    empty = paper(database, "statement", ref="P1", since=date(2026, 7, 1), until=date(2026, 7, 31))
    assert (empty["opening"], empty["closing"], empty["lines"]) == (11_000, 11_000, [])


# --- receipts ------------------------------------------------------------------------------------------------------


def test_a_receipt_tells_what_was_paid_by_rate_and_needs_no_stamp_as_a_file(database: str) -> None:
    invoice = mixed(database)
    ref = receive(database, invoice["total"])
    match(database)
    found = paper(database, "receipt", ref=ref)
    assert [(row["number"], row["amount"]) for row in found["settled"]] == [(invoice["number"], invoice["total"])]
    assert [(tax["net"], tax["amount"]) for tax in found["taxes"]] == [
        (tax["net"], tax["amount"]) for tax in invoice["taxes"]
    ]
    assert (found["amount"], found["electronic"], found["duty"]) == (invoice["total"], True, 0)


@pytest.mark.parametrize(("monthly", "duty"), [(49_999, 0), (50_000, 200), (1_000_000, 200), (1_000_001, 400)])
def test_a_paper_receipt_needs_a_stamp_from_fifty_thousand_yen_without_tax(
    sqlite_url: str, monthly: int, duty: int
) -> None:
    a_shop(sqlite_url)
    a_contract(sqlite_url, monthly=monthly)
    bill(sqlite_url, APRIL)
    ref = receive(sqlite_url, the_invoice(sqlite_url)["total"])
    match(sqlite_url)
    assert paper(sqlite_url, "receipt", ref=ref, paper=True)["duty"] == duty


def test_a_receipt_adds_up_whatever_was_kept_back_or_is_not_applied(database: str) -> None:
    a_shop(database)
    a_contract(database, monthly=10_000)
    bill(database, APRIL)
    short, more = receive(database, 10_560), receive(database, 5_000)
    apply(database, short, the_invoice(database)["number"], difference="fee")
    found = paper(database, "receipt", ref=short)
    assert [row["what"] for row in found["settled"]] == ["document", "fee"]
    assert sum(row["amount"] for row in found["settled"]) == found["amount"] == 10_560
    assert found["taxes"] == []
    left = paper(database, "receipt", ref=more)
    assert [(row["what"], row["amount"]) for row in left["settled"]] == [("left", 5_000)]


def test_a_receipt_of_nobody_known_is_refused(database: str) -> None:
    a_shop(database)
    ref = receive(database, 700, payer="ダレカ")
    with pytest.raises(Refusal, match="一つに決まりません"):
        paper(database, "receipt", ref=ref)
    assert paper(database, "receipt", ref=ref, partner="P1")["recipient"]["code"] == "P1"
    with pytest.raises(Refusal, match="入金「R9」はありません"):
        paper(database, "receipt", ref="R9")


# --- order, accounts, letterhead -----------------------------------------------------------------------------------


def test_a_closing_comes_in_the_order_of_its_envelopes(database: str) -> None:
    a_shop(database)
    codes = {"A": "530-0001", "B": "100-0005", "C": "", "D": "100-0005"}
    for code, postal in codes.items():
        a_partner(database, code, postal_code=postal)
        a_contract(database, f"C-{code}", monthly=1_000, partner=code)
    bill(database, APRIL)
    found = asked.found(database, "invoices", on=date(2026, 4, 30))
    assert [one["recipient"]["code"] for one in found.papers] == ["B", "D", "A", "C"]
    with pytest.raises(Refusal, match="1 つ目までです"):
        asked.found(database, "invoices", on=date(2026, 4, 30), part=2)
    with pytest.raises(Refusal, match="発行した請求書はありません"):
        asked.found(database, "invoices", on=date(2026, 6, 30))


def test_an_account_of_the_partners_own_stands_before_the_companys(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", virtual_account="7654321")
    a_partner(database, "P3", method="direct_debit")
    for code in ("P1", "P2", "P3"):
        a_contract(database, f"C-{code}", monthly=1_000, partner=code)
    bill(database, APRIL)
    found = asked.found(database, "invoices", on=date(2026, 4, 30)).papers
    assert [one["accounts"] for one in found] == [["銀行 0001　支店 001　普通 1234567"], ["7654321"], []]
    users(database, hana="admin", ken="approver")
    number = letterhead.propose(
        database, {"bank": "みなと銀行 本店 普通 1", "virtual_bank": "みなと銀行 専用支店 普通"}, since=date(2026, 4, 1), why="開設",
        user="hana",
    )  # fmt: skip
    assert asked.found(database, "invoices", on=date(2026, 4, 30)).papers[1]["accounts"] == ["7654321"]
    assert number is not None
    company.decide(database, number, "approved", user="ken")
    found = asked.found(database, "invoices", on=date(2026, 4, 30)).papers
    assert [one["accounts"] for one in found[:2]] == [["みなと銀行 本店 普通 1"], ["みなと銀行 専用支店 普通 7654321"]]
    assert_coherent(database)


def test_a_document_bears_what_stood_on_its_day(database: str) -> None:
    a_shop(database)
    a_contract(database, monthly=10_000)
    bill(database, APRIL, "2026-05-31")
    letterhead.propose(database, {"tel": "03-1111-1111"}, since=date(2026, 5, 1))
    letterhead.propose(database, {"tel": "03-2222-2222"}, since=date(2026, 5, 15))

    def dialled(number: str) -> str:
        (head,) = asked.found(database, "invoice", ref=number).letterheads
        return str(head["tel"])

    assert [dialled(row["number"]) for row in invoices(database)] == ["03-1111-1111", "03-2222-2222"]


def test_the_letterhead_is_set_up_with_the_company(database: str, tmp_path: Path) -> None:
    (tmp_path / "seal.png").write_bytes(base64.b64decode(png()))
    text = '[company]\nname = "株式会社甲"\n[document]\naddress = "東京都千代田区1-1"\nseal = "seal.png"\nfold_marks = false\n'
    file = tmp_path / "company.toml"
    file.write_text(text, encoding="utf-8")
    setup.set_up(database, file)
    told = {row["key"]: row["value"] for row in letterhead.listed(database)}
    assert (told["address"], told["seal"], told["fold_marks"]) == ("東京都千代田区1-1", png(), "no")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"adress": "東京"},           "adress はありません"),
        ({"colour": "red"},            "#1f3a5f の形"),
        ({"window_left": "99"},        "10 から 32 まで"),
        ({"carry": "sometimes"},       "when_owed"),
        ({"tel": "1\n2"},              "改行など"),
        ({"tel": "0" * 41},            "40字まで"),
        ({"logo": "AAAA"},             "PNG のファイル"),
        ({"logo": png(4001)},          "PNG のファイル"),
        ({"logo": png()[:64]},        "別の PNG"),
        ({"tel": ""},                  "今のまま"),
    ],
)  # fmt: skip
def test_a_letterhead_that_cannot_be_is_refused(sqlite_url: str, values: dict[str, str], why: str) -> None:
    a_company(sqlite_url)
    with pytest.raises(Refusal, match=why):
        letterhead.propose(sqlite_url, values)


def test_the_sheet_for_the_envelope_shows_the_window_where_papers_of_the_day_have_it(database: str) -> None:
    a_shop(database)
    letterhead.propose(database, {"window_left": "24"}, since=date(2026, 4, 1))
    letterhead.propose(database, {"window_left": "30"}, since=date(2026, 7, 1))
    sheets = [asked.found(database, "ruler", on=on) for on in (date(2026, 6, 30), date(2026, 7, 1))]
    assert [sheet.letterheads[0]["window_left"] for sheet in sheets] == [24, 30]
    (before,), (after,) = map(typesetting.png, sheets)
    assert before != after
    users(database, uri="sales")
    with pytest.raises(Refusal, match="権限"):
        asked.found(database, "ruler", user="uri")


def test_who_may_not_read_invoices_gets_none(database: str) -> None:
    mixed(database)
    users(database, hana="admin", ken="sales")
    assert asked.found(database, "invoice", ref="INV-2026-00001", user="ken").papers
    for kind, user in (("invoice", "hana"), ("receipt", "ken"), ("statement", "hana")):
        with pytest.raises(Refusal, match="権限"):
            asked.found(database, kind, user=user, ref="INV-2026-00001")
    with pytest.raises(Refusal, match="権限"):
        letterhead.propose(database, {"tel": "1"}, user="ken")


def test_who_keeps_the_settings_but_may_read_no_invoice_tries_them_on_an_example(database: str) -> None:
    mixed(database)
    users(database, hana="admin", ken="accountant")
    for user, number in (("hana", "INV-0000-00000"), ("ken", "INV-2026-00001")):
        with runs.reading(database, user) as session:
            assert sample.book(session, {}).papers[0]["number"] == number


# --- files ---------------------------------------------------------------------------------------------------------


def pages(book: Book) -> int:
    return len(typesetting.png(book, ppi=20))


def test_the_same_books_make_the_same_file_in_another_process_and_it_is_for_archiving(
    database: str, tmp_path: Path
) -> None:
    mixed(database)
    letterhead.propose(database, {"logo": png(), "seal": png()}, since=date(2026, 4, 1))
    made = typesetting.pdf(asked.found(database, "invoice", ref="INV-2026-00001"))
    assert made.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in made
    again = tmp_path / "again.pdf"
    code = (
        "from urikake.base.loading import load; load(); from pathlib import Path;"
        " from urikake.doors.documents import asked, typesetting;"
        f" Path({str(again)!r}).write_bytes(typesetting.pdf(asked.found({database!r}, 'invoice', ref='INV-2026-00001')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)}, cwd=tmp_path)
    assert again.read_bytes() == made


def test_only_the_shipped_fonts_are_used() -> None:
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(glyphs.FONTS)])
    assert fonts.families() == ["BIZ UDPGothic"]
    assert (
        (glyphs.FONTS / "OFL.txt")
        .read_text(encoding="utf-8")
        .startswith("Copyright 2022 The BIZ UDGothic Project Authors")
    )


def test_rare_letters_are_shown_and_impossible_ones_do_not_stop_a_batch(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", name="㈱髙﨑①塚\U0001f600\U00020bb7\u0007か\u3099", address="辻\U000e0100町")
    a_contract(database, monthly=1_000, partner="P2")
    bill(database, APRIL)
    book = asked.found(database, "invoice", ref="INV-2026-00001")
    name = json.loads(book.text())["papers"][0]["recipient"]["name"]
    assert name.replace(" ", "") == "㈱髙﨑①塚〓〓が"
    assert typesetting.pdf(book)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_kind_is_set_in_both_languages(sqlite_url: str, lang: str) -> None:
    invoice = mixed(sqlite_url)
    ref = receive(sqlite_url, invoice["total"])
    match(sqlite_url)
    span = {"since": date(2026, 4, 1), "until": date(2026, 6, 30)}
    number = invoice["number"]
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("invoice", {"ref": number}), ("delivery", {"ref": number}), ("receipt", {"ref": ref, "paper": True}),
        ("statement", {"ref": "P1", **span}), ("invoices", {"on": date(2026, 4, 30)}), ("ruler", {}),
    ]  # fmt: skip
    for kind, what in kinds:
        assert pages(asked.found(sqlite_url, kind, lang=lang, **what)) == 1
    with pytest.raises(Refusal, match="ja か en"):
        asked.found(sqlite_url, "invoice", ref=number, lang="fr")


def test_long_texts_wrap_and_a_long_paper_goes_on_with_its_running_sum(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    a_partner(
        sqlite_url, "P2", name="株式会社" + "長" * 196, address="東京都千代田区" + "永田町" * 97, postal_code="100-0014"
    )
    rows = [a_line(f"L{n:03}", product="SEAT", quantity=n + 1, partner="P2", order_no="注" * 60) for n in range(60)]
    take_rows(sqlite_url, "contracts", rows)
    bill(sqlite_url, APRIL)
    book = asked.found(sqlite_url, "invoice", ref="INV-2026-00001")
    count = pages(book)
    assert count > 3
    assert typesetting.pdf(book)
    sums = typesetting.told("page-sum")
    upto = list(accumulate(line["amount"] for line in book.papers[0]["lines"]))
    assert sums == sorted(sums)
    assert len(set(sums)) == count - 1 or sums[-1] == upto[-1]
    assert set(sums) <= set(upto)


def test_a_batch_is_the_papers_one_behind_the_other(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    for code in ("A", "B", "C"):
        a_partner(sqlite_url, code)
        a_contract(sqlite_url, f"C-{code}", monthly=1_000, partner=code)
    bill(sqlite_url, APRIL)
    book = asked.found(sqlite_url, "invoices", on=date(2026, 4, 30))
    alone = [typesetting.png(asked.found(sqlite_url, "invoice", ref=one["number"]), ppi=40) for one in book.papers]
    assert typesetting.png(book, ppi=40) == [page for one in alone for page in one]
