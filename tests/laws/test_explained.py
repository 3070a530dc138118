"""Every amount explains itself: each reference of a simulated company leads on, recomputes, and adds up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests import arranged, builders
from tests.simulator.play import play
from tests.simulator.story import told
from urikake.base import connections, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.base.url import sqlite_path
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.parties.queries import codes
from urikake.rooms.reports.queries.explain import explain
from urikake.rooms.revenue.queries import EARNED


def roots(session: Session) -> Iterator[str]:
    """The references of all that a company has."""
    numbered = {"billing_charge": "charge", "receivables_item": "item", "receipts_receipt": "receipt",
                "matching_application": "application", "ledger_entry": "entry"}  # fmt: skip
    for table, name in numbered.items():
        yield from (f"{name}-{row - session.low}" for row in session.rows(table, "id")["id"])
    lines = session.rows("ledger_entry", "id, line_count").iter_rows()
    yield from (f"entry-{row - session.low}:{at}" for row, count in lines for at in range(1, count + 1))
    yield from (f"contract:{number}" for number in contracts(session)["contract_no"])
    last = session.value("SELECT max(posted_on) AS posted_on FROM ledger_entry")
    yield from (f"balance:{code}:{last}" for code in codes(session)["code"])
    yield from (f"account:{name}:{last}" for name in session.rows("base_account", "id, name")["name"])
    for table in EARNED:
        done = session.read(
            f"SELECT DISTINCT c.contract_no, r.month FROM {table} r JOIN contracts_contract c ON c.id = r.contract_id"
        )
        yield from (f"revenue:{number}:{month:%Y-%m}" for number, month in done.iter_rows())


@pytest.mark.parametrize("seed", [3])
def test_every_reference_leads_on_recomputes_and_adds_up(database: str, seed: int) -> None:
    play(database, told(seed, 5, 5))
    assert len(explained(database)) > 100


def test_shares_of_a_price_recompute_and_add_up(database: str) -> None:
    """A setup for nothing, an option below its price, a price learned late, a second contract, one that leaves early."""
    arranged.products(database)
    arranged.a_bundle(database)
    arranged.a_bundle(database, "C2", end="2026-10-31")
    arranged.live(database, "2026-04", "2026-05", "2026-06")
    builders.an_event(database, "add_option", "2026-07-01", product="MORE", quantity=1, unit_price=2_000)
    builders.an_event(database, "change_price", "2026-05-01", contract_no="C2", line="HOST", unit_price=9_000)
    arranged.live(database, "2026-07")
    builders.bill(database, "2026-08-31", "2026-09-30")
    builders.recognize(database, "2026-09")  # two months in one run
    builders.an_event(database, "cancel", "2026-11-01")
    arranged.live(database, "2026-10", "2026-11")
    builders.assert_coherent(database)
    with runs.reading(database) as session:
        shifts = session.value("SELECT count(*) AS lines FROM revenue_shift")
    assert shifts > 15
    assert len(explained(database)) > 100


def test_what_was_performed_explains_itself_though_it_was_corrected(database: str) -> None:
    """Each month is explained by what its run knew: half of the work, and later that it had been less."""
    builders.a_shop(database)
    builders.a_product(database, "BUILD", unit_price=1_000_000, revenue="progress")
    builders.a_contract(database, product="BUILD", monthly=1_000_000, cycle_months=0, end="2026-09-30")
    row = {"contract_no": "C1", "product": "BUILD", "date": "2026-04-30"}
    builders.take_rows(database, "progress", [row | {"percent": 50}])
    arranged.live(database, "2026-04", "2026-05")
    builders.take_rows(database, "progress", [row | {"percent": 40}])
    arranged.live(database, "2026-06")
    assert builders.recognized(database, "2026-04", "2026-06") == [500_000, -100_000]
    assert {"revenue:C1:2026-04", "revenue:C1:2026-06"} <= explained(database)


def explained(url: str) -> set[str]:
    """Every reference of the company, each of which leads on, recomputes, and adds up."""
    with runs.reading(url) as session:
        todo, seen = list(roots(session)), set[str]()
        while todo:
            ref = todo.pop()
            if ref in seen:
                continue
            seen.add(ref)
            found = explain(session, ref)
            assert found.equal, (ref, found.amount, found.recomputed, found.steps)
            assert found.recorded is None or found.recorded.sealed, ref
            if found.kind == "sum":
                assert sum(step.amount or 0 for step in found.steps) == found.amount, (ref, found.steps)
            for step in found.walk():
                if step.kind == "sum":
                    assert sum(part.amount or 0 for part in step.parts) == step.amount, (ref, step)
            todo += found.refs()
    return seen


def test_a_changed_amount_is_seen(sqlite_url: str) -> None:
    play(sqlite_url, told(3, 5, 6))
    with runs.reading(sqlite_url) as session:
        row = session.value("SELECT min(id) AS id FROM billing_charge WHERE amount > 100")
        ref = f"charge-{row - session.low}"
    connections.drop(sqlite_url)
    with closing(sqlite3.connect(sqlite_path(sqlite_url))) as raw:
        raw.execute("DROP TRIGGER billing_charge_no_update")
        raw.execute("UPDATE billing_charge SET amount = amount + 1 WHERE id = ?", (row,))
        raw.commit()
    with runs.reading(sqlite_url) as session:
        assert not explain(session, ref).equal


def test_an_unknown_reference_is_refused(sqlite_url: str) -> None:
    play(sqlite_url, told(3, 3, 4))
    with runs.reading(sqlite_url) as session:
        for ref in ("INV-2026-99999", "charge-999999", "charge-x", "balance:none:2026-05-31", "何か"):
            with pytest.raises(Refusal, match="参照"):
                explain(session, ref)
