"""Discounts given as money came in: what each lowers at which rate, and which need a return invoice (1 万円)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import a_line, a_shop, apply, balances, bill, match, receive, report, take_rows, unapply, users
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors.documents import asked, typesetting
from urikake.rooms.reports.queries.explain import explain
from urikake.rooms.reports.queries.reductions import reductions

INV = "INV-2026-00001"


def two_rates(url: str, standard: int, reduced: int, **policy: object) -> str:
    """One invoice of that much at the standard and the reduced rate, net."""
    a_shop(url, registration_number="T7000012050002", **policy)
    rows = [a_line("C1", monthly=standard), a_line("C2", product="WATER", monthly=reduced)]
    take_rows(url, "contracts", rows)
    bill(url, "2026-04-30")
    return url


def test_a_fee_as_discount_follows_the_rates_of_the_sale_and_needs_no_document(database: str) -> None:
    two_rates(database, 20_000, 10_186, fee_account="売上値引")  # 22,000 and 11,000 with tax
    receive(database, 32_560)
    match(database)
    (row,) = report(database, "reductions", as_of="2026-05-31")
    assert (row["amount"], row["documents"], row["return_invoice"]) == (440, INV, "exempt")
    found = balances(database)
    assert (found["売上値引"], found["仮受消費税"]) == (row["net"], row["tax"] - 2_000 - 814)
    assert report(database, "reductions", as_of="2026-05-28") == []


@pytest.mark.parametrize(("less", "needed"), [(9_999, "exempt"), (10_000, "needed"), (10_500, "needed")])
def test_the_limit_is_that_of_the_whole_claim(database: str, less: int, needed: str) -> None:
    two_rates(database, 95_000, 10_000)  # neither rate alone is lowered by 10,000
    total = 95_000 * 11 // 10 + 10_000 * 108 // 100
    receive(database, total - less, id="R1")
    apply(database, "R1", INV, difference="discount")
    (row,) = report(database, "reductions", as_of="2026-05-31")
    assert (row["amount"], row["return_invoice"]) == (less, needed)


def test_the_return_invoice_tells_what_was_lowered_of_which_invoice_at_which_rate(database: str) -> None:
    two_rates(database, 100_000, 50_000)
    receive(database, 164_000 - 16_400, id="R1")
    apply(database, "R1", INV, difference="discount")
    (row,) = report(database, "reductions", as_of="2026-05-31")
    made = asked.found(database, "reduction", ref=str(row["application"]))
    (told,) = made.papers
    assert (told["kind"], told["number"], told["total"]) == ("return", f"DSC-{row['application']:06d}", 16_400)
    assert told["originals"] == [{"number": INV, "issued": "2026-04-30"}]
    assert [(tax["class"], tax["rate"], tax["net"] + tax["amount"]) for tax in told["taxes"]] == [
        ("standard", "10", 11_000),
        ("reduced", "8", 5_400),
    ]
    assert sum(line["amount"] for line in told["lines"]) == told["net"] == row["net"]
    assert told["letterhead"] is not None
    assert typesetting.pdf(made).startswith(b"%PDF")
    unapply(database, row["application"])
    assert report(database, "reductions", as_of="2026-05-31") == []
    with pytest.raises(Refusal, match="no-reduction"):
        asked.found(database, "reduction", ref=str(row["application"]))


def test_what_lowers_no_price_has_no_return_invoice(database: str) -> None:
    two_rates(database, 20_000, 10_000)
    receive(database, 32_360, id="R1")
    apply(database, "R1", INV, difference="fee")
    assert report(database, "reductions", as_of="2026-05-31") == []
    for ref in ("1", "99", "x", ""):
        with pytest.raises(Refusal, match="no-reduction"):
            asked.found(database, "reduction", ref=ref)


def test_who_only_reads_sees_it_and_why_its_entry_is_what_it_is(database: str) -> None:
    two_rates(database, 20_000, 10_000)
    receive(database, 32_360, id="R1")
    apply(database, "R1", INV, difference="discount")
    users(database, kansa="auditor")
    with runs.reading(database, "kansa") as session:
        explained = explain(session, "entry-3")
        assert (explained.equal, len(reductions(session, date(2026, 5, 31)).frame)) == (True, 1)
