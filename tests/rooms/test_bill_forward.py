"""Cycles to come billed before their closings (前もっての請求): once, as their closings would have billed them."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import a_contract, a_line, a_shop, an_event, bill, deferred, invoices, take_rows, users
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import month
from urikake.rooms.reports.queries.explain import explain


def forward(
    url: str, *numbers: str, on: str = "2026-04-15", until: str = "2026-06-30", **how: object
) -> dict[str, object]:
    days = date.fromisoformat(on), date.fromisoformat(until)
    return month.bill_forward(url, numbers, *days, **({"issue": True} | how))  # type: ignore[arg-type]


def test_what_is_billed_forward_is_owed_by_its_day_and_no_closing_bills_it_again(database: str) -> None:
    a_shop(database)
    rows = [a_line("C1"), a_line("C1", product="API", unit_price=10, timing="arrears"), a_line("C2", timing="arrears")]
    take_rows(database, "contracts", rows)
    take_rows(database, "usage", [
        {"event_id": "u1", "contract_no": "C1", "product": "API", "timestamp": "2026-04-05T10:00:00+09:00", "quantity": 3}
    ])  # fmt: skip
    assert forward(database, "C1", "C2", preview=True) == {"charges": 6, "invoices": 1, "total": 66_000}
    assert forward(database, "C1", "C2") == {"charges": 6, "invoices": 1, "total": 66_000}
    assert forward(database, "C1", "C2") == {"charges": 0, "invoices": 0, "total": 0}
    (paper,) = invoices(database)
    assert (paper["issue_date"], paper["closing"], paper["dues"][0]["date"]) == (
        "2026-04-15",
        "2026-04-15",
        "2026-05-31",
    )
    assert deferred(database, "2026-04")["C1"][3] == 20_000
    for closing in ("2026-04-30", "2026-05-31", "2026-06-30"):
        bill(database, closing)
    assert [paper["net"] for paper in invoices(database)] == [60_000, 30]  # usage alone is left
    bill(database, "2026-07-31")
    assert [paper["net"] for paper in invoices(database)][2:] == [20_000]
    an_event(database, "cancel", "2026-06-01", contract_no="C1")
    bill(database, "2026-08-31")
    told = {(paper["kind"], paper["net"]) for paper in invoices(database) if paper["closing"] == "2026-08-31"}
    assert told == {("invoice", 10_000), ("return", -20_000)}
    with runs.reading(database) as session:
        for charge in session.rows("billing_charge", "id")["id"]:
            assert explain(session, f"charge-{charge - session.low}").equal


def test_drafts_of_it_wait_for_another_person_where_the_company_wants_that(database: str) -> None:
    a_shop(database, second_person=["invoices"])
    users(database, aya="approver")
    a_contract(database)
    with pytest.raises(Refusal, match="needs-approval"):
        forward(database, "C1")
    assert forward(database, "C1", issue=False) == {"charges": 3, "drafts": 1}
    assert month.approve_invoices(database, [date(2026, 4, 15)], user="aya") == {"invoices": 1, "total": 33_000}


@pytest.mark.parametrize(
    ("numbers", "how", "code"),
    [(["C9"], {}, "unknown-contract"), ([], {}, "unknown-contract"), (["C1"], {"until": "2026-04-01"}, "bad-until"),
     (["C1"], {"until": "2032-04-01"}, "bad-until"), (["C1"], {"on": "2026-03-15"}, "period-locked")],
)  # fmt: skip
def test_what_cannot_be_billed_forward_is_refused(
    database: str, numbers: list[str], how: dict[str, str], code: str
) -> None:
    a_shop(database)
    a_contract(database)
    with pytest.raises(Refusal) as refused:
        forward(database, *numbers, **how)
    assert refused.value.code == code


def test_a_forward_invoice_is_issued_anew_whole_and_who_leaves_gets_all_back_at_once(database: str) -> None:
    a_shop(database)
    a_contract(database)
    forward(database, "C1", until="2026-09-30")
    told = month.cancel_invoice(database, "INV-2026-00001", why="宛名の誤り", reissue=True)
    assert told["total_revised"] == 66_000
    an_event(database, "cancel", last_day="2026-06-15")
    bill(database, "2026-06-30")
    assert [paper["net"] for paper in invoices(database) if paper["closing"] == "2026-06-30"] == [-35_000]
