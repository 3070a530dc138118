"""The documents of an invented company: what its partners were billed month by month, and when it is due."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Final

from .partners import Partner

START: Final = date(2026, 5, 1)
"""The first month in which receipts come; months are counted from it."""


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice, or a credit note below zero; ``net`` is the amount without tax."""

    partner: str
    dated: date
    due: date
    amount: int
    net: int
    number: str = ""


def day(month: int, of: int) -> date:
    """The day of the month counted from the start, or its last.

    >>> day(-1, 31), day(8, 10)
    (datetime.date(2026, 4, 30), datetime.date(2027, 1, 10))
    """
    year, at = divmod(START.year * 12 + START.month - 1 + month, 12)
    return date(year, at + 1, min(of, calendar.monthrange(year, at + 1)[1]))


def weekday(on: date) -> date:
    """The day, or the Friday before it."""
    return on - timedelta(days=max(on.weekday() - 4, 0))


def gross(net: int, rate: int) -> int:
    """The amount with tax, rounded down."""
    return net + net * rate // 100


def documents(rng: Random, partners: Iterable[Partner], months: int) -> dict[tuple[str, int], list[Document]]:
    """The documents of each partner and month, numbered by their dates."""
    found = {
        (partner.code, month): list(_billed(rng, partner, month))
        for partner in partners
        for month in range(partner.first, months)
    }
    places = [(each.dated, code, month, at) for (code, month), docs in found.items() for at, each in enumerate(docs)]
    last: dict[int, int] = {}
    for dated, code, month, at in sorted(places):
        year = dated.year if dated.month >= 4 else dated.year - 1
        last[year] = last.get(year, 0) + 1
        found[code, month][at] = replace(found[code, month][at], number=f"INV-{year}-{last[year]:05d}")
    return found


def _billed(rng: Random, partner: Partner, month: int) -> Iterator[Document]:
    dated = day(month, partner.closing)
    due = weekday(day(month + partner.site, partner.pay_day))
    for net, rate in partner.nets:
        now = net if partner.steady else max(round(net * rng.uniform(0.6, 1.5)), 1_000)
        yield Document(partner.code, dated, due, gross(now, rate), now)
    if partner.credit:
        net, rate = partner.nets[0]
        back = round(net * rng.uniform(0.05, 0.3))
        yield Document(partner.code, dated, due, -gross(back, rate), -back)
