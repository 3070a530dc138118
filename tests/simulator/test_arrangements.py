"""What falls on each line and is shifted month by month is what an oracle reckons by hand, on both engines."""

from __future__ import annotations

import pytest

from tests.builders import a_line, a_product, a_shop, an_event, assert_coherent, bill, recognize, report, take_rows
from urikake.base import periods, runs

from .arrangements import ONCE, SELLING, Contract, drawn, first_day, month_of

MONTHS = 13


def set_up(url: str, contracts: list[Contract]) -> None:
    """The products with their selling prices, and the contracts as first agreed."""
    a_shop(url)
    for product, ssp in SELLING.items():
        once = product in ONCE
        a_product(
            url, product, price_model="unit", unit_price=ssp, revenue="contract_start" if once else "monthly", ssp=ssp
        )
    rows = []
    for contract in contracts:
        term = {
            "start": first_day(contract.start),
            "end": f"{periods.last_day(periods.first_day(month_of(contract.end - 1)))}",
        }
        rows += [
            a_line(
                contract.number, product=line.product, unit_price=line.prices[line.begin],
                quantity=line.quantities[line.begin], cycle_months=0 if line.once else 1, **term,
            )
            for line in contract.lines
        ]  # fmt: skip
    take_rows(url, "contracts", rows)


def shifted(url: str) -> dict[str, dict[str, int]]:
    """What the books have shifted so far, by contract and product; lines of which nothing is off left out."""
    with runs.reading(url) as session:
        rows = session.read(
            "SELECT c.contract_no, p.code, sum(s.amount) AS amount FROM revenue_shift s"
            " JOIN contracts_contract c ON c.id = s.contract_id JOIN catalog_product p ON p.id = s.product_id"
            " GROUP BY c.contract_no, p.code HAVING sum(s.amount) <> 0"
        )
    found: dict[str, dict[str, int]] = {}
    for contract, product, amount in rows.iter_rows():
        found.setdefault(contract, {})[product] = int(amount)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_shares_and_shifts_are_those_reckoned_by_hand(database: str, seed: int) -> None:
    contracts = drawn(seed, 6)
    set_up(database, contracts)
    for at in range(MONTHS):
        for contract in contracts:
            if contract.start == at:
                contract.begin()
            for learned, since, what in contract.changes:
                if learned == at:
                    own = {name: value for name, value in what.items() if name != "type"}
                    an_event(database, what["type"], first_day(since), contract_no=contract.number, **own)
                    contract.change(since, what)
                    if contract.shares is not None:
                        contract.follow(max(since, contract.since))
        bill(database, f"{periods.last_day(periods.first_day(month_of(at)))}")
        recognize(database, month_of(at))
        wanted = {
            c.number: {p: amount for p, amount in c.shifted(at).items() if amount} for c in contracts if c.start <= at
        }
        assert shifted(database) == {number: parts for number, parts in wanted.items() if parts}, month_of(at)
    told = report(database, "obligations")
    for contract in (one for one in contracts if one.shares is not None):
        mine = [row for row in told if row["contract_no"] == contract.number]
        assert [row["treatment"] for row in mine if row["line"] == 1] == contract.treatments
        newest = {row["product"]: row["price"] for row in mine if row["version"] == len(contract.treatments)}
        assert newest == {
            line.product: share.done + share.amount for line, share in zip(contract.lines, contract.shares, strict=True)
        }
    for row in report(database, "allocation-check", as_of="2027-12-31"):
        assert row["difference"] == row["unshared"] == row["to_bill"] == row["rounding"] == 0, row
    assert sum(contract.shares is not None for contract in contracts) >= 3
    assert_coherent(database)
