"""The figures behind pictures: how a balance came about, what ties it, and what is to be billed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

import polars as pl
import pytest

from tests.builders import (
    a_contract,
    a_shop,
    an_event,
    assert_coherent,
    bill,
    deferred,
    match,
    receive,
    recognize,
    report,
)
from urikake.base import periods, runs
from urikake.base.bulk import Session
from urikake.rooms.billing import queries as billing
from urikake.rooms.closing.queries import changes
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.revenue.queries import rolled

Found = TypeVar("Found")
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def ask(url: str, question: Callable[[Session], Found]) -> Found:
    with runs.reading(url, "test") as session:
        return question(session)


def two_months(url: str, **policy: object) -> None:
    """C1 billed a year ahead, C2 monthly and paid once; April and May recognised."""
    a_shop(url, **policy)
    a_contract(url, timing="advance", start="2026-05-01", cycle_months=12, monthly=120_000)
    a_contract(url, "C2", monthly=10_000)
    bill(url, "2026-04-30", "2026-05-31")
    receive(url, 143_000)
    match(url)
    recognize(url, "2026-05")


def test_a_balance_is_what_moved_it(database: str) -> None:
    two_months(database)
    owed = ask(database, lambda session: changes.owed(session, MAY))
    assert (owed.before, owed.after, owed.check) == (143_000, 11_000, 11_000)
    assert owed.moved == {"application": -143_000, "invoice": 11_000}
    held = ask(database, lambda session: changes.advances(session, MAY))
    assert (held.before, held.moved, held.after) == (132_000, {"recognition": -11_000}, 121_000)
    assert ask(database, lambda session: changes.sales(session, MAY)) == 20_000
    assert_coherent(database)


@pytest.mark.parametrize("advance_tax", ["with_revenue", "on_invoice"])
def test_contract_balances_tie_to_the_ledger_on_any_day(database: str, advance_tax: str) -> None:
    two_months(database, advance_tax=advance_tax)
    for month, day in (("2026-04", date(2026, 4, 30)), ("2026-05", date(2026, 5, 31))):
        closing = sum(row[-1] for row in deferred(database, month).values())
        position = ask(database, lambda session, day=day: changes.position(session, day))
        assert position.net == closing
        assert (position.tax > 0) == (advance_tax == "with_revenue")


def test_a_course_carries_a_balance_over_days_without_postings(database: str) -> None:
    two_months(database)
    days = [date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 15), date(2026, 5, 31)]
    course = ask(database, lambda session: ledger.course(session, ["売掛金"], days))
    assert course.to_list() == [0, 143_000, 143_000, 11_000]
    assert ask(database, lambda session: ledger.course(session, ["ない科目"], days)).to_list() == [0, 0, 0, 0]


@pytest.mark.parametrize("timing", ["advance", "current", "arrears"])
def test_what_is_planned_is_what_is_billed(database: str, timing: str) -> None:
    """The plan, made once, against the runs that follow: with a change and an end that are reserved."""
    a_shop(database)
    a_contract(database, timing=timing, monthly=10_000)
    an_event(database, "change_quantity", "2026-06-11", product="PLAN", quantity=3)
    an_event(database, "cancel", "2026-08-21")
    bill(database, "2026-04-30")
    plan = ask(database, lambda session: _plan(session, date(2026, 9, 30)))
    closings = [date(2026, month, day) for month, day in ((5, 31), (6, 30), (7, 31), (8, 31), (9, 30))]
    bill(database, *(closing.isoformat() for closing in closings))
    made = {
        closing: ask(database, lambda session, on=closing: int(billing.at_closing(session, on)["amount"].sum()))
        for closing in closings
    }
    assert plan == {closing: amount for closing, amount in made.items() if amount}
    assert ask(database, lambda session: _plan(session, date(2026, 9, 30))) == {}


def _plan(session: Session, until: date) -> dict[date, int]:
    ids = contracts(session).filter(pl.col("contract_no") == "C1")["contract_id"].to_list()
    return dict(billing.planned(session, ids, until).iter_rows())


def test_the_roll_forward_in_sum_is_the_report_by_contract(database: str) -> None:
    a_shop(database)
    a_contract(database, "C1", cycle_months=12, monthly=120_000)
    a_contract(database, "C2", cycle_months=3, timing="arrears", monthly=9_000)
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    recognize(database, "2026-06")
    for month in (4, 5, 6):
        rows = report(database, "deferred", month=f"2026-{month:02}")
        first = date(2026, month, 1)
        with runs.reading(database) as session:
            found = rolled(session, first, periods.last_day(first))
        assert found == {name: sum(row[name] for row in rows) for name in found}
