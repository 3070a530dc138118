"""Journals handed to accounting packages: every entry once, summing to the ledger, with nothing that the package would not take."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_partner,
    a_shop,
    apply,
    balances,
    bill,
    match,
    receive,
    recognize,
    report,
    take_rows,
    unapply,
    users,
)
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.core.formats import journals
from urikake.doors import exports, month
from urikake.rooms.exports import queries
from urikake.rooms.ledger import queries as ledger

FIRST, LAST = date(2026, 4, 1), date(2027, 3, 31)
CODED = ("kanjo-bugyo", "kanjo-bugyo-i", "pca")


def refused(code: str, does: Any, *args: Any, **how: Any) -> str:
    with pytest.raises(Refusal) as told:
        does(*args, **how)
    assert told.value.code == code
    return str(told.value)


def a_year(url: str, **policy: Any) -> str:
    """Sales of two rates and an exempt one, a cancelled invoice, receipts with a fee, a discount, an advance, revenue."""
    a_shop(url, **({"opening_month": "2026-03"} | policy))
    a_partner(url, "P2")
    take_rows(url, "contracts", [
        a_line("C1", monthly=20_000), a_line("C1", product="WATER", monthly=10_186), a_line("C1", product="RENT", monthly=5_000),
        a_line("C2", partner="P2", product="GROSS", monthly=33_333),
        a_line("C3", partner="P2", monthly=90_000, cycle_months=12, timing="advance"),
    ])  # fmt: skip
    bill(url, "2026-03-31", "2026-04-30", "2026-05-31")
    month.cancel_invoice(url, report(url, "invoices")[0]["number"], why="誤り", on=date(2026, 5, 31))
    receive(url, 37_560, on="2026-05-29", id="R1")
    match(url)
    for row in report(url, "receipts", status="unapplied"):
        apply(url, str(row["receipt"]), report(url, "invoices")[-1]["number"], difference="discount")
    recognize(url, "2026-03", "2026-04", "2026-05")
    treated(url, 支払手数料="none")
    return url


def treated(url: str, **accounts: str) -> None:
    """Say what accounts are to consumption tax, in every package."""
    rows = [{"target": "all", "kind": "role", "ours": name, "code": code} for name, code in accounts.items()]
    take_rows(url, "export-mappings", rows)


def codes(url: str, target: str) -> None:
    """A code for every account."""
    names = [row["account"] for row in report(url, "trial-balance", as_of="2099-12-31")]
    rows = [{"target": target, "kind": "account", "ours": name, "code": str(100 + at)} for at, name in enumerate(names)]
    rows += [
        {"target": target, "kind": "tax", "ours": f"{role}:{rate}", "called": code}
        for role in ("return", "loss") for rate, code in (("standard:10", "0061"), ("reduced:8", "0062"), ("exempt", "0081"))
    ]  # fmt: skip
    take_rows(url, "export-mappings", rows)


def name(url: str, target: str, kind: str, ours: str, **told: str) -> int:
    """Say what one thing is called in a package; how many rows are new."""
    return take_rows(url, "export-mappings", [{"target": target, "kind": kind, "ours": ours} | told])


def net(data: bytes, target: str) -> dict[str, int]:
    """What a file says by account, debits positive, tax apart: read by the reader of the product."""
    sides, problems = journals.read(target, data)
    assert problems == []
    found: dict[str, int] = defaultdict(int)
    for one in sides:
        sign = 1 if one.debit else -1
        found[one.account] += sign * (one.amount - one.tax_amount)
        found["仮受消費税"] += sign * one.tax_amount
    return {account: amount for account, amount in found.items() if amount}


@pytest.mark.parametrize("policy", [{}, {"advance_tax": "on_invoice", "fee_account": "売上値引"}])
def test_a_file_says_what_the_ledger_says_in_every_style(database: str, policy: dict[str, str]) -> None:
    a_year(database, **policy)
    name(database, "moneyforward", "tax", "return:exempt", called="非課税売上-返還等")  # its list does not tell
    books = balances(database)
    for target in ("yayoi", "freee", "moneyforward", "csv"):
        for style in ("detail", "day", "month"):
            made = exports.export(database, target, FIRST.replace(month=3), LAST, style=style, again=True)
            assert net(made.file, target) == books, (target, style)


def test_packages_that_know_accounts_by_code_want_every_code(database: str) -> None:
    a_year(database)
    names = {row["account"] for row in report(database, "trial-balance", as_of="2099-12-31")}
    for target in CODED:
        told = refused("unmapped", exports.export, database, target, FIRST.replace(month=3), LAST)
        assert "勘定科目 売掛金" in told
        codes(database, target)
        made = exports.export(database, target, FIRST.replace(month=3), LAST)
        sides, problems = journals.read(target, made.file)
        assert problems == []
        assert {one.account for one in sides} <= {str(100 + at) for at in range(len(names))}
        assert sum(one.amount for one in sides if one.debit) == sum(one.amount for one in sides if not one.debit)


def test_every_entry_is_handed_over_once_and_what_comes_later_next_time(database: str) -> None:
    a_year(database)
    first = exports.export(database, "freee", date(2026, 3, 1), date(2026, 5, 31))
    assert exports.export(database, "freee", date(2026, 3, 1), date(2026, 5, 31)).figures["entries"] == 0
    receive(database, 700, payer="ダレカ", on="2026-05-30", id="LATE")
    bill(database, "2026-06-30")
    second = exports.export(database, "freee", date(2026, 3, 1), date(2026, 5, 31))
    assert second.figures["entries"] == 1
    third = exports.export(database, "freee", date(2026, 3, 1), LAST)
    whole = exports.export(database, "freee", date(2026, 3, 1), LAST, again=True)
    assert whole.figures["again"] is True
    assert whole.figures["entries"] == sum(made.figures["entries"] for made in (first, second, third))
    sums: dict[str, int] = defaultdict(int)
    for made in (first, second, third):
        for account, amount in net(made.file, "freee").items():
            sums[account] += amount
    assert (
        {account: amount for account, amount in sums.items() if amount}
        == net(whole.file, "freee")
        == balances(database)
    )
    assert exports.export(database, "yayoi", date(2026, 3, 1), LAST).figures["entries"] == whole.figures["entries"]
    assert exports.export(database, "freee", date(2026, 3, 1), LAST, preview=True).figures["entries"] == 0


def test_tax_stands_inside_the_line_that_it_is_of(database: str) -> None:
    a_shop(database, advance_tax="on_invoice")
    a_contract(database)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    made = exports.export(database, "yayoi", FIRST, LAST)
    rows = list(csv.reader(io.StringIO(made.file.decode("cp932"))))
    sale = next(row for row in rows if row[10] == "売上高")
    assert (sale[4], sale[5], sale[13], sale[14], sale[15]) == ("売掛金", "P1商事", "課税売上内10%", "11000", "1000")
    assert sale[16] == "請求 INV-2026-00001"


def test_revenue_before_its_tax_is_out_of_tax_and_the_tax_stands_beside_its_base(database: str) -> None:
    a_shop(database, advance_tax="on_invoice", opening_month="2026-03")
    take_rows(database, "contracts", [a_line("C1", monthly=240_000, cycle_months=12, timing="advance")])
    bill(database, "2026-03-31")
    recognize(database, "2026-04")
    made = exports.export(database, "csv", date(2026, 3, 1), LAST)
    rows = [
        row for row in csv.DictReader(io.StringIO(made.file.decode("utf-8-sig"))) if row["credit_account"] == "売上高"
    ]
    told = [(row["credit_tax"], row["credit_amount"], row["credit_tax_amount"]) for row in rows]
    total = sum(row["total"] for row in report(database, "invoices"))
    tax = sum(row["tax"] for row in report(database, "invoices"))
    assert ("sale:standard:10", str(total), str(tax)) in told
    assert [row for row in told if row[0] == "none" and row[2] == "0"]
    assert net(made.file, "csv") == balances(database)


def test_a_rate_that_comes_later_is_no_dead_end_and_what_is_given_back_keeps_its_own(database: str) -> None:
    a_shop(database, advance_tax="on_invoice", tax_rates="standard=12%@2026-07-01")
    a_contract(database)
    bill(database, "2026-06-30")
    month.cancel_invoice(database, report(database, "invoices")[0]["number"], why="誤り", on=date(2026, 7, 31))
    bill(database, "2026-07-31")
    assert "売上 12%" in refused("unmapped", exports.export, database, "yayoi", FIRST, LAST)
    name(database, "yayoi", "tax", "sale:standard:12", called="課税売上内12%")
    rows = list(csv.reader(io.StringIO(exports.export(database, "yayoi", FIRST, LAST).file.decode("cp932"))))
    classes = {cells[at] for cells in rows for at in (7, 13)} - {"対象外"}
    assert classes == {"課税売上内10%", "課税売上内12%"}
    assert [row[7] for row in rows if row[4] == "売上高" and row[9] != "0"] == ["課税売上内10%"]


def test_an_account_whose_role_is_not_known_is_asked_for(database: str) -> None:
    a_shop(database)
    slip = {"slip_no": "S1", "partner": "P1", "date": "2026-04-10", "account": "売掛金", "credit_account": "支払手数料"}
    take_rows(database, "receivables", [slip | {"amount": 1_100, "tax": "standard", "maker": "x"}])
    users(database, buchou="approver")
    month.approve(database, "receivables", ["S1"], user="buchou")
    assert "消費税の扱い 支払手数料" in refused("unmapped", exports.export, database, "freee", FIRST, LAST)
    name(database, "freee", "role", "支払手数料", code="purchase")
    sides, _ = journals.read("freee", exports.export(database, "freee", FIRST, LAST).file)
    assert {one.tax for one in sides if one.account == "支払手数料"} == {"課対仕入10%"}


def a_fee(url: str, on: str, treatment: str) -> None:
    """A shop that paid 440 yen for a transfer on the day."""
    a_shop(url)
    a_contract(url)
    bill(url, "2026-04-30")
    receive(url, 10_560, on=on)
    match(url)
    assert balances(url)["支払手数料"] == 440
    treated(url, 支払手数料=treatment)


def fees(url: str, target: str) -> set[tuple[str, int, int]]:
    """How the fee stands in the file of the package: class, amount and the tax in it."""
    sides, problems = journals.read(target, exports.export(url, target, FIRST, LAST, again=True).file)
    assert problems == []
    return {(one.tax, one.amount, one.tax_amount) for one in sides if one.account in {"支払手数料", "777"}}


def test_a_fee_is_a_purchase_under_the_class_that_the_company_says(database: str) -> None:
    a_fee(database, "2026-05-29", "purchase:standard")
    assert fees(database, "yayoi") == {("課対仕入内10%適格", 440, 40)}
    assert fees(database, "freee") == {("課対仕入10%", 440, 40)}
    codes(database, "pca")
    name(database, "pca", "account", "支払手数料", code="777")
    assert fees(database, "pca") == {("S5", 440, 40)}
    treated(database, 支払手数料="purchase:exempt")
    assert fees(database, "pca") == {("P0", 440, 0)}
    name(database, "pca", "role", "支払手数料", code="none")  # of this package alone
    assert (fees(database, "pca"), fees(database, "yayoi")) == ({("00", 440, 0)}, {("非課仕入", 440, 0)})


@pytest.mark.parametrize(
    ("on", "percent", "tax"), [("2026-09-30", 80, 32), ("2026-10-01", 70, 28), ("2026-10-30", 70, 28)]
)
def test_a_purchase_without_a_qualified_invoice_bears_the_share_of_its_day(
    database: str, on: str, percent: int, tax: int
) -> None:
    a_fee(database, on, "unqualified:standard")
    if percent == 70:
        told = refused("unmapped", exports.export, database, "yayoi", FIRST, LAST)
        assert "税区分 仕入 10%（70%控除）" in told
        told = refused("unmapped", exports.export, database, "moneyforward", FIRST, LAST)
        assert "インボイス 仕入 10%（70%控除）" in told
        name(database, "yayoi", "tax", "purchase:standard:10:70", called="課対仕入内10%区分70%")
        name(database, "moneyforward", "tax", "purchase:standard:10:70", sub="70%控除")
    assert fees(database, "yayoi") == {(f"課対仕入内10%区分{percent}%", 440, tax)}
    rows = csv.DictReader(io.StringIO(exports.export(database, "moneyforward", FIRST, LAST).file.decode("utf-8-sig")))
    told_there = {
        (row["借方税区分"], row["借方インボイス"], row["借方税額"])
        for row in rows
        if row["借方勘定科目"] == "支払手数料"
    }
    assert told_there == {("課税仕入 10%", f"{percent}%控除", str(tax))}


def test_a_fee_taken_back_bears_the_share_of_the_day_on_which_it_was_paid(database: str) -> None:
    a_fee(database, "2026-09-30", "unqualified:standard")
    exports.export(database, "yayoi", FIRST, LAST)
    number = report(database, "receipts")[0]["applications"][0]
    unapply(database, int(number["id"] if isinstance(number, dict) else number), on="2026-10-15")
    sides, _ = journals.read("yayoi", exports.export(database, "yayoi", FIRST, LAST).file)
    assert [(one.debit, one.tax, one.tax_amount, one.on) for one in sides if one.account == "支払手数料"] == [
        (False, "課対仕入内10%区分80%", 32, date(2026, 10, 15))
    ]


def test_sales_out_of_scope_are_told_as_such(database: str) -> None:
    a_fee(database, "2026-05-29", "sale:out_of_scope")
    assert fees(database, "yayoi") == {("対外売上", 440, 0)}
    assert fees(database, "moneyforward") == {("対象外売上", 440, 0)}


def test_partners_have_the_codes_and_names_of_the_package(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    codes(database, "kanjo-bugyo")
    name(database, "kanjo-bugyo", "partner", "P1", code="C0001")
    rows = csv.DictReader(io.StringIO(exports.export(database, "kanjo-bugyo", FIRST, LAST).file.decode("cp932")))
    assert {row["GL0012009"] for row in rows} == {"C0001"}
    name(database, "freee", "partner", "P1", called="P1商事（本社）")
    rows = csv.DictReader(io.StringIO(exports.export(database, "freee", FIRST, LAST).file.decode("utf-8-sig")))
    assert {row["借方取引先"] for row in rows} == {"P1商事（本社）"}
    name(database, "yayoi", "partner", "P1", called="本社")
    sides, _ = journals.read("yayoi", exports.export(database, "yayoi", FIRST, LAST).file)
    assert {one.sub for one in sides if one.account == "売掛金"} == {"本社"}


def test_columns_of_bugyo_are_chosen(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    for target, off, own in (("kanjo-bugyo", "GL0012009", "GL0010002"), ("kanjo-bugyo-i", "CSJS203", "CSJS002")):
        codes(database, target)
        name(database, target, "column", off, code="off")
        name(database, target, "column", own, called="0")
        made = exports.export(database, target, FIRST, LAST)
        rows = list(csv.DictReader(io.StringIO(made.file.decode("cp932"))))
        assert off not in rows[0]
        assert [row[own] for row in rows] == ["0" if row.get("GL0010000", row.get("OBCD001")) else "" for row in rows]
        assert journals.read(target, made.file)[1] == []
    with pytest.raises(FileRefusal) as told:
        take_rows(database, "export-mappings", [
            {"target": "kanjo-bugyo", "kind": "column", "ours": "GL0012002", "code": "off"},
            {"target": "kanjo-bugyo", "kind": "column", "ours": "GL9999999", "code": "off"},
            {"target": "kanjo-bugyo", "kind": "column", "ours": "GL0012009", "called": "x"},
            {"target": "kanjo-bugyo", "kind": "column", "ours": "GL0012003", "code": "no"},
            {"target": "yayoi", "kind": "column", "ours": "摘要", "code": "off"},
            {"target": "all", "kind": "account", "ours": "売掛金", "called": "x"},
            {"target": "yayoi", "kind": "partner", "ours": "P999", "called": "x"},
        ])  # fmt: skip
    assert [error.column for error in told.value.errors] == ["ours", "ours", "called", "code", "ours", "target", "ours"]


def test_a_plain_file_gives_a_spreadsheet_no_formulas(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", name="=1+1商会", kana="シヨウカイ")
    a_contract(database, partner="P2", department="@営業")
    bill(database, "2026-04-30")
    made = exports.export(database, "csv", FIRST, LAST)
    rows = list(csv.DictReader(io.StringIO(made.file.decode("utf-8-sig"))))
    assert {row["debit_partner"] for row in rows} == {"'=1+1商会"}
    assert {row["debit_department"] for row in rows} | {row["credit_department"] for row in rows} == {"'@営業"}
    sides, problems = journals.read("csv", made.file)
    assert (problems, {one.department for one in sides}) == ([], {"@営業"})
    assert net(made.file, "csv") == balances(database)


def test_counts_of_what_was_handed_over_go_on_with_what_is_new(database: str) -> None:
    a_year(database)

    def told(first: date, last: date) -> tuple[int, int]:
        with runs.reading(database) as session:
            heads = ledger.entries(session, first, last)
            done = int(queries.exported(session, "freee", heads).sum())
            assert queries.handed_over(session, "freee", first, last) == (heads.height, done)
            return heads.height, done

    march = (date(2026, 3, 1), date(2026, 3, 31))
    assert told(*march)[1] == 0
    exports.export(database, "freee", *march)
    assert told(*march)[0] == told(*march)[1] > 0
    exports.export(database, "yayoi", FIRST, LAST)
    receive(database, 700, payer="ダレカ", on="2026-05-30", id="LATE")
    exports.export(database, "freee", date(2026, 5, 1), LAST)
    receive(database, 800, payer="ダレカ", on="2026-05-30", id="LATER")
    for span in (march, (FIRST, LAST), (date(2026, 3, 15), date(2026, 4, 30)), (date(2026, 5, 30), date(2026, 5, 30))):
        told(*span)


def test_numbers_of_slips_go_on_from_file_to_file(database: str) -> None:
    a_shop(database)
    a_contract(database)
    codes_of = {"売掛金": "135", "売上高": "500", "仮受金": "300", "普通預金": "111", "前受金": "315"}
    take_rows(
        database,
        "export-mappings",
        [{"target": "pca", "kind": "account", "ours": a, "code": c} for a, c in codes_of.items()],
    )
    bill(database, "2026-04-30")
    numbers = []
    for target in ("pca", "freee"):
        first = exports.export(database, target, FIRST, LAST)
        receive(database, 700 if target == "pca" else 800, payer="ダレカ", on="2026-04-30", id=f"R{target}")
        second = exports.export(database, target, FIRST, LAST)
        numbers.append(
            [{(one.slip, one.on) for one in journals.read(target, made.file)[0]} for made in (first, second)]
        )
    assert all(not (before & after) for before, after in numbers)


def test_a_summary_keeps_debits_and_credits_apart_and_ends_with_its_span(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    receive(database, 11_000, on="2026-05-10")
    match(database)
    number = report(database, "receipts")[0]["applications"][0]
    unapply(database, int(number["id"] if isinstance(number, dict) else number))
    made = exports.export(database, "freee", date(2026, 5, 1), date(2026, 5, 15), style="month")
    sides, _ = journals.read("freee", made.file)
    assert {one.on for one in sides} == {date(2026, 5, 15)}
    gross = sorted((one.account, one.debit, one.amount) for one in sides if one.account == "売掛金")
    assert gross == [("売掛金", False, 11_000), ("売掛金", True, 11_000)]


def test_long_names_want_a_short_one_and_partners_of_one_name_are_told_apart(database: str) -> None:
    a_shop(database)
    for code in ("P2", "P3"):
        a_partner(database, code, name="株式会社とても長い名前の商事本社経理部", kana=code)
        a_contract(database, f"C{code}", partner=code)
    bill(database, "2026-04-30")
    text = exports.export(database, "yayoi", FIRST, LAST).file.decode("cp932")
    assert "株式会社とても長い名前 P2" not in text
    assert ",株式会社とても長い名 P2," in text
    assert ",株式会社とても長い名 P3," in text
    name(database, "yayoi", "account", "売掛金", called="売掛金という名前のとても長い科目")
    assert "短い名前（半角24字まで）" in refused("unmapped", exports.export, database, "yayoi", FIRST, LAST, again=True)
    name(database, "yayoi", "account", "売掛金", sub="-")
    sides, _ = journals.read("yayoi", exports.export(database, "yayoi", FIRST, LAST, again=True).file)
    assert {one.sub for one in sides if one.account == "売掛金"} == {""}


def test_what_is_taken_back_is_handed_over_the_other_way_round(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    receive(database, 11_000)
    match(database)
    before = exports.export(database, "moneyforward", FIRST, LAST)
    number = report(database, "receipts")[0]["applications"][0]
    unapply(database, int(number["id"] if isinstance(number, dict) else number))
    after = exports.export(database, "moneyforward", FIRST, LAST)
    assert after.figures["entries"] == 1
    sides, _ = journals.read("moneyforward", after.file)
    assert {(one.account, one.debit, one.amount) for one in sides} == {
        ("売掛金", True, 11_000),
        ("仮受金", False, 11_000),
    }
    assert before.figures["digest"] != after.figures["digest"]


def test_letters_that_a_file_cannot_hold_are_told_and_replaced_only_when_the_company_says_so(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", name="𠮷野商店", kana="ヨシノ")
    a_contract(database, partner="P2")
    bill(database, "2026-04-30")
    assert "「𠮷野商店」の 𠮷" in refused("unwritable", exports.export, database, "yayoi", FIRST, LAST)
    assert exports.export(database, "freee", FIRST, LAST).figures["entries"] > 0
    assert name(database, "yayoi", "letter", "𠮷", called="吉") == 1
    assert name(database, "yayoi", "letter", "𠮷", called="吉") == 0
    made = exports.export(database, "yayoi", FIRST, LAST)
    assert "吉野商店" in made.file.decode("cp932")


def test_accounts_and_departments_are_called_as_the_company_says(database: str) -> None:
    a_shop(database)
    a_contract(database, department="営業一課")
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    name(database, "yayoi", "account", "売上高", called="サービス売上高", sub="月額")
    name(database, "yayoi", "department", "営業一課", called="営業")
    text = exports.export(database, "yayoi", FIRST, LAST).file.decode("cp932")
    assert ",サービス売上高,月額,営業,課税売上内10%,11000,1000," in text
    assert "勘定科目 売掛金" in refused("unmapped", exports.export, database, "pca", FIRST, LAST)
    codes(database, "pca")
    assert "部門 営業一課" in refused("unmapped", exports.export, database, "pca", FIRST, LAST)


def test_what_cannot_be_exported_is_refused(database: str) -> None:
    a_shop(database)
    refused("unknown-target", exports.export, database, "obic", FIRST, LAST)
    refused("unknown-style", exports.export, database, "csv", FIRST, LAST, style="year")
    refused("bad-span", exports.export, database, "csv", LAST, FIRST)
    users(database, eigyo="sales", kansa="auditor")
    for who in ("eigyo", "kansa"):
        refused("not-permitted", exports.export, database, "csv", FIRST, LAST, user=who)
    rows = [
        {"target": "yayoi", "kind": "account", "ours": "交際費", "called": "x"},
        {"target": "yayoi", "kind": "tax", "ours": "sale:standard", "called": "x"},
        {"target": "yayoi", "kind": "letter", "ours": "二字", "called": "x"},
        {"target": "yayoi", "kind": "letter", "ours": "売", "called": "賣"},
        {"target": "yayoi", "kind": "letter", "ours": "𠮷", "called": "𠮷"},
        {"target": "yayoi", "kind": "role", "ours": "売掛金", "code": "asset"},
    ]
    with pytest.raises(FileRefusal) as told:
        take_rows(database, "export-mappings", rows)
    assert [error.column for error in told.value.errors] == ["ours", "ours", "ours", "ours", "called", "code"]
