"""A rate of consumption tax that changes: which day's rate each charge bears, and what a credit gives back (課税時期)."""

from __future__ import annotations

import pytest

from tests.builders import a_contract, a_line, a_shop, an_event, bill, invoices, recognize, take_rows
from tests.laws.test_explained import roots
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import company
from urikake.rooms.reports.queries.explain import explain

RISE = "standard=12%@2026-10-01"


def lines(url: str, number: str) -> list[tuple[str, str, int, int]]:
    """First and last day, net and tax of every line of the document."""
    paper = next(paper for paper in invoices(url) if paper["number"] == number)
    return [(li["service_from"], li["service_to"], li["net"], li["tax_amount"]) for li in paper["lines"]]


def taxes(url: str, number: str) -> list[tuple[float, int, int]]:
    """Rate, net and tax of every rate of the document."""
    paper = next(paper for paper in invoices(url) if paper["number"] == number)
    return [(float(tax["rate"]), tax["net"], tax["amount"]) for tax in paper["taxes"]]


def explained(url: str) -> None:
    """Everything charged and owed comes to the same when it is worked out again."""
    with runs.reading(url, "system") as session:
        for ref in (ref for ref in roots(session) if ref.startswith(("charge-", "item-"))):
            found = explain(session, ref)
            assert found.equal, (ref, found.amount, found.recomputed, found.steps)


def test_each_month_bears_the_rate_of_the_day_on_which_it_ends_whenever_it_is_billed(database: str) -> None:
    a_shop(database, tax_rates=RISE, opening_month="2026-09")
    rows = [a_line(f"C-{timing}", start="2026-09-01", timing=timing) for timing in ("advance", "current", "arrears")]
    take_rows(database, "contracts", [*rows, a_line("C-late", start="2026-10-16", timing="advance", anchor_day=1)])
    bill(database, "2026-09-30")
    # September of the current and the arrears contract at 10 %; what is paid for October in advance at 12 %
    assert taxes(database, "INV-2026-00001") == [(10, 30_000, 3_000), (12, 10_000 + 5_161, 1_819)]
    explained(database)


def test_a_year_bears_the_rate_of_its_end_of_each_month_or_of_the_closing_as_the_contract_says(database: str) -> None:
    a_shop(database, tax_rates=RISE, cycle_anchor="calendar")
    year = {"product": "BIG", "unit_price": 120_001, "cycle_months": 12, "end": "2027-03-31"}
    points = ("completion", "monthly", "receipt")
    for at, point in enumerate(points, start=2):
        take_rows(database, "partners", [{"code": f"P{at}", "name": point, "closing_day": 31}])
        take_rows(database, "contracts", [a_line(f"C{at}", partner=f"P{at}", tax_point=point, **year)])
    bill(database, "2026-04-30")
    assert taxes(database, "INV-2026-00001") == [(12, 120_001, 14_400)]
    assert taxes(database, "INV-2026-00002") == [(10, 60_000, 6_000), (12, 60_001, 7_200)]
    assert lines(database, "INV-2026-00002") == [
        ("2026-04-01", "2026-09-30", 60_000, 6_000),
        ("2026-10-01", "2027-03-31", 60_001, 7_200),
    ]
    assert taxes(database, "INV-2026-00003") == [(10, 120_001, 12_000)]
    # left at the end of July: what is given back bears the rate at which it was charged
    for at in (2, 3, 4):
        an_event(database, "cancel", "2026-08-01", contract_no=f"C{at}")
    bill(database, "2026-08-31")
    assert [taxes(database, f"RET-2026-0000{at}") for at in (1, 2, 3)] == [
        [(12, -79_891, -9_586)],
        [(10, -20_054, -2_005), (12, -60_000, -7_200)],
        [(10, -79_891, -7_989)],
    ]
    recognize(database, "2027-03")
    explained(database)


def test_a_rate_told_later_holds_from_the_next_bill_and_what_was_issued_explains_itself_as_then(database: str) -> None:
    a_shop(database)
    a_contract(database, timing="advance", start="2026-05-01")
    bill(database, "2026-04-30")
    company.propose(database, {"tax_rates": "standard＝12%@2026/05/01"}, why="税制改正")
    bill(database, "2026-05-31")
    assert taxes(database, "INV-2026-00001") == [(10, 10_000, 1_000)]
    assert taxes(database, "INV-2026-00002") == [(12, 10_000, 1_200)]
    explained(database)


@pytest.mark.parametrize(
    "text", ["standard=12", "exempt=5%@2027-04-01", "standard=100%@2027-04-01", "standard=1%@2027-02-30"]
)
def test_rates_that_cannot_be_read_are_refused(database: str, text: str) -> None:
    a_shop(database)
    with pytest.raises(Refusal, match="消費税率の変更"):
        company.propose(database, {"tax_rates": text}, why="")


def test_what_is_given_back_of_a_draft_bears_the_rate_of_the_draft(database: str) -> None:
    a_shop(database, tax_rates=RISE, minimum_invoice=50_000)
    a_contract(database, monthly=24_000, cycle_months=12)
    assert bill(database, "2026-04-30") == {"charges": 1, "invoices": 0, "total": 0, "carried": 1}
    an_event(database, "suspend", "2026-08-01")
    an_event(database, "resume", "2026-09-01")
    bill(database, "2026-08-31", partners=["P1"])
    assert taxes(database, "INV-2026-00001") == [(12, 24_000 - 2_038, 2_635)]


def test_who_leaves_at_a_change_of_the_rate_gets_all_back_that_was_charged_at_the_new_one(database: str) -> None:
    a_shop(database, tax_rates=RISE, tax_point="monthly")
    a_contract(database, monthly=12_000_100, cycle_months=12)
    bill(database, "2026-04-30")
    an_event(database, "cancel", last_day="2026-09-30")
    bill(database, "2026-10-31")
    assert taxes(database, "INV-2026-00001") == [(10, 6_000_050, 600_005), (12, 6_000_050, 720_006)]
    assert taxes(database, "RET-2026-00001") == [(12, -6_000_050, -720_006)]
    explained(database)
