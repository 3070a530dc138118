"""What the demo company agrees with its customers: contracts as rows of the file, with the day each was signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from .calendar import FIRST, MONTHS, months_later
from .partners import Partner

DAY: Final = timedelta(1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A possible line of a kind of deal: one of these products in one of these quantities, with this chance.

    Its own cycle and timing where it does not follow the deal's; ``metered`` lines run by calendar months.
    """

    products: tuple[str, ...]
    quantities: Sequence[int]
    chance: float = 1.0
    cycle: int | None = None
    timing: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of deal: how often it is made, its billing cycles and timings, how often it renews, and its lines."""

    weight: int
    cycles: tuple[int, ...]
    timings: tuple[str, ...]
    renews: float
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class Deal:
    """A contract: its rows, the day it was signed, and for each product the first day on which it is no more."""

    number: str
    signed: date
    rows: list[dict[str, Any]]
    ends: dict[str, date] = field(default_factory=dict)


METERED: Final = frozenset({"TRAFFIC", "BACKUP", "SNAPSHOT", "ALERT", "LOG", "SMS"})
SERVERS: Final = ("VPS-S", "VPS-S", "VPS-M", "VPS-M", "VPS-L", "VPS-XL")
ONCE: Final = ("SETUP", "SETUP", "GUIDE", "MOVE", "VISIT", "WATER", "REG-FEE")


def _metered(product: str, chance: float) -> Piece:
    return Piece((product,), (1,), chance, 1, "arrears")


KINDS: Final = (
    Kind(30, (1,), ("advance", "current", "current"), 0.3, (
        Piece(SERVERS, (1, 1, 1, 2, 3)), _metered("BACKUP", 0.5), Piece(("IP-BLOCK",), (8, 12, 20), 0.2),
        Piece(("MONITOR",), range(3, 40), 0.35), Piece(("SSL-FREE",), (1,), 0.5), _metered("TRAFFIC", 0.25),
        Piece(("SETUP",), (1,), 0.25, 0, "current"),
    )),
    Kind(11, (12,), ("advance",), 0.9, (
        Piece(SERVERS, (1, 1, 2)), Piece(("DOMAIN-JP",), (1, 2, 3), 0.7), Piece(("SSL-FREE",), (1,), 0.4),
        _metered("BACKUP", 0.4),
    )),
    Kind(9, (1, 1, 3, 12), ("advance", "current"), 0.5, (
        Piece(("DEDI-A", "DEDI-A", "DEDI-B"), (1, 1, 2)), _metered("TRAFFIC", 0.6), Piece(("MONITOR",), range(5, 70), 0.5),
        _metered("LOG", 0.4), Piece(("LINE-100",), (1,), 0.3), Piece(("SETUP",), (1,), 0.6, 0, "current"),
    )),
    Kind(5, (1, 3, 6), ("advance", "current"), 0.3, (
        Piece(("RACK-Q", "RACK-H"), (1,)), Piece(("LINE-100",), (1, 2), 0.6), Piece(("IP-BLOCK",), (8, 16, 32), 0.6),
        _metered("ALERT", 0.5), Piece(("MOVE",), (1,), 0.4, 0, "current"),
    )),
    Kind(13, (12,), ("advance",), 0.95, (
        Piece(("DOMAIN-JP",), (1, 1, 2, 3, 5)), Piece(("SSL-EV",), (1,), 0.25), Piece(("SSL-FREE",), (1,), 0.3),
    )),
    Kind(14, (1,), ("current", "arrears"), 0.2, (
        Piece(("MAIL-STD", "MAIL-STD", "MAIL-PRO"), range(5, 120)), Piece(("MBOX",), range(4, 140), 0.35),
        _metered("SMS", 0.3), _metered("SNAPSHOT", 0.25), Piece(("GUIDE",), (1,), 0.2, 0, "current"),
    )),
    Kind(4, (1,), ("current",), 0, (Piece(("MAIL-P",), (1, 2, 4, 6)),)),
    Kind(10, (1, 3, 12), ("arrears", "advance"), 0.6, (
        Piece(("MAINT-S", "MAINT-S", "MAINT-P"), (1, 1, 2)), Piece(("MONITOR",), range(3, 60), 0.5), _metered("ALERT", 0.4),
        _metered("LOG", 0.3),
    )),
    Kind(3, (1,), ("advance",), 0, (Piece(("NEWS",), (1, 1, 2)),)),
    Kind(2, (12,), ("advance",), 0.9, (Piece(("GUARD",), (1, 2)),)),
    Kind(2, (1,), ("current",), 0, (Piece(("VPS-G",), (1, 2)),)),
    Kind(7, (0,), ("current",), 0, (Piece(ONCE, (1, 1, 2)), Piece(("WATER",), (5, 10, 20), 0.15))),
)  # fmt: skip
AGREED: Final = {  # prices agreed with single customers
    "DEDI-A": (44_000, 46_000), "DEDI-B": (90_000, 95_000), "RACK-H": (200_000,), "MAINT-S": (20_000,),
    "MAINT-P": (52_000, 55_000), "MAIL-STD": (350,), "VPS-XL": (28_000,),
}  # fmt: skip
PRORATIONS: Final = ("", "thirtieth", "monthly", "thirty_360", "full_month", "free")
SHARES: Final = (88, 4, 3, 1, 2, 2)
FIXED: Final = ("full_month", "free")  # of such contracts nothing changes within a cycle
MIGRATED: Final = 0.6


def deals(rng: Random, customers: list[Partner], count: int) -> list[Deal]:
    """So many contracts, numbered in the order in which they were signed; every customer has one at least."""
    chosen = [*customers, *rng.choices(customers, k=max(count - len(customers), 0))]
    made = [_deal(rng, partner) for partner in chosen]
    made.sort(key=lambda deal: deal.signed)
    for at, deal in enumerate(made):
        deal.number = f"K{at + 1:05}"
        for row in deal.rows:
            row["contract_no"] = deal.number
    return made


def _deal(rng: Random, partner: Partner) -> Deal:
    kind = rng.choices(KINDS, [kind.weight for kind in KINDS])[0]
    cycle, timing = rng.choice(kind.cycles), rng.choice(kind.timings)
    signed, start = _days(rng, cycle)
    common = {
        "contract_no": "", "partner": partner.code, "start": start, **_term(rng, kind, start),
        "order_no": f"PO-{rng.randrange(10_000):04}" if rng.random() < 0.4 else "",
        "project": rng.choice(("更改", "新設")) if rng.random() < 0.1 else "",
        "department": rng.choice(("東日本営業部", "西日本営業部", "")),
        "bill_day": 31 if cycle and rng.random() < 0.02 else None,
        "proration": rng.choices(PRORATIONS, SHARES)[0] if cycle else "",
        "recorded_at": f"{signed}T{rng.randint(9, 17):02}:{rng.randrange(60):02}:00+09:00",
    }  # fmt: skip
    calendar = 1 if cycle == 1 and not common["auto_renew"] and rng.random() < 0.5 else None
    renews = bool(common["auto_renew"] or common["end"])
    pieces = [piece for piece in kind.pieces if rng.random() < piece.chance and not (renews and piece.cycle == 0)]
    rows = [_row(rng, common, piece, (cycle, timing, calendar)) for piece in pieces]
    rows = list({row["product"]: row for row in rows}.values())
    return Deal("", signed, rows, {row["product"]: row["end"] + DAY for row in rows if _is_last(row)})


def _is_last(row: dict[str, Any]) -> bool:
    return row["end"] is not None and not row["auto_renew"]


def _row(rng: Random, common: dict[str, Any], piece: Piece, usual: tuple[int, str, int | None]) -> dict[str, Any]:
    cycle, timing, anchor = usual
    product = rng.choice(piece.products)
    return common | {
        "product": product,
        "quantity": rng.choice(piece.quantities),
        "unit_price": rng.choice(AGREED[product]) if product in AGREED and rng.random() < 0.3 else None,
        "cycle_months": cycle if piece.cycle is None else piece.cycle,
        "timing": piece.timing or timing,
        "anchor_day": None if piece.cycle == 0 else 1 if product in METERED else anchor,
    }


def _days(rng: Random, cycle: int) -> tuple[date, date]:
    """The day of signing and of the start; what was there before begins with the books, or at its next renewal."""
    if cycle and rng.random() < MIGRATED:
        return FIRST - rng.randint(2, 20) * DAY, months_later(FIRST, rng.randrange(cycle))
    signed = rng.choice(MONTHS) + rng.randrange(28) * DAY
    if rng.random() < 0.45:
        return signed, months_later(signed.replace(day=1), 1)
    start = max(signed + rng.choice((-9, 0, 1, 3, 7, 10, 14, 21)) * DAY, FIRST)
    return signed, start.replace(day=min(start.day, 28))


def _term(rng: Random, kind: Kind, start: date) -> dict[str, Any]:
    """The end and the renewal: mostly a year that renews, no end, or for a few a year or two and no more."""
    if rng.random() < kind.renews:
        end = months_later(start, 12) - DAY
        return {"end": end, "auto_renew": 12, "notice_days": rng.choice((30, 60))}
    if kind.cycles != (0,) and rng.random() < 0.08:
        return {"end": months_later(start, rng.choice((12, 24))) - DAY, "auto_renew": None, "notice_days": None}
    return {"end": None, "auto_renew": None, "notice_days": None}
