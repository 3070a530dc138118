"""An invoice as plain data, ready to be written: amounts are integers of minor units, days are inclusive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from urikake.core.money import MICRO
from urikake.core.tax import TaxClass

from .codes import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who issues or receives: its legal name, and where the network delivers to (``scheme:identifier``).

    ``endpoint`` is ``0221:`` with a registration number (登録番号) or ``0188:`` with a corporate number (法人番号).
    """

    name: str
    endpoint: str
    registration_number: str = ""
    postal_code: str = ""
    address: str = ""
    country: str = "JP"
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line (明細): its net amount, and how it comes about where quantity × unit price makes just that.

    ``net`` in minor units, negative for what is given back; ``quantity_micro`` in millionths; ``unit_price_micro`` in
    millionths of a minor unit, of the tax-exclusive price, None where there is no such price. ``unit`` is a code of UN/ECE
    Recommendation 20. ``properties`` are names and values that a reader may want.
    """

    name: str
    net: int
    tax: TaxClass
    rate_micro: int
    quantity_micro: int = MICRO
    unit_price_micro: int | None = None
    unit: str = "C62"
    from_on: date | None = None
    to_on: date | None = None
    note: str = ""
    item_code: str = ""
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """The net and the tax of one rate in minor units; in another currency than yen also both in yen."""

    tax: TaxClass
    rate_micro: int
    net: int
    amount: int
    net_yen: int | None = None
    amount_yen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A part of the total (minor units), when it is due, and by which means (回収手段)."""

    on: date
    amount: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The bank account to which is paid; ``kind`` is 普通 or 当座, the holder in kana."""

    bank: str
    branch: str
    kind: str
    number: str
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """An invoice that this one corrects or takes back from: its number and its day of issue."""

    number: str
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice: a standard one, one that the buyer issues for the seller, or one of an issuer without number.

    ``taxes`` has each tax class and rate of the lines once, with the net and tax that the invoice bears; ``total`` is what
    is to pay. A return (返還) has negative lines and names its ``originals``. ``mandate`` is the reference of the payer's
    consent to direct debit (口座振替).
    """

    kind: Kind
    number: str
    issued_on: date
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    taxes: tuple[Tax, ...]
    total: int
    currency: str = "JPY"
    dues: tuple[Due, ...] = ()
    account: Account | None = None
    mandate: str = ""
    originals: tuple[Original, ...] = ()
    contract_no: str = ""
    note: str = ""
