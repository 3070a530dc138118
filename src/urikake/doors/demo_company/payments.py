"""What the customers of the demo company pay, and when: each as it is used to, of what it was billed so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from random import Random
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.calendar import business_days
from urikake.rooms.parties.queries import codes
from urikake.rooms.receivables.queries import items, labels

from .calendar import FIRST
from .partners import Partner
from .plan import Plan

DAY: Final = timedelta(1)
LONGEST: Final = 100 * DAY  # nobody who pays at all pays later than that
STRANGERS: Final = ("ｼﾝﾜ ﾀﾛｳ", "ﾐｽﾞﾉ ｱｷﾗ", "ﾄｷﾜﾃﾞﾝｼ(ｶ", "ﾕ)ﾏﾙﾔﾏｺｳｷﾞﾖｳ")


@dataclass(frozen=True, slots=True)
class Payment:
    """A transfer: its day, its amount, the account it reached, the name on it, and the documents it was meant for."""

    on: date
    amount: int
    account: str
    payer: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Debt:
    """A document of a customer that falls due: its number, its day and its amount, negative for a credit."""

    number: str
    due: date
    amount: int


def payments(session: Session, plan: Plan, since: date, until: date) -> list[Payment]:
    """The transfers that reach the company in these days, by day and payer.

    Each is a function of the seed and of what had been billed, so that it is the same whenever it is asked for.
    """
    owed = _owed(session)
    every: list[Payment] = []
    for partner in plan.partners:
        for due, debts in _due(owed.get(partner.code, [])):
            if since - LONGEST <= due <= until:
                every += _paid(Random(f"{plan.seed} {partner.code} {due}"), partner, due, debts)
    every += _strange(plan.seed, len(plan.partners))
    days = business_days(pl.Series([one.on for one in every]), pl.Series(["after"] * len(every)))
    dated = [
        Payment(on, one.amount, one.account, one.payer, one.documents) for on, one in zip(days, every, strict=True)
    ]
    return sorted(
        (one for one in dated if since <= one.on <= until), key=lambda one: (one.on, one.payer, one.documents)
    )


def _owed(session: Session) -> dict[str, list[Debt]]:
    """All that was ever raised, by the code of who pays it, in the order of the due days."""
    raised = labels(session, items(session)).join(codes(session), on="partner_id")
    grouped = raised.group_by("code", "number", "due_on").agg(pl.col("gross").sum()).sort("code", "due_on", "number")
    found: dict[str, list[Debt]] = {}
    for code, number, due, gross in grouped.iter_rows():
        found.setdefault(code, []).append(Debt(number, due, gross))
    return found


def _due(debts: list[Debt]) -> Iterator[tuple[date, list[Debt]]]:
    """What one customer has to pay on each day; credits are kept back until there is something to pay."""
    pending: list[Debt] = []
    for due, falling in groupby(debts, key=lambda debt: debt.due):
        pending += falling
        if sum(debt.amount for debt in pending) > 0:
            yield max(due, FIRST + 4 * DAY), pending
            pending = []


def _paid(rng: Random, partner: Partner, due: date, debts: list[Debt]) -> Iterator[Payment]:
    """What reaches the company for these documents."""
    total = sum(debt.amount for debt in debts)
    documents = tuple(debt.number for debt in debts)
    on, payer, amount = due, partner.row["payer_names"], total
    luck = rng.random()
    if partner.habit == "stopped" and due >= _stop(partner):
        return
    if partner.habit in {"late", "slow"}:
        on = due + (rng.randint(2, 18) if partner.habit == "late" else rng.randint(28, 66)) * DAY
    elif partner.habit == "fee" and total > 5 * partner.fee:
        amount = total - partner.fee
    elif partner.habit == "over" and luck < 0.3:
        amount = total + rng.choice((100, 330, 1_000, 1_000, 5_000))
    elif partner.habit == "alias" and luck < 0.2:
        payer = partner.payer
    elif partner.habit == "part" and luck < 0.5 and total > 4_000:
        yield Payment(due + 33 * DAY, total - total // 2_000 * 1_000, partner.account, payer, documents)
        amount = total // 2_000 * 1_000
    elif partner.habit == "exact" and len(debts) > 1 and luck < 0.4 and min(debt.amount for debt in debts) > 0:
        yield from (Payment(on, debt.amount, partner.account, payer, (debt.number,)) for debt in debts)
        return
    yield Payment(on, amount, partner.account, payer, documents)
    if luck > 0.9985:  # paid twice
        yield Payment(on + 3 * DAY, amount, partner.account, payer, ())


def _stop(partner: Partner) -> date:
    """The day from which a customer pays nothing any more."""
    return date(2026, 5 + int(partner.code[1:]) % 6, 1)


def _strange(seed: int, customers: int) -> Iterator[Payment]:
    """Now and then somebody pays whom nobody knows."""
    rng = Random(f"{seed} strangers")
    for day in range(20, 425, 45 * 340 // customers):
        yield Payment(FIRST + day * DAY, rng.randrange(3_300, 60_000, 110), "main", rng.choice(STRANGERS), ())


def rows(found: list[Payment], account: str) -> list[dict[str, Any]]:
    """The payments that reached the account as rows of its file, each with the number that the bank gave it."""
    return [
        {"date": one.on, "amount": one.amount, "payer": one.payer, "reference": "", "id": number(found, at)}
        for at, one in enumerate(found)
        if one.account == account
    ]


def number(found: list[Payment], at: int) -> str:
    """The number that the bank gave the payment, by its day and its place in the list."""
    return f"{found[at].account[0].upper()}{found[at].on:%y%m%d}-{at + 1:03}"
