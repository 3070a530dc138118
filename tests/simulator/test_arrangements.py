"""What falls on each line and is shifted month by month is what an oracle reckons by hand, on both engines."""

from __future__ import annotations

import pytest

from tests.builders import (
    a_line,
    a_product,
    a_shop,
    an_event,
    assert_coherent,
    balances,
    bill,
    recognize,
    report,
    take_rows,
    users,
)
from urikake.base import periods, runs
from urikake.doors import company, judging

from .arrangements import ONCE, SELLING, Contract, drawn, first_day, month_of

MONTHS = 13


def set_up(url: str, contracts: list[Contract], *, halves: bool = False) -> None:
    """The products with their selling prices, and the contracts as first agreed.

    In ``halves`` the first line of each is a contract of its own, and the rest another one.
    """
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
                contract.number + (half(contract, line.product) if halves else ""), product=line.product,
                unit_price=line.prices[line.begin], quantity=line.quantities[line.begin],
                cycle_months=0 if line.once else 1, **term,
            )
            for line in contract.lines
        ]  # fmt: skip
    take_rows(url, "contracts", rows)


def half(contract: Contract, product: str) -> str:
    """The contract of the two that has the line of the product."""
    return "a" if contract.lines[0].product == product else "b"


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


def wanted(contracts: list[Contract], at: int) -> dict[str, dict[str, int]]:
    """What the oracle has shifted by the end of the month, as `shifted` tells."""
    every = {c.number: {p: amount for p, amount in c.shifted(at).items() if amount} for c in contracts if c.start <= at}
    return {number: amounts for number, amounts in every.items() if amounts}


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
        assert shifted(database) == wanted(contracts, at), month_of(at)
    told = report(database, "obligations")
    for contract in (one for one in contracts if one.shares is not None):
        mine = [row for row in told if row["contract_no"] == contract.number]
        assert [row["treatment"] for row in mine if row["line"] == 1] == contract.treatments
        newest = {row["product"]: row["price"] for row in mine if row["version"] == len(contract.treatments)}
        assert newest == {
            line.product: share.done + share.amount for line, share in zip(contract.lines, contract.shares, strict=True)
        }
    rounded = {one.number: -sum(line.rounded for line in one.lines) for one in contracts}
    for row in report(database, "allocation-check", as_of="2027-12-31"):
        assert row["rounding"] == rounded[row["contract_no"]], row
        assert row["difference"] == row["unshared"] == row["to_bill"] == 0, row
    assert sum(contract.shares is not None for contract in contracts) >= 3
    assert_coherent(database)


def changed_in_halves(url: str, contract: Contract, at: int) -> None:
    """What is learned of the contract in the month happens to the half that has the line; both are left."""
    for since, what in (change[1:] for change in contract.changes if change[0] == at):
        own = {name: value for name, value in what.items() if name != "type"}
        for part in "ab" if what["type"] == "cancel" else half(contract, what.get("line", "")):
            an_event(url, what["type"], first_day(since), contract_no=f"{contract.number}{part}", **own)
        contract.change(since, what)
        contract.follow(max(since, contract.since))


@pytest.mark.parametrize("seed", range(4, 7))
def test_contracts_that_are_combined_share_and_change_as_one_contract(database: str, seed: int) -> None:
    contracts = [one for one in drawn(seed, 6) if len(one.lines) > 1]
    for contract in contracts:  # options join what goes on month by month: the second half
        contract.lines.insert(0, contract.lines.pop())
    set_up(database, contracts, halves=True)
    users(database, maker="accountant", checker="approver")
    for contract in contracts:
        names = (f"{contract.number}b", f"{contract.number}a")
        asked = judging.judge(database, names[0], "combine", "27項(1)", user="maker", with_contract=names[1])
        company.decide(database, asked["proposal"], "approved", user="checker")
    for at in range(MONTHS):
        for contract in contracts:
            if contract.start == at:
                contract.begin(judged=True)
            changed_in_halves(database, contract, at)
        bill(database, f"{periods.last_day(periods.first_day(month_of(at)))}")
        recognize(database, month_of(at))
        found: dict[str, dict[str, int]] = {}
        for number, amounts in shifted(database).items():
            found.setdefault(number[:-1], {}).update(amounts)
        assert found == wanted(contracts, at), month_of(at)
    for contract in contracts:
        for part in "ab":
            rows = report(database, "obligations", contract=f"{contract.number}{part}")
            treatments = dict.fromkeys((row["version"], row["treatment"]) for row in rows)
            assert [treatment for _, treatment in treatments] == contract.treatments
    checks = report(database, "allocation-check", as_of="2027-12-31")
    assert sum(row["moved"] for row in checks) == 0
    assert any(row["moved"] for row in checks)
    assert all(row["difference"] == row["unshared"] == row["to_bill"] == 0 for row in checks)
    assert not {"契約資産", "前受金"} & balances(database).keys()
    assert_coherent(database)
