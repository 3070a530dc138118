"""What stands for a contract, against an oracle that books entries one by one, and laws; worked tables: docs/algorithms."""

from __future__ import annotations

import random
from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.position import KINDS, positions

LAW = settings(max_examples=60, deadline=None)
EVENT = {"contract": pl.Int64, "kind": pl.String, "amount": pl.Int64, "revenue": pl.Int64}
STANDS = ["receivable", "contract_asset", "contract_liability", "refund_liability", "revenue_to_date"]
Event = tuple[str, int, int]


def after(*contracts: list[Event]) -> list[list[tuple[int, ...]]]:
    """What stands after each event, all contracts asked at once with their events interleaved."""
    rows = [(at, key, *event) for key, events in enumerate(contracts) for at, event in enumerate(events)]
    frame = pl.DataFrame([row[1:] for row in sorted(rows)], schema=EVENT, orient="row")
    found = positions(frame)
    assert found.height == frame.height
    by_contract = {key: rows.select(STANDS).rows() for (key,), rows in found.group_by("contract", maintain_order=True)}
    return [by_contract.get(key, []) for key in range(len(contracts))]


class Books:
    """A ledger of one contract; every entry balances."""

    def __init__(self) -> None:
        self.balance: Counter[str] = Counter()
        self.claimed = self.cash = 0

    def post(self, **lines: int) -> None:
        assert sum(lines.values()) == 0
        self.balance.update(lines)

    def take(self, kind: str, amount: int, revenue: int) -> None:
        """Debits are positive."""
        if kind == "none":
            return
        self.post(revenue=-revenue, contract=revenue)
        if kind in ("right", "transfer_refund"):
            self.claim(amount)
        if kind == "transfer_refund":
            self.post(refund=revenue - amount, contract=amount - revenue)
        if kind == "cash":
            back = min(-amount, -self.balance["refund"]) if amount < 0 else 0
            self.post(refund=back, cash=-back)
            self.claimed, self.cash = self.claimed - back, self.cash - back
            self.pay(amount + back)

    def claim(self, amount: int) -> None:
        """A right: what was paid in advance of it makes it no receivable."""
        self.settle(self.claimed + amount, self.cash)

    def pay(self, amount: int) -> None:
        self.post(cash=amount, contract=-amount)
        self.settle(self.claimed, self.cash + amount)

    def settle(self, claimed: int, cash: int) -> None:
        """Move between contract and receivable so that only what is claimed and not paid stands there."""
        owed = max(claimed - cash, 0)
        more = owed - self.balance["receivable"]
        self.post(receivable=more, contract=-more)
        self.claimed, self.cash = claimed, cash

    def stands(self) -> tuple[int, ...]:
        net = self.balance["contract"]
        return (
            self.balance["receivable"],
            max(net, 0),
            max(-net, 0),
            -self.balance["refund"],
            -self.balance["revenue"],
        )


def oracle(events: list[Event]) -> list[tuple[int, ...]]:
    books, found = Books(), []
    for event in events:
        books.take(*event)
        found.append(books.stands())
    return found


def drawn(luck: random.Random) -> list[Event]:
    events = []
    for _ in range(luck.randint(1, 9)):
        kind, amount = luck.choice(KINDS), luck.choice([0, luck.randint(0, 1_000), luck.randint(0, 10**12)])
        back = kind == "cash" and luck.random() < 0.4
        revenue = {"transfer": amount, "transfer_refund": luck.randint(0, amount)}.get(kind, luck.choice([0, 0, 50]))
        events.append((kind, -amount if back else amount, revenue))
    return events


@pytest.mark.parametrize("seed", range(3))
def test_positions_agree_with_books_kept_entry_by_entry(seed: int) -> None:
    luck = random.Random(seed)
    contracts = [drawn(luck) for _ in range(1_200)]
    for events, found in zip(contracts, after(*contracts), strict=True):
        assert found == oracle(events), events


@LAW
@given(st.integers(0, 10**6))
def test_billed_is_recognised_and_owed_less_what_is_not_yet_billed(seed: int) -> None:
    events = [event for event in drawn(random.Random(seed)) if event[1] >= 0]
    billed = cash = 0
    for (kind, amount, _), stands in zip(events, after(events)[0], strict=True):
        receivable, asset, liability, refund, revenue = stands
        billed += amount if kind in ("right", "transfer_refund") else 0
        cash += amount if kind == "cash" else 0
        assert max(billed, cash) == revenue + refund + liability - asset
        assert receivable == max(billed - cash, 0)
        assert min(asset, liability) == 0


def test_a_refund_is_paid_back_before_an_advance() -> None:
    events = [("transfer_refund", 1_000, 900), ("cash", 1_300, 0), ("cash", -250, 0)]
    assert after(events) == [[(1_000, 0, 0, 100, 900), (0, 0, 300, 100, 900), (0, 0, 150, 0, 900)]]


def test_an_advance_paid_back_before_a_refund_arises_stays_that() -> None:
    events = [("cash", 500, 0), ("cash", -500, 0), ("transfer_refund", 1_000, 900)]
    assert after(events)[0][1:] == [(0, 0, 0, 0, 0), (1_000, 0, 0, 100, 900)]


def test_a_lower_estimate_of_returns_is_revenue() -> None:
    events = [("transfer_refund", 1_000, 900), ("transfer_refund", 0, 60), ("transfer_refund", 0, -20)]
    assert [stands[3:] for stands in after(events)[0]] == [(100, 900), (40, 960), (60, 940)]


def test_no_events_nothing_stands() -> None:
    assert positions(pl.DataFrame(schema=EVENT)).rows() == []
