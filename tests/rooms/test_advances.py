"""Advances received (前受金): kept of a receipt, applied to invoices later, taken back; tied to the ledger."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_partner,
    a_shop,
    apply,
    balances,
    bill,
    entries,
    entry,
    open_items,
    receive,
    report,
    unapply,
)
from tests.laws.test_explained import explained
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import advances, month
from urikake.rooms.matching.queries import advance_proposals


def left(url: str, as_of: str = "2099-12-31") -> dict[str, int]:
    """What is left of each advance on a day, by its name."""
    return {row["advance"]: row["left"] for row in report(url, "advances", as_of=as_of)}


def refused(code: str, does: Any, *args: Any, **how: Any) -> None:
    with pytest.raises(Refusal) as told:
        does(*args, **how)
    assert told.value.code == code


def two_advances(url: str, **policy: Any) -> tuple[str, str]:
    """20,000 of P1 kept before its first invoice, 19,000 of P2 beyond its own; both owe 11,000 a month."""
    a_shop(url, **policy)
    a_partner(url, "P2")
    a_contract(url)
    a_contract(url, "C2", partner="P2")
    early = receive(url, 25_000, on="2026-04-10", id="EARLY")
    advances.prepay(url, early, "P1", amount=20_000)
    bill(url, "2026-04-30")
    over = receive(url, 30_000, payer="P2ショウジ", on="2026-05-10")
    apply(url, over, "INV-2026-00002", difference="advance")
    mine, theirs = left(url)
    assert left(url) == {mine: 20_000, theirs: 19_000}
    return mine, theirs


@pytest.mark.parametrize("tax", ["with_revenue", "on_invoice"])
def test_what_came_before_its_invoice_is_kept_and_applied_to_it_later(database: str, tax: str) -> None:
    mine, theirs = two_advances(database, advance_tax=tax)
    (kept,) = (row for row in entries(database, "2026-04-10", "2026-04-10") if "前受金" in entry(row))
    assert entry(kept) == {"仮受金": 20_000, "前受金": -20_000}
    with runs.reading(database) as session:
        proposed = advance_proposals(session, date(2026, 5, 31)).to_dicts()
    assert proposed == [{"name": mine, "number": "INV-2026-00001", "left": 20_000, "amount": 11_000}]
    first = advances.apply(database, mine, ["INV-2026-00001=4000"])
    assert first["amount"] == 4_000
    (posted,) = (row for row in entries(database) if row["description"].startswith("前受金の充当"))
    assert (posted["date"], entry(posted)) == ("2026-04-30", {"前受金": 4_000, "売掛金": -4_000})
    bill(database, "2026-05-31")
    assert advances.apply(database, mine, ["INV-2026-00001", "INV-2026-00003"])["amount"] == 16_000
    assert open_items(database) == {"INV-2026-00003": 2_000, "INV-2026-00004": 11_000}
    assert left(database) == {mine: 0, theirs: 19_000}
    assert left(database, "2026-05-15") == {mine: 16_000, theirs: 19_000}
    assert balances(database)["仮受金"] == -5_000
    if tax == "on_invoice":
        assert balances(database)["前受金"] == -19_000
    statement = report(database, "statement", partner="P1", since="2026-04-01", until="2026-06-30")
    assert "advanced" in {line["kind"] for line in statement}
    assert {f"advance-{first['use']}", "advances:P1"} <= explained(database)


def test_an_application_of_an_advance_is_taken_back_and_so_is_the_advance_itself(database: str) -> None:
    mine, theirs = two_advances(database)
    number = int(mine.removeprefix("application-"))
    use = advances.apply(database, mine, ["INV-2026-00001"])["use"]
    refused("advance-applied", unapply, database, number)
    advances.unapply(database, use)
    refused("reversed", advances.unapply, database, use)
    assert left(database) == {mine: 20_000, theirs: 19_000}
    assert open_items(database) == {"INV-2026-00001": 11_000}
    unapply(database, number)
    assert left(database) == {theirs: 19_000}
    assert {row["unapplied"] for row in report(database, "receipts", status="unapplied")} == {25_000}
    assert f"advance-{use}" in explained(database)


def test_what_cannot_be_done_with_an_advance_is_refused(database: str) -> None:
    mine, theirs = two_advances(database)
    refused("no-partner", advances.prepay, database, "EARLY", "P9")
    refused("bad-amount", advances.prepay, database, "EARLY", "P1", amount=5_001)
    refused("no-advance-named", advances.apply, database, "application-99", ["INV-2026-00001"])
    refused("other-partner", advances.apply, database, theirs, ["INV-2026-00001"])
    refused("too-early", advances.apply, database, mine, ["INV-2026-00001"], on=date(2026, 4, 29))
    refused("no-item", advances.apply, database, mine, ["INV-2026-00009"])
    refused("no-application", advances.unapply, database, 99)
    bill(database, "2026-05-31")
    advances.apply(database, mine, ["INV-2026-00001", "INV-2026-00003"])
    refused("advance-used", advances.apply, database, mine, ["INV-2026-00003"])
    month.cancel_invoice(database, "INV-2026-00002", why="誤り")
    refused("nothing-owed", advances.apply, database, theirs, ["RET-2026-00001"])
    (row,) = report(database, "advances", as_of="2026-06-30", partner="P1")
    assert (row["receipt"], row["date"], row["amount"], row["used"]) == ("EARLY", "2026-04-10", 20_000, 20_000)
