"""The XML of an invoice: every element in the order of the schema, none of them empty, always the same bytes.

The amounts are the invoice's; nothing is computed anew but what the format asks for beside them:

- A price is never negative and multiplies to its line: where quantity × unit price is not the line's net (a discount, a
  part of a cycle, a price with tax in it), the price is the net itself, for the whole quantity (``BaseQuantity``), and the
  unit price stands beside it as a property of the item.
- The tax of a rate must lie between floor and ceiling of net × rate. The tax taken out of prices that include it (内税)
  may be one unit off: 1,000 yen at 10 % rounded down are 910 and 90, but 910 × 10 % is 91. Then the net moves by that unit
  through an allowance or charge, and ``PayableRoundingAmount`` brings it back, so that tax and total stay the invoice's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from urikake.core.currency import places
from urikake.core.money import MICRO
from urikake.core.tax import PERCENT

from .codes import CATEGORIES, DEPOSITS, DOCUMENTS, MEANS, NAMESPACES, ROOT
from .content import Account, Invoice, Line, Original, Party, Tax
from .tree import Element

YEN: Final = "JPY"
_ADJUSTED: Final = "税込価格の端数調整"
_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PREFECTURE: Final = re.compile("(北海道|東京都|京都府|大阪府|(?:神奈川|和歌山|鹿児島|..)県)(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Node:
    """An element to be: its prefixed name, its attributes, its text or its elements."""

    name: str
    content: str | tuple[Node, ...]
    attributes: tuple[tuple[str, str], ...] = ()


Nodes = Iterator[Node]


def written(invoice: Invoice) -> bytes:
    """The invoice as JP PINT XML in UTF-8.

    Raises ``ValueError``, with the reason in Japanese, for what the format cannot hold: an invoice without lines or without
    any day, a currency with more than two decimals, taxes that are not those of the lines or that are further than one unit
    from net × rate, taxes without yen beside another currency, a total that is not net and tax.

    >>> from datetime import date
    >>> from urikake.core.formats.peppol import Invoice, Line, Party, Tax, problems
    >>> seller = Party(name="株式会社架空商事", endpoint="0221:T8990000000001", registration_number="T8990000000001")
    >>> buyer = Party(name="架空物産株式会社", endpoint="0188:9880000000003")
    >>> line = Line(name="利用料", net=100_000, tax="standard", rate_micro=10_000_000, from_on=date(2026, 10, 1),
    ...             to_on=date(2026, 10, 31))
    >>> tax = Tax(tax="standard", rate_micro=10_000_000, net=100_000, amount=10_000)
    >>> xml = written(Invoice(kind="standard", number="INV-2026-00001", issued_on=date(2026, 10, 31), seller=seller,
    ...                       buyer=buyer, lines=(line,), taxes=(tax,), total=110_000))
    >>> problems(xml), b'<cbc:PayableAmount currencyID="JPY">110000</cbc:PayableAmount>' in xml
    ([], True)
    """
    _require(invoice)
    spaces: dict[Any, str] = {None: ROOT, **NAMESPACES}
    root: Element = etree.Element(f"{{{ROOT}}}Invoice", nsmap=spaces)
    for node in _document(invoice):
        _grow(root, node)
    etree.indent(root)
    body: bytes = etree.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _require(invoice: Invoice) -> None:
    """Return if the format can hold the invoice; ``ValueError`` with the reason in Japanese otherwise."""
    sums: dict[tuple[str, int], int] = {}
    for line in invoice.lines:
        key = (line.tax, line.rate_micro)
        sums[key] = sums.get(key, 0) + line.net
    told = {(tax.tax, tax.rate_micro): tax.net for tax in invoice.taxes}
    for wrong, why in (
        (not invoice.lines, "明細がありません"),
        (_period(invoice.lines) is None, "取引の期間がありません"),
        (places(invoice.currency) > 2, "通貨の小数が 2 桁を超えます"),
        (sums != told or len(told) != len(invoice.taxes), "税の内訳が明細と合いません"),
        (any(abs(_adjustment(tax)) > 1 for tax in invoice.taxes), "消費税が税抜額 × 税率から 1 を超えて離れています"),
        (sum(tax.net + tax.amount for tax in invoice.taxes) != invoice.total, "合計が税抜額と消費税の和と合いません"),
        (invoice.kind == "non_tax" and any(tax.amount for tax in invoice.taxes), "登録番号がないのに消費税があります"),
        (invoice.currency != YEN and None in _yen(invoice.taxes), "円に換算した消費税がありません"),
    ):
        if wrong:
            raise ValueError(why)


def _yen(taxes: Sequence[Tax]) -> list[int | None]:
    return [amount for tax in taxes for amount in (tax.net_yen, tax.amount_yen)]


def _adjustment(tax: Tax) -> int:
    """By how much the net must move for its tax to lie between floor and ceiling of net × rate.

    >>> _adjustment(Tax(tax="standard", rate_micro=10_000_000, net=910, amount=90))
    -1
    """
    if not tax.rate_micro:
        return 0 if tax.amount == 0 else tax.amount * PERCENT
    most = -((tax.amount + 1) * -PERCENT // tax.rate_micro) - 1  # the last net whose product is below tax + 1
    least = (tax.amount - 1) * PERCENT // tax.rate_micro + 1  # the first whose product is above tax - 1
    return min(max(tax.net, least), most) - tax.net


# --- the tree ------------------------------------------------------------------------------------------------------


def _grow(parent: Element, node: Node) -> None:
    prefix, _, name = node.name.partition(":")
    element = etree.SubElement(parent, f"{{{NAMESPACES[prefix]}}}{name}", dict(node.attributes))
    if isinstance(node.content, str):
        element.text = node.content
    else:
        for inner in node.content:
            _grow(element, inner)


def _text(name: str, text: str, /, **attributes: str) -> Nodes:
    """An element with the text; none where there is no text, since no element may be empty."""
    clean = _NOT_XML.sub("", text).strip()
    if clean:
        yield Node(f"cbc:{name}", clean, tuple(attributes.items()))


def _group(name: str, *parts: Iterable[Node]) -> Nodes:
    """An element with the elements; none where there are none."""
    inside = tuple(node for part in parts for node in part)
    if inside:
        yield Node(f"cac:{name}", inside)


def _money(name: str, amount: int, currency: str) -> Nodes:
    return _text(name, f"{Decimal(amount).scaleb(-places(currency)):f}", currencyID=currency)


def _plain(number: Decimal) -> str:
    """The number without zeros that say nothing.

    >>> _plain(Decimal("10.500")), _plain(Decimal("100")), _plain(Decimal("-0.0"))
    ('10.5', '100', '0')
    """
    text = f"{number:f}"
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if short in ("-0", "") else short


def _micro(value: int) -> Decimal:
    return Decimal(value).scaleb(-6)


# --- the document --------------------------------------------------------------------------------------------------


def _document(invoice: Invoice) -> Nodes:
    customization, profile, code = DOCUMENTS[invoice.kind]
    foreign = invoice.currency != YEN
    yield from _text("CustomizationID", customization)
    yield from _text("ProfileID", profile)
    yield from _text("ID", invoice.number)
    yield from _text("IssueDate", invoice.issued_on.isoformat())
    yield from _text("DueDate", min((due.on.isoformat() for due in invoice.dues), default=""))
    yield from _text("InvoiceTypeCode", code)
    yield from _text("Note", invoice.note)
    yield from _text("DocumentCurrencyCode", invoice.currency)
    yield from _text("TaxCurrencyCode", YEN if foreign else "")
    yield from _span(_period(invoice.lines))
    for original in invoice.originals:
        yield from _group("BillingReference", _group("InvoiceDocumentReference", *_named(original)))
    yield from _group("ContractDocumentReference", _text("ID", invoice.contract_no))
    registered = invoice.kind != "non_tax"
    yield from _group("AccountingSupplierParty", _party(invoice.seller, registered=registered))
    yield from _group("AccountingCustomerParty", _party(invoice.buyer, registered=True))
    yield from _payment(invoice)
    yield from _amounts(invoice)
    for at, line in enumerate(invoice.lines, 1):
        yield from _line(at, line, invoice.currency)


def _named(original: Original) -> Iterator[Nodes]:
    yield _text("ID", original.number)
    yield _text("IssueDate", original.issued_on.isoformat())


def _period(lines: Sequence[Line]) -> tuple[str, str] | None:
    """The first and the last day of the lines; None where none has days."""
    days = [(line.from_on, line.to_on) for line in lines if line.from_on and line.to_on]
    return (min(first for first, _ in days).isoformat(), max(last for _, last in days).isoformat()) if days else None


def _span(days: tuple[str, str] | None) -> Nodes:
    first, last = days or ("", "")
    return _group("InvoicePeriod", _text("StartDate", first), _text("EndDate", last))


def _party(party: Party, *, registered: bool) -> Nodes:
    scheme, _, identifier = party.endpoint.partition(":")
    number = party.registration_number if registered else ""
    taxed = _group("TaxScheme", _text("ID", "VAT")) if number else ()
    return _group(
        "Party",
        _text("EndpointID", identifier, schemeID=scheme),
        _group("PostalAddress", _address(party)),
        _group("PartyTaxScheme", _text("CompanyID", number), taxed),
        _group("PartyLegalEntity", _text("RegistrationName", party.name)),
        _group("Contact", _text("ElectronicMail", party.email)),
    )


def _address(party: Party) -> Nodes:
    """The address: the prefecture (都道府県) where it begins with one, the rest as a street, as people read it."""
    found = _PREFECTURE.fullmatch(party.address.strip())
    yield from _text("StreetName", found[2] if found else party.address)
    yield from _text("PostalZone", party.postal_code)
    yield from _text("CountrySubentity", found[1] if found else "")
    yield from _group("Country", _text("IdentificationCode", party.country))


# --- payment -------------------------------------------------------------------------------------------------------


def _payment(invoice: Invoice) -> Nodes:
    """By which means what is due is paid, each of them once, and the dues in words."""
    owed = [due for due in invoice.dues if due.amount > 0]
    for method in dict.fromkeys(due.method for due in owed):
        yield from _means(invoice, method)
    unit = "円" if invoice.currency == YEN else f" {invoice.currency}"
    shown = (f"{Decimal(due.amount).scaleb(-places(invoice.currency)):,f}{unit}" for due in owed)
    told = "、".join(f"{due.on} {MEANS[due.method][1]} {much}" for due, much in zip(owed, shown, strict=True))
    yield from _group("PaymentTerms", _text("Note", told))


def _means(invoice: Invoice, method: str) -> Nodes:
    """A means of payment; a transfer needs an account, a direct debit its mandate, else there is nothing to say."""
    code, name = MEANS[method]
    account = invoice.account if code == "30" else None
    mandate = invoice.mandate if code == "49" else ""
    if (code == "30" and account is None) or (code == "49" and not mandate):
        return
    yield from _group(
        "PaymentMeans",
        _text("PaymentMeansCode", code, name=name),
        _text("PaymentID", invoice.number),
        _account(account) if account else (),
        _group("PaymentMandate", _text("ID", mandate)),
    )


def _account(account: Account) -> Nodes:
    written = ":".join((account.bank, account.branch, DEPOSITS.get(account.kind, "1"), account.number))
    return _group("PayeeFinancialAccount", _text("ID", written), _text("Name", account.holder))


# --- amounts -------------------------------------------------------------------------------------------------------


def _amounts(invoice: Invoice) -> Nodes:
    """The adjustments, the tax per rate, in yen too beside another currency, and the totals."""
    money = invoice.currency
    moved = {tax: change for tax in invoice.taxes if (change := _adjustment(tax))}
    for tax, change in moved.items():
        yield from _group(
            "AllowanceCharge",
            _text("ChargeIndicator", "true" if change > 0 else "false"),
            _text("AllowanceChargeReason", _ADJUSTED),
            _money("Amount", abs(change), money),
            _category("TaxCategory", tax.tax, tax.rate_micro),
        )
    yield from _taxes([(tax, tax.net + moved.get(tax, 0), tax.amount) for tax in invoice.taxes], money)
    if money != YEN:
        yield from _taxes([(tax, tax.net_yen or 0, tax.amount_yen or 0) for tax in invoice.taxes], YEN)
    yield from _totals(invoice, list(moved.values()))


def _taxes(rows: Sequence[tuple[Tax, int, int]], money: str) -> Nodes:
    """The tax per rate; the classes without tax stand there once each."""
    return _group(
        "TaxTotal",
        _money("TaxAmount", sum(amount for _, _, amount in rows), money),
        *(
            _group(
                "TaxSubtotal",
                _money("TaxableAmount", net, money),
                _money("TaxAmount", amount, money),
                _category("TaxCategory", tax.tax, tax.rate_micro),
            )
            for tax, net, amount in rows
        ),
    )


def _category(name: str, tax: str, rate_micro: int) -> Nodes:
    code = CATEGORIES[tax]
    return _group(
        name,
        _text("ID", code),
        _text("Percent", "" if code == "O" else _plain(_micro(rate_micro))),
        _group("TaxScheme", _text("ID", "VAT")),
    )


def _totals(invoice: Invoice, moved: Sequence[int]) -> Nodes:
    money = invoice.currency
    lines = sum(line.net for line in invoice.lines)
    allowances, charges = -sum(min(change, 0) for change in moved), sum(max(change, 0) for change in moved)
    exclusive = lines - allowances + charges
    inclusive = exclusive + sum(tax.amount for tax in invoice.taxes)
    return _group(
        "LegalMonetaryTotal",
        _money("LineExtensionAmount", lines, money),
        _money("TaxExclusiveAmount", exclusive, money),
        _money("TaxInclusiveAmount", inclusive, money),
        _money("AllowanceTotalAmount", allowances, money) if allowances else (),
        _money("ChargeTotalAmount", charges, money) if charges else (),
        _money("PayableRoundingAmount", invoice.total - inclusive, money) if moved else (),
        _money("PayableAmount", invoice.total, money),
    )


# --- lines ---------------------------------------------------------------------------------------------------------


def _line(at: int, line: Line, money: str) -> Nodes:
    quantity, price, base = _priced(line, places(money))
    unit, asked = line.unit, line.unit_price_micro
    other = asked is not None and _micro(asked).scaleb(-places(money)) != price
    named = (("単価", _plain(_micro(asked or 0).scaleb(-places(money)))),) if other else ()
    return _group(
        "InvoiceLine",
        _text("ID", str(at)),
        _text("Note", line.note),
        _text("InvoicedQuantity", _plain(_micro(quantity)), unitCode=unit),
        _money("LineExtensionAmount", line.net, money),
        _span(_period([line])),
        _group(
            "Item",
            _text("Name", line.name),
            _group("SellersItemIdentification", _text("ID", line.item_code)),
            _category("ClassifiedTaxCategory", line.tax, line.rate_micro),
            *(_property(name, value) for name, value in (*named, *line.properties) if value.strip()),
        ),
        _group(
            "Price",
            _text("PriceAmount", _plain(price), currencyID=money),
            _text("BaseQuantity", _plain(_micro(base)), unitCode=unit) if base != MICRO else (),
        ),
    )


def _property(name: str, value: str) -> Nodes:
    return _group("AdditionalItemProperty", _text("Name", name), _text("Value", value))


def _priced(line: Line, decimals: int) -> tuple[int, Decimal, int]:
    """Quantity (millionths, negative for a negative line), price (major units), and the quantity that it is for.

    Quantity × price ÷ base is the net to the last unit. Three for 100 yen each stay so; with a tenth off they are 270 yen
    for three:

    >>> _priced(Line(name="", net=300, tax="standard", rate_micro=0, quantity_micro=3 * MICRO,
    ...              unit_price_micro=100 * MICRO), 0)
    (3000000, Decimal('100.000000'), 1000000)
    >>> _priced(Line(name="", net=-270, tax="standard", rate_micro=0, quantity_micro=3 * MICRO,
    ...              unit_price_micro=100 * MICRO), 0)
    (-3000000, Decimal('270'), 3000000)
    """
    worth, quantity, unit = abs(line.net), abs(line.quantity_micro), line.unit_price_micro
    sign = -1 if line.net < 0 else 1
    if unit is not None and unit >= 0 and quantity * unit == worth * MICRO * MICRO:
        return sign * quantity, _micro(unit).scaleb(-decimals), MICRO
    quantity = quantity or MICRO
    return sign * quantity, Decimal(worth).scaleb(-decimals), quantity
