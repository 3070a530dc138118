"""JP PINT: what is written has no problem and bears the invoice's amounts; every rule finds the file that breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from urikake.core.currency import places
from urikake.core.formats.peppol import (
    RULES,
    Account,
    Due,
    Invoice,
    Line,
    Original,
    Party,
    Tax,
    problems,
    written,
)
from urikake.core.money import MICRO
from urikake.core.tax import invoice_taxes

SELLER = Party(
    name="株式会社架空商事",
    endpoint="0221:T8990000000001",
    registration_number="T8990000000001",
    postal_code="1000000",
    address="東京都千代田区架空町1-2-3",
)
BUYER = Party(name="架空物産株式会社", endpoint="0188:9880000000003")
APRIL = (date(2026, 4, 1), date(2026, 4, 30))
RATES = {"standard": 10, "reduced": 8, "exempt": 0, "export": 0, "out_of_scope": 0}


def a_line(net: int, tax: Any = "standard", **more: Any) -> Line:
    return Line(
        name="利用料",
        net=net,
        tax=tax,
        rate_micro=RATES[tax] * MICRO,
        **({"from_on": APRIL[0], "to_on": APRIL[1]} | more),
    )


def an_invoice(*lines: Line, rounding: Any = "floor", inclusive: bool = False, **more: Any) -> Invoice:
    """The lines taxed as the books do it; the lines' nets are the amounts, tax included where ``inclusive``."""
    frame = pl.DataFrame(
        [
            {"invoice": 1, "amount": line.net, "tax": line.tax, "rate_micro": line.rate_micro, "inclusive": inclusive}
            for line in lines
        ]
    )
    sums, shared = invoice_taxes(frame, rounding)
    netted = [
        Line(**{name: getattr(line, name) for name in Line.__slots__} | {"net": net})
        for line, net in zip(lines, shared["net"], strict=True)
    ]
    yen = more.get("currency", "JPY") != "JPY"
    taxes = [
        Tax(
            tax=tax,
            rate_micro=rate,
            net=net,
            amount=amount,
            net_yen=net * 3 // 2 if yen else None,
            amount_yen=amount * 3 // 2 if yen else None,
        )
        for tax, rate, net, amount in sums.select("tax", "rate_micro", "net", "amount").iter_rows()
    ]
    told = {"kind": "standard", "number": "INV-2026-00001", "issued_on": APRIL[1], "seller": SELLER, "buyer": BUYER}
    total = sum(tax.net + tax.amount for tax in taxes)
    return Invoice(**told | {"lines": tuple(netted), "taxes": tuple(taxes), "total": total} | more)


# --- what a reader gets, by the slowest way ------------------------------------------------------------------------


def plain(xml: bytes) -> etree._Element:
    """The file without namespaces."""
    root = etree.fromstring(xml)
    for element in root.iter():
        element.tag = etree.QName(element).localname
    return root


def minor(element: etree._Element, path: str, decimals: int) -> int:
    value = Fraction(str(element.findtext(path))) * 10**decimals
    assert value.denominator == 1
    return int(value)


def read_back(xml: bytes, decimals: int) -> dict[str, Any]:
    root = plain(xml)
    category = "TaxCategory/ID"
    taxes = [
        (
            s.findtext(category),
            s.findtext("TaxCategory/Percent"),
            minor(s, "TaxableAmount", decimals),
            minor(s, "TaxAmount", decimals),
        )
        for s in root.find("TaxTotal").iter("TaxSubtotal")  # type: ignore[union-attr]
    ]
    return {
        "lines": [minor(line, "LineExtensionAmount", decimals) for line in root.iter("InvoiceLine")],
        "taxes": taxes,
        "tax": minor(root, "TaxTotal/TaxAmount", decimals),
        "total": minor(root, "LegalMonetaryTotal/PayableAmount", decimals),
    }


def oracle(xml: bytes, decimals: int) -> None:
    """Every sum of the file, anew with fractions and one element at a time."""
    root = plain(xml)

    def of(element: etree._Element, path: str) -> Fraction:
        return Fraction(element.findtext(path) or "0")

    nets: dict[str, Fraction] = {}
    for line in root.findall("InvoiceLine"):
        net, base = of(line, "LineExtensionAmount"), Fraction(line.findtext("Price/BaseQuantity") or "1")
        assert of(line, "InvoicedQuantity") * of(line, "Price/PriceAmount") / base == net
        assert of(line, "Price/PriceAmount") >= 0
        code = str(line.findtext("Item/ClassifiedTaxCategory/ID"))
        nets[code] = nets.get(code, Fraction(0)) + net
    lines = sum(nets.values())
    moved = Fraction(0)
    for change in root.findall("AllowanceCharge"):
        signed = of(change, "Amount") * (1 if change.findtext("ChargeIndicator") == "true" else -1)
        nets[str(change.findtext("TaxCategory/ID"))] += signed
        moved += signed
    tax = Fraction(0)
    for part in root.find("TaxTotal").findall("TaxSubtotal"):  # type: ignore[union-attr]
        code, amount = str(part.findtext("TaxCategory/ID")), of(part, "TaxAmount")
        assert of(part, "TaxableAmount") == nets.pop(code)
        exact = of(part, "TaxableAmount") * of(part, "TaxCategory/Percent") / 100 * 10**decimals
        assert floor(exact) <= amount * 10**decimals <= ceil(exact)
        tax += amount
    assert not nets
    totals = root.find("LegalMonetaryTotal")
    assert totals is not None
    assert of(totals, "LineExtensionAmount") == lines
    assert of(totals, "ChargeTotalAmount") - of(totals, "AllowanceTotalAmount") == moved
    assert of(totals, "TaxExclusiveAmount") == lines + moved
    assert of(totals, "TaxInclusiveAmount") == lines + moved + tax
    assert of(totals, "PayableAmount") == lines + moved + tax + of(totals, "PayableRoundingAmount")


# --- laws ----------------------------------------------------------------------------------------------------------

AMOUNT = st.integers(1, 10**9) | st.integers(1, 200)


@st.composite
def some_lines(draw: Any) -> list[Line]:
    sign = draw(st.sampled_from([1, 1, -1]))
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        tax, net = draw(st.sampled_from(list(RATES))), draw(AMOUNT)
        whole = draw(st.booleans())
        quantity = draw(st.integers(1, 99)) * MICRO if whole else draw(st.integers(0, 10**9))
        price = draw(st.none() | st.integers(0, 10**9).map(lambda p: p * MICRO))
        if whole and price is not None and price and draw(st.booleans()):
            net = quantity // MICRO * price // MICRO
        note = f"もとの取引日 {APRIL[0]}" if sign < 0 else ""
        rows.append(a_line(sign * net, tax, quantity_micro=quantity, unit_price_micro=price, note=note))
    return rows


@settings(deadline=None)
@given(
    lines=some_lines(),
    rounding=st.sampled_from(["floor", "half_up", "ceil"]),
    inclusive=st.booleans(),
    currency=st.sampled_from(["JPY", "USD", "KRW", "EUR"]),
    kind=st.sampled_from(["standard", "self_billed"]),
)
def test_what_is_written_has_no_problem_and_bears_the_invoices_amounts(
    lines: list[Line], rounding: str, inclusive: bool, currency: str, kind: str
) -> None:
    back = (Original(number="INV-2026-00000", issued_on=date(2026, 3, 31)),) if lines[0].net < 0 else ()
    invoice = an_invoice(*lines, rounding=rounding, inclusive=inclusive, currency=currency, kind=kind, originals=back)
    xml = written(invoice)
    assert problems(xml) == []
    decimals = places(currency)
    found = read_back(xml, decimals)
    assert found["lines"] == [line.net for line in invoice.lines]
    assert [amount for *_, amount in found["taxes"]] == [tax.amount for tax in invoice.taxes]
    off = [net - tax.net for (_, _, net, _), tax in zip(found["taxes"], invoice.taxes, strict=True)]
    assert all(abs(each) <= (1 if inclusive else 0) for each in off)
    assert found["tax"] == sum(tax.amount for tax in invoice.taxes)
    assert found["total"] == invoice.total == sum(line.net for line in lines) + (0 if inclusive else found["tax"])
    oracle(xml, decimals)


@settings(max_examples=20, deadline=None)
@given(lines=some_lines(), inclusive=st.booleans())
def test_the_same_invoice_is_the_same_bytes(lines: list[Line], inclusive: bool) -> None:
    back = (Original(number="INV-2026-00000", issued_on=date(2026, 3, 31)),)
    assert written(an_invoice(*lines, inclusive=inclusive, originals=back)) == written(
        an_invoice(*lines, inclusive=inclusive, originals=back)
    )


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_can_stand_in_an_invoice(name: str, address: str) -> None:
    # a name of nothing that XML can hold is missing, and told so; everything else comes back as it was, trimmed
    line = a_line(100)
    xml = written(
        an_invoice(
            line, seller=Party(**{n: getattr(SELLER, n) for n in Party.__slots__} | {"name": name, "address": address})
        )
    )
    clean = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", name).strip()
    assert [p.rule for p in problems(xml)] == ([] if clean else ["required"])
    if clean and "\r" not in clean:
        assert (plain(xml).findtext("AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName") or "") == clean


# --- worked examples -----------------------------------------------------------------------------------------------


def test_three_lines_of_105_yen_bear_31_yen_of_tax() -> None:
    # 消費税法施行令70条の10: one rounding per rate and invoice
    found = read_back(written(an_invoice(a_line(105), a_line(105), a_line(105))), 0)
    assert (found["taxes"], found["total"]) == ([("S", "10", 315, 31)], 346)


def test_tax_taken_out_of_inclusive_prices_stays_and_the_net_moves_by_the_yen_that_the_rule_wants() -> None:
    # 1,000 × 10/110 = 90.9 → 90, net 910; 910 × 10 % is 91, so 90 would be refused beside it
    invoice = an_invoice(a_line(1_000), inclusive=True)
    root = plain(written(invoice))
    totals = {element.tag: element.text for element in root.find("LegalMonetaryTotal")}  # type: ignore[union-attr]
    assert totals == {
        "LineExtensionAmount": "910",
        "TaxExclusiveAmount": "909",
        "TaxInclusiveAmount": "999",
        "AllowanceTotalAmount": "1",
        "PayableRoundingAmount": "1",
        "PayableAmount": "1000",
    }
    assert root.findtext("TaxTotal/TaxAmount") == "90"
    assert root.findtext("AllowanceCharge/AllowanceChargeReason") == "税込価格の端数調整"


def test_a_foreign_invoice_tells_its_tax_in_yen_too() -> None:
    root = plain(written(an_invoice(a_line(10_050), currency="USD")))
    assert root.findtext("TaxCurrencyCode") == "JPY"
    amounts = [(t.findtext("TaxAmount"), t.find("TaxAmount").get("currencyID")) for t in root.findall("TaxTotal")]  # type: ignore[union-attr]
    assert amounts == [("10.05", "USD"), ("1507", "JPY")]
    assert root.findtext("InvoiceLine/LineExtensionAmount") == "100.50"


@pytest.mark.parametrize(
    ("net", "quantity", "unit", "written_as"),
    [
        (300,      3,  100,   ("3", "100", None)),
        (270,      3,  100,   ("3", "270", "3")),       # a discount
        (-270,     3,  100,   ("-3", "270", "3")),
        (5_000,    1,  10_000, ("1", "5000", None)),     # half a month
        (0,        0,  10,    ("0", "10", None)),
        (500,      0,  10,    ("1", "500", None)),       # a minimum without usage
        (-500,     1, -500,   ("-1", "500", None)),      # a price that is itself a credit
        (300,      3,  None,  ("3", "300", "3")),
    ],
)  # fmt: skip
def test_a_price_is_never_negative_and_makes_its_line(
    net: int, quantity: int, unit: int | None, written_as: tuple[str, str, str | None]
) -> None:
    back = (Original(number="INV-1", issued_on=date(2026, 3, 31)),)
    line = a_line(
        net, quantity_micro=quantity * MICRO, unit_price_micro=None if unit is None else unit * MICRO, note="2026-04-01"
    )
    root = plain(written(an_invoice(line, originals=back)))
    paths = ("InvoicedQuantity", "Price/PriceAmount", "Price/BaseQuantity")
    assert tuple(root.findtext(f"InvoiceLine/{path}") for path in paths) == written_as


@pytest.mark.parametrize(
    ("address", "prefecture", "rest"),
    [
        ("東京都千代田区架空町1-2-3", "東京都", "千代田区架空町1-2-3"),
        ("神奈川県横浜市架空1", "神奈川県", "横浜市架空1"),
        ("京都府京都市架空1", "京都府", "京都市架空1"),
        ("千代田区架空町1-2-3", None, "千代田区架空町1-2-3"),
    ],
)
def test_an_address_is_parted_after_its_prefecture(address: str, prefecture: str | None, rest: str) -> None:
    seller = Party(name="甲", endpoint=SELLER.endpoint, registration_number=SELLER.registration_number, address=address)
    found = plain(written(an_invoice(a_line(1), seller=seller))).find("AccountingSupplierParty/Party/PostalAddress")
    assert found is not None
    assert (found.findtext("CountrySubentity"), found.findtext("StreetName")) == (prefecture, rest)


def test_every_means_of_collection_is_told_and_every_due() -> None:
    dues = (
        Due(on=date(2026, 6, 30), amount=60, method="note"),
        Due(on=date(2026, 5, 31), amount=50, method="transfer"),
        Due(on=date(2026, 5, 31), amount=40, method="direct_debit"),
    )
    account = Account(bank="9991", branch="001", kind="普通", number="1234567", holder="ｶ)ｶｸｳｼﾖｳｼﾞ")
    xml = written(an_invoice(a_line(137), dues=dues, account=account, mandate="P1"))
    root = plain(xml)
    assert problems(xml) == []
    assert root.findtext("DueDate") == "2026-05-31"
    assert [m.findtext("PaymentMeansCode") for m in root.findall("PaymentMeans")] == ["60", "30", "49"]
    assert root.findtext("PaymentMeans/PayeeFinancialAccount/ID") == "9991:001:1:1234567"
    assert (
        root.findtext("PaymentTerms/Note")
        == "2026-06-30 約束手形 60円、2026-05-31 銀行振込 50円、2026-05-31 口座振替 40円"
    )


def test_a_transfer_without_account_says_nothing_of_it() -> None:
    xml = written(an_invoice(a_line(100), dues=(Due(on=APRIL[1], amount=110, method="transfer"),)))
    assert problems(xml) == []
    assert plain(xml).find("PaymentMeans") is None


def test_an_issuer_without_number_bears_no_number_and_no_tax() -> None:
    seller = Party(name="個人商店", endpoint="0188:9880000000003", registration_number="T8990000000001")
    xml = written(an_invoice(a_line(100, "exempt"), kind="non_tax", seller=seller))
    assert problems(xml) == []
    assert plain(xml).findtext("InvoiceTypeCode") == "480"
    assert plain(xml).find("AccountingSupplierParty/Party/PartyTaxScheme") is None


@pytest.mark.parametrize(
    ("invoice", "why"),
    [
        (lambda: an_invoice(a_line(100), lines=()), "明細がありません"),
        (lambda: an_invoice(a_line(100, from_on=None)), "期間"),
        (lambda: an_invoice(a_line(100), currency="KWD"), "2 桁"),
        (lambda: an_invoice(a_line(100), taxes=()), "明細と合いません"),
        (lambda: an_invoice(a_line(100), taxes=(Tax(tax="standard", rate_micro=10 * MICRO, net=100, amount=15),)), "1 を超えて"),
        (lambda: an_invoice(a_line(100, "exempt"), taxes=(Tax(tax="exempt", rate_micro=0, net=100, amount=1),)), "1 を超えて"),
        (lambda: an_invoice(a_line(100), total=100), "合計"),
        (lambda: an_invoice(a_line(100), kind="non_tax"), "登録番号がない"),
        (
            lambda: an_invoice(a_line(100), currency="USD", taxes=(Tax(tax="standard", rate_micro=10 * MICRO, net=100, amount=10),)),
            "円に換算",
        ),
    ],
)  # fmt: skip
def test_what_the_format_cannot_hold_is_not_written(invoice: Callable[[], Invoice], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        written(invoice())


# --- faults --------------------------------------------------------------------------------------------------------

FULL = {
    "dues": (Due(on=date(2026, 5, 31), amount=10, method="transfer"),),
    "account": Account(bank="9991", branch="001", kind="当座", number="1234567"),
    "contract_no": "C-7",
    "note": "四月分",
}
Fault = Callable[[str], str]


def swap(old: str, new: str, times: int = -1) -> Fault:
    def make(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, times)

    return make


def drop(name: str) -> Fault:
    """The first element of that name away."""
    return lambda text: re.sub(rf"\s*<(c[ab]c:{name})\b[^>]*>.*?</\1>", "", text, count=1, flags=re.DOTALL)


def after(name: str, more: str) -> Fault:
    """More put behind the first element of that name."""
    return lambda text: re.sub(rf"(</c[ab]c:{name}>)", rf"\1{more}", text, count=1)


RAISED = '<cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:Amount currencyID="JPY">1</cbc:Amount>'
DOMESTIC: list[tuple[str, Fault]] = [
    ("xml", lambda text: text[:-20]),
    ("xml", lambda text: text.replace("<Invoice", '<!DOCTYPE Invoice [<!ENTITY a "b">]><Invoice', 1)),
    ("root", swap("schema:xsd:Invoice-2", "schema:xsd:CreditNote-2")),
    ("document", swap("<cbc:InvoiceTypeCode>380", "<cbc:InvoiceTypeCode>381")),
    ("document", swap("billing-1@jp-1", "billing-1@eu-1")),
    ("required", drop("DocumentCurrencyCode")),
    ("required", drop("RegistrationName")),
    ("required", drop("PriceAmount")),
    ("required", drop("PaymentMeansCode")),
    ("once", after("Note", "<cbc:Note>二つめ</cbc:Note>")),
    ("once", after("TaxTotal", '<cac:TaxTotal><cbc:TaxAmount currencyID="JPY">1864</cbc:TaxAmount></cac:TaxTotal>')),
    ("unknown", after("IssueDate", "<cbc:UUID>x</cbc:UUID>")),
    ("unknown", after("Name", '<x xmlns="urn:other">1</x>')),
    ("unknown", swap("<cac:Country>", '<cac:Country xmlns:cac="urn:other">', 1)),
    ("order", lambda text: after("InvoiceTypeCode", "<cbc:DueDate>2026-05-31</cbc:DueDate>")(drop("DueDate")(text))),
    ("empty", swap("<cbc:Note>四月分</cbc:Note>", "<cbc:Note> </cbc:Note>")),
    ("empty", swap("<cbc:Note>四月分</cbc:Note>", "<cbc:Note/>")),
    ("date", swap("<cbc:IssueDate>2026-04-30", "<cbc:IssueDate>2026/04/30")),
    ("date", swap("<cbc:DueDate>2026-05-31", "<cbc:DueDate>2026-05-32")),
    ("time", after("IssueDate", "<cbc:IssueTime>9:30</cbc:IssueTime>")),
    ("period", lambda text: re.sub(r"\s*<cac:InvoicePeriod>.*?</cac:InvoicePeriod>", "", text, flags=re.DOTALL)),
    ("period-order", swap("<cbc:EndDate>2026-04-30", "<cbc:EndDate>2026-03-30")),
    ("period-inside", swap("<cbc:EndDate>2026-04-30", "<cbc:EndDate>2026-04-15", 1)),
    ("currency", swap('currencyID="JPY">10800', 'currencyID="USD">10800', 1)),
    ("currency", swap(' currencyID="JPY"', "", 1)),
    ("currency", swap("DocumentCurrencyCode>JPY", "DocumentCurrencyCode>yen")),
    ("tax-currency", after("DocumentCurrencyCode", "<cbc:TaxCurrencyCode>JPY</cbc:TaxCurrencyCode>")),
    ("amount", swap(">10800<", ">10,800<", 1)),
    ("yen-decimals", swap(">10000</cbc:TaxAmount>", ">10000.00</cbc:TaxAmount>")),
    ("endpoint-scheme", swap(' schemeID="0188"', "")),
    ("endpoint", swap(">9880000000003<", ">988000000000<")),
    ("number-digit", swap(">9880000000003<", ">9880000000004<")),
    ("number-digit", swap("<cbc:CompanyID>T8990000000001", "<cbc:CompanyID>T8990000000002")),
    ("country", swap("<cbc:IdentificationCode>JP<", "<cbc:IdentificationCode>日本<", 1)),
    ("seller-number", drop("PartyTaxScheme")),
    ("seller-number-form", swap("<cbc:CompanyID>T899", "<cbc:CompanyID>899")),
    ("means-account", drop("PayeeFinancialAccount")),
    ("means-mandate", swap(">30</cbc:PaymentMeansCode>", ">49</cbc:PaymentMeansCode>")),
    ("scheme", swap("<cbc:ID>VAT</cbc:ID>", "<cbc:ID>GST</cbc:ID>", 1)),
    ("category", swap("<cbc:ID>AA</cbc:ID>", "<cbc:ID>Z</cbc:ID>")),
    ("percent", swap("<cbc:Percent>0</cbc:Percent>", "<cbc:Percent>10</cbc:Percent>")),
    ("percent", swap("<cbc:ID>O</cbc:ID>", "<cbc:ID>O</cbc:ID><cbc:Percent>0</cbc:Percent>")),
    ("line-tax", drop("ClassifiedTaxCategory")),
    ("line-tax", lambda text: re.sub(r"(<cac:ClassifiedTaxCategory>\s*<cbc:ID>S</cbc:ID>)\s*<cbc:Percent>10</cbc:Percent>", r"\1", text)),
    ("subtotals", drop("TaxSubtotal")),
    ("taxable", swap(">100000</cbc:TaxableAmount>", ">100001</cbc:TaxableAmount>")),
    ("tax-range", swap(">864</cbc:TaxAmount>", ">865</cbc:TaxAmount>")),
    ("tax-zero", swap('<cbc:TaxAmount currencyID="JPY">0<', '<cbc:TaxAmount currencyID="JPY">1<', 1)),
    ("tax-sum", swap(">10864</cbc:TaxAmount>", ">10865</cbc:TaxAmount>")),
    ("lines-sum", swap(">111800</cbc:LineExtensionAmount>", ">111801</cbc:LineExtensionAmount>")),
    ("exclusive", swap(">111800</cbc:TaxExclusiveAmount>", ">111801</cbc:TaxExclusiveAmount>")),
    ("inclusive", swap(">122664</cbc:TaxInclusiveAmount>", ">122665</cbc:TaxInclusiveAmount>")),
    ("payable", swap(">122664</cbc:PayableAmount>", ">122665</cbc:PayableAmount>")),
    ("line-id", lambda text: re.sub(r"(<cac:InvoiceLine>\s*<cbc:ID>)2<", r"\g<1>1<", text)),
    ("unit", swap(' unitCode="C62"', "", 1)),
    ("price", swap(">900</cbc:PriceAmount>", ">-900</cbc:PriceAmount>")),
    ("base-quantity", lambda text: re.sub(r'(<cbc:BaseQuantity unitCode="C62">)\d+', r"\g<1>0", text, count=1)),
    ("line-amount", swap(">900</cbc:PriceAmount>", ">901</cbc:PriceAmount>")),
    ("property", swap("<cbc:Value>SO-1</cbc:Value>", "")),
    ("identifier", after("Name", "<cac:StandardItemIdentification><cbc:ID>4900000000000</cbc:ID></cac:StandardItemIdentification>")),
    ("discount-only", after("PriceAmount", f"<cac:AllowanceCharge>{RAISED}</cac:AllowanceCharge>")),
    (
        "despatch",
        lambda text: after("InvoicedQuantity", "<cac:DespatchLineReference><cbc:LineID>1</cbc:LineID></cac:DespatchLineReference>")(
            after("InvoicePeriod", "<cac:DespatchDocumentReference><cbc:ID>D</cbc:ID></cac:DespatchDocumentReference>")(text)
        ),
    ),
]  # fmt: skip


def a_full_invoice() -> str:
    lines = (
        a_line(100_000, properties=(("受注番号", "SO-1"),)),
        a_line(10_800, "reduced", quantity_micro=12 * MICRO, unit_price_micro=900 * MICRO),
        a_line(3_000, "exempt", quantity_micro=2 * MICRO),
        a_line(-2_000, "out_of_scope"),
    )
    return written(an_invoice(*lines, **FULL)).decode()


@pytest.mark.parametrize(("rule", "fault"), DOMESTIC, ids=[f"{at}-{rule}" for at, (rule, _) in enumerate(DOMESTIC)])
def test_a_fault_is_found_by_its_rule(rule: str, fault: Fault) -> None:
    text = a_full_invoice()
    assert problems(text.encode()) == []
    broken = fault(text)
    assert broken != text
    assert rule in {problem.rule for problem in problems(broken.encode())}


def a_return() -> Invoice:
    back = (Original(number="INV-2026-00000", issued_on=date(2026, 3, 31)),)
    return an_invoice(a_line(-1_000, note="2026-03-01〜2026-03-31"), originals=back)


OTHERS: list[tuple[str, Callable[[], Invoice], Fault]] = [
    ("reason", lambda: an_invoice(a_line(1_000), inclusive=True), drop("AllowanceChargeReason")),
    ("allowance-sum", lambda: an_invoice(a_line(1_000), inclusive=True), drop("AllowanceTotalAmount")),
    ("original", a_return, drop("BillingReference")),
    ("original", a_return, swap("<cbc:IssueDate>2026-03-31</cbc:IssueDate>", "")),
    ("original-note", a_return, drop("Note")),
    ("yen-tax", lambda: an_invoice(a_line(10_050), currency="USD"), drop("TaxCurrencyCode")),
    ("yen-tax", lambda: an_invoice(a_line(10_050), currency="USD"), drop("TaxTotal")),
    ("yen-tax-sign", lambda: an_invoice(a_line(10_050), currency="USD"), swap(">1507<", ">-1507<")),
    (
        "yen-tax-categories",
        lambda: an_invoice(a_line(10_050), currency="USD"),
        lambda text: re.sub(r'(1507</cbc:TaxAmount>\s*<cac:TaxCategory>\s*<cbc:ID>)S', r"\1AA", text),
    ),
    ("decimals", lambda: an_invoice(a_line(10_050), currency="USD"), swap(">100.50<", ">100.500<", 1)),
    ("tax-currency", lambda: an_invoice(a_line(10_050), currency="USD"), swap("TaxCurrencyCode>JPY", "TaxCurrencyCode>EUR")),
    (
        "seller-number-none",
        lambda: an_invoice(a_line(100, "exempt")),
        lambda text: text.replace(">380<", ">480<").replace("billing-1@", "nontaxinvoice-1@"),
    ),
    (
        "tax-none",
        lambda: an_invoice(a_line(100)),
        lambda text: text.replace(">380<", ">480<").replace("billing-1@", "nontaxinvoice-1@"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "invoice", "fault"), OTHERS, ids=[f"{at}-{o[0]}" for at, o in enumerate(OTHERS)])
def test_a_fault_of_another_kind_of_invoice_is_found_too(
    rule: str, invoice: Callable[[], Invoice], fault: Fault
) -> None:
    text = written(invoice()).decode()
    assert problems(text.encode()) == []
    broken = fault(text)
    assert broken != text
    assert rule in {problem.rule for problem in problems(broken.encode())}


def test_every_rule_is_provoked_and_says_why_and_what_to_do() -> None:
    assert {rule for rule, _ in DOMESTIC} | {rule for rule, _, _ in OTHERS} == set(RULES)
    assert all(why and remedy for why, remedy in RULES.values())


S_ALONE = "<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID>"
EXAMPLE = (Path(__file__).parent / "jp-pint.xml").read_text(encoding="utf-8")


def test_a_file_that_the_official_rules_accept_has_no_problem() -> None:
    assert problems(EXAMPLE.encode()) == []


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("document", swap(">380<", ">381<")),
        ("category", swap("<cbc:ID>AA</cbc:ID>", "<cbc:ID>Z</cbc:ID>")),
        ("tax-range", swap(">864<", ">865<")),
        ("empty", swap(">10月分ご請求<", "><")),
        ("period-inside", swap("2026-10-01</cbc:StartDate><cbc:EndDate>", "2026-09-01</cbc:StartDate><cbc:EndDate>")),
        ("price", swap(">900<", ">-900<")),
        ("period", lambda text: re.sub(r"<cac:InvoicePeriod>.*?</cac:InvoicePeriod>", "", text, flags=re.DOTALL)),
        ("seller-number", drop("PartyTaxScheme")),
        # what the official rules let through
        ("taxable", swap(">10800</cbc:TaxableAmount>", ">10801</cbc:TaxableAmount>")),
        ("number-digit", swap("<cbc:CompanyID>T8990000000001", "<cbc:CompanyID>T8990000000002")),
        ("yen-decimals", swap(">10000</cbc:TaxAmount>", ">10000.00</cbc:TaxAmount>")),
        ("line-tax", swap("<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>10</cbc:Percent>", S_ALONE)),
        ("line-amount", swap(">900<", ">901<")),
    ],
)  # fmt: skip
def test_the_faults_known_from_trials_are_found(rule: str, fault: Fault) -> None:
    assert rule in {problem.rule for problem in problems(fault(EXAMPLE).encode())}


def test_a_line_may_be_rounded_to_its_currency_either_way() -> None:
    text = a_full_invoice().replace(">900</cbc:PriceAmount>", ">900.05</cbc:PriceAmount>")  # 12 × 900.05 = 10,800.6
    assert problems(text.encode()) == []


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_nothing_breaks_the_reader(data: bytes) -> None:
    assert problems(data)


def test_the_files_numbers_are_read_exactly() -> None:
    # what floating point would take for equal
    text = written(an_invoice(a_line(9_007_199_254_740_993))).decode()
    assert problems(text.encode()) == []
    tax = Decimal("9007199254740993") / 10
    assert str(tax.quantize(Decimal(1), ROUND_HALF_UP)) in text


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["drop", "twice", "say", "move"]), st.integers(0, 10**6), st.text(max_size=12)),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_done_to_a_file_it_is_judged_and_never_breaks_the_judge(deeds: list[tuple[str, int, str]]) -> None:
    root = etree.fromstring(EXAMPLE.encode())
    for deed, where, text in deeds:
        inside = list(root.iter())[1:]
        if not inside:
            break
        element = inside[where % len(inside)]
        parent = element.getparent()
        assert parent is not None
        if deed == "drop":
            parent.remove(element)
        elif deed == "twice":
            parent.append(etree.fromstring(etree.tostring(element)))
        elif deed == "move":
            root.append(element)
        else:
            element.text = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd]", "", text)
    for problem in problems(etree.tostring(root)):
        assert problem.rule in RULES
        assert str(problem).endswith(f"[{problem.rule}]")
        assert problem.why == RULES[problem.rule][0].replace("{}", problem.found)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["0", "-0", "1e5", "999999999999999999", "0.0000000001", "-1", "1.999", "NaN", "１", "1,000"]),
    st.integers(0, 60),
)
def test_whatever_a_number_is_the_sums_are_judged(value: str, at: int) -> None:
    numbers = list(re.finditer(r"(?<=>)-?[0-9.]+(?=</cbc:(?:[A-Za-z]*Amount|[A-Za-z]*Quantity|Percent)>)", EXAMPLE))
    found = numbers[at % len(numbers)]
    changed = EXAMPLE[: found.start()] + value + EXAMPLE[found.end() :]
    same = value == found[0] or (value == "-0" and found[0] == "0")
    assert bool(problems(changed.encode())) is not same
