"""Whatever is asked for and answered: what was asked is paid, failed or open, and not a yen is lost on its way."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import builders
from urikake.base.url import with_company
from urikake.core.formats import zengin91
from urikake.doors import collecting

AMOUNTS = st.lists(st.integers(1, 50_000), min_size=1, max_size=5)
CODES = st.lists(st.sampled_from(sorted(zengin91.RESULTS)), min_size=5, max_size=5)
PAID = st.lists(st.integers(0, 60_000), min_size=5, max_size=5)
numbers = iter(range(1, 10_000))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(AMOUNTS, CODES, CODES, PAID, st.integers(0, 300), st.booleans())
def test_every_yen_asked_for_is_paid_failed_or_open(
    database: str, amounts: list[int], first: list[int], second: list[int], paid: list[int], fee: int, withdrawn: bool
) -> None:
    url = with_company(database, f"c{next(numbers)}")
    builders.a_company(url)
    builders.a_collector(url)
    codes = builders.debtors(url, *amounts)
    owed = sum(amounts)
    for at, results in enumerate((first, second)):
        on = (date(2026, 5, 27) + timedelta(at * 2)).isoformat()
        asked = builders.ask_debits(url, on)
        if not asked.file:
            continue
        if at == 0 and paid[0] % 3 == 0 and min(amounts) <= paid[0]:  # somebody pays by transfer in between
            builders.receive(url, min(amounts), payer="P1ショウジ", on="2026-05-26", id="T")
            builders.match(url)
        if withdrawn and at == 1:
            collecting.withdraw(url, asked.figures["request"], "とりやめ")
            continue
        told = dict(zip(codes, results, strict=False))
        (batch,) = zengin91.read(asked.file, date.fromisoformat(on))  # who was paid in between is not asked again
        won = sum(debit.amount for debit in batch.debits if told[debit.customer] == 0)
        builders.take_result(url, builders.answered(asked.file, on, **told), fee=min(fee, 0 if won == 0 else 1))
    rows = builders.report(url, "debits")
    for request in {row["request"] for row in rows}:
        mine = [row for row in rows if row["request"] == request]
        by_state = {
            state: sum(r["amount"] for r in mine if r["state"] == state)
            for state in ("asked", "paid", "unpaid", "withdrawn")
        }
        assert sum(row["amount"] for row in mine) == sum(by_state.values())
        assert by_state["asked"] == 0
    balances = builders.balances(url)
    arrived, kept = balances.get("普通預金", 0), balances.get("前受金", 0)
    fees, left = balances.get("支払手数料", 0), balances.get("売掛金", 0)
    suspense = balances.get("仮受金", 0)
    assert left + balances.get("未収入金", 0) + fees + arrived + kept + suspense == owed
    builders.assert_coherent(url)
