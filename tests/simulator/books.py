"""What follows from billed charges: documents with their tax and dues, revenue to date, contract balances, accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache

from .arithmetic import RATES, dues, first_of, largest_remainder, months_later, rounded, schedule
from .billing import Charge, World, due, served
from .lines import end_of
from .model import DAY, Company, Product


@dataclass
class Invoice:
    """A document: its lines in order, its tax per class, its total and how it falls due."""

    kind: str
    partner: str
    closing: date
    lines: list[Charge]
    taxes: dict[str, tuple[int, int]] = field(default_factory=dict)
    dues: list[tuple[date, str, int]] = field(default_factory=list)

    @property
    def net(self) -> int:
        return sum(net for net, _ in self.taxes.values())

    @property
    def tax(self) -> int:
        return sum(tax for _, tax in self.taxes.values())

    @property
    def total(self) -> int:
        return self.net + self.tax


@dataclass
class Books:
    """The world and the documents issued of it."""

    world: World
    invoices: list[Invoice] = field(default_factory=list)


def bill(books: Books, closing: date) -> list[Invoice]:
    """Bill a closing: the new documents, which are now kept."""
    world = books.world
    charges = due(world, closing)
    made = documents(world, charges, closing)
    for charge in charges:
        charge.closing = closing
        world.billed(charge.line).append(charge)
    books.invoices += made
    return made


def documents(world: World, charges: Iterable[Charge], closing: date) -> list[Invoice]:
    """The charges on documents: per payer, kind of price and grouping, credits apart where a rate would fall below zero."""
    company = world.company
    ordered = sorted(charges, key=lambda c: (payer(company, c), c.line.contract, c.line.position, c.start, c.sign))
    grouping = company.policy["invoice_grouping"]
    groups: dict[tuple[str, ...], list[Charge]] = defaultdict(list)
    for charge in ordered:
        own = {
            "bill_to": "",
            "contract": charge.line.contract,
            "order": charge.line.order,
            "project": charge.line.project,
        }
        inclusive = str(product(company, charge).inclusive)
        groups[payer(company, charge), inclusive, own[grouping]].append(charge)
    made = []
    for (partner, _, _), lines in groups.items():
        for kind, part in _apart(company, lines):
            made.append(_taxed(company, Invoice(kind, partner, closing, part)))
    return made


def payer(company: Company, charge: Charge) -> str:
    return company.partners[charge.line.partner].bill_to


def product(company: Company, charge: Charge) -> Product:
    return company.products[charge.state.product]


def _apart(company: Company, lines: list[Charge]) -> list[tuple[str, list[Charge]]]:
    sums: dict[str, int] = defaultdict(int)
    for charge in lines:
        sums[product(company, charge).tax] += charge.amount
    credits = [charge for charge in lines if charge.amount < 0]
    if not any(total < 0 for total in sums.values()):
        return [("invoice", lines)]
    rest = [charge for charge in lines if charge.amount >= 0]
    return [row for row in (("invoice", rest), ("return", credits)) if row[1]]


def _taxed(company: Company, invoice: Invoice) -> Invoice:
    """Tax rounded once per class, shared to the lines, and the dues of the total."""
    rounding = company.policy["tax_rounding"]
    for name in sorted({product(company, charge).tax for charge in invoice.lines}):
        lines = [charge for charge in invoice.lines if product(company, charge).tax == name]
        rate, inclusive = RATES[name], product(company, lines[0]).inclusive
        part = Fraction(rate, 100 + rate if inclusive else 100)
        amounts = [charge.amount for charge in lines]
        tax = rounded(sum(amounts) * part, rounding)
        for charge, mine in zip(lines, tax_shares(amounts, tax, part), strict=True):
            charge.tax, charge.net = mine, charge.amount - mine if inclusive else charge.amount
        invoice.taxes[name] = (sum(amounts) - tax if inclusive else sum(amounts), tax)
    invoice.dues = dues(company.partners[invoice.partner], invoice.closing, invoice.total)
    return invoice


def tax_shares(amounts: list[int], tax: int, part: Fraction) -> list[int]:
    """The tax of each line; beside charges a credit bears the negative tax of its own amount."""
    if not tax and len(amounts) == 1:
        return [0]
    if min(amounts) >= 0 or max(amounts) <= 0:
        return largest_remainder(tax, [Fraction(abs(amount)) for amount in amounts])
    sign = -1 if sum(amounts) < 0 else 1
    exact = [sign * amount * part for amount in amounts]
    floors = [value.__floor__() for value in exact]
    order = sorted(range(len(exact)), key=lambda at: (floors[at] - exact[at], at))
    for at in order[: sign * tax - sum(floors)]:
        floors[at] += 1
    return [sign * value for value in floors]


# --- revenue ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """Net amounts to date of one (contract, product)."""

    contract: str
    product: str
    billed: int
    recognized: int
    tax: int
    tax_recognized: int


def revenue(books: Books, month: date) -> list[Row]:
    """Billed and recognised to the end of the month, of all that was billed so far and of what was served unbilled."""
    company, until = books.world.company, months_later(first_of(month), 1)
    rows = []
    for invoice in books.invoices:
        for charge in invoice.lines:
            done = recognised(books.world, charge, charge.net, until)
            rows.append(_row(company, charge, charge.net, done, charge.tax))
    for charge in served(books.world, until - DAY):
        net = alone_net(company, charge)
        rows.append(
            Row(charge.line.contract, charge.state.product, 0, recognised(books.world, charge, net, until), 0, 0)
        )
    return rows


def _row(company: Company, charge: Charge, net: int, done: int, tax: int) -> Row:
    part = Fraction(done, net) if net else Fraction(1)
    owed = rounded(tax * part, company.policy["tax_rounding"])
    return Row(charge.line.contract, charge.state.product, net, done, tax, owed)


def alone_net(company: Company, charge: Charge) -> int:
    """The amount of an unbilled charge without tax."""
    sold = product(company, charge)
    if not sold.inclusive:
        return charge.amount
    rate = RATES[sold.tax]
    return charge.amount - rounded(Fraction(charge.amount * rate, 100 + rate), company.policy["tax_rounding"])


def recognised(world: World, charge: Charge, net: int, until: date) -> int:
    """What of the charge is revenue before the first of the month ``until``; an expected life ends with its line."""
    policy, sold = world.company.policy, product(world.company, charge)
    over = sold.revenue == "lifetime" or charge.line.keeps
    if over and end_of(charge.line, world.happened(charge.line)) <= until:
        return net
    start, stop = _range(charge, sold)
    method = "daily" if sold.revenue == "daily" else "monthly"
    rule = (method, policy["partial_month"], policy["remainder"], policy["amount_rounding"])
    return sum(amount for month, amount in _months(net, start, stop, *rule) if month < until)


@cache
def _months(net: int, start: date, stop: date, *rule: str) -> tuple[tuple[date, int], ...]:
    method, partial, remainder, rounding = rule
    return tuple(schedule(net, start, stop, method, partial, remainder, rounding).items())


def _range(charge: Charge, sold: Product) -> tuple[date, date]:
    """The days over which a charge becomes revenue."""
    if sold.revenue == "usage":
        return charge.last, charge.stop
    if sold.revenue == "point":
        return charge.start, charge.start + DAY
    if sold.revenue == "contract_start":
        return charge.line.start, charge.line.start + DAY
    if sold.revenue == "lifetime":
        return charge.line.start, months_later(charge.line.start, sold.life_months or 0)
    return charge.start, charge.stop


# --- accounts --------------------------------------------------------------------------------------------------------


def accounts(company: Company, rows: list[Row]) -> dict[str, int]:
    """The balances of revenue, tax, liability and asset that follow, debit-positive."""
    with_revenue = company.policy["advance_tax"] == "with_revenue"
    found: dict[str, int] = defaultdict(int)
    position: dict[str, int] = defaultdict(int)
    liability = "前受金" if with_revenue else "契約負債"
    asset = "契約資産" if company.policy["accrual_account"] == "contract_asset" else "未収入金"
    for row in rows:
        position[row.contract] += row.billed - row.recognized
        owed = row.tax_recognized if with_revenue else row.tax
        found["売上高"] -= row.recognized
        found["仮受消費税"] -= owed
        found[liability] -= row.tax - owed
    for net in position.values():
        found[liability if net > 0 else asset] -= net
    return dict(found)
