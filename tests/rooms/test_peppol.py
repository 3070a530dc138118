"""Issued invoices as JP PINT files: what the books hold is what the file says, and what is missing is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from typer.testing import CliRunner

from tests.builders import (
    a_company,
    a_contract,
    a_line,
    a_partner,
    a_product,
    a_shop,
    an_event,
    behind_its_back,
    bill,
    invoices,
    take_rows,
    the_invoice,
    users,
)
from urikake.base import policies, runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.base.progress import STEPS, watched
from urikake.core.formats.peppol import problems
from urikake.doors import month, peppol

NUMBER = "T8990000000001"
NAME = "AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName"
BUYER = {
    "registration_number": "T9880000000003",
    "postal_code": "1000000",
    "address": "東京都千代田区架空町1-2-3",
    "delivery": "peppol",
}


def a_seller(url: str, **policy: Any) -> str:
    """A shop whose company is registered, and whose partner takes e-invoices."""
    a_shop(url, **{"registration_number": NUMBER} | policy)
    a_partner(url, **BUYER)
    return url


def plain(xml: bytes) -> etree._Element:
    assert problems(xml) == []
    root = etree.fromstring(xml)
    for element in root.iter():
        element.tag = etree.QName(element).localname
    return root


def told(url: str, number: str = "INV-2026-00001") -> etree._Element:
    return plain(peppol.single(url, number))


def taxes(root: etree._Element) -> list[tuple[str, int, int]]:
    return [
        (str(s.findtext("TaxCategory/ID")), int(str(s.findtext("TaxableAmount"))), int(str(s.findtext("TaxAmount"))))
        for s in root.iter("TaxSubtotal")
    ]


def test_the_file_says_what_the_invoice_says(database: str) -> None:
    a_seller(database)
    rows = [
        a_line("C1", product="SEAT", quantity=3, order_no="SO-9"),
        a_line("C1", product="WATER", monthly=1_013),
        a_line("C1", product="RENT", monthly=7),
    ]
    take_rows(database, "contracts", rows)
    bill(database, "2026-04-30")
    invoice, root = the_invoice(database), told(database)
    assert root.findtext("ID") == invoice["number"]
    assert root.findtext("IssueDate") == invoice["issue_date"]
    assert root.findtext("DueDate") == invoice["dues"][0]["date"]
    assert root.findtext("InvoiceTypeCode") == "380"
    assert root.findtext("ContractDocumentReference/ID") == "C1"
    assert root.findtext("Note") == "※は軽減税率の対象"
    assert taxes(root) == [("S", 3_000, 300), ("AA", 1_013, 81), ("E", 7, 0)]
    assert int(str(root.findtext("LegalMonetaryTotal/PayableAmount"))) == invoice["total"]
    lines = root.findall("InvoiceLine")
    assert [line.findtext("Item/Name") for line in lines] == [line["description"] for line in invoice["lines"]]
    assert [int(str(line.findtext("LineExtensionAmount"))) for line in lines] == [x["net"] for x in invoice["lines"]]
    seats = next(line for line in lines if line.findtext("Item/SellersItemIdentification/ID") == "SEAT")
    assert (seats.findtext("InvoicedQuantity"), seats.findtext("Price/PriceAmount")) == ("3", "1000")
    assert seats.findtext("InvoicePeriod/StartDate") == "2026-04-01"
    assert seats.findtext("InvoicePeriod/EndDate") == "2026-04-30"
    assert seats.findtext("Item/AdditionalItemProperty/Value") == "SO-9"


def test_both_parties_stand_there_as_the_network_and_the_law_know_them(database: str) -> None:
    a_seller(database)
    a_contract(database)
    bill(database, "2026-04-30")
    root = told(database)
    seller, buyer = (root.find(f"Accounting{who}Party/Party") for who in ("Supplier", "Customer"))
    assert seller is not None
    assert buyer is not None
    assert seller.findtext("EndpointID") == seller.findtext("PartyTaxScheme/CompanyID") == NUMBER
    assert buyer.findtext("EndpointID") == "T9880000000003"
    assert buyer.find("EndpointID").get("schemeID") == "0221"  # type: ignore[union-attr]
    assert buyer.findtext("PartyLegalEntity/RegistrationName") == "P1商事"
    assert buyer.findtext("PostalAddress/CountrySubentity") == "東京都"
    assert buyer.findtext("PostalAddress/PostalZone") == "1000000"


def test_an_address_of_its_own_goes_before_the_registration_number(database: str) -> None:
    a_seller(database)
    a_partner(database, **BUYER | {"peppol_id": "iso6523-actorid-upis::0188:7000012050002"})
    a_contract(database)
    bill(database, "2026-04-30")
    endpoint = told(database).find("AccountingCustomerParty/Party/EndpointID")
    assert endpoint is not None
    assert (endpoint.get("schemeID"), endpoint.text) == ("0188", "7000012050002")


@pytest.mark.parametrize(
    ("virtual", "account"),
    [
        ("", "0001:001:1:1234567"),
        ("123-7654321", "0001:123:1:7654321"),
        ("7654321", "0001:001:1:7654321"),
        ("X1", "0001:001:1:1234567"),
    ],
)
def test_it_says_where_to_pay(database: str, virtual: str, account: str) -> None:
    a_seller(database)
    a_partner(database, **BUYER | {"virtual_account": virtual})
    a_contract(database)
    bill(database, "2026-04-30")
    means = told(database).find("PaymentMeans")
    assert means is not None
    assert means.findtext("PayeeFinancialAccount/ID") == account
    assert means.findtext("PaymentID") == "INV-2026-00001"


def test_split_terms_and_direct_debit_are_told(database: str) -> None:
    a_seller(database)
    a_partner(database, **BUYER | {"split": "direct_debit:50%;note:rest:60d"})
    a_contract(database)
    bill(database, "2026-04-30")
    root = told(database)
    assert [means.findtext("PaymentMeansCode") for means in root.findall("PaymentMeans")] == ["49", "60"]
    assert root.findtext("PaymentMeans/PaymentMandate/ID") == "P1"
    assert str(root.findtext("PaymentTerms/Note")).count("5,500円") == 2


def test_prices_with_tax_in_them_keep_tax_and_total(database: str) -> None:
    a_seller(database)
    a_contract(database, product="GROSS", monthly=1_000)  # 90.9 → 90, and 910 × 10 % is 91
    bill(database, "2026-04-30")
    root = told(database)
    assert taxes(root) == [("S", 909, 90)]
    assert root.findtext("LegalMonetaryTotal/PayableAmount") == "1000"
    assert root.findtext("InvoiceLine/LineExtensionAmount") == "910"
    assert root.findtext("InvoiceLine/Item/AdditionalItemProperty/Name") == "税込単価"


def test_what_was_issued_goes_on_saying_what_it_said_but_goes_where_the_partner_is_today(database: str) -> None:
    a_seller(database)
    a_contract(database)
    bill(database, "2026-04-30")
    a_partner(database, **BUYER | {"name": "新社名", "address": "北海道札幌市架空1", "peppol_id": "0188:7000012050002"})
    with runs.run(database, "policy", permission="settings.change") as (session, _):
        policies.propose(session, {"registration_number": "T7990000000002"}, "法人成り")
    bill(database, "2026-05-31")
    before, after = told(database), told(database, "INV-2026-00002")
    for root, name, prefecture, number in (
        (before, "P1商事", "東京都", NUMBER),
        (after, "新社名", "北海道", "T7990000000002"),
    ):
        assert root.findtext(NAME) == name
        assert root.findtext("AccountingCustomerParty/Party/PostalAddress/CountrySubentity") == prefecture
        assert root.findtext("AccountingSupplierParty/Party/PartyTaxScheme/CompanyID") == number
        assert root.findtext("AccountingCustomerParty/Party/EndpointID") == "7000012050002"


def test_a_return_names_what_it_gives_back(database: str) -> None:
    a_seller(database)
    a_contract(database, start="2026-05-01", cycle_months=12, timing="advance", monthly=36_000)
    bill(database, "2026-04-30")
    an_event(database, "cancel", last_day="2026-09-30")
    bill(database, "2026-09-30")
    root = told(database, "RET-2026-00001")
    assert root.findtext("InvoiceTypeCode") == "380"
    assert root.findtext("Note") == "適格返還請求書"
    original = root.find("BillingReference/InvoiceDocumentReference")
    assert original is not None
    assert (original.findtext("ID"), original.findtext("IssueDate")) == ("INV-2026-00001", "2026-04-30")
    line = root.find("InvoiceLine")
    assert line is not None
    assert line.findtext("Note") == "もとの取引 2026-10-01〜2027-04-30 請求書 INV-2026-00001（2026-04-30）"
    assert line.findtext("InvoicedQuantity") == "-1"
    (row,) = [i for i in invoices(database) if i["kind"] == "return"]
    assert root.findtext("LegalMonetaryTotal/PayableAmount") == str(row["total"])
    assert root.find("PaymentMeans") is None


@pytest.mark.parametrize(("product", "price"), [("PLAN", 10_001), ("GROSS", 1_000)])
def test_what_was_taken_back_and_issued_anew_names_the_document_that_it_puts_right(
    database: str, product: str, price: int
) -> None:
    a_seller(database)
    a_contract(database, product=product, monthly=price)
    bill(database, "2026-04-30")
    before = peppol.single(database, "INV-2026-00001")
    a_partner(database, **BUYER | {"name": "正しい宛名"})
    month.cancel_invoice(database, "INV-2026-00001", why="宛先の誤り", on=date(2026, 5, 10), reissue=True)
    first, back, anew = invoices(database)
    for paper, sign in ((back, -1), (anew, 1)):
        root = told(database, paper["number"])
        original = root.find("BillingReference/InvoiceDocumentReference")
        assert original is not None
        assert (original.findtext("ID"), original.findtext("IssueDate")) == (first["number"], "2026-04-30")
        assert root.findtext("IssueDate") == "2026-05-10"
        assert root.findtext("LegalMonetaryTotal/PayableAmount") == str(sign * first["total"])
        assert [tax for *_, tax in taxes(root)] == [sign * first["tax"]]
    assert told(database, back["number"]).findtext("InvoiceLine/Note") == (
        "もとの取引 2026-04-01〜2026-04-30 請求書 INV-2026-00001（2026-04-30）"
    )
    assert told(database, anew["number"]).findtext("Note") == "修正した適格請求書"
    assert [made.number for made in peppol.closing(database, date(2026, 4, 30))] == [
        first["number"],
        back["number"],
        anew["number"],
    ]
    names = [told(database, p["number"]).findtext(NAME) for p in (first, back, anew)]
    assert names == ["P1商事", "正しい宛名", "正しい宛名"]
    assert peppol.single(database, "INV-2026-00001") == before


def test_what_was_taken_back_before_is_not_what_a_later_credit_comes_from(database: str) -> None:
    a_seller(database)
    a_contract(database, timing="advance", start="2026-05-01", monthly=10_000)
    bill(database, "2026-04-30")
    month.cancel_invoice(database, "INV-2026-00001", why="宛先の誤り", on=date(2026, 4, 30), reissue=True)
    an_event(database, "change_price", "2026-05-16", unit_price=20_000)
    bill(database, "2026-05-31")
    root = told(database, "INV-2026-00002")
    assert [r.findtext("ID") for r in root.iter("InvoiceDocumentReference")] == ["REV-2026-00001"]
    kept = peppol.single(database, "INV-2026-00002")
    month.cancel_invoice(database, "REV-2026-00001", why="宛先の誤り", on=date(2026, 5, 31))
    assert peppol.single(database, "INV-2026-00002") == kept


def test_a_credit_beside_charges_names_its_original_too(database: str) -> None:
    a_seller(database)
    a_contract(database, timing="advance", start="2026-05-01", monthly=10_000)
    bill(database, "2026-04-30")
    an_event(database, "change_price", "2026-05-16", unit_price=20_000)
    bill(database, "2026-05-31")
    root = told(database, "INV-2026-00002")
    assert [r.findtext("ID") for r in root.iter("InvoiceDocumentReference")] == ["INV-2026-00001"]
    back = [line for line in root.iter("InvoiceLine") if str(line.findtext("InvoicedQuantity")).startswith("-")]
    assert [line.findtext("Note") for line in back] == [
        "もとの取引 2026-05-16〜2026-05-31 請求書 INV-2026-00001（2026-04-30）"
    ]


def test_all_of_a_closing_that_go_this_way(database: str, tmp_path: Path) -> None:
    a_seller(database)
    a_partner(database, "P2", delivery="paper", address="東京都千代田区架空町1-1")
    a_partner(database, "P3", delivery="peppol")
    a_partner(database, "P4", **BUYER)
    for at, partner in enumerate(("P1", "P2", "P3", "P4")):
        a_contract(database, f"C{at}", partner=partner)
    bill(database, "2026-04-30")
    found = list(peppol.closing(database, date(2026, 4, 30)))
    assert [(made.number, made.refusal and made.refusal.code) for made in found] == [
        ("INV-2026-00001", None),
        ("INV-2026-00003", "peppol-no-receiver"),
        ("INV-2026-00004", None),
    ]
    assert [made.xml for made in found if made.xml] == [
        peppol.single(database, number) for number in ("INV-2026-00001", "INV-2026-00004")
    ]
    assert list(peppol.closing(database, date(2026, 5, 31))) == []


def test_the_command_shows_its_steps_on_a_terminal(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from urikake.doors.cli.main import app

    a_seller(database)
    a_contract(database)
    bill(database, "2026-04-30")
    steps: list[str] = []
    with watched(steps.append):
        out = tmp_path / "april"
        words = ["document", "peppol", "--closing", "2026-04-30", "-o", str(out)]
        told = CliRunner().invoke(app, words, env={"DATABASE_URL": database})
    assert (told.exit_code, told.stdout) == (0, "april に1件を書き出しました。\n")
    assert len(steps) == STEPS["peppol"]
    assert (out / "INV-2026-00001.xml").read_bytes() == peppol.single(database, "INV-2026-00001")


def test_an_issuer_without_number_writes_only_what_bears_no_tax(database: str) -> None:
    a_shop(database)
    a_partner(database, **BUYER)
    take_rows(database, "contracts", [a_line("C1"), a_line("C2", product="RENT")])
    bill(database, "2026-04-30")
    with pytest.raises(Refusal, match="登録番号がない") as refused:
        peppol.single(database, "INV-2026-00001")
    assert refused.value.code == "peppol-unregistered"


def test_an_issuer_without_number_needs_an_address_of_its_own(database: str) -> None:
    a_shop(database)
    a_partner(database, **BUYER)
    a_contract(database, product="RENT")
    bill(database, "2026-04-30")
    with pytest.raises(Refusal) as refused:
        peppol.single(database, "INV-2026-00001")
    assert refused.value.code == "peppol-no-sender"
    with runs.run(database, "policy", permission="settings.change") as (session, _):
        policies.propose(session, {"peppol_id": "0188:8990000000001"}, "電子請求を始める")
    root = told(database)
    assert root.findtext("InvoiceTypeCode") == "480"
    assert root.findtext("AccountingSupplierParty/Party/EndpointID") == "8990000000001"
    assert root.find("AccountingSupplierParty/Party/PartyTaxScheme") is None


def test_the_companys_own_address_may_stand_in_its_settings(database: str) -> None:
    a_company(database, registration_number=NUMBER, peppol_id="0188:8990000000001")
    a_partner(database, **BUYER)
    a_product(database)
    a_contract(database)
    bill(database, "2026-04-30")
    assert told(database).findtext("AccountingSupplierParty/Party/EndpointID") == "8990000000001"


def test_a_wrong_address_is_refused_where_it_is_written(database: str) -> None:
    with pytest.raises(Refusal, match="チェックデジット"):
        a_company(database, peppol_id="0188:8990000000002")
    a_shop(database)
    with pytest.raises(FileRefusal, match="Peppol ID は"):
        a_partner(database, peppol_id="8990000000001")
    with (
        runs.run(database, "policy", permission="settings.change") as (session, _),
        pytest.raises(Refusal, match="法人番号は 13 桁"),
    ):
        policies.propose(session, {"peppol_id": "0188:899"}, "")


@pytest.mark.parametrize("number", ["INV-2026-00009", "nothing", "INV-2026-", ""])
def test_an_invoice_that_is_not_there_is_said_so(database: str, number: str) -> None:
    a_seller(database)
    with pytest.raises(Refusal) as refused:
        peppol.single(database, number)
    assert refused.value.code == "no-invoice"


def test_who_may_not_see_invoices_may_not_write_them_out(database: str) -> None:
    a_seller(database)
    users(database, adam="admin")
    for asked in (
        lambda: peppol.single(database, "INV-2026-00001", user="adam"),
        lambda: list(peppol.closing(database, date(2026, 4, 30), user="adam")),
    ):
        with pytest.raises(Refusal) as refused:
            asked()
        assert refused.value.code == "not-permitted"


def test_a_name_that_no_file_can_hold_is_said_so(database: str) -> None:
    a_seller(database)
    a_partner(database, **BUYER | {"name": "\x01"})
    a_contract(database)
    bill(database, "2026-04-30")
    with pytest.raises(Refusal, match="RegistrationName がありません") as refused:
        peppol.single(database, "INV-2026-00001")
    assert refused.value.code == "peppol-faulty"


def test_an_invoice_whose_total_was_tampered_with_is_not_written(database: str) -> None:
    a_seller(database)
    a_contract(database)
    bill(database, "2026-04-30")
    behind_its_back(database, "UPDATE invoices_invoice SET total = total + 1")
    with pytest.raises(Refusal, match="合計が税抜額と消費税の和と合いません") as refused:
        peppol.single(database, "INV-2026-00001")
    assert refused.value.code == "peppol-unwritable"
    behind_its_back(database, "UPDATE invoices_invoice SET total = total - 1")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], "peppol-what"),
        (["INV-2026-00001", "--closing", "2026-04-30"], "peppol-what"),
        (["INV-2026-00001"], "no-out"),
        (["--check", "missing.xml"], "no-file"),
        (["INV-2026-00001", "-o", "."], "cannot-write"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(
    database: str, words: list[str], code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from urikake.doors.cli.main import app

    a_seller(database)
    a_contract(database)
    bill(database, "2026-04-30")
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["document", "peppol", *words], env={"DATABASE_URL": database})
    assert isinstance(found.exception, Refusal)
    assert found.exception.code == code
