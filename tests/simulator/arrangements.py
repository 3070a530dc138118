"""Contracts whose price falls on what was promised by selling price, drawn from a seed and reckoned by hand, month by month.

An oracle of its own: plain numbers and fractions, a contract, a line and a month at a time. It knows nothing of the kernels
but the law: shares by standalone selling price (29号 66項・68項), and what a change does to them (30項・31項(1)).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

FIRST = (2026, 4)
SELLING = {"BEGIN": 30_000, "TRAIN": 18_000, "NET": 9_700, "HEAD": 1_300, "CARE": 3_100, "DISK": 2_300}
ONCE = ("BEGIN", "TRAIN")


def month_of(at: int) -> str:
    """The month, counted from the first.

    >>> month_of(0), month_of(9)
    ('2026-04', '2027-01')
    """
    years, months = divmod(FIRST[1] - 1 + at, 12)
    return f"{FIRST[0] + years}-{months + 1:02}"


@dataclass
class Line:
    """A line: what it charges and would cost alone in each of its months; ``begin`` is the only month of what is sold once.

    ``rounded`` is what the bills charge beyond that, since what they gave back was rounded down.
    """

    product: str
    begin: int
    end: int
    prices: dict[int, int]
    quantities: dict[int, int]
    rounded: int = 0

    @property
    def once(self) -> bool:
        return self.product in ONCE

    def months(self) -> range:
        return range(self.begin, min(self.begin + 1, self.end) if self.once else self.end)

    def charge(self, at: int) -> int:
        return self.prices[at] * self.quantities[at]

    def stated(self) -> int:
        return sum(self.charge(at) for at in self.months())

    def selling(self, since: int = -1) -> int:
        return sum(SELLING[self.product] * self.quantities[at] for at in self.months() if at >= since)

    def copy(self) -> Line:
        return Line(self.product, self.begin, self.end, dict(self.prices), dict(self.quantities))


@dataclass
class Share:
    """What of the price falls on a line: ``done`` before ``since``, and ``amount`` in equal months from then to ``until``."""

    done: int
    amount: int
    since: int
    until: int

    def by(self, at: int) -> int:
        """What of it is revenue before the month."""
        passed, whole = min(max(at - self.since, 0), self.until - self.since), self.until - self.since
        part = Fraction(self.amount * passed, whole) if whole else Fraction(self.amount * (at > self.since))
        return self.done + _down(part)


def _down(amount: Fraction) -> int:
    return floor(amount) if amount >= 0 else -floor(-amount)


def divided(total: int, weights: Sequence[int]) -> list[int]:
    """The total shared by the weights to the unit: the largest remainders get what is left, the earlier of equal ones.

    >>> divided(120_000, [120_000, 30_000]), divided(100, [1, 1, 1])
    ([96000, 24000], [34, 33, 33])
    """
    every = list(weights) if any(weights) else [1] * len(weights)
    exact = [Fraction(abs(total) * weight, sum(every)) for weight in every]
    found = [floor(part) for part in exact]
    order = sorted(range(len(every)), key=lambda at: (-(exact[at] - found[at]), at))
    for at in order[: abs(total) - sum(found)]:
        found[at] += 1
    return [part if total >= 0 else -part for part in found]


@dataclass
class Contract:
    """A contract as agreed, the changes to come (month learned, month from which, what), and the shares of its price."""

    number: str
    start: int
    end: int
    lines: list[Line]
    changes: list[tuple[int, int, dict[str, Any]]]
    shares: list[Share] | None = None
    held: list[Line] = field(default_factory=list)
    since: int = 0
    treatments: list[str] = field(default_factory=list)

    def begin(self, *, judged: bool = False) -> None:
        """Share the price by selling price, unless it stands in that ratio month by month and nobody judged it."""
        stated = [line.stated() for line in self.lines]
        shares = divided(sum(stated), [line.selling() for line in self.lines])
        uneven = any(len({line.charge(at) for at in line.months()}) > 1 for line in self.lines)
        if shares != stated or uneven or judged:
            self._keep(
                [
                    Share(0, amount, line.begin, line.months().stop)
                    for amount, line in zip(shares, self.lines, strict=True)
                ],
                self.start,
                "inception",
            )

    def follow(self, at: int) -> None:
        """Treat what changed from the month on, if anything: of its own, or by sharing anew what is left of the price."""
        assert self.shares is not None
        old = len(self.held)
        before = [*(line.selling(at) for line in self.held), *(0 for _ in self.lines[old:])]
        after = [line.selling(at) for line in self.lines]
        prices = [line.stated() - kept for line, kept in zip(
            self.lines, [*(line.stated() for line in self.held), *(0 for _ in self.lines[old:])], strict=True
        )]  # fmt: skip
        if not any(prices) and after == before:
            return
        gains = [max(now - then, 0) for now, then in zip(after, before, strict=True)]
        fresh = [at for at in range(len(self.lines)) if prices[at] or gains[at]]
        done = [*(share.by(at) for share in self.shares), *(0 for _ in self.lines[old:])]
        rest = [share.done + share.amount - done[at] for at, share in enumerate(self.shares)]
        left = [min(after[number], before[number]) for number in range(old)]
        apart = bool(fresh) and sum(prices) == sum(gains)
        amounts = [*rest, *(0 for _ in self.lines[old:])] if apart else [0] * len(self.lines)
        if apart:
            pieces = zip(fresh, divided(sum(prices), [gains[number] for number in fresh]), strict=True)
        else:
            rows = [*range(old), *fresh]
            pieces = zip(rows, divided(sum(rest) + sum(prices), [*left, *(gains[n] for n in fresh)]), strict=True)
        for number, piece in pieces:
            amounts[number] += piece
        if not any(after):  # nothing is left to share by: every line comes to what it charges
            amounts = [line.stated() - kept for line, kept in zip(self.lines, done, strict=True)]
        shares = [
            Share(done[number], amounts[number], max(at, line.begin), max(at, line.months().stop))
            for number, line in enumerate(self.lines)
        ]
        self._keep(shares, at, "separate" if apart else "prospective")

    def _keep(self, shares: list[Share], since: int, treatment: str) -> None:
        self.shares, self.since = shares, since
        self.held = [line.copy() for line in self.lines]
        self.treatments.append(treatment)

    def change(self, since: int, what: dict[str, Any]) -> None:
        """Have the lines as they are after a change."""
        kind = what["type"]
        if kind == "cancel":
            for line in self.lines:
                if (
                    line.once and line.begin < since < line.end
                ):  # what was paid for the whole term is given back by its days
                    kept = Fraction((_day(since) - _day(line.begin)).days, (_day(line.end) - _day(line.begin)).days)
                    whole = line.charge(line.begin)
                    line.prices[line.begin] = floor(whole * kept)
                    line.rounded = whole - floor(whole * (1 - kept)) - line.prices[line.begin]
                line.end = min(line.end, since)
        elif kind == "add_option":
            months = range(since, self.end)
            prices = dict.fromkeys(months, what["unit_price"])
            self.lines.append(Line(what["product"], since, self.end, prices, dict.fromkeys(months, what["quantity"])))
        else:
            (line,) = (line for line in self.lines if line.product == what["line"])
            values, new = (
                (line.prices, what["unit_price"]) if kind == "change_price" else (line.quantities, what["quantity"])
            )
            values |= {at: new for at in values if at >= since}

    def shifted(self, at: int) -> dict[str, int]:
        """By the end of the month, how much more is revenue of each line than its charges earned."""
        if self.shares is None:
            return {}
        gaps = {
            line.product: share.by(at + 1) - sum(line.charge(m) for m in line.months() if m <= at) - line.rounded
            for line, share in zip(self.lines, self.shares, strict=True)
        }
        if all(share.until <= at + 1 for share in self.shares):  # the price is what was billed
            gaps[self.lines[-1].product] -= sum(gaps.values())
        return gaps


def drawn(seed: int, count: int) -> list[Contract]:
    """The contracts of the seed."""
    rng = Random(f"{seed} arrangements")
    return [_contract(rng, f"C{at + 1}") for at in range(count)]


def _contract(rng: Random, number: str) -> Contract:
    start, months = rng.randint(0, 3), rng.randint(4, 9)
    end = start + months
    chosen = rng.sample(("NET", "HEAD", "DISK"), rng.choice((1, 2, 2, 3))) + rng.sample(ONCE, rng.choice((0, 1, 1, 2)))
    lines = []
    for product in chosen:
        price = rng.choice((SELLING[product], SELLING[product] * rng.randint(0, 110) // 100))
        quantity = rng.randint(1, 9) if product == "HEAD" else 1
        span = range(start, end)
        lines.append(Line(product, start, end, dict.fromkeys(span, price), dict.fromkeys(span, quantity)))
    return Contract(number, start, end, lines, list(_changes(rng, start, end, chosen)))


def _changes(rng: Random, start: int, end: int, chosen: list[str]) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Changes from months on, some learned later than that; each month has one at most, and leaving is the last."""
    since = start
    while (since := since + rng.randint(1, 3)) < end:
        kind = rng.choice(("add_option", "change_price", "change_price", "change_quantity", "cancel"))
        learned = since + (rng.random() < 0.25 and since + 1 < end)
        running = [product for product in chosen if product not in ONCE]
        if kind == "cancel":
            yield since, since, {"type": kind}
            return
        if kind == "add_option":
            if "CARE" in chosen:
                continue
            chosen.append("CARE")
            price = rng.choice((SELLING["CARE"], rng.randint(1_000, 4_000)))
            yield since, since, {"type": kind, "product": "CARE", "quantity": rng.randint(1, 2), "unit_price": price}
        elif kind == "change_price":
            product = rng.choice([name for name in running if name != "CARE"])
            yield learned, since, {"type": kind, "line": product, "unit_price": rng.randint(500, 12_000)}
        elif "HEAD" in running:
            yield learned, since, {"type": kind, "line": "HEAD", "quantity": rng.randint(1, 12)}
        since = learned


def _day(at: int) -> date:
    return date.fromisoformat(first_day(at))


def first_day(at: int) -> str:
    """The first day of the month, counted from the first."""
    return f"{month_of(at)}-01"
