"""Companies that are made once by each worker, through the doors, and copied into every fresh database that asks for one.

A copy is what was made to the last byte, its chain of hashes too. Only a database that a fixture has just handed out is
copied into, and only as the first thing that happens to it; any other is made anew.
"""

from __future__ import annotations

import atexit
import filecmp
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from urikake.base import bulk, connections
from urikake.base.url import sqlite_path

FRESH: dict[str, Path | None] = {}
"""The databases that nobody has used yet, with the file that a SQLite database is a copy of."""
_kept: dict[tuple[str, str], Any] = {}
_FRAMEWORK = ("django_migrations", "django_content_type", "auth_permission")
_TABLES = f"""
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
 WHERE c.relkind = 'r' AND c.relname NOT IN {_FRAMEWORK} ORDER BY 1"""


def copied(url: str, what: str, make: Callable[[], object]) -> None:
    """Have the database hold what ``make`` makes in it, copied where this worker has made ``what`` before."""
    if url not in FRESH or not _untouched(url, FRESH.pop(url)):
        make()
        return
    key = (url.partition(":")[0], what)
    take, put = (_file, _put_file) if key[0] == "sqlite" else (_rows, _put_rows)
    if key in _kept:
        put(url, _kept[key])
        return
    make()
    _kept[key] = take(url)


def _untouched(url: str, template: Path | None) -> bool:
    return template is None or filecmp.cmp(template, sqlite_path(url), shallow=False)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="urikake-copies-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _file(url: str) -> Path:
    """A copy of the file, of which no connection holds anything back."""
    connections.drop(url)
    return Path(shutil.copyfile(sqlite_path(url), _folder() / f"{len(_kept)}.db"))


def _put_file(url: str, kept: Path) -> None:
    """Put the kept file in the place of the database, as another file than the one that was there."""
    connections.drop(url)
    path = Path(sqlite_path(url))
    Path(shutil.copyfile(kept, path.with_name(f"{path.name}.copy"))).replace(path)


def _rows(url: str) -> dict[str, bytes]:
    """The rows of every table that has some, as PostgreSQL copies them."""
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute(_TABLES)]
        full = [
            name for name in names if connection.execute(f"SELECT EXISTS (SELECT FROM {name})").fetchone() == (True,)
        ]
        return {name: _copy_out(connection, name) for name in full}


def _copy_out(connection: psycopg.Connection[Any], name: str) -> bytes:
    with connection.cursor().copy(f"COPY {name} TO STDOUT (FORMAT binary)") as copy:
        return b"".join(copy)


def _put_rows(url: str, kept: dict[str, bytes]) -> None:
    """Put the rows where they were, by the connection that the test will go on with: to open one costs more than they do."""
    connection = connections.take(url, bulk.driver)
    connection.begin(writing=True)
    for name, data in kept.items():
        with connection._inner._cursor.copy(f"COPY {name} FROM STDIN (FORMAT binary)") as copy:  # type: ignore[attr-defined]
            copy.write(data)
    connection.end(keep=True)
    connections.give(url, connection)
