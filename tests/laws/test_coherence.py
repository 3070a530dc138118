"""Laws over the whole database: what holds after any month of work, and that `verify` finds what was done behind its back."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from tests.builders import (
    SHELF,
    Rows,
    a_company,
    a_contract,
    a_line,
    a_shop,
    an_event,
    apply,
    assert_coherent,
    assert_same,
    balances,
    behind_its_back,
    bill,
    deferred,
    dump,
    entries,
    invoices,
    match,
    open_items,
    receive,
    recognize,
    recognized,
    take_rows,
    wrongs,
)
from urikake.base.bulk import driver
from urikake.base.errors import FileRefusal


def a_worked_company(url: str) -> None:
    """Every fact table that money passes through has rows: charges, invoices, items, receipts, applications, revenue."""
    a_shop(url)
    rows = [
        a_line("C1", order_no="SO-1"),
        a_line("C2", timing="advance", cycle_months=12, monthly=120_000, start="2026-05-01"),
        a_line("C3", timing="arrears", cycle_months=3, monthly=30_000),
    ]
    take_rows(url, "contracts", rows)
    bill(url, "2026-04-30")
    receive(url, 11_000, payer="ダレカ", on="2026-05-20", id="R1")
    apply(url, "R1", "INV-2026-00001/SO-1")
    bill(url, "2026-05-31")
    recognize(url, "2026-05")
    assert_coherent(url)


def value(url: str, sql: str) -> Any:
    connection = driver(url)
    try:
        return connection.read(sql, (), {}).item()
    finally:
        connection.close()


# Table, its name in the chain, column.
CHANGED = [
    ("ledger_line", "ledger.EntryLine", "amount"),
    ("ledger_entry", "ledger.Entry", "source_id"),
    ("ledger_total", "ledger.Total", "debit"),
    ("invoices_invoice", "invoices.Invoice", "total"),
    ("invoices_line", "invoices.InvoiceLine", "net"),
    ("receivables_item", "receivables.Item", "gross"),
    ("receivables_movement", "receivables.Movement", "moved"),
    ("receipts_receipt", "receipts.Receipt", "amount"),
    ("matching_application", "matching.Application", "used"),
    ("billing_charge", "billing.Charge", "amount"),
    ("revenue_recognition", "revenue.Recognition", "amount"),
    ("revenue_schedule", "revenue.Schedule", "amount"),
    ("revenue_accrual", "revenue.Accrual", "amount"),
    ("contracts_line", "contracts.Line", "unit_price_micro"),
]


def test_an_amount_changed_behind_its_back_is_found_and_named(database: str) -> None:
    a_worked_company(database)
    for table, label, column in CHANGED:
        row = value(database, f"SELECT max(id) AS id FROM {table}")
        assert row, table
        behind_its_back(database, f"UPDATE {table} SET {column} = {column} + 1 WHERE id = {row}")
        found = [wrong for wrong in wrongs(database) if "ハッシュ連鎖" in wrong]
        number = row - (1 << 40)
        assert len(found) == 1, (table, found)
        if label == "ledger.Entry":
            assert f"仕訳 {number}:" in found[0]
        else:
            assert f"{label} {number}" in found[0], (table, found)
        if label == "ledger.EntryLine":
            entry = value(database, f"SELECT entry_id FROM {table} WHERE id = {row}") - (1 << 40)
            assert f"仕訳 {entry} " in found[0]
        behind_its_back(database, f"UPDATE {table} SET {column} = {column} - 1 WHERE id = {row}")
    assert_coherent(database)


def test_a_text_a_date_or_an_actor_changed_behind_its_back_is_found(database: str) -> None:
    a_worked_company(database)
    for table, column, other in (
        ("base_run", "actor", "'mallory'"),
        ("base_run", "recorded_at", "'2026-01-01 00:00:00.000000'"),
        ("receipts_receipt", "payer", "'ベツジン'"),
        ("invoices_invoice", "issue_on", "'2026-04-29'"),
        ("ledger_entry", "posted_on", "'2026-04-29'"),
        ("parties_profile", "name", "''"),
        ("base_policy", "value", "'ceil'"),
    ):
        row = value(database, f"SELECT max(id) AS id FROM {table}")
        old, new = f"INSERT INTO kept SELECT * FROM {table} WHERE id = {row}", f"INSERT INTO {table} SELECT * FROM kept"
        behind_its_back(database, f"CREATE TABLE kept AS SELECT * FROM {table} WHERE 1 = 0", old)
        behind_its_back(database, f"UPDATE {table} SET {column} = {other} WHERE id = {row}")
        assert any("ハッシュ連鎖" in wrong for wrong in wrongs(database)), (table, column)
        behind_its_back(database, f"DELETE FROM {table} WHERE id = {row}", new, "DROP TABLE kept")
    assert_coherent(database)


def test_a_row_dropped_or_slipped_in_is_found(database: str) -> None:
    a_worked_company(database)
    for table in ("ledger_line", "invoices_line", "receivables_movement", "contracts_line", "base_run"):
        for row in {value(database, f"SELECT {which}(id) AS id FROM {table}") for which in ("min", "max")}:
            kept = f"CREATE TABLE kept AS SELECT * FROM {table} WHERE id = {row}"
            behind_its_back(database, kept, f"DELETE FROM {table} WHERE id = {row}")
            assert any("ハッシュ連鎖" in wrong for wrong in wrongs(database)), table
            behind_its_back(database, f"INSERT INTO {table} SELECT * FROM kept", "DROP TABLE kept")
    for table in ("ledger_total", "revenue_cutoff", "base_dimension"):
        top = value(database, f"SELECT max(id) AS id FROM {table}")
        copy = f"CREATE TABLE kept AS SELECT * FROM {table} WHERE id = {top}"
        slip = ["UPDATE kept SET id = id + 1", f"INSERT INTO {table} SELECT * FROM kept", "DROP TABLE kept"]
        behind_its_back(database, copy, *slip)
        assert any("ハッシュ連鎖" in wrong for wrong in wrongs(database)), table
        behind_its_back(database, f"DELETE FROM {table} WHERE id = {top + 1}")
    assert_coherent(database)


def test_a_link_of_the_chain_altered_or_cut_off_is_found(database: str) -> None:
    a_worked_company(database)
    some = value(database, "SELECT max(id) AS id FROM base_link") - 3
    for column, other in (("content", "'00'"), ("head", "'00'"), ("count", "count + 1"), ("first_id", "first_id + 1")):
        before = dump(database)
        behind_its_back(
            database,
            f"CREATE TABLE kept AS SELECT * FROM base_link WHERE id = {some}",
            f"UPDATE base_link SET {column} = {other} WHERE id = {some}",
        )
        assert any("連鎖" in wrong for wrong in wrongs(database)), column
        behind_its_back(
            database,
            f"DELETE FROM base_link WHERE id = {some}",
            "INSERT INTO base_link SELECT * FROM kept",
            "DROP TABLE kept",
        )
        assert_same(before, dump(database))
    behind_its_back(database, f"DELETE FROM base_link WHERE id >= {some}")
    assert any("連鎖" in wrong for wrong in wrongs(database))


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("receivables_open", "UPDATE receivables_open SET balance = balance + 1"),
        ("receivables_open", "DELETE FROM receivables_open"),
        ("billing_waiting", "INSERT INTO billing_waiting SELECT min(id) FROM billing_charge"),
        ("revenue_open_accrual", "UPDATE revenue_open_accrual SET amount = amount + 1"),
        ("base_series", "UPDATE base_series SET last = last + 1"),
    ],
)
def test_a_projection_that_differs_from_its_facts_is_found(sqlite_url: str, table: str, change: str) -> None:
    a_worked_company(sqlite_url)
    behind_its_back(sqlite_url, change)
    assert len(wrongs(sqlite_url)) == 1, table


# --- a year of anything ----------------------------------------------------------------------------------------------

CLOSINGS = {"P1": ["30"], "TEN": ["10"], "ALL": ["10", "20", "30"]}


def a_random_company(url: str, random_: random.Random) -> list[str]:
    """A company of three partners and eight contracts of any terms, under any policies; returns the contract numbers."""
    choose = random_.choice
    a_company(
        url,
        amount_rounding=choose(["floor", "half_up", "ceil"]), tax_rounding=choose(["floor", "half_up", "ceil"]),
        advance_tax=choose(["with_revenue", "on_invoice"]), accrual_account=choose(["contract_asset", "receivable"]),
        remainder=choose(["cumulative", "last", "first"]), partial_month=choose(["daily", "full_first", "none_first"]),
        recognition=choose(["monthly", "daily"]), invoice_grouping=choose(["bill_to", "contract", "order"]),
    )  # fmt: skip
    take_rows(url, "products", SHELF)
    partners: Rows = [
        {"code": "P1", "name": "一", "closing_day": 31, "split": "transfer:33%;densai:rest:60d"},
        {"code": "TEN", "name": "十", "closing_day": 10},
        {"code": "ALL", "name": "全", "closing_day": "10;20;31"},
    ]
    take_rows(url, "partners", partners)
    numbers = [f"C{n}" for n in range(8)]
    rows = [
        a_line(
            number, partner=choose(list(CLOSINGS)), product=choose(["PLAN", "WATER", "GROSS", "SEAT", "RENT"]),
            monthly=random_.randint(1, 99_999), quantity=random_.randint(1, 9), cycle_months=choose([1, 2, 3, 6, 12]),
            timing=choose(["advance", "current", "arrears"]), start=f"2026-{random_.randint(5, 6):02}-{random_.randint(1, 28):02}",
            anchor_day=choose([None, 1, 20, 31]), order_no=choose(["", "SO-1", "SO-2"]),
            proration=choose(["daily", "monthly", "thirtieth", "thirty_360", "full_month", "free"]),
        )
        for number in numbers
    ]  # fmt: skip
    take_rows(url, "contracts", rows)
    return numbers


def something_happens(url: str, random_: random.Random, contract: str, month: int) -> None:
    """A change of a contract in the month, of any kind, sometimes backdated."""
    day = f"2026-{max(7, month - random_.choice([0, 0, 1])):02}-{random_.randint(1, 28):02}"
    kind, columns = random_.choice(
        [
            ("change_price", {"unit_price": random_.randint(1, 99_999)}),
            ("change_quantity", {"quantity": random_.randint(0, 9)}),
            ("change_plan", {"product": random_.choice(["PLAN", "BIG"])}),
            ("add_option", {"product": "OPTION"}),
            ("cancel", {}),
        ]
    )
    with suppress(FileRefusal):  # a contract that has ended, or has several lines, takes no such change
        an_event(url, kind, day, contract_no=contract, **columns)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_books_hold_together(seed: int, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue("sqlite_url" if seed % 2 else "postgresql_url")
    random_ = random.Random(seed)
    numbers = a_random_company(url, random_)
    for month in range(5, 11):
        for contract in random_.sample(numbers, 2) if month > 6 else []:
            something_happens(url, random_, contract, month)
        last = {5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31}[month]
        days = [day for day in (10, 20, last) if random_.random() < 0.8]
        bill(url, *[f"2026-{month:02}-{day}" for day in days])
        owed = open_items(url)
        for number in random_.sample(sorted(owed), min(2, len(owed))):
            if owed[number] > 0:
                receive(url, owed[number], payer="ダレカ", on=f"2026-{month:02}-{last}", id=f"{number}/{month}")
                apply(url, f"{number}/{month}", number)
        match(url)
        recognize(url, f"2026-{month:02}")
        assert_coherent(url)
        conserved(url, f"2026-{month:02}")


def conserved(url: str, month: str) -> None:
    """Laws that reports must keep among themselves."""
    found = balances(url)
    assert sum(found.values()) == 0
    assert sum(open_items(url).values()) == found.get("売掛金", 0)
    charged = sum(line["net"] for invoice in invoices(url) for line in invoice["lines"])
    earned = sum(recognized(url, *[f"2026-{m:02}" for m in range(4, int(month[5:]) + 1)]))
    assert charged - earned == sum(closing for *_, closing in deferred(url, month).values())
    assert all(opening + more - less == closing for opening, more, less, closing in deferred(url, month).values())
    assert all(sum(x["debit"] - x["credit"] for x in entry["lines"]) == 0 for entry in entries(url))
    for invoice in invoices(url):
        assert sum(line["tax_amount"] for line in invoice["lines"]) == invoice["tax"]
        assert sum(due["amount"] for due in invoice["dues"]) == invoice["total"]


def test_a_coherent_company_is_coherent_from_its_first_day(database: str) -> None:
    a_company(database)
    assert_coherent(database)
    assert balances(database) == {}


def test_the_law_itself_can_fail(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    a_contract(sqlite_url)
    behind_its_back(sqlite_url, "DELETE FROM contracts_line")
    with pytest.raises(AssertionError, match=r"contracts\.Line"):
        assert_coherent(sqlite_url)
