"""The steps of a close and how balances moved: each figure is proved by another, and each proof fails when it ought to."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_shop,
    apply,
    behind_its_back,
    bill,
    match,
    receive,
    recognize,
    report,
    take_rows,
    the_invoice,
    users,
)
from urikake.base import runs
from urikake.doors import month
from urikake.rooms.closing.queries.flux import behind, flux

APRIL = "2026-04"


def a_month(url: str) -> None:
    """April with an invoice of each kind, a receipt that pays one of them, and one that nobody knows."""
    a_shop(url)
    rows = [
        a_line("C1"),
        a_line("C2", timing="advance", cycle_months=12, monthly=120_000),
        a_line("C3", product="API", quantity=0),
    ]
    take_rows(url, "contracts", rows)
    usage = {"event_id": "u1", "contract_no": "C3", "product": "API", "timestamp": "2026-04-05T10:00", "quantity": 7}
    take_rows(url, "usage", [usage])
    bill(url, "2026-04-30")
    receive(url, 5_000, payer="ダレカ", on="2026-04-28")
    recognize(url, APRIL)


def steps(url: str, text: str = APRIL) -> dict[str, dict[str, Any]]:
    """The steps of the month by their names."""
    return {row["step"]: row for row in report(url, "close-steps", month=text)}


def test_the_steps_stand_in_order_with_their_figures(database: str) -> None:
    a_month(database)
    found = steps(database)
    total = report(database, "invoices")[0]["total"]
    told = [(name, row["state"], row["count"], row["amount"], row["off"]) for name, row in found.items()]
    assert told == [
        ("利用量の取込", "done", 1, 0, 0),
        ("請求の計算", "done", 3, 130_070, 0),
        ("承認", "done", 0, 0, 0),
        ("請求書の発行", "done", 1, total, 0),
        ("入金の取込", "done", 1, 5_000, 0),
        ("入金の消込", "soft", 1, 5_000, 0),
        ("収益の認識", "done", 0, 20_070, 0),
        ("突合", "done", 0, found["突合"]["amount"], 0),
        ("締め", "open", 0, 0, -1),
    ]
    a_contract(database, "C9")
    late = steps(database)["請求の計算"]
    assert (late["state"], late["note"]) == ("open", "04/30 は計算のあとに取込があります")
    month.close(database, APRIL)
    assert {row["state"] for row in steps(database).values()} == {"done", "soft"}


def test_usage_that_is_missing_is_told_and_holds_up_nothing(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    take_rows(sqlite_url, "contracts", [a_line("C3", product="API", quantity=0)])
    found = steps(sqlite_url)["利用量の取込"]
    assert (found["state"], found["off"], found["note"]) == ("soft", -1, "使用量のない契約明細 1件")
    assert month.close(sqlite_url, APRIL)["new"]


def test_what_waits_for_a_second_person_is_open(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    users(sqlite_url, hana="accountant")
    slip = {"slip_no": "S1", "partner": "P1", "date": "2026-04-10", "account": "売掛金", "credit_account": "雑収入"}
    take_rows(sqlite_url, "receivables", [slip | {"amount": 1_000}], user="hana")
    found = steps(sqlite_url)["承認"]
    assert (found["state"], found["count"], found["amount"], found["off"]) == ("open", 1, 1_000, 1)


@pytest.mark.parametrize(
    ("harm", "step"),
    [
        ("DELETE FROM billing_waiting", "請求の計算"),
        ("UPDATE invoices_invoice SET total = total + 1", "請求書の発行"),
        ("UPDATE receipts_receipt SET amount = amount + 1", "入金の取込"),
        ("UPDATE matching_application SET used = used - 1", "入金の消込"),
        ("UPDATE revenue_recognition SET amount = amount + 1 WHERE id = (SELECT min(id) FROM revenue_recognition)", "収益の認識"),
        ("UPDATE ledger_total SET debit = debit + 1 WHERE id = (SELECT min(id) FROM ledger_total)", "突合"),
    ],
)  # fmt: skip
def test_a_proof_fails_when_the_books_are_harmed(sqlite_url: str, harm: str, step: str) -> None:
    a_month(sqlite_url)
    receive(sqlite_url, 1_000, payer="P1", on="2026-04-28", id="R-2")
    apply(sqlite_url, "R-2", the_invoice(sqlite_url)["number"])
    a_contract(sqlite_url, "C9")
    month.bill(sqlite_url, date(2026, 4, 30), issue=False)
    assert steps(sqlite_url)[step]["off"] == 0
    behind_its_back(sqlite_url, harm)
    found = steps(sqlite_url)[step]
    assert (found["state"], found["off"] != 0) == ("open", True)


def moved(url: str, text: str, subject: str) -> dict[str, int]:
    """What moved a subject over the month, by cause, with its ends."""
    return {row["cause"]: row["change"] for row in report(url, "close-flux", month=text) if row["subject"] == subject}


def test_a_balance_is_led_from_last_month_to_this_by_what_moved_it(database: str) -> None:
    a_shop(database)
    a_contract(database, "C1")  # 11,000 a month
    bill(database, "2026-04-30")
    bill(database, "2026-05-31")
    first, second = (row["number"] for row in report(database, "invoices"))
    receive(database, 10_560, payer="P1", on="2026-05-20", id="R-1")
    apply(database, "R-1", first, difference="fee", on="2026-05-20")
    receive(database, 12_000, payer="P1", on="2026-05-25", id="R-2")
    apply(database, "R-2", second, difference="advance", on="2026-05-31")
    assert moved(database, "2026-05", "売掛金") == {
        "opening": 11_000, "billed": 11_000, "applied": -10_560 - 11_000, "fees": -440, "closing": 0,
    }  # fmt: skip
    assert moved(database, "2026-05", "仮受金") == {"opening": 0, "received": 22_560, "applied": -22_560, "closing": 0}
    assert moved(database, "2026-05", "前受金・契約負債") == {"opening": 0, "kept": 1_000, "closing": 1_000}
    assert moved(database, "2026-05", "仮受消費税") == {"opening": 1_000, "billed": 1_000, "closing": 2_000}
    assert moved(database, "2026-05", "売上") == {"last": 10_000, "billed": 0, "this": 10_000}


def test_a_discount_lowers_revenue_and_tax_and_its_reversal_stands_apart(database: str) -> None:
    a_shop(database)
    a_contract(database, "C1")
    bill(database, "2026-04-30")
    number = the_invoice(database)["number"]
    receive(database, 9_900, payer="P1", on="2026-05-20", id="R-1")
    figures = apply(database, "R-1", number, difference="discount", on="2026-05-20")
    assert figures["applied"] == 1
    assert moved(database, "2026-05", "売掛金") == {
        "opening": 11_000,
        "billed": 0,
        "applied": -9_900,
        "discounted": -1_100,
        "closing": 0,
    }
    assert moved(database, "2026-05", "仮受消費税") == {
        "opening": 1_000,
        "billed": 0,
        "discounted": -100,
        "closing": 900,
    }
    assert moved(database, "2026-05", "売上") == {
        "last": 10_000,
        "billed": -10_000,
        "discounted": -1_000,
        "this": -1_000,
    }
    month.unapply(database, 1, on=date(2026, 5, 25))
    undone = moved(database, "2026-05", "売掛金")
    assert (undone["applied"], undone["discounted"], undone["unapplied"], undone["closing"]) == (
        -9_900,
        -1_100,
        11_000,
        11_000,
    )


def test_the_entries_behind_a_figure_sum_to_it(database: str) -> None:
    a_month(database)
    receive(database, 10_560, payer="P1", on="2026-04-30", id="R-1")
    apply(database, "R-1", f"{the_invoice(database)['number']}=11000", difference="fee", on="2026-04-30")
    match(database, on="2026-04-30")
    with runs.reading(database) as session:
        first, last = date(2026, 4, 1), date(2026, 4, 30)
        found = flux(session, first)
        assert {each.subject.key for each in found} >= {"revenue", "receivable", "suspense", "tax", "advance_received"}
        for each in found:
            assert each.off == 0
            for step in each.steps:
                entries = behind(session, each.subject, step.cause, first, last)
                assert entries["amount"].sum() == step.this, (each.subject.key, step.cause)
                assert entries["entry_id"].is_unique().all()
