"""An explanation says the formula with its real numbers, works the amount out again, and notices what was changed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests import builders
from tests.stories.runner import tamper
from urikake.base import connections, runs
from urikake.base.errors import Refusal
from urikake.rooms.reports.queries.explain import Explanation, explain, permission


def why(url: str, ref: str, as_of: str | None = None) -> Explanation:
    with runs.reading(url) as session:
        return explain(session, ref, date.fromisoformat(as_of) if as_of else None)


def said(found: Explanation) -> str:
    return " / ".join(f"{step.label}: {step.words}" for step in found.walk())


def a_year(url: str) -> str:
    """A shop whose three seats became five on 16 May, billed, paid with a fee taken off, and recognised."""
    builders.a_shop(url)
    builders.a_contract(url, "C1", product="SEAT", quantity=3, order_no="O-1")
    builders.bill(url, "2026-04-30")
    builders.an_event(url, "change_quantity", "2026-05-16", line="SEAT", quantity=5)
    builders.bill(url, "2026-05-31")
    builders.receive(url, 3_000)
    builders.match(url)
    builders.take_rows(url, "openings", builders.GIVEN["openings"])
    builders.take_rows(url, "receivables", builders.GIVEN["receivables"])
    builders.recognize(url, "2026-05")
    return url


def test_a_charge_says_price_quantity_and_days_with_the_real_numbers(database: str) -> None:
    found = why(a_year(database), "charge-2")
    assert "1,000円 × 3 × 15/31 = 1,451円（1円未満切捨て）" in said(found)
    assert (found.amount, found.recomputed, found.equal) == (1_451, 1_451, True)
    assert (found.previous, found.previous_ref) == (3_000, "charge-1")
    sources = dict(found.sources)
    assert "contracts.csv（1行）" in sources["契約明細"]
    assert sources["方針 端数"] == "1円未満切捨て"


def test_usage_is_explained_with_how_much_in_how_many_records(database: str) -> None:
    builders.a_shop(database)
    builders.a_contract(database, "U1", product="API", quantity=0, timing="arrears")
    events = [("u1", 5, 40), ("u2", 9, 20)]
    builders.take_rows(
        database,
        "usage",
        [
            {"event_id": code, "contract_no": "U1", "product": "API", "timestamp": f"2026-04-0{day}T10:00:00+09:00", "quantity": count}
            for code, day, count in events
        ],
    )  # fmt: skip
    builders.bill(database, "2026-04-30")
    found = why(database, "charge-1")
    assert "10円 × 60 = 600円" in said(found)
    assert dict(found.sources)["利用量"] == "60（2件の記録 2026/04/05〜2026/04/09）"


def test_a_line_s_price_is_that_of_the_day(database: str) -> None:
    a_year(database)
    assert [why(database, "line:C1:1", day).amount for day in ("2026-05-15", "2026-05-16")] == [3_000, 5_000]


def test_an_item_and_a_receipt_are_as_on_the_day(database: str) -> None:
    a_year(database)
    assert [why(database, "item-1", day).amount for day in ("2026-04-29", "2026-05-28", "2026-05-29")] == [0, 3_300, 0]
    assert [why(database, "receipt-1", day).amount for day in ("2026-05-28", "2026-05-29")] == [3_000, 0]


def test_the_path_of_an_invoice_leads_from_the_contract_to_the_entry_and_the_revenue(database: str) -> None:
    found = why(a_year(database), "INV-2026-00001")
    labels = [cause.label for cause in found.path]
    assert labels == ["契約", "請求計算", "発行", "債権", "入金", "消込", "仕訳", "収益"]
    assert found.recorded is not None
    assert found.recorded.sealed


FORMS = [
    ("INV-2026-00001#1", "INV-2026-00001:1"), ("INV-2026-00001/tax/standard", "INV-2026-00001:standard"),
    ("INV-2026-00001/O-1", "item-1"), ("C1", "contract:C1"), ("C1#1", "line:C1:1"), ("entry-1#2", "entry-1:2"),
    ("revenue/C1/2026-05", "revenue:C1:2026-05"), ("balance/P1/2026-05-31", "balance:P1:2026-05-31"),
    ("account/売掛金/2026-05-31", "account:売掛金:2026-05-31"), ("slip-S1", "slip:S1"), ("S1", "slip:S1"), ("OLD-1", "opening:OLD-1"),
    ("R3000", "receipt-1"),
]  # fmt: skip


def test_what_people_write_leads_to_the_same_as_what_pages_link_to(database: str) -> None:
    a_year(database)
    assert [(written, why(database, written).ref) for written, _ in FORMS] == FORMS


def test_it_is_plain_data(database: str) -> None:
    found: dict[str, Any] = why(a_year(database), "INV-2026-00002").as_dict()
    assert (found["amount"], found["unit"], found["equal"]) == (4_434, "円", True)
    assert found["steps"][0]["ref"] == "INV-2026-00002:1"
    assert isinstance(found["recorded"]["at"], str)


@pytest.mark.parametrize(
    "ref", ["INV-2026-99999", "charge-999", "charge-x", "balance:P9:2026-05-31", "何か", "", "line:C1:9"]
)
def test_what_is_not_there_is_refused_with_the_forms_there_are(database: str, ref: str) -> None:
    a_year(database)
    with pytest.raises(Refusal, match="contract:契約番号"):
        why(database, ref)


def test_what_is_no_day_is_refused(database: str) -> None:
    a_year(database)
    with pytest.raises(Refusal, match="日付ではありません"):
        why(database, "balance:P1:2026-02-30")


CHANGED = [
    ("UPDATE billing_charge SET amount = amount + 1", ["charge-1", "INV-2026-00001"]),
    ("UPDATE invoices_invoice SET total = total + 1", ["INV-2026-00001"]),
    ("UPDATE invoices_line SET net = net + 1", ["INV-2026-00001:1"]),
    ("UPDATE invoices_line SET tax_amount = tax_amount + 1", ["INV-2026-00001:standard", "balance:P1:2026-05-31"]),
    ("UPDATE receivables_open SET balance = balance + 1", ["item-2", "balance:P1:2026-05-31"]),
    ("UPDATE receivables_item SET gross = gross + 1, net = net + 1", ["entry-1"]),
    ("UPDATE receipts_receipt SET amount = amount + 1", ["receipt-1", "entry-3"]),
    ("UPDATE matching_application SET used = used + 1", ["application-1"]),
    ("UPDATE ledger_line SET amount = amount + 1", ["entry-1:1", "entry-3", "account:売掛金:2026-05-31"]),
    ("UPDATE ledger_total SET debit = debit + 1", ["account:売掛金:2026-05-31"]),
    ("UPDATE revenue_recognition SET amount = amount + 1", ["revenue:C1:2026-05"]),
]


@pytest.mark.parametrize(("statement", "refs"), CHANGED, ids=[statement for statement, _ in CHANGED])
def test_an_amount_that_somebody_changed_does_not_recompute(sqlite_url: str, statement: str, refs: list[str]) -> None:
    a_year(sqlite_url)
    assert all(why(sqlite_url, ref).equal for ref in refs)
    connections.drop(sqlite_url)
    tamper(sqlite_url, statement)
    assert {ref: why(sqlite_url, ref).equal for ref in refs} == dict.fromkeys(refs, False)


def test_the_chain_notices_what_recomputing_cannot(sqlite_url: str) -> None:
    a_year(sqlite_url)
    connections.drop(sqlite_url)
    tamper(sqlite_url, "UPDATE receipts_receipt SET reference = 'X'")
    kept = why(sqlite_url, "receipt-1").recorded
    assert kept is not None
    assert not kept.sealed


def test_each_kind_of_reference_asks_for_its_own_permission() -> None:
    asked = [permission(ref) for ref in ("INV-2026-00001:2", "line:C1:1", "schedule-1", "entry-1:2", "C1")]
    assert asked == ["invoices.read", "contracts.read", "revenue.read", "journals.read", "receipts.read"]
