"""The plain words of the simulator: what a company, its partners, products, contracts, events and days of work are.

Everything is data of the standard library; the oracle and the driver both read it, neither shares code with the product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Literal

DAY = timedelta(1)


@dataclass(frozen=True)
class Product:
    """A product as its file row says it; money in yen, ``tiers`` as (up to, price) with the last up to None."""

    code: str
    tax: str
    inclusive: bool
    model: str
    revenue: str
    price: Fraction = Fraction(0)
    tiers: tuple[tuple[Fraction | None, Fraction], ...] = ()
    included: Fraction = Fraction(0)
    overage: Fraction = Fraction(0)
    package: Fraction = Fraction(1)
    minimum: int | None = None
    maximum: int | None = None
    life_months: int | None = None
    meter: str = "sum"

    @property
    def metered(self) -> bool:
        return self.revenue == "usage"


@dataclass(frozen=True)
class Part:
    """A part of split terms: its method, its share (a fraction, an amount, or the rest), and days put off."""

    method: str
    percent: Fraction | None = None
    fixed: int | None = None
    days: int = 0


@dataclass(frozen=True)
class Partner:
    """A partner: who pays, on which days it closes (31 = end of month), and when and how it pays."""

    code: str
    bill_to: str
    closing_days: tuple[int, ...]
    months: int
    pay_day: int
    shift: str
    method: str
    parts: tuple[Part, ...] = ()
    below: int | None = None
    payer: str = ""


@dataclass(frozen=True)
class State:
    """What holds of a line on a day."""

    product: str
    quantity: Fraction
    price: Fraction
    rate: Fraction = Fraction(0)
    cut: Fraction = Fraction(0)
    off: bool = False


@dataclass
class Line:
    """A contract line with its terms; ``last`` is its last day, inclusive, or None."""

    contract: str
    position: int
    partner: str
    start: date
    last: date | None
    state: State
    cycle: int
    timing: str
    bill_day: int | None
    anchor_day: int | None
    bases: dict[str, str]
    renew: int | None
    order: str = ""
    group: str = ""
    project: str = ""
    option_of: date | None = None
    priced: bool = False
    uplift: Fraction | None = None
    rounding: str = "floor"
    keeps: bool = False
    free_months: int = 0
    deal: str = ""
    deal_months: int | None = None


@dataclass(frozen=True)
class Event:
    """Something that happens to a contract; ``on`` is the first day of the new state, ``known`` when it was recorded."""

    code: str
    contract: str
    kind: str
    on: date
    known: date
    sequence: int
    line: str = ""
    product: str = ""
    quantity: Fraction | None = None
    price: Fraction | None = None
    target: str = ""
    spelled: str = "effective"
    rate: Fraction | None = None
    cut: Fraction | None = None
    months: int | None = None


@dataclass(frozen=True)
class Usage:
    """A measured quantity, whose it was, and at which second of the day in Japan."""

    code: str
    contract: str
    product: str
    on: date
    quantity: Fraction
    subject: str = ""
    second: int = 0


Kind = Literal["take", "receipts", "bill", "match", "recognize", "close", "check"]


@dataclass
class Step:
    """One piece of work at a door, on a day; a check carries what the oracle expects then."""

    kind: Kind
    on: date
    what: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    expected: Any = None


@dataclass
class Company:
    """The company of a seed: its policies and masters."""

    seed: int
    policy: dict[str, str]
    fiscal_start: int
    opening: date
    partners: dict[str, Partner]
    products: dict[str, Product]
