"""Laws of the notes on revenue: they tie to the ledger on every day, and to what slow, obvious sums over the raw facts say."""

from __future__ import annotations

import json
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests import builders
from tests.copies import copied
from tests.simulator.arithmetic import schedule
from tests.simulator.play import do, found_company
from tests.simulator.story import told
from urikake.base import runs
from urikake.doors import month as steps
from urikake.rooms.reports.queries import report, sales, waterfall

SEEDS = ((13, 10, 8), (309, 10, 8), (312, 10, 8))
DAY = timedelta(1)
Facts = dict[str, list[dict[str, Any]]]
TABLES = (
    "invoices_invoice", "invoices_line", "billing_charge", "revenue_recognition", "revenue_accrual", "revenue_schedule",
    "revenue_ending", "revenue_cutoff", "receivables_item", "receivables_movement", "catalog_product",
)  # fmt: skip


def facts(url: str) -> Facts:
    """The rows of the tables as they stand, as plain dictionaries."""
    found = builders.dump(url)
    return {name: found[name].to_dicts() for name in TABLES}


def first(day: date) -> date:
    return day.replace(day=1)


def last(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def next_month(day: date) -> date:
    return last(day) + DAY


def invoice_lines(rows: Facts) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Every invoice line with its invoice and its charge."""
    heads = {row["id"]: row for row in rows["invoices_invoice"]}
    charges = {row["id"]: row for row in rows["billing_charge"]}
    for line in rows["invoices_line"]:
        yield line, heads[line["invoice_id"]], charges[line["charge_id"]]


def spans(rows: Facts) -> list[tuple[date, date]]:
    """A month, a quarter, some days, and all of the life of the company."""
    days = sorted(row["posted_on"] for row in rows["revenue_recognition"])
    middle, end = days[len(days) // 2], last(days[-1])
    return [
        (first(middle), last(middle)), (first(middle), last(next_month(last(middle) + DAY * 40))),
        (middle + DAY * 9, middle + DAY * 30), (date(2000, 1, 1), end), (first(end), end),
    ]  # fmt: skip


# --- contract balances -----------------------------------------------------------------------------------------------


def slow_balances(rows: Facts, since: date, until: date) -> dict[tuple[str, str], int]:
    """Contract by contract, fact by fact."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for item in rows["receivables_item"]:
        found["receivable", "opening"] += item["gross"] if item["posted_on"] < since else 0
        found["receivable", "closing"] += item["gross"] if item["posted_on"] <= until else 0
    for move in rows["receivables_movement"]:
        found["receivable", "opening"] += move["moved"] if move["moved_on"] < since else 0
        found["receivable", "closing"] += move["moved"] if move["moved_on"] <= until else 0
    before: dict[int, int] = defaultdict(int)
    after: dict[int, int] = defaultdict(int)
    earlier: dict[int, int] = defaultdict(int)
    issued = {}
    for line, head, charge in invoice_lines(rows):
        issued[charge["id"]] = head["issue_on"]
        before[charge["contract_id"]] += line["net"] if head["issue_on"] < since else 0
        after[charge["contract_id"]] += line["net"] if head["issue_on"] <= until else 0
    for row in rows["revenue_recognition"] + rows["revenue_accrual"]:
        before[row["contract_id"]] -= row["amount"] if row["posted_on"] < since else 0
        after[row["contract_id"]] -= row["amount"] if row["posted_on"] <= until else 0
        if "charge_id" in row and since <= row["posted_on"] <= until and issued[row["charge_id"]] < since:
            earlier[row["contract_id"]] += row["amount"]
    for contract in before.keys() | after.keys():
        for name, position in (("opening", before[contract]), ("closing", after[contract])):
            found["contract_liability" if position > 0 else "contract_asset", name] += abs(position)
        found["contract_liability", "at most of opening"] += max(min(before[contract], earlier[contract]), 0)
    return found


@pytest.mark.parametrize(("seed", "months", "contracts"), SEEDS)
def test_balances_tie_to_the_ledger_and_to_the_facts(database: str, seed: int, months: int, contracts: int) -> None:
    a_life(database, seed, months, contracts)
    rows = facts(database)
    moved = 0
    for since, until in spans(rows):
        told_ = builders.report(database, "contract-balances", since=f"{since}", until=f"{until}")
        found = {(row["balance"], row["cause"]): row["amount"] for row in told_}
        slow = slow_balances(rows, since, until)
        for balance in ("receivable", "contract_asset", "contract_liability"):
            for end in ("opening", "closing"):
                assert found[balance, end] == slow[balance, end], (balance, end, since, until)
        assert 0 <= found["contract_liability", "of_opening"] <= slow["contract_liability", "at most of opening"]
        assert found["contract_liability", "of_opening"] == -found["contract_liability", "recognized_opening"]
        assert_rolls(told_)
        by_contract = builders.report(database, "contract-balances", since=f"{since}", until=f"{until}", by="contract")
        for name, balance in (("liability", "contract_liability"), ("asset", "contract_asset")):
            assert sum(row[name] for row in by_contract) == found[balance, "closing"]
        assert sum(row["of_opening"] for row in by_contract) == found["contract_liability", "of_opening"]
        proved = [row for row in told_ if row["books"] is not None]
        assert len(proved) == 4
        assert all(row["difference"] == 0 for row in proved), proved
        moved += found["contract_liability", "closing"] + found["receivable", "closing"]
    assert moved  # the companies are not idle


def assert_rolls(rows: list[dict[str, Any]]) -> None:
    """Of every balance opening and causes come to the closing."""
    for balance in {row["balance"] for row in rows}:
        mine = {row["cause"]: row["amount"] for row in rows if row["balance"] == balance}
        memos = ("closing", "of_opening", "opening_lease", "closing_lease")
        assert sum(amount for cause, amount in mine.items() if cause not in memos) == mine["closing"], balance


def test_a_difference_from_the_ledger_is_told(database: str) -> None:
    builders.a_shop(database)
    builders.a_contract(database, timing="advance", cycle_months=12, monthly=120_000, start="2026-05-01")
    builders.a_contract(database, "C2")
    builders.bill(database, "2026-04-30")
    builders.behind_its_back(
        database, "UPDATE revenue_recognition SET amount = amount + 7", "UPDATE receivables_item SET gross = gross + 5",
    )  # fmt: skip
    rows = builders.report(database, "contract-balances", since="2026-04-01", until="2026-04-30")
    off = {(row["balance"], row["cause"]): row["difference"] for row in rows if row["difference"]}
    assert off == {("receivable", "closing"): 5, ("net", "closing"): -7}
    split = builders.report(database, "revenue-by", since="2026-04-01", until="2026-04-30")
    assert [row["amount"] for row in split if row["key"] == "difference"] == [7]


# --- waterfall -------------------------------------------------------------------------------------------------------


def slow_waterfall(rows: Facts, on: date, rounding: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Fact by fact what was posted by the day; what is left of each charge by its own months, one after another."""
    posted: dict[tuple[Any, date], int] = defaultdict(int)
    planned: dict[tuple[Any, date], int] = defaultdict(int)
    done: dict[int, int] = defaultdict(int)
    issued = {charge["id"]: head["issue_on"] for _, head, charge in invoice_lines(rows)}
    for row in rows["revenue_recognition"]:
        if row["posted_on"] <= on:
            posted[first(issued[row["charge_id"]]), first(row["posted_on"])] += row["amount"]
            done[row["charge_id"]] += row["amount"]
    for row in rows["revenue_accrual"]:
        if row["posted_on"] <= on:
            posted[None, first(row["posted_on"])] += row["amount"]
    for row in rows["revenue_schedule"]:
        if issued[row["charge_id"]] > on:
            continue
        rule = (row["pattern"], row["partial_month"], row["remainder"], rounding)
        upto, left = 0, done[row["charge_id"]]
        for month, amount in schedule(row["amount"], row["from_on"], row["to_on"], *rule).items():
            upto += amount
            if abs(upto) > abs(left):  # what is not posted yet falls on the months as they come
                planned[first(issued[row["charge_id"]]), max(month, first(issued[row["charge_id"]]))] += upto - left
                left = upto
    keys = posted.keys() | planned.keys()
    named = {key: (posted[key], planned[key]) for key in keys if posted[key] or planned[key]}
    return {(f"{c:%Y-%m}" if c else "unbilled", f"{m:%Y-%m}"): found for (c, m), found in named.items()}


@pytest.mark.parametrize(("seed", "months", "contracts"), SEEDS)
def test_the_waterfall_is_what_the_facts_say(database: str, seed: int, months: int, contracts: int) -> None:
    rounding = a_life(database, seed, months, contracts)
    rows = facts(database)
    start = min(row["posted_on"] for row in rows["revenue_recognition"] + rows["revenue_accrual"])
    days = sorted({row["posted_on"] for row in rows["revenue_recognition"]})
    ended = {row["charge_id"] for row in rows["revenue_ending"]}
    for on in (days[-1], last(days[len(days) // 2]), days[len(days) // 2] + DAY * 3, date(2999, 12, 31)):
        told_ = builders.report(database, "waterfall", from_month=f"{start:%Y-%m}", months=60, as_of=f"{on}")
        found = {(row["billed"], row["month"]): (row["posted"], row["planned"]) for row in told_}
        slow = slow_waterfall({**rows, "revenue_schedule": [r for r in rows["revenue_schedule"]
                                                            if r["charge_id"] not in ended]}, on, rounding)  # fmt: skip
        if ended:  # of those only what was posted is told by the facts alone
            found, slow = ({k: v[0] for k, v in part.items() if v[0]} for part in (found, slow))  # type: ignore[misc]
        assert found == slow, on
        if on < date(2999, 1, 1):  # what remains of what is billed is what the waterfall plans
            rest = builders.report(database, "remaining-obligations", as_of=f"{on}", by="month")
            assert sum(row["billed"] for row in rest) == sum(row["planned"] for row in told_)
        with runs.reading(database) as session:
            every = waterfall.flows(session, on)
            tied = waterfall.tie(session, every, first(start), min(on, last(days[-1])))
            assert tied.off == 0
            assert tied.posted


def a_life(url: str, seed: int, months: int, contracts: int) -> str:
    """The simulated company, lived through; how it rounds."""
    story = told(seed, months, contracts)

    def live() -> None:
        found_company(url, story)
        for step in story.steps:
            do(url, step, checked=False)

    copied(url, f"life {seed} {months} {contracts}", live)
    return story.books.world.company.policy["amount_rounding"]


@pytest.mark.parametrize(("seed", "months", "contracts"), SEEDS[:2])
def test_forecast_and_waterfall_agree_of_what_is_billed(
    sqlite_url: str, seed: int, months: int, contracts: int
) -> None:
    a_life(sqlite_url, seed, months, contracts)
    with runs.reading(sqlite_url) as session:
        billed = sales.monthly(session, by=[])
        start = f"{billed['month'].min():%Y-%m}"
        rows = report(session, "waterfall", from_month=start, months=60)
        forecast = {row["month"]: row["revenue"] for row in report(session, "forecast", from_month=start, months=60)}
        ahead = coming(session, start)
    fall: dict[str, int] = defaultdict(int)
    for row in rows:
        fall[row["month"]] += row["posted"] + row["planned"]
    assert {f"{month:%Y-%m}": amount for month, amount in billed.iter_rows() if amount} == {
        k: v for k, v in fall.items() if v
    }
    assert sum(ahead.values()) > 0  # and more is to come
    for name, amount in forecast.items():
        assert amount - ahead.get(name, 0) == fall.get(name, 0), name


def coming(session: Any, start: str) -> dict[str, int]:
    """The revenue that the forecast expects of bills not made yet, by month."""
    until = sales.following_months(date.fromisoformat(f"{start}-01"), 60)[-1]
    found = sales.expected(session, last(until))
    sums: dict[str, int] = defaultdict(int)
    for month, amount in found.select("month", "amount").iter_rows():
        sums[f"{month:%Y-%m}"] += amount
    return sums


# --- revenue split ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "months", "contracts"), SEEDS[:2])
def test_every_split_of_revenue_comes_to_the_accounts(database: str, seed: int, months: int, contracts: int) -> None:
    a_life(database, seed, months, contracts)
    rows = facts(database)
    for since, until in spans(rows):
        sums = set()
        for by in (
            "service",
            "product",
            "pattern",
            "timing",
            "obligation",
            "partner",
            "contract",
            "department",
            "month",
        ):
            told_ = builders.report(database, "revenue-by", since=f"{since}", until=f"{until}", by=by)
            total = {row["key"]: row["amount"] for row in told_ if row["section"] == "total"}
            assert total["difference"] == 0
            assert sum(row["amount"] for row in told_ if row["section"] != "total") == total["books"] - total["by_hand"]
            sums.add(total["contract"] + total["lease"])
        assert len(sums) == 1
        slow = sum(
            row["amount"]
            for row in rows["revenue_recognition"] + rows["revenue_accrual"]
            if since <= row["posted_on"] <= until
        )
        assert sums == {slow}


# --- a past report ---------------------------------------------------------------------------------------------------


def test_a_note_drawn_again_after_later_bookings_is_the_same(database: str) -> None:
    builders.a_shop(database)
    lines = [
        builders.a_line("C1", timing="advance", cycle_months=12, monthly=120_000, start="2026-05-01", end="2027-04-30"),
        builders.a_line("C2", timing="arrears", cycle_months=3, monthly=30_000),
    ]
    builders.take_rows(database, "contracts", lines)
    builders.bill(database, "2026-04-30", "2026-05-31")
    builders.recognize(database, "2026-05")
    seen = datetime.now(UTC)
    before = drawn(database, None)
    builders.an_event(database, "cancel", last_day="2026-05-15")
    builders.bill(database, "2026-06-30")
    builders.recognize(database, "2026-06")
    steps.cancel_invoice(database, builders.invoices(database, "2026-04-30")[0]["number"], why="誤り")
    assert drawn(database, seen) == before
    assert drawn(database, None) != before


def drawn(url: str, known_at: datetime | None) -> str:
    """All four notes as of the end of May, as printed."""
    span = {"since": date(2026, 4, 1), "until": date(2026, 5, 31)}
    on = date(2026, 5, 31)
    with runs.reading(url, known_at=known_at) as session:
        found = [
            report(session, "contract-balances", **span), report(session, "revenue-by", **span),
            report(session, "remaining-obligations", as_of=on, exempt="one-year"),
            report(session, "waterfall", from_month="2026-04", as_of=on),
        ]  # fmt: skip
    return json.dumps([list(rows) for rows in found], ensure_ascii=False)
