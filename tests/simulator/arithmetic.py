"""Dates, prices, shares and schedules worked out one at a time with fractions: slow, obvious, and nobody else's code."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from math import ceil, floor

import holidays

from .model import DAY, Partner, Product

RATES = {"standard": 10, "reduced": 8, "exempt": 0, "out_of_scope": 0, "export": 0}


# --- money -----------------------------------------------------------------------------------------------------------


def rounded(value: Fraction, rounding: str) -> int:
    """The value in whole yen, rounded by magnitude."""
    size = abs(value)
    whole = {"floor": floor(size), "half_up": floor(size + Fraction(1, 2)), "ceil": ceil(size)}[rounding]
    return whole if value >= 0 else -whole


def largest_remainder(total: int, weights: Sequence[Fraction]) -> list[int]:
    """The total split by the weights: floors first, then one each to the largest remainders, ties to the earlier."""
    sign = -1 if total < 0 else 1
    exact = [abs(total) * weight / sum(weights) for weight in weights]
    parts = [floor(value) for value in exact]
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[: abs(total) - sum(parts)]:
        parts[at] += 1
    return [sign * part for part in parts]


# --- dates -----------------------------------------------------------------------------------------------------------


def clipped(year: int, month: int, day: int) -> date:
    """The day of the month, or its last one."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day, monthrange(year, month)[1]))


def months_later(anchor: date, months: int, day: int | None = None) -> date:
    """The anchor's own day (or ``day``), so many months later."""
    return clipped(anchor.year, anchor.month + months, day or anchor.day)


def first_of(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    return months_later(first_of(day), 1)


def month_end(day: date) -> date:
    return next_month(day) - DAY


def closes(days: Sequence[int], on: date) -> bool:
    """Whether the day is a closing day; 31 is the end of the month."""
    return on.day in days or (31 in days and on == month_end(on))


def closing_since(days: Sequence[int], on: date) -> date:
    while not closes(days, on):
        on += DAY
    return on


def closing_before(days: Sequence[int], on: date) -> date:
    on -= DAY
    while not closes(days, on):
        on -= DAY
    return on


def bill_on(timing: str, days: Sequence[int], start: date, stop: date) -> date:
    """The closing that bills the days from ``start`` to ``stop`` (exclusive)."""
    if timing == "advance":
        return closing_before(days, start)
    return closing_since(days, start if timing == "current" else stop - DAY)


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("JP", years=year))


def is_business_day(on: date) -> bool:
    return not (
        on.weekday() >= 5 or on in _holidays(on.year) or (on.month, on.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}
    )


def shifted(on: date, shift: str) -> date:
    """The day itself, or the business day before or after it."""
    while shift != "none" and not is_business_day(on):
        on += DAY if shift == "after" else -DAY
    return on


def dues(partner: Partner, on: date, total: int) -> list[tuple[date, str, int]]:
    """Due dates, methods and amounts of an invoice of that closing day (or own bill day of a line)."""
    due = shifted(months_later(first_of(on), partner.months, partner.pay_day), partner.shift)
    if not partner.parts or (partner.below is not None and abs(total) < partner.below):
        return [(due, partner.method if not partner.parts else "transfer", total)]
    fixed = [part.percent is not None and total * part.percent for part in partner.parts]
    rest = total - sum(Fraction(share) for share in fixed if share is not False)
    exact = [Fraction(rest if share is False else share) for share in fixed]
    amounts = largest_remainder(total, exact) if total else [0] * len(exact)
    found = []
    for part, amount in zip(partner.parts, amounts, strict=True):
        day = shifted(due + part.days * DAY, partner.shift) if part.days else due
        found.append((day, part.method, amount))
    return [row for row in found if row[2]]


# --- prices ----------------------------------------------------------------------------------------------------------


def price(product: Product, unit_price: Fraction, taken: Fraction, quantity: Fraction) -> Fraction:
    """The exact price of a whole cycle: ``taken`` of the product are held, ``quantity`` is what is rated."""
    value = {
        "flat": lambda: unit_price * taken,
        "unit": lambda: unit_price * max(quantity - product.included, Fraction(0)),
        "included": lambda: _included(product, unit_price, taken or Fraction(1), quantity),
        "graduated": lambda: _graduated(product, quantity),
        "volume": lambda: _volume(product, quantity),
        "package": lambda: unit_price * ceil(max(quantity - product.included, Fraction(0)) / product.package),
        "free": lambda: Fraction(0),
    }[product.model]()
    if product.model == "free":
        return value
    value = value if product.minimum is None else max(value, Fraction(product.minimum))
    return value if product.maximum is None else min(value, Fraction(product.maximum))


def _included(product: Product, base: Fraction, plans: Fraction, quantity: Fraction) -> Fraction:
    return base * plans + product.overage * max(quantity - product.included * plans, Fraction(0))


def _graduated(product: Product, quantity: Fraction) -> Fraction:
    total, below = Fraction(0), Fraction(0)
    for up_to, each in product.tiers:
        top = quantity if up_to is None else min(quantity, up_to)
        total += max(top - below, Fraction(0)) * each
        below = top if up_to is None else up_to
    return total


def _volume(product: Product, quantity: Fraction) -> Fraction:
    return quantity * next(each for up_to, each in product.tiers if up_to is None or quantity <= up_to)


# --- parts of a cycle ------------------------------------------------------------------------------------------------


def share(
    basis: str, whole: tuple[date, date], used: tuple[date, date], months: int, until: date | None = None
) -> Fraction:
    """The part of the whole cycle that the used days take; ``until`` is the end of the use where only its price changes."""
    if basis == "thirtieth" and until is not None and until > used[1]:
        return share(basis, whole, (used[0], until), months) - share(basis, whole, (used[1], until), months)
    if used == whole:
        return Fraction(1)
    days = Fraction((used[1] - used[0]).days, (whole[1] - whole[0]).days)
    if basis == "daily":
        return days
    if basis in {"full_month", "free"}:
        return Fraction(basis == "full_month")
    if basis == "thirty_360":
        return Fraction(_bank_days(*used), _bank_days(*whole))
    anchor = whole[0].day
    if whole[0] == month_end(whole[0]):  # a cycle that began on a clipped 28 Feb shows its anchor at its other end
        anchor = max(anchor, whole[1].day)
    total = Fraction(0)
    for at in range(months):
        start, stop = (months_later(first_of(whole[0]), at + n, anchor) for n in (0, 1))
        inside = max((min(stop, used[1]) - max(start, used[0])).days, 0)
        length = (stop - start).days
        if inside == length:
            total += 1
        elif basis == "monthly":
            total += Fraction(inside, length)
        else:
            total += Fraction(min(inside, 30), 30)
    return total / months


def _bank_days(start: date, stop: date) -> int:
    """30 × months apart + difference of the days."""
    return 30 * ((stop.year - start.year) * 12 + stop.month - start.month) + stop.day - start.day


# --- schedules -------------------------------------------------------------------------------------------------------


def months_of(start: date, stop: date) -> list[date]:
    """The months that the days touch."""
    found, month, last = [], first_of(start), max(stop - DAY, start)
    while month <= last:
        found.append(month)
        month = next_month(month)
    return found


def weights(start: date, stop: date, method: str, partial: str) -> list[Fraction]:
    """What each month of the range weighs."""
    months = months_of(start, stop)
    days = [(min(next_month(m), stop) - max(m, start)).days for m in months]
    lengths = [(next_month(m) - m).days for m in months]
    if method == "daily":
        return [Fraction(d) for d in days]
    found = [Fraction(d, n) for d, n in zip(days, lengths, strict=True)]
    if partial == "daily":
        return found
    if len(months) == 1:
        return [Fraction(1)]
    first, last = (1, 0) if partial == "full_first" else (0, 1)
    if found[0] != 1:
        found[0] = Fraction(first)
    if found[-1] != 1:
        found[-1] = Fraction(last)
    return found


def schedule(
    amount: int, start: date, stop: date, method: str, partial: str, remainder: str, rounding: str
) -> dict[date, int]:
    """The amount by month."""
    months, weighed = months_of(start, stop), weights(start, stop, method, partial)
    whole = sum(weighed)
    alone = [rounded(amount * w / whole, rounding) for w in weighed]
    heavy = [at for at, w in enumerate(weighed) if w]
    if remainder == "cumulative":
        upto = [rounded(amount * sum(weighed[: at + 1]) / whole, rounding) for at in range(len(months))]
        alone = [now - before for before, now in zip([0, *upto[:-1]], upto, strict=True)]
    else:
        at = heavy[-1] if remainder == "last" else heavy[0]
        alone[at] = amount - sum(part for other, part in enumerate(alone) if other != at)
    return dict(zip(months, alone, strict=True))
