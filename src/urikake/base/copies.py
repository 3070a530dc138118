"""Copies of a company's database for a while, on which anything may be supposed; the company's own is only read.

A copy is an SQLite file of its own in a folder that is gone at the end: of an SQLite database as the database itself
copies it, of a PostgreSQL one the company's rows of every table, read on one consistent state and written in bulk.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from . import bulk, connections, facts, memory, runs, schema
from .loading import BOOKS
from .models import Policy
from .url import company_code, with_company


@dataclass(frozen=True, slots=True)
class Copy:
    """A database that nobody but its maker knows: ``url`` names it and the company in it."""

    url: str

    def suppose(self, policies: Mapping[str, str]) -> None:
        """Have policies in this copy be as they are not in the company, even those that no company may have."""
        rows = [{"key": key, "value": value, "valid_from_on": date(1900, 1, 1)} for key, value in policies.items()]
        with runs.run(self.url, "suppose", permission="company.set_up") as (session, _):
            facts.record(session, Policy, pl.DataFrame(rows))
            session.cache.pop("policies")  # else the next run would take it up as it stood


@contextmanager
def copied(url: str, names: Sequence[str]) -> Iterator[list[Copy]]:
    """A copy of the company's database under each of the names; they are gone, and forgotten, when the block ends."""
    with TemporaryDirectory(prefix="urikake-") as folder:
        files = [Path(folder) / f"{name}.db" for name in names]
        (_whole if url.startswith("sqlite:") else _by_table)(url, files[0])
        for file in files[1:]:
            shutil.copyfile(files[0], file)
        made = [Copy(with_company(f"sqlite:///{file}", company_code(url))) for file in files]
        try:
            yield made
        finally:
            for copy in made:
                connections.drop(copy.url)
                memory.forget(copy.url)


def _whole(url: str, file: Path) -> None:
    """Write what the SQLite database holds now into a new file."""
    connection = bulk.driver(url)
    try:
        connection.execute("VACUUM INTO ?", (str(file),))
        connection.read("SELECT 1 AS n", (), {})  # waits for it, and raises what went wrong
    finally:
        connection.close()


def _by_table(url: str, file: Path) -> None:
    """Write the company's rows of every table into a new SQLite file."""
    from django.apps import apps

    target = f"sqlite:///{file}"
    schema.lay_out(target)
    with runs.reading(url) as source, bulk.transaction(target, writing=True) as made:
        one = f"= {source.company_id}"
        for model in apps.get_models():
            if not model.__module__.startswith(BOOKS):
                continue
            key, table = model._meta.pk.column, model._meta.db_table
            mine = one if table == "base_company" else f"BETWEEN {source.low} AND {source.high - 1}"
            rows = source.read(f"SELECT {', '.join(bulk.columns(model))} FROM {table} WHERE {key} {mine}")
            made.driver.write(table, rows)
    connections.drop(target)  # all of it into the one file
