"""What happens to the contracts of the demo company: changes, options, leaving and second thoughts, as rows of events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from .calendar import FIRST, LAST, months_later
from .deals import FIXED, METERED, Deal

DAY: Final = timedelta(1)
GROWS: Final = {"VPS-S": "VPS-M", "VPS-M": "VPS-L", "VPS-L": "VPS-XL", "DEDI-A": "DEDI-B", "MAIL-STD": "MAIL-PRO",
                "MAINT-S": "MAINT-P", "RACK-Q": "RACK-H"}  # fmt: skip
COUNTED: Final = frozenset({"MAIL-STD", "MAIL-PRO", "MONITOR", "DOMAIN-JP", "MBOX", "IP-BLOCK", "NEWS"})
PRICED: Final = {
    "DEDI-A": 45_000,
    "DEDI-B": 93_000,
    "MAINT-S": 21_000,
    "MAINT-P": 54_000,
    "VPS-XL": 27_500,
    "LINE-100": 34_000,
}
OPTIONS: Final = {"MONITOR": (3, 5, 10, 12), "IP-BLOCK": (8, 16), "SSL-FREE": (1,), "LINE-100": (1,)}
WHY: Final = {
    "change_quantity": ("利用者の増減", "拠点の増設", "人員の入れ替わり"), "change_plan": ("アクセス増のため", "性能不足のため"),
    "change_price": ("更新時の値引き", "価格の見直し"), "add_option": ("監査の指摘", "増設"), "remove_option": ("利用なし",),
    "cancel": ("自社運用に切替", "事業の終了", "他社へ移行"), "decline_renewal": ("予算の都合",), "withdraw": ("予約の取りやめ",),
}  # fmt: skip


@dataclass(slots=True)
class Held:
    """What a contract holds as its story goes on: the quantity of each product, in the order of its lines."""

    deal: Deal
    quantities: dict[str, int]
    known: date
    last: date


def events(rng: Random, deals: list[Deal]) -> list[dict[str, Any]]:
    """All that happens, in the order in which it was recorded; the deals learn when their lines end."""
    found: list[dict[str, Any]] = []
    for deal in deals:
        found += _story(rng, deal)
    found.sort(key=lambda row: (row["recorded_at"], row["contract_no"]))
    for at, row in enumerate(found):
        row["event_id"] = f"E{at + 1:05}"
    for row in found:
        row["event_id"] = row.pop("target", row)["event_id"]
    return found


def _story(rng: Random, deal: Deal) -> list[dict[str, Any]]:
    """The events of one contract, one after the other."""
    first = deal.rows[0]
    if not first["cycle_months"] or first["proration"] in FIXED:
        return []
    held = Held(deal, {row["product"]: row["quantity"] for row in deal.rows}, deal.signed, first["start"])
    found: list[dict[str, Any]] = []
    for _ in range(rng.choices((0, 1, 2, 3), (38, 40, 15, 7))[0]):
        if (days := _days(rng, held)) is None:
            break
        kinds = rng.sample(list(KINDS), len(KINDS))
        kind = rng.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
        for name in (kind, *kinds):
            if rows := KINDS[name][1](rng, held, *days):
                found += rows
                held.last, held.known = days
                break
        if found and found[-1]["type"] in {"cancel", "decline_renewal"}:
            break
    return found


def _days(rng: Random, held: Held) -> tuple[date, date] | None:
    """The first day of something new and the day on which it was recorded: before it, long before it, or too late."""
    first, cycle = held.last, held.deal.rows[0]["cycle_months"]
    room = (LAST + 60 * DAY - max(first, FIRST)).days
    if room < 60:
        return None
    day = max(first, FIRST) + rng.randint(32, room) * DAY
    if rng.random() < 0.25:
        day = months_later(day.replace(day=1), 1)
    ahead = rng.choices(
        (rng.randint(2, 25), rng.randint(40, 75), -rng.randint(2, 24)), (76, 14, 10 if cycle == 1 else 0)
    )[0]
    known = max(day - ahead * DAY, FIRST)
    end = min(held.deal.ends.values(), default=date.max)
    return (day, known) if held.known < known <= LAST and day < end else None


def _row(rng: Random, held: Held, day: date, known: date, kind: str, **more: Any) -> dict[str, Any]:
    at = f"{known}T{rng.randint(9, 17):02}:{rng.randrange(60):02}:{rng.randrange(60):02}+09:00"
    row = {
        "contract_no": held.deal.number, "effective": day, "last_day": None, "type": kind, "line": "", "product": "",
        "quantity": None, "unit_price": None, "reason": rng.choice(WHY[kind]), "event_id": "", "recorded_at": at,
    }  # fmt: skip
    return row | more


def _lines(held: Held, *, options: bool = False) -> list[str]:
    """The products of the lines that run by a cycle and are not metered; of the options only, all but the first."""
    once = {row["product"] for row in held.deal.rows if not row["cycle_months"]}
    found = [product for product in held.quantities if product not in once and product not in METERED]
    return found[1:] if options else found


def _quantity(rng: Random, held: Held, day: date, known: date) -> list[dict[str, Any]]:
    counted = [product for product in _lines(held) if product in COUNTED]
    if not counted:
        return []
    product = rng.choice(counted)
    before = held.quantities[product]
    more = max(before // rng.choice((4, 6, 10)), 1)
    after = before + more if rng.random() < 0.7 or before <= more else before - more
    held.quantities[product] = after
    return [_row(rng, held, day, known, "change_quantity", line=product, quantity=after)]


def _plan(rng: Random, held: Held, day: date, known: date) -> list[dict[str, Any]]:
    growing = [p for p in _lines(held) if GROWS.get(p) and GROWS[p] not in held.quantities]
    if not growing:
        return []
    old = rng.choice(growing)
    held.quantities = {GROWS[p] if p == old else p: n for p, n in held.quantities.items()}
    return [_row(rng, held, day, known, "change_plan", line=old, product=GROWS[old])]


def _price(rng: Random, held: Held, day: date, known: date) -> list[dict[str, Any]]:
    priced = [product for product in _lines(held) if product in PRICED]
    if not priced:
        return []
    product = rng.choice(priced)
    price = PRICED[product] + rng.randrange(1, 9) * 100
    return (
        [_row(rng, held, day.replace(day=1), known, "change_price", line=product, unit_price=price)]
        if (known < day.replace(day=1) > held.last)
        else []
    )


def _option(rng: Random, held: Held, day: date, known: date) -> list[dict[str, Any]]:
    free = [product for product in OPTIONS if product not in held.quantities]
    if not free or held.deal.rows[0]["product"] in {"NEWS", "GUARD", "MAIL-P"}:
        return []
    product = rng.choice(free)
    quantity = rng.choice(OPTIONS[product])
    held.quantities[product] = quantity
    return [_row(rng, held, day, known, "add_option", product=product, quantity=quantity)]


def _removed(rng: Random, held: Held, day: date, known: date) -> list[dict[str, Any]]:
    if not (options := _lines(held, options=True)):
        return []
    product = rng.choice(options)
    del held.quantities[product]
    held.deal.ends[product] = day
    return [_row(rng, held, day, known, "remove_option", line=product)]


def _cancelled(rng: Random, held: Held, day: date, known: date) -> list[dict[str, Any]]:
    for product in [*held.quantities, *(row["product"] for row in held.deal.rows)]:
        held.deal.ends[product] = min(day, held.deal.ends.get(product, day))
    return [_row(rng, held, day, known, "cancel", effective=None, last_day=day - DAY)]


def _declined(rng: Random, held: Held, day: date, known: date) -> list[dict[str, Any]]:
    """A renewal declined in the first term, two months before it ends."""
    first = held.deal.rows[0]
    if not first["auto_renew"] or known > first["end"] - 62 * DAY or known < first["start"]:
        return []
    for row in held.deal.rows:
        held.deal.ends[row["product"]] = first["end"] + DAY
    return [_row(rng, held, known, known, "decline_renewal")]


def _withdrawn(rng: Random, held: Held, day: date, known: date) -> list[dict[str, Any]]:
    """A reservation of a quantity, taken back early in the next month."""
    back = months_later(known.replace(day=1), 1) + rng.randint(0, 6) * DAY
    quantities = dict(held.quantities)
    rows = _quantity(rng, held, day, known) if back < min(day, LAST) else []
    held.quantities = quantities
    return [*rows, *(_row(rng, held, row["effective"], back, "withdraw", target=row) for row in rows)]


Happening = Callable[[Random, Held, date, date], list[dict[str, Any]]]
KINDS: Final[dict[str, tuple[int, Happening]]] = {
    "change_quantity": (26, _quantity),
    "change_plan": (20, _plan),
    "change_price": (9, _price),
    "add_option": (12, _option),
    "remove_option": (7, _removed),
    "cancel": (16, _cancelled),
    "decline_renewal": (5, _declined),
    "withdraw": (5, _withdrawn),
}
