"""Taxes rounded by delivery note (納品書ごと), and contract lines that are billed and paid by terms of their own."""

from __future__ import annotations

import pytest

from tests.builders import a_line, a_partner, a_shop, an_event, bill, invoices, take_rows
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import month, peppol
from urikake.doors.documents import asked, typesetting
from urikake.rooms.reports.queries.explain import explain

SMALL = [a_line(f"C{at}", monthly=price) for at, price in enumerate((833, 215, 207), start=1)]


def test_by_delivery_note_each_contract_is_rounded_and_its_return_mirrors_that(database: str) -> None:
    a_shop(database)
    a_partner(database, tax_unit="delivery_note")
    a_partner(database, "P2")
    take_rows(
        database,
        "contracts",
        [*SMALL, *({**row, "contract_no": f"D{row['contract_no']}", "partner": "P2"} for row in SMALL)],
    )
    bill(database, "2026-04-30")
    assert [(paper["partner"], paper["tax"]) for paper in invoices(database)] == [("P1", 83 + 21 + 20), ("P2", 125)]
    papers = asked.found(database, "invoice", ref="INV-2026-00001").papers
    assert [
        (told["kind"], told["number"], told["tax"], [tax["amount"] for tax in told["taxes"]]) for told in papers
    ] == [
        ("invoice", "INV-2026-00001", 124, [124]),
        *[("delivery", f"INV-2026-00001-{at}", tax, [tax]) for at, tax in enumerate((83, 21, 20), start=1)],
    ]
    assert (papers[0]["titled"], papers[0]["notes"]) == ("summary", [told["number"] for told in papers[1:]])
    assert asked.found(database, "delivery", ref="INV-2026-00001").papers == papers[1:]
    month.cancel_invoice(database, "INV-2026-00001", why="宛名違い", reissue=True)
    assert [(paper["kind"], paper["tax"]) for paper in invoices(database)][2:] == [("return", -124), ("revised", 124)]
    with runs.reading(database) as session:
        for number in ("INV-2026-00001", "RET-2026-00001", "REV-2026-00001", "INV-2026-00001:standard"):
            found = explain(session, number)
            assert found.equal, (number, found.amount, found.recomputed)
    with pytest.raises(Refusal, match="納品書ごと"):
        peppol.single(database, "INV-2026-00001")


def test_a_note_that_gives_back_is_a_credit_note_that_names_what_it_is_of(database: str) -> None:
    a_shop(database)
    a_partner(database, tax_unit="delivery_note")
    take_rows(database, "contracts", [a_line("C1", cycle_months=3), a_line("C2", monthly=50_000)])
    bill(database, "2026-04-30")
    an_event(database, "cancel", "2026-05-01", contract_no="C1")
    bill(database, "2026-05-31")
    summary, back, note = asked.found(database, "invoice", ref="INV-2026-00002").papers
    assert summary["titled"] == "summary"
    assert (back["kind"], back["total"], [one["number"] for one in back["originals"]]) == (
        "return",
        7_373,
        ["INV-2026-00001"],
    )
    assert (note["kind"], note["total"], note["originals"]) == ("delivery", 55_000, [])
    typesetting.pdf(asked.found(database, "invoice", ref="INV-2026-00002"))


def test_lines_of_own_terms_close_and_fall_due_by_them_on_invoices_of_their_own(database: str) -> None:
    a_shop(database)
    rows = [a_line("C1"), a_line("C1", product="OPTION", payment_day=10, payment_months=2, method="direct_debit")]
    take_rows(database, "contracts", [*rows, a_line("C2", product="SEAT", closing_day=20)])
    bill(database, "2026-04-20")
    bill(database, "2026-04-30")
    told = [(paper["closing"], paper["net"], paper["dues"]) for paper in invoices(database)]
    assert told == [
        ("2026-04-20", 1_000, [{"date": "2026-05-31", "method": "transfer", "amount": 1_100}]),
        ("2026-04-30", 10_000, [{"date": "2026-05-31", "method": "transfer", "amount": 11_000}]),
        ("2026-04-30", 3_000, [{"date": "2026-06-10", "method": "direct_debit", "amount": 3_300}]),
    ]
    a_partner(database, "P1", payment_months=3, method="cash")  # from now on; what lines have of their own stays
    bill(database, "2026-05-31")
    assert [paper["dues"][0]["date"] for paper in invoices(database) if paper["closing"] == "2026-05-31"] == [
        "2026-08-31",
        "2026-07-10",
    ]
    with runs.reading(database) as session:
        for item in session.rows("receivables_item", "id")["id"]:
            assert explain(session, f"item-{item - session.low}").equal
    assert take_rows(database, "contracts", rows) == 0


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [({"closing_day": 30}, "closing_day"), ({"payment_day": 30}, "payment_day"), ({"split": "cash:50%"}, "split"),
     ({"closing_day": 20, "bill_day": 10}, "bill_day")],
)  # fmt: skip
def test_own_terms_that_cannot_be_are_refused(database: str, columns: dict[str, object], wrong: str) -> None:
    a_shop(database)
    with pytest.raises(Refusal) as refused:
        take_rows(database, "contracts", [a_line("C1", **columns)])
    assert refused.value.errors[0].column == wrong
