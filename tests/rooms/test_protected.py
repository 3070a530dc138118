"""Prices that are protected (取適法): nothing kept back is taken for a fee, and what is done to them is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_partner,
    a_shop,
    apply,
    balances,
    bill,
    match,
    open_items,
    receive,
    report,
    unapply,
)
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import month
from urikake.rooms.matching.queries import candidates


def two_contracts(url: str) -> str:
    """P1 owes 11,000 of a protected price, P2 the same of a plain one; both due on 2026-05-31."""
    a_shop(url)
    a_partner(url, "P2")
    a_contract(url, commissioned="yes")
    a_contract(url, "C2", partner="P2")
    bill(url, "2026-04-30")
    return url


def told(url: str, as_of: str) -> list[tuple[Any, ...]]:
    rows = report(url, "protected", as_of=as_of)
    return [(row["kind"], row["number"], row["date"], row["amount"], row["days"]) for row in rows]


def test_what_is_kept_back_is_a_fee_of_a_plain_price_and_owed_of_a_protected_one(database: str) -> None:
    two_contracts(database)
    mine = receive(database, 10_560, id="MINE")
    receive(database, 10_560, payer="P2ショウジ", id="THEIRS")
    match(database)
    assert open_items(database) == {"INV-2026-00001": 11_000}
    assert balances(database)["支払手数料"] == 440
    with runs.reading(database) as session:
        first, *_ = candidates(session, mine)
    assert "取適法の対象" in first["why"]
    assert told(database, "2026-05-29") == []
    apply(database, mine, "INV-2026-00001")  # a part payment: the rest is asked for again
    assert open_items(database) == {"INV-2026-00001": 440}
    assert told(database, "2026-06-05") == [("late", "INV-2026-00001", "2026-05-31", 440, 5)]


def test_a_fee_that_a_person_books_all_the_same_is_told_until_it_is_undone(database: str) -> None:
    two_contracts(database)
    mine = receive(database, 10_560)
    done = apply(database, mine, "INV-2026-00001", difference="fee")
    assert done["applied"] == 1
    assert told(database, "2026-05-31") == [("reduced", "INV-2026-00001", "2026-05-29", 440, None)]
    assert told(database, "2026-05-28") == []
    number = report(database, "receipts")[0]["applications"][0]
    unapply(database, int(number["id"] if isinstance(number, dict) else number))
    assert told(database, "2026-05-31") == []


def test_late_payment_late_terms_and_notes_are_told(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", payment_months=3)
    a_partner(database, "P3", method="note")
    for contract, partner in (("C1", "P1"), ("C2", "P2"), ("C3", "P3")):
        a_contract(database, contract, partner=partner, commissioned="yes")
    bill(database, "2026-04-30")
    receive(database, 11_000, on="2026-06-10")
    match(database)
    assert told(database, "2026-06-30") == [
        ("terms", "INV-2026-00002", "2026-07-31", 11_000, 92),
        ("late", "INV-2026-00001", "2026-05-31", 11_000, 10),
        ("late", "INV-2026-00003", "2026-05-31", 11_000, 30),
        ("note", "INV-2026-00003", "2026-05-31", 11_000, None),
    ]
    assert {row["partner"] for row in report(database, "protected", as_of="2026-06-30", partner="P3")} == {"P3"}


def test_two_months_after_the_closing_of_a_month_are_in_time_and_a_write_off_is_told(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2", payment_months=2)
    a_contract(database, partner="P2", commissioned="yes")
    bill(database, "2026-04-30")
    assert told(database, "2026-05-01") == []
    receive(database, 10_900, payer="P2ショウジ")
    month.apply(database, "R10900", ["INV-2026-00001"], difference="discount", on=None)
    assert [row[0] for row in told(database, "2026-06-01")] == ["reduced"]


def test_whether_a_price_is_protected_is_yes_or_no(database: str) -> None:
    a_shop(database)
    with pytest.raises(Refusal, match="commissioned"):
        a_contract(database, commissioned="maybe")
