"""The floor: the bare bulk write of the rows of a phase, to the same empty tables in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from urikake.base import bulk, facts, runs, schema
from urikake.base.bulk import Session, columns
from urikake.base.models import Link

from .phases import NAMES


def spooled(url: str, folder: Path) -> dict[str, dict[str, Path]]:
    """The rows that each phase wrote, by table, as Parquet files in the folder."""
    with runs.reading(url) as session:
        actions = session.rows("base_run", "id, action").rename({"id": "run_id"})
        word = pl.col("action").str.split(" ").list.first()
        phases = actions.select("run_id", phase=word.replace(NAMES))
        tables: dict[str, dict[str, Path]] = {}
        for model in [*facts.fact_models(), Link]:
            for phase, path in _spool(session, model, phases, folder):
                tables.setdefault(phase, {})[model._meta.db_table] = path
        return tables


def _spool(session: Session, model: type, phases: pl.DataFrame, folder: Path) -> Iterator[tuple[str, Path]]:
    table = model._meta.db_table  # type: ignore[attr-defined]
    rows = session.rows(table, ", ".join(columns(model))).join(phases, on="run_id", maintain_order="left")
    for (phase,), part in rows.group_by("phase", maintain_order=True):
        path = folder / f"{table}-{str(phase).replace(' ', '_').replace('+', '_')}.parquet"
        part.drop("phase").write_parquet(path)
        yield str(phase), path


def measure(fresh: Callable[[], object], tables: dict[str, Path]) -> tuple[float, int]:
    """The seconds that the bare write of the tables takes on a fresh database, and the number of rows.

    ``fresh`` is a context manager that gives the URL of an empty database.
    """
    frames = {table: pl.read_parquet(path) for table, path in tables.items()}
    with fresh() as url:  # type: ignore[attr-defined]
        schema.create(url)
        started = time.perf_counter()
        with bulk.transaction(url, writing=True) as session:
            for table, rows in frames.items():
                session.driver.write(table, rows)
        seconds = time.perf_counter() - started
    return seconds, sum(rows.height for rows in frames.values())


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """The URL of an SQLite database that is gone afterwards."""
    path = folder / "floor.db"
    try:
        yield f"sqlite:///{path}"
    finally:
        for each in folder.glob("floor.db*"):
            each.unlink()


@contextmanager
def postgresql(server: str, name: str) -> Iterator[str]:
    """The URL of a PostgreSQL database on the server that is gone afterwards."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            yield server.rsplit("/", 1)[0] + "/" + name
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]
