"""What every test may ask for: ``database``, the URL of a fresh, empty, migrated database, once on each engine."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from itertools import count
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import django
import psycopg
import pytest

from tests.postgres import server

ENGINES = ("sqlite", "postgresql")


def pytest_configure() -> None:
    """A test names its database: one that the surroundings name is never written to."""
    os.environ.pop("DATABASE_URL", None)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "1"  # the browser's driver keeps a loop in the worker that other tests share
    )
    boot()  # before any module that has tables is read, be it for its tests or its examples


@cache
def boot() -> None:
    """Makes Django ready, once in each process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "urikake.doors.settings")
    django.setup()


def create(url: str) -> None:
    """Migrates an empty database; it must leave no connection open, or PostgreSQL will not copy the template."""
    boot()
    from urikake.base import schema  # here, so that the kernel's tests run without the rest

    schema.create(url)


def copies() -> ModuleType:
    """The companies that are copied (`tests.copies`), read here so that the kernel's tests run without the rest."""
    from tests import copies

    return copies


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The URL of a PostgreSQL server for tests: the one `make test` started for all workers, else our own."""
    if given := os.environ.get("ACCEPTANCE_DATABASE_URL"):
        yield given
        return
    with server() as url:
        yield url


def execute(url: str, statement: str) -> None:
    """Carries out one statement outside any transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def named(server: str, name: str) -> str:
    """The URL of the database with this name on this server."""
    return urlsplit(server)._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="session")
def sqlite_copies(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """A maker of fresh SQLite databases: each a copy of a template that is migrated once per worker."""
    template = tmp_path_factory.mktemp("template") / "template.db"
    create(f"sqlite:///{template}")
    with closing(sqlite3.connect(template)) as connection:  # all of it into the one file that is copied
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy(folder: Path) -> str:
        url = f"sqlite:///{shutil.copyfile(template, folder / 'urikake.db')}"
        copies().FRESH[url] = template
        return url

    return copy


@pytest.fixture(scope="session")
def postgresql_template(server_url: str) -> Iterator[str]:
    """The name of a PostgreSQL database that is migrated once per worker, to be copied."""
    template = f"test_{os.getpid()}_template"
    execute(server_url, f"CREATE DATABASE {template}")
    create(named(server_url, template))
    yield template
    execute(server_url, f"DROP DATABASE {template} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql_copies(server_url: str, postgresql_template: str) -> Callable[[], str]:
    """A maker of fresh PostgreSQL databases."""
    prefix, numbers = postgresql_template.removesuffix("_template"), count(1)

    def copy() -> str:
        name = f"{prefix}_{next(numbers)}"
        execute(server_url, f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
        return named(server_url, name)

    return copy


@pytest.fixture(scope="session")
def postgresql_pool(server_url: str, postgresql_template: str) -> Iterator[Emptied]:
    """The databases that tests of this worker have given back; removed when it ends."""
    pool = Emptied(shape(named(server_url, postgresql_template)))
    yield pool
    for url in pool.urls:
        execute(server_url, f"DROP DATABASE {urlsplit(url).path[1:]} WITH (FORCE)")


def shape(url: str, *before: str) -> str:
    """All that a database is but for its rows, after the statements: columns, indexes, triggers, functions, as one text."""
    with psycopg.connect(url, autocommit=True) as connection:  # one for all: to begin costs more than what is asked
        for statement in before:
            connection.execute(statement)
        return "\n".join(str(row) for row in connection.execute(SHAPE).fetchall())


SHAPE = """
SELECT c.oid::regclass::text, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT LIKE 'pg_%' AND n.nspname <> 'information_schema'
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT t.tgrelid::regclass::text, t.tgname, t.tgtype, 0, true, t.tgenabled = 'O' FROM pg_trigger t
UNION ALL SELECT p.oid::regprocedure::text, md5(p.prosrc), 0, 0, true, true FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname NOT LIKE 'pg_%' AND n.nspname <> 'information_schema'
UNION ALL SELECT con.conrelid::regclass::text, con.conname, 0, 0, true, con.convalidated FROM pg_constraint con
  WHERE con.conrelid <> 0
ORDER BY 1, 2, 3, 4, 5, 6
"""
EMPTY = """
DO $$ DECLARE found text; full_ text[] := '{}'; said boolean; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;  -- facts refuse to be removed by anybody else
  FOR found IN SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg_%' AND n.nspname <> 'information_schema'
      AND c.relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission') LOOP
    EXECUTE 'SELECT EXISTS (SELECT FROM ' || found || ')' INTO said;
    IF said THEN full_ := full_ || found; END IF;
  END LOOP;
  IF full_ <> '{}' THEN EXECUTE 'TRUNCATE ' || array_to_string(full_, ', ') || ' RESTART IDENTITY CASCADE'; END IF;
END $$
"""


class Emptied:
    """Databases to be used again: without rows, and in all else as they were made, which costs less than to make them."""

    def __init__(self, fresh: str) -> None:
        self.fresh = fresh
        self.urls: list[str] = []

    def take(self) -> str | None:
        """The URL of one, if there is one."""
        return self.urls.pop() if self.urls else None

    def give(self, url: str) -> bool:
        """Empty the database and keep it; False where the test has changed more than its rows."""
        if shape(url, EMPTY) != self.fresh:
            return False
        self.urls.append(url)
        return True


@pytest.fixture
def sqlite_url(sqlite_copies: Callable[[Path], str], tmp_path: Path) -> str:
    """The URL of a fresh SQLite database."""
    return sqlite_copies(tmp_path)


@pytest.fixture
def postgresql_url(postgresql_copies: Callable[[], str], postgresql_pool: Emptied, server_url: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database."""
    url = postgresql_pool.take() or postgresql_copies()
    copies().FRESH[url] = None
    yield url
    from urikake.base import connections, memory  # here, so that the kernel's tests run without the rest

    copies().FRESH.pop(url, None)
    connections.drop_all()
    memory.forget(url)
    if not postgresql_pool.give(url):
        execute(server_url, f"DROP DATABASE {urlsplit(url).path[1:]} WITH (FORCE)")


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))
