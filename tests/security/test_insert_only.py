"""The database itself refuses to change or delete a fact, whoever asks it."""

from __future__ import annotations

import pytest

from tests.builders import a_contract, a_shop, assert_coherent, bill
from urikake.base import facts
from urikake.base.bulk import driver


def attempt(url: str, statement: str) -> None:
    """One statement in a transaction of its own, kept unless the database refuses it."""
    connection = driver(url)
    try:
        connection.begin(writing=True)
        connection.execute(statement)
        connection.end(keep=True)
    finally:
        connection.close()


def count(url: str, table: str) -> int:
    connection = driver(url)
    try:
        return int(connection.read(f"SELECT count(*) AS n FROM {table}", (), {}).item())
    finally:
        connection.close()


def test_every_fact_table_refuses_update_and_delete(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    tables = [model._meta.db_table for model in facts.fact_models()]
    assert len(tables) >= 25
    before = {table: count(database, table) for table in tables}
    assert sum(n > 0 for n in before.values()) > 12
    for table in tables:
        armed = before[table] > 0 or database.startswith("postgresql")  # SQLite's triggers are asked once per row
        for statement in (f"UPDATE {table} SET run_id = run_id + 1", f"DELETE FROM {table}"):
            if armed:
                with pytest.raises(Exception, match="insert-only"):
                    attempt(database, statement)
    assert {table: count(database, table) for table in tables} == before
    assert_coherent(database)


def test_every_fact_table_of_sqlite_bears_both_guards(sqlite_url: str) -> None:
    connection = driver(sqlite_url)
    try:
        found = connection.read("SELECT count(*) AS n FROM sqlite_master WHERE type = 'trigger'", (), {}).item()
        assert found == 2 * len(facts.fact_models())
    finally:
        connection.close()


def test_a_fact_cannot_be_replaced_by_one_of_the_same_id(sqlite_url: str) -> None:
    # INSERT OR REPLACE deletes the old row without its delete trigger unless triggers are told to recurse.
    a_shop(sqlite_url)
    a_contract(sqlite_url)
    bill(sqlite_url, "2026-04-30")
    with pytest.raises(Exception, match="insert-only"):
        attempt(sqlite_url, "INSERT OR REPLACE INTO ledger_line SELECT * FROM ledger_line")


def test_a_fact_table_of_postgresql_cannot_be_emptied_at_once(postgresql_url: str) -> None:
    a_shop(postgresql_url)
    for table in ("ledger_line", "base_run", "catalog_product"):
        with pytest.raises(Exception, match="insert-only"):
            attempt(postgresql_url, f"TRUNCATE {table}")
