"""What is wrong with a JP PINT file: every rule that it breaks, where, and what to do."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import date, time
from typing import Final

from urikake.core.formats import registration_number

from . import sums
from .codes import DOCUMENTS, ORDER
from .rules import Problem
from .tree import Element, Unreadable, elements, every, is_foreign, is_invoice, name, number, one, parsed, text, where

Found = Iterator[Problem]


def problems(xml: bytes) -> list[Problem]:
    """The rules that the file breaks, in the order in which they are checked; none for a valid invoice.

    Each `Problem` has the rule, the element, why it is wrong and what to do. The file is only read: no network, no other
    files, no document type.

    >>> [str(problem) for problem in problems(b"<Invoice/>")]
    ['Invoice: UBL の Invoice ではありません（Invoice）。JP PINT の請求書のファイルを選んでください。 [root]']
    """
    try:
        root = parsed(xml)
    except Unreadable as error:
        return [Problem("xml", "Invoice", str(error))]
    if not is_invoice(root):
        return [Problem("root", name(root), name(root))]
    return [problem for check in CHECKS for problem in check(root)]


# --- the document --------------------------------------------------------------------------------------------------


def _document(root: Element) -> Found:
    told = tuple(text(root, path) for path in ("CustomizationID", "ProfileID", "InvoiceTypeCode"))
    if told not in DOCUMENTS.values():
        yield Problem("document", "CustomizationID", "・".join(told))


REQUIRED: Final = {
    "": "CustomizationID ProfileID ID IssueDate InvoiceTypeCode DocumentCurrencyCode AccountingSupplierParty/Party"
    " AccountingCustomerParty/Party TaxTotal LegalMonetaryTotal InvoiceLine",
    "InvoicePeriod": "StartDate EndDate",
    "BillingReference/InvoiceDocumentReference": "ID",
    "AccountingSupplierParty/Party": "EndpointID PostalAddress/Country/IdentificationCode PartyLegalEntity/RegistrationName",
    "AccountingCustomerParty/Party": "EndpointID PostalAddress/Country/IdentificationCode PartyLegalEntity/RegistrationName",
    "PaymentMeans": "PaymentMeansCode",
    "AllowanceCharge": "ChargeIndicator Amount TaxCategory",
    "TaxTotal": "TaxAmount TaxSubtotal",
    "TaxTotal/TaxSubtotal": "TaxableAmount TaxAmount TaxCategory",
    "LegalMonetaryTotal": "LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount PayableAmount",
    "InvoiceLine": "ID InvoicedQuantity LineExtensionAmount Item/Name Price/PriceAmount",
    "InvoiceLine/InvoicePeriod": "StartDate EndDate",
    "InvoiceLine/AllowanceCharge": "ChargeIndicator Amount",
}  # fmt: skip
ONCE: Final = {
    "": "Note TaxPointDate InvoicePeriod ContractDocumentReference PaymentTerms LegalMonetaryTotal",
    "AccountingCustomerParty/Party": "PartyIdentification",
    "AccountingSupplierParty/Party/PostalAddress": "AddressLine",
    "AccountingCustomerParty/Party/PostalAddress": "AddressLine",
    "PaymentMeans": "PaymentID",
    "InvoiceLine": "Note InvoicePeriod Item Price",
}


def _complete(root: Element) -> Found:
    """What must be there, and what may be there but once."""
    for path, wanted in REQUIRED.items():
        for parent in every(root, path) if path else [root]:
            for each in wanted.split():
                if one(parent, each) is None:
                    yield Problem("required", where(parent), each)
    for path, single in ONCE.items():
        for parent in every(root, path) if path else [root]:
            for each in single.split():
                if len(every(parent, each)) > 1:
                    yield Problem("once", where(parent), each)


def _ordered(root: Element) -> Found:
    """Every element in its place: of an invoice's namespaces, only known ones at the top, in the order of the schema."""
    for parent in elements(root):
        if is_foreign(parent) and (len(parent) or text(parent)):
            yield Problem("unknown", where(parent), name(parent))
        order = ORDER.get(name(parent))
        if order is None or not len(parent):
            continue
        places = [order.index(name(child)) if name(child) in order else -1 for child in parent]
        if parent is root:
            yield from (Problem("unknown", where(c), name(c)) for c, at in zip(parent, places, strict=True) if at < 0)
        known = [(at, child) for at, child in zip(places, parent, strict=True) if at >= 0]
        for (before, _), (at, child) in itertools.pairwise(known):
            if at < before:
                yield Problem("order", where(child), name(child))


def _filled(root: Element) -> Found:
    for element in elements(root):
        if not len(element) and not text(element):
            yield Problem("empty", where(element), name(element))


DATES: Final = frozenset({"IssueDate", "DueDate", "TaxPointDate", "StartDate", "EndDate", "ActualDeliveryDate"})


def _dated(root: Element) -> Found:
    for element in elements(root):
        kind = "date" if name(element) in DATES else "time" if name(element) == "IssueTime" else ""
        if kind and text(element) and not _reads(kind, text(element)):
            yield Problem(kind, where(element), text(element))


def _reads(kind: str, said: str) -> bool:
    form, read = (r"\d{4}-\d\d-\d\d", date) if kind == "date" else (r"\d\d:\d\d:\d\d", time)
    try:
        return bool(re.fullmatch(form, said)) and read.fromisoformat(said) is not None
    except ValueError:
        return False


def _periods(root: Element) -> Found:
    """At least one period; none that ends before it starts; those of lines inside the invoice's."""
    whole = one(root, "InvoicePeriod")
    lines = every(root, "InvoiceLine/InvoicePeriod")
    if whole is None and not lines:
        yield Problem("period", "InvoicePeriod")
    for period in [*every(root, "InvoicePeriod"), *lines]:
        first, last = text(period, "StartDate"), text(period, "EndDate")
        if first and last and last < first:
            yield Problem("period-order", where(period), f"{first}〜{last}")
    outer = ("", "") if whole is None else (text(whole, "StartDate"), text(whole, "EndDate"))
    for period in lines if all(outer) else []:
        first, last = text(period, "StartDate"), text(period, "EndDate")
        if first < outer[0] or last > outer[1]:
            yield Problem("period-inside", where(period), f"{first}〜{last}")


# --- parties -------------------------------------------------------------------------------------------------------

NUMBERED: Final = {"0188": r"[0-9]{13}", "0221": r"T[0-9]{13}"}


def _parties(root: Element) -> Found:
    for path in ("AccountingSupplierParty/Party", "AccountingCustomerParty/Party"):
        for party in every(root, path):
            yield from _endpoint(party)
            country = one(party, "PostalAddress/Country/IdentificationCode")
            if country is not None and not re.fullmatch("[A-Z]{2}", text(country)):
                yield Problem("country", where(country), text(country))
    yield from _seller(root)


def _endpoint(party: Element) -> Found:
    """The electronic address has a scheme, and is a number of that scheme with a right check digit."""
    endpoint = one(party, "EndpointID")
    if endpoint is None:
        return
    scheme, said = endpoint.get("schemeID", ""), text(endpoint)
    if not scheme:
        yield Problem("endpoint-scheme", where(endpoint))
    elif scheme in NUMBERED and not re.fullmatch(NUMBERED[scheme], said):
        yield Problem("endpoint", where(endpoint), said)
    elif scheme in NUMBERED and registration_number.problem(f"T{said.removeprefix('T')}"):
        yield Problem("number-digit", where(endpoint), said)


def _seller(root: Element) -> Found:
    """The registration number (登録番号) of the issuer: needed, or forbidden where the document says there is none."""
    seller = one(root, "AccountingSupplierParty/Party")
    if seller is None:
        return
    found = one(seller, "PartyTaxScheme/CompanyID")
    if text(root, "InvoiceTypeCode") == DOCUMENTS["non_tax"][2]:
        if found is not None:
            yield Problem("seller-number-none", where(found), text(found))
    elif found is None:
        yield Problem("seller-number", where(seller))
    elif not re.fullmatch(NUMBERED["0221"], text(found)):
        yield Problem("seller-number-form", where(found), text(found))
    elif registration_number.problem(text(found)):
        yield Problem("number-digit", where(found), text(found))


# --- payment and references ----------------------------------------------------------------------------------------


def _payments(root: Element) -> Found:
    for means in every(root, "PaymentMeans"):
        code = text(means, "PaymentMeansCode")
        if code == "30" and not text(means, "PayeeFinancialAccount/ID"):
            yield Problem("means-account", where(means))
        if code in ("49", "59") and not text(means, "PaymentMandate/ID"):
            yield Problem("means-mandate", where(means))


def _reasons(root: Element) -> Found:
    """Allowances and charges say why; those of a price only lower it."""
    for change in [*every(root, "AllowanceCharge"), *every(root, "InvoiceLine/AllowanceCharge")]:
        if not text(change, "AllowanceChargeReason") and not text(change, "AllowanceChargeReasonCode"):
            yield Problem("reason", where(change))
    for change in every(root, "InvoiceLine/Price/AllowanceCharge"):
        if text(change, "ChargeIndicator") != "false":
            yield Problem("discount-only", where(change))


def _returned(root: Element) -> Found:
    """A document that only gives back (返還) names the original and its day, and on its lines the day of the deal.

    Source: 消費税法57条の4 第3項; JP PINT has no credit notes.
    """
    total = number(root, "LegalMonetaryTotal/LineExtensionAmount")
    if total is None or total >= 0:
        return
    named = every(root, "BillingReference/InvoiceDocumentReference")
    if not any(text(each, "ID") and text(each, "IssueDate") for each in named):
        yield Problem("original", "BillingReference")
    for line in every(root, "InvoiceLine"):
        net = number(line, "LineExtensionAmount")
        if net is not None and net < 0 and not re.search(r"\d{4}-\d\d-\d\d", text(line, "Note")):
            yield Problem("original-note", where(line))


# --- lines ---------------------------------------------------------------------------------------------------------


def _lines(root: Element) -> Found:
    seen: set[str] = set()
    despatched = one(root, "DespatchDocumentReference") is not None
    for line in every(root, "InvoiceLine"):
        if (said := text(line, "ID")) in seen:
            yield Problem("line-id", where(line), said)
        seen.add(said)
        if despatched and one(line, "DespatchLineReference") is not None:
            yield Problem("despatch", where(line))
        yield from _item(line)
        yield from _price(line)


def _item(line: Element) -> Found:
    for path, attribute in (
        ("Item/StandardItemIdentification/ID", "schemeID"),
        ("Item/CommodityClassification/ItemClassificationCode", "listID"),
    ):
        for element in every(line, path):
            if not element.get(attribute):
                yield Problem("identifier", where(element), name(element))
    for element in every(line, "Item/AdditionalItemProperty"):
        if not text(element, "Name") or not text(element, "Value"):
            yield Problem("property", where(element))


def _price(line: Element) -> Found:
    """The quantity with its unit, the price not negative, and for a positive quantity of the same unit."""
    quantity, base = one(line, "InvoicedQuantity"), one(line, "Price/BaseQuantity")
    unit = "" if quantity is None else quantity.get("unitCode", "")
    if (quantity is not None and not unit) or (base is not None and base.get("unitCode", "") != unit):
        yield Problem("unit", where(line), unit if base is None else base.get("unitCode", ""))
    price, times = number(line, "Price/PriceAmount"), number(base)
    if price is not None and price < 0:
        yield Problem("price", f"{where(line)}/Price/PriceAmount", f"{price:f}")
    if base is not None and (times is None or times <= 0):
        yield Problem("base-quantity", where(base), text(base))


CHECKS: Final[tuple[Callable[[Element], Found], ...]] = (
    _document,
    _complete,
    _ordered,
    _filled,
    _dated,
    _periods,
    _parties,
    _payments,
    _reasons,
    _returned,
    _lines,
    sums.money,
    sums.categories,
    sums.taxes,
    sums.yen,
    sums.totals,
    sums.lines,
)
