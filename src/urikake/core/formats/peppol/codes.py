"""The codes of JP PINT: documents, namespaces, tax categories, means of payment, and the order of elements."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["standard", "self_billed", "non_tax"]

ROOT: Final = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
NAMESPACES: Final = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
DOCUMENTS: Final[dict[Kind, tuple[str, str, str]]] = {
    "standard": ("urn:peppol:pint:billing-1@jp-1", "urn:peppol:bis:billing", "380"),
    "self_billed": ("urn:peppol:pint:selfbilling-1@jp-1", "urn:peppol:bis:selfbilling", "389"),
    "non_tax": ("urn:peppol:pint:nontaxinvoice-1@jp-1", "urn:peppol:bis:billing", "480"),
}
"""CustomizationID, ProfileID and InvoiceTypeCode: of a registered issuer, issued by the buyer, of an issuer without number."""

CATEGORIES: Final = {"standard": "S", "reduced": "AA", "exempt": "E", "export": "G", "out_of_scope": "O"}
"""The category (UNCL5305) of each tax class (税区分)."""

MEANS: Final = {
    "transfer": ("30", "銀行振込"),
    "date_fixed": ("30", "期日振込"),
    "cash": ("10", "現金"),
    "cheque": ("20", "小切手"),
    "note": ("60", "約束手形"),
    "densai": ("ZZZ", "電子記録債権"),
    "factoring": ("ZZZ", "ファクタリング"),
    "direct_debit": ("49", "口座振替"),
    "card": ("54", "クレジットカード"),
    "cod": ("10", "代金引換"),
    "offset": ("97", "相殺"),
}
"""The code (UNCL4461) and the Japanese name of each means of collection (回収手段)."""
DEPOSITS: Final = {"普通": "1", "当座": "2"}
"""The kind of a bank account (預金種目) as it stands between branch and number."""

ORDER: Final = {
    name: children.split()
    for name, children in {
        "Invoice": (
            "CustomizationID ProfileID ID IssueDate IssueTime DueDate InvoiceTypeCode Note TaxPointDate DocumentCurrencyCode"
            " TaxCurrencyCode AccountingCost BuyerReference InvoicePeriod OrderReference BillingReference"
            " DespatchDocumentReference ReceiptDocumentReference OriginatorDocumentReference ContractDocumentReference"
            " AdditionalDocumentReference ProjectReference AccountingSupplierParty AccountingCustomerParty PayeeParty"
            " TaxRepresentativeParty Delivery PaymentMeans PaymentTerms PrepaidPayment AllowanceCharge TaxTotal"
            " LegalMonetaryTotal InvoiceLine"
        ),
        "Party": "EndpointID PartyIdentification PartyName PostalAddress PartyTaxScheme PartyLegalEntity Contact",
        "PostalAddress": (
            "StreetName AdditionalStreetName CityName PostalZone CountrySubentity AddressLine Country"
        ),
        "PaymentMeans": "PaymentMeansCode PaymentID CardAccount PayeeFinancialAccount PaymentMandate",
        "TaxSubtotal": "TaxableAmount TaxAmount TaxCategory",
        "LegalMonetaryTotal": (
            "LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount AllowanceTotalAmount ChargeTotalAmount PrepaidAmount"
            " PayableRoundingAmount PayableAmount"
        ),
        "InvoiceLine": (
            "ID Note InvoicedQuantity LineExtensionAmount AccountingCost InvoicePeriod OrderLineReference"
            " DespatchLineReference DocumentReference AllowanceCharge Item Price"
        ),
        "Item": (
            "Description Name BuyersItemIdentification SellersItemIdentification StandardItemIdentification OriginCountry"
            " CommodityClassification ClassifiedTaxCategory AdditionalItemProperty"
        ),
        "Price": "PriceAmount BaseQuantity AllowanceCharge",
    }.items()
}  # fmt: skip
"""The elements that may stand in each element, in the order in which they must."""
