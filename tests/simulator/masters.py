"""Companies, partners, products and contract lines drawn from a seed: everything that a company may choose occurs."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from random import Random

from urikake.base.company import CHOICES, PRORATION

from .arithmetic import months_later
from .model import DAY, Company, Event, Line, Part, Partner, Product, State

CLOSINGS = ((31,), (31,), (20,), (10,), (15, 31), (5,), (10, 20, 31), (25,))
SPLITS: tuple[tuple[int | None, tuple[Part, ...]], ...] = (
    (None, (Part("transfer", Fraction(1, 2)), Part("densai", days=60))),
    (100_000, (Part("transfer", Fraction(1, 4)), Part("note", days=120))),
    (30_000, (Part("transfer", Fraction(3, 10)), Part("densai", Fraction(3, 10)), Part("note", days=90))),
)
TAXES = ("standard", "standard", "standard", "reduced", "exempt", "out_of_scope", "export")
METERS = ("sum", "sum", "max", "last", "unique")
# code, price model, revenue
SHELF = (
    ("FLAT", "flat", "monthly"),
    ("GOLD", "flat", "monthly"),
    ("DAILY", "flat", "daily"),
    ("SEAT", "unit", "monthly"),
    ("SUITE", "unit", "daily"),
    ("SETUP", "flat", "point"),
    ("SIGN", "flat", "contract_start"),
    ("ENTRY", "flat", "lifetime"),
    ("BLOCK", "graduated", "monthly"),
    ("BULK", "volume", "monthly"),
    ("BOX", "package", "daily"),
    ("CALLS", "unit", "usage"),
    ("MAIL", "included", "usage"),
    ("DISK", "graduated", "usage"),
    ("RIDE", "package", "usage"),
)


def a_company(seed: int, rng: Random, size: int) -> Company:
    """The company of a seed with its masters."""
    apart = ("tax_point", "financing")  # no rate changes in these years, and nobody judges in them
    told = {key: choices for key, choices in CHOICES.items() if key not in apart}
    policy = {key: rng.choice(choices) for key, choices in told.items()}
    policy["fee_tolerance"] = rng.choice(("0", "440", "880"))
    opening = date(2027, rng.randint(6, 12), 1)
    products = {code: _product(rng, code, model, revenue) for code, model, revenue in SHELF}
    return Company(seed, policy, rng.randint(1, 12), opening, _partners(rng, 2 + size // 6), products)


def _partners(rng: Random, count: int) -> dict[str, Partner]:
    found: dict[str, Partner] = {}
    for at in range(count):
        code = f"P{at + 1:03}"
        payers = [partner.code for partner in found.values() if partner.bill_to == partner.code]
        bill_to = rng.choice(payers) if payers and rng.random() < 0.25 else code
        below, parts = rng.choice(SPLITS) if rng.random() < 0.3 else (None, ())
        found[code] = Partner(
            code, bill_to, rng.choice(CLOSINGS), rng.randint(0, 3), rng.choice((31, 10, 25, 5)),
            rng.choice(("before", "after", "none")), rng.choice(("transfer", "direct_debit")), parts, below,
            f"カ){code}フリコミ",
        )  # fmt: skip
    return found


def _product(rng: Random, code: str, model: str, revenue: str) -> Product:
    tiered = model in {"graduated", "volume"}
    some = (Fraction(rng.randint(5, 30)), Fraction(rng.randint(3, 40)))
    more = (some[0] + rng.randint(10, 60), Fraction(rng.randint(100, 900), 100))
    bounded = revenue == "usage" and rng.random() < 0.5
    dear = model in {"flat", "included"}
    return Product(
        code, rng.choice(TAXES), rng.random() < 0.25, model, revenue,
        price=Fraction(0) if tiered else Fraction(rng.randint(900, 60_000) if dear else rng.randint(90, 3000), 1),
        tiers=(some, more, (None, Fraction(rng.randint(1, 5)))) if tiered else (),
        included=Fraction(rng.choice((0, 10, 100)) if model == "included" else 0),
        overage=Fraction(rng.randint(10, 3000), 100) if model == "included" else Fraction(0),
        package=Fraction(rng.choice((5, 12))),
        minimum=rng.randint(100, 2000) if bounded else None,
        maximum=rng.randint(4000, 20_000) if bounded else None,
        life_months=rng.randint(6, 30) if revenue == "lifetime" else None,
        meter=METERS[int(some[1]) % len(METERS)] if revenue == "usage" else "sum",
    )  # fmt: skip


def a_contract(rng: Random, company: Company, number: int, months: int) -> list[Line]:
    """The lines of a new contract."""
    contract = f"C{number:04}"
    partner = rng.choice(list(company.partners))
    start = _a_start(rng, company.opening, months)
    order, project = rng.choice(("", f"O{number}")), rng.choice(("", "PJ1", "PJ2"))
    cycle, timing = rng.choice((1, 1, 1, 2, 3, 6, 12)), rng.choice(("advance", "current", "arrears"))
    bill_day = rng.choice((5, 15, 31)) if rng.random() < 0.15 else None
    calendar = 1 if company.policy["cycle_anchor"] == "calendar" else None
    anchor = rng.choice((1, 15, 31)) if rng.random() < 0.2 else calendar
    bases = _bases(rng, company.policy["proration"])
    lines: list[Line] = []
    for at, code in enumerate(rng.sample(sorted(company.products), rng.choice((1, 1, 2, 3)))):
        sold = company.products[code]
        own = Fraction(rng.randint(1000, 50_000)) if sold.model in {"flat", "unit"} and rng.random() < 0.3 else None
        quantity = (
            Fraction(rng.choice((1, 1, 2, 5, 12))) if sold.model != "unit" else Fraction(rng.choice(("3", "2.5", "40")))
        )
        line = Line(
            contract, at, partner, start, None, State(code, quantity, sold.price if own is None else own), cycle, timing,
            bill_day, anchor, bases, None, order, rng.choice(("", "G1")), project, priced=own is not None,
        )  # fmt: skip
        if sold.revenue in {"point", "contract_start", "lifetime"} and rng.random() < 0.7:
            line.cycle = 0
            line.anchor_day = None if anchor == calendar else anchor
        line.rounding = company.policy["amount_rounding"]
        _deal(rng, line)
        lines.append(line)
    _end(rng, lines)
    return lines


def _deal(rng: Random, line: Line) -> None:
    """What a line begins with: free months, a discount, and what is not given back."""
    if rng.random() < 0.12 and line.cycle:
        line.free_months = rng.randint(1, 3)
    if rng.random() < 0.2:
        line.deal = rng.choice(("10%", "12.5%", "300", "2500"))
        line.deal_months = rng.choice((None, 1, 3, 12)) if line.cycle else None
    line.keeps = rng.random() < 0.1


def deals(line: Line) -> list[Event]:
    """The discounts that the line begins with, as events."""
    common = {"contract": line.contract, "kind": "discount", "on": line.start, "known": line.start}
    found = []
    if line.free_months:
        found.append(
            Event(
                f"free {line.contract}/{line.position}",
                sequence=-2,
                rate=Fraction(1),
                months=line.free_months,
                **common,
            )
        )  # type: ignore[arg-type]
    if line.deal:
        rate = Fraction(line.deal.removesuffix("%")) / 100 if line.deal.endswith("%") else None
        cut = None if rate is not None else Fraction(line.deal)
        found.append(
            Event(
                f"deal {line.contract}/{line.position}",
                sequence=-1,
                rate=rate,
                cut=cut,
                months=line.deal_months,
                **common,
            )
        )  # type: ignore[arg-type]
    return found


def _a_start(rng: Random, opening: date, months: int) -> date:
    """A day in the first half of the months; ends of months more often than others."""
    first = months_later(opening, rng.randint(0, max(months * 2 // 3, 1)))
    if rng.random() < 0.3:
        return months_later(first, 1) - rng.choice((1, 1, 2, 3)) * DAY
    return first + rng.choice((0, 0, 0, rng.randint(0, 27))) * DAY


def _bases(rng: Random, usual: str) -> dict[str, str]:
    return {end: rng.choice(PRORATION) if rng.random() < 0.25 else usual for end in ("start", "end", "up", "down")}


def _end(rng: Random, lines: list[Line]) -> None:
    """The end of the contract: none, a day, or a term that renews."""
    from .lines import boundary

    fate = rng.random()
    first = lines[0]
    if fate < 0.2:
        last = months_later(first.start, rng.randint(2, 14)) + rng.choice((0, 3, 11)) * DAY - DAY
        for line in lines:
            line.last = last
    elif fate < 0.4 and all(line.cycle for line in lines) and first.anchor_day != 31:
        term = rng.choice((first.cycle, 2 * first.cycle, 12 * first.cycle))
        at = next(n for n in range(2) if boundary(first, n) >= first.start)
        months = term // first.cycle
        for line in lines:
            line.last = boundary(line, at + months) - DAY
            line.renew = rng.choice((first.cycle, term)) if first is line else first.renew
            line.uplift = rng.choice((None, None, Fraction(3, 100), Fraction(25, 1000)))
