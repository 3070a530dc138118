"""A copy of a company: all of it, for a while; what is supposed in it is nowhere else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from tests.builders import a_contract, a_shop, assert_coherent, assert_same, bill, dump, match, receive, recognize
from urikake.base import runs, schema
from urikake.base.company import policies, tax_rates
from urikake.base.copies import copied
from urikake.base.url import sqlite_path


def columns(url: str) -> dict[str, pl.DataFrame]:
    """The content of every table, whatever the order of its columns."""
    return {table: rows.select(sorted(rows.columns)) for table, rows in dump(url).items()}


def a_month(url: str) -> None:
    a_shop(url)
    a_contract(url)
    bill(url, "2026-04-30")
    recognize(url, "2026-04")
    receive(url, 11_000)
    match(url)


def test_a_copy_holds_the_same_books_and_proves_itself(database: str) -> None:
    a_month(database)
    before = columns(database)
    with copied(database, ("one", "other")) as (one, other):
        assert_same(before, columns(one.url))
        assert_same(before, columns(other.url))
        bill(one.url, "2026-05-31")
        assert_coherent(one.url)
        assert_same(before, columns(other.url))
        file = Path(sqlite_path(one.url))
    assert not file.exists()
    assert_same(before, columns(database))


def test_what_is_supposed_in_a_copy_holds_there_only(database: str) -> None:
    a_month(database)
    with copied(database, ("one",)) as (one,):
        one.suppose({"tax_rates": "reduced=0@2027-01-01", "second_person": ""})
        with runs.run(one.url, "look", permission="home.read", preview=True) as (session, _):
            assert tax_rates(session).filter(tax="reduced", rate_micro=0).height == 2
            assert not policies(session).needs_second_person("receivables")
    with runs.reading(database) as session:
        assert tax_rates(session).filter(tax="reduced", rate_micro=0).height == 1
        assert policies(session).needs_second_person("receivables")


def test_a_company_cannot_be_set_up_with_rates_that_are_none(sqlite_url: str) -> None:
    with pytest.raises(Exception, match="tax-rates"):
        a_shop(sqlite_url, tax_rates="standard=0@26-01-01")


def test_the_schema_of_a_copy_is_the_one_that_migrations_make(sqlite_url: str, tmp_path: Path) -> None:
    schema.lay_out(f"sqlite:///{tmp_path}/copy.db")
    assert shape(tmp_path / "copy.db") == shape(Path(sqlite_path(sqlite_url)))


def shape(file: Path) -> dict[str, set[tuple[str, str, int]]]:
    """The columns of every table of the books: name, type, whether it may be null; and the names of its triggers."""
    with closing(sqlite3.connect(file)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: set(connection.execute(f"SELECT name, type, \"notnull\" FROM pragma_table_info('{name}')"))
                 for name in names if not name.startswith(("django_", "sqlite_"))}  # fmt: skip
        triggers = connection.execute("SELECT name, '', 0 FROM sqlite_master WHERE type IN ('trigger', 'index')")
        return found | {"": {row for row in triggers if not row[0].startswith("sqlite_")}}
