"""The floor: the bare bulk write of the rows of a phase, to the same empty tables in one transaction."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import polars as pl

from urikake.base import bulk, facts, runs, schema
from urikake.base.bulk import Session, columns
from urikake.base.models import Link
from urikake.base.url import sqlite_path

from .phases import Clock


def spooled(clock: Clock, folder: Path) -> dict[str, dict[str, Path]]:
    """The rows that each phase wrote, by table, as Parquet files in the folder; projections are not among them."""
    with runs.reading(clock.url) as session:
        phases = clock.phase_of_runs(session.rows("base_run", "id")["id"])
        tables: dict[str, dict[str, Path]] = {}
        models: list[Any] = [*facts.fact_models(), Link]
        for model in models:
            for phase, path in _spool(session, model, phases, folder):
                tables.setdefault(phase, {})[model._meta.db_table] = path
        return tables


def _spool(session: Session, model: Any, phases: pl.DataFrame, folder: Path) -> Iterator[tuple[str, Path]]:
    table = model._meta.db_table
    rows = session.rows(table, ", ".join(columns(model))).join(phases, on="run_id", maintain_order="left")
    for (phase,), part in rows.group_by("phase", maintain_order=True):
        path = folder / f"{table}-{phase}.parquet"
        part.drop("phase").write_parquet(path)
        yield str(phase), path


def measure(url: str, tables: dict[str, Path]) -> tuple[float, int]:
    """The seconds that the bare write of the tables takes on the empty database of the URL, and the number of rows."""
    frames = {table: pl.read_parquet(path) for table, path in tables.items()}
    connection = bulk.driver(url)
    started = time.perf_counter()
    try:
        connection.begin(writing=True)
        for table, rows in frames.items():
            connection.write(table, rows)
        connection.end(keep=True)
    finally:
        connection.close()  # only now all rows stand in the database's file, and not in its log alone
    return time.perf_counter() - started, sum(rows.height for rows in frames.values())


@contextmanager
def migrated(url: str, folder: Path) -> Iterator[str]:
    """The URL of a `fresh` database with the schema, to be the template of empty ones."""
    with fresh(url, folder) as found:
        schema.create(found)
        yield found


@contextmanager
def fresh(url: str, folder: Path, template: str = "") -> Iterator[str]:
    """The URL of a new database of the kind that the URL names, gone afterwards; a copy of the template if one is named.

    SQLite: a file in the folder; PostgreSQL: a database on that server. What the URL itself names is left alone.
    """
    made = _sqlite(folder, template) if url.startswith("sqlite") else _postgresql(url, template)
    with made as found:
        yield found


@contextmanager
def _sqlite(folder: Path, template: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        file = Path(own) / "bench.db"
        if template:
            shutil.copyfile(sqlite_path(template), file)
        yield f"sqlite:///{file}"


@contextmanager
def _postgresql(server: str, template: str) -> Iterator[str]:
    import psycopg
    from psycopg.sql import SQL, Identifier

    name = f"urikake_bench_{uuid4().hex[:12]}"
    source = urlsplit(template).path[1:] or "template1"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(source)))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
