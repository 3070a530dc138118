"""The rules of a JP PINT file that are about money: currencies, tax categories, and sums that must hold to the last unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from urikake.core.currency import places

from .codes import CATEGORIES, DOCUMENTS
from .rules import Problem
from .tree import Element, elements, every, name, number, one, text, where

Found = Iterator[Problem]
Key = tuple[str, str]
YEN: Final = "JPY"
UNTAXED: Final = frozenset("EGO")
_CODES: Final = frozenset(CATEGORIES.values())
_FREE: Final = frozenset({"PriceAmount"})
"""Amounts that may have any number of decimals."""


def money(root: Element) -> Found:
    """Every amount is a number of its currency, with the decimals that it may have: two, and none of yen."""
    document = text(root, "DocumentCurrencyCode")
    second = every(root, "TaxTotal")[1:]
    inside = {element for total in second for element in elements(total)}
    for element in elements(root):
        currency = element.get("currencyID")
        if currency is None:
            yield from _without_currency(element)
            continue
        if currency != (YEN if element in inside else document):
            yield Problem("currency", where(element), currency)
        yield from _decimals(element, currency)
    yield from _tax_currency(root, document)


def _without_currency(element: Element) -> Found:
    """An amount has a currency; a quantity and a rate are numbers too."""
    if name(element).endswith("Amount"):
        yield Problem("currency", where(element), "")
    elif name(element).endswith(("Quantity", "Percent")) and number(element) is None:
        yield Problem("amount", where(element), text(element))


def _decimals(element: Element, currency: str) -> Found:
    said = text(element)
    if number(element) is None:
        yield Problem("amount", where(element), said)
    elif name(element) in _FREE:
        return
    elif currency == YEN and "." in said:
        yield Problem("yen-decimals", where(element), said)
    elif len(said.partition(".")[2]) > 2:
        yield Problem("decimals", where(element), said)


def _tax_currency(root: Element, document: str) -> Found:
    """Beside a foreign currency, and only there, the tax is told in yen too (`JPY`)."""
    said = one(root, "TaxCurrencyCode")
    if document and not re.fullmatch("[A-Z]{3}", document):
        yield Problem("currency", "DocumentCurrencyCode", document)
    if said is not None and (text(said) != YEN or document == YEN):
        yield Problem("tax-currency", where(said), text(said))
    if document != YEN and (said is None or len(every(root, "TaxTotal")) != 2):
        yield Problem("yen-tax", "TaxTotal")
    if document == YEN and len(every(root, "TaxTotal")) > 1:
        yield Problem("once", "Invoice", "TaxTotal")


# --- tax categories ------------------------------------------------------------------------------------------------


def categories(root: Element) -> Found:
    """Every tax category is one of the five, of the scheme ``VAT``, with the percent that goes with it."""
    for element in elements(root):
        if name(element) in ("TaxCategory", "ClassifiedTaxCategory"):
            yield from _category(element)
        elif name(element) == "PartyTaxScheme" and text(element, "TaxScheme/ID") != "VAT":
            yield Problem("scheme", where(element), text(element, "TaxScheme/ID"))
    for line in every(root, "InvoiceLine"):
        if one(line, "Item/ClassifiedTaxCategory") is None:
            yield Problem("line-tax", where(line))


def _category(element: Element) -> Found:
    code, percent = text(element, "ID"), one(element, "Percent")
    if text(element, "TaxScheme/ID") != "VAT":
        yield Problem("scheme", where(element), text(element, "TaxScheme/ID"))
    if code not in _CODES:
        yield Problem("category", where(element), code)
    elif code == "O":
        if percent is not None:
            yield Problem("percent", where(element), f"{code} {text(percent)}")
    elif (rate := number(percent)) is None or rate < 0 or (code in UNTAXED and rate):
        rule = "line-tax" if percent is None and name(element) == "ClassifiedTaxCategory" else "percent"
        yield Problem(rule, where(element), f"{code} {text(percent)}".strip())


def key(category: Element | None) -> Key:
    """The category and its rate as they are compared: ``("S", "10")``, and ``("O", "")``."""
    rate = number(category, "Percent")
    return text(category, "ID"), "" if rate is None else f"{rate.normalize():f}"


def _shown(keys: set[Key]) -> str:
    return "・".join(sorted(f"{code} {rate}".strip() for code, rate in keys))


# --- taxes ---------------------------------------------------------------------------------------------------------


def taxes(root: Element) -> Found:
    """The subtotals of the invoice's currency: one for each category and rate, of the right net, with the right tax."""
    total = one(root, "TaxTotal")
    if total is None:
        return
    nets = _nets(root)
    subtotals = every(total, "TaxSubtotal")
    keys = [key(one(subtotal, "TaxCategory")) for subtotal in subtotals]
    if set(keys) != set(nets) or len(set(keys)) != len(keys):
        twice = {each for each in keys if keys.count(each) > 1}
        yield Problem("subtotals", where(total), _shown(set(keys) ^ set(nets) | twice))
    for subtotal, each in zip(subtotals, keys, strict=True):
        net = number(subtotal, "TaxableAmount")
        if net is not None and each in nets and nets[each] is not None and net != nets[each]:
            yield Problem("taxable", where(subtotal), f"{net:f}")
        yield from _tax(root, subtotal)
    yield from _summed(total)


def _nets(root: Element) -> dict[Key, Decimal | None]:
    """The net of each category and rate: lines − allowances + charges; None where one of them is no number."""
    found: dict[Key, Decimal | None] = {}
    parts = [
        (key(one(line, "Item/ClassifiedTaxCategory")), number(line, "LineExtensionAmount"))
        for line in every(root, "InvoiceLine")
    ]
    parts += [(key(one(change, "TaxCategory")), _signed(change)) for change in every(root, "AllowanceCharge")]
    for each, amount in parts:
        before = found.get(each, Decimal(0))
        found[each] = None if before is None or amount is None else before + amount
    return found


def _signed(change: Element) -> Decimal | None:
    """What an allowance takes off (negative) or a charge puts on."""
    amount = number(change, "Amount")
    return amount if amount is None or text(change, "ChargeIndicator") == "true" else -amount


def _tax(root: Element, subtotal: Element) -> Found:
    """The tax of a subtotal: none where none is due, else between floor and ceiling of net × rate (one rounding a rate)."""
    net, tax = number(subtotal, "TaxableAmount"), number(subtotal, "TaxAmount")
    code, rate = text(subtotal, "TaxCategory/ID"), number(subtotal, "TaxCategory/Percent")
    if net is None or tax is None:
        return
    if code in UNTAXED and tax:
        yield Problem("tax-zero", where(subtotal), f"{tax:f}")
    elif tax and text(root, "InvoiceTypeCode") == DOCUMENTS["non_tax"][2]:
        yield Problem("tax-none", where(subtotal), f"{tax:f}")
    elif code not in UNTAXED and rate is not None:
        unit = Decimal(1).scaleb(-min(places(text(root, "DocumentCurrencyCode")), 2))
        exact = net * rate / 100 / unit
        least, most = (exact.to_integral_value(way) * unit for way in (ROUND_FLOOR, ROUND_CEILING))
        if not least <= tax <= most:
            yield Problem("tax-range", where(subtotal), f"{tax:f}")


def _summed(total: Element) -> Found:
    parts = [number(subtotal, "TaxAmount") for subtotal in every(total, "TaxSubtotal")]
    tax = number(total, "TaxAmount")
    if tax is not None and None not in parts and tax != sum(part for part in parts if part is not None):
        yield Problem("tax-sum", where(total), f"{tax:f}")


def yen(root: Element) -> Found:
    """The tax in yen beside another currency: of the same categories, itself a sum, of the same sign."""
    both = every(root, "TaxTotal")
    if len(both) != 2:
        return
    first, second = ({key(one(s, "TaxCategory")) for s in every(total, "TaxSubtotal")} for total in both)
    if first != second:
        yield Problem("yen-tax-categories", where(both[1]), _shown(first ^ second))
    yield from _summed(both[1])
    here, there = (number(total, "TaxAmount") for total in both)
    if here is not None and there is not None and here * there < 0:
        yield Problem("yen-tax-sign", where(both[1]), f"{there:f}")


# --- totals and lines ----------------------------------------------------------------------------------------------


def totals(root: Element) -> Found:
    """The totals of the document, each from those before it."""
    total = one(root, "LegalMonetaryTotal")
    if total is None:
        return
    told = {name(element): number(element) for element in total}
    amount = {each: told.get(each) or Decimal(0) for each in TOTALS}
    changes = [_signed(change) for change in every(root, "AllowanceCharge")]
    nets = [number(line, "LineExtensionAmount") for line in every(root, "InvoiceLine")]
    tax = number(root, "TaxTotal/TaxAmount")
    if None in changes or None in nets or tax is None:
        return
    down = -sum((min(change, Decimal(0)) for change in changes if change is not None), Decimal(0))
    up = sum((max(change, Decimal(0)) for change in changes if change is not None), Decimal(0))
    inclusive = amount["TaxInclusiveAmount"]
    for rule, each, right in (
        ("lines-sum", "LineExtensionAmount", sum((net for net in nets if net is not None), Decimal(0))),
        ("allowance-sum", "AllowanceTotalAmount", down),
        ("allowance-sum", "ChargeTotalAmount", up),
        ("exclusive", "TaxExclusiveAmount", amount["LineExtensionAmount"] - down + up),
        ("inclusive", "TaxInclusiveAmount", amount["TaxExclusiveAmount"] + tax),
        ("payable", "PayableAmount", inclusive - amount["PrepaidAmount"] + amount["PayableRoundingAmount"]),
    ):
        if amount[each] != right:
            yield Problem(rule, f"LegalMonetaryTotal/{each}", f"{amount[each]:f}")


TOTALS: Final = (
    "LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "AllowanceTotalAmount", "ChargeTotalAmount",
    "PrepaidAmount", "PayableRoundingAmount", "PayableAmount",
)  # fmt: skip


def lines(root: Element) -> Found:
    """The amount of a line is quantity × price ÷ base quantity − allowances + charges, rounded to its currency either way."""
    unit = Decimal(1).scaleb(-min(places(text(root, "DocumentCurrencyCode")), 2))
    for line in every(root, "InvoiceLine"):
        net, quantity, price = (
            number(line, path) for path in ("LineExtensionAmount", "InvoicedQuantity", "Price/PriceAmount")
        )
        base = number(line, "Price/BaseQuantity") or Decimal(1)
        changes = [_signed(change) for change in every(line, "AllowanceCharge")]
        if net is None or quantity is None or price is None or None in changes:
            continue
        more = sum((change for change in changes if change is not None), Decimal(0))
        if abs(quantity * price / base + more - net) >= unit:
            yield Problem("line-amount", where(line), f"{net:f}")
