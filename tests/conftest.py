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
        return f"sqlite:///{shutil.copyfile(template, folder / 'urikake.db')}"

    return copy


@pytest.fixture(scope="session")
def postgresql_copies(server_url: str) -> Iterator[Callable[[], str]]:
    """A maker of fresh PostgreSQL databases: each a copy of a template that is migrated once per worker."""
    prefix, numbers = f"test_{os.getpid()}", count(1)
    template = f"{prefix}_template"
    execute(server_url, f"CREATE DATABASE {template}")
    create(named(server_url, template))

    def copy() -> str:
        name = f"{prefix}_{next(numbers)}"
        execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
        return named(server_url, name)

    yield copy
    execute(server_url, f"DROP DATABASE {template} WITH (FORCE)")


@pytest.fixture
def sqlite_url(sqlite_copies: Callable[[Path], str], tmp_path: Path) -> str:
    """The URL of a fresh SQLite database."""
    return sqlite_copies(tmp_path)


@pytest.fixture
def postgresql_url(postgresql_copies: Callable[[], str], server_url: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database, dropped after the test."""
    url = postgresql_copies()
    yield url
    execute(server_url, f"DROP DATABASE {urlsplit(url).path[1:]} WITH (FORCE)")


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))
