"""The schema: made or brought up to date on an empty or older database, with the guards of the fact tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from . import connections, facts
from .bulk import driver
from .errors import Refusal
from .loading import BOOKS, load
from .url import django as django_settings

_EMPTY: Final = re.compile(r"""no such table: base_company|relation "base_company" does not exist""")
_OLDER: Final = re.compile(
    r"no such (table|column)|has no column named|(relation|column) \S+ (of relation \S+ )?does not exist"
)


def create(url: str) -> int:
    """Bring the database up to the newest schema and arm its insert-only guards; return how many changes it took.

    Doing it again changes nothing.
    """
    changes = _migrate(url)
    _arm(url)
    return changes


def lay_out(url: str) -> None:
    """Make the newest schema in a new SQLite file, from the models as they are, without touching Django's connections.

    For copies of a while: a process whose connections are somebody else's, such as the web's, may do so at any time.
    """
    from django.apps import apps
    from django.db import ConnectionHandler

    load()
    connection: Any = ConnectionHandler({"default": django_settings(url)})["default"]
    try:
        with connection.schema_editor() as editor:
            for model in apps.get_models():
                if model.__module__.startswith(BOOKS):
                    editor.create_model(model)
    finally:
        connection.close()
    _arm(url)


def _arm(url: str) -> None:
    """Have the database itself refuse what facts do not allow."""
    connection = driver(url)
    try:
        connection.begin(writing=True)
        if connection.kind == "postgresql":
            connection.execute(facts.POSTGRES_GUARD)
        for model in facts.fact_models():
            for statement in facts.guards(model, connection.kind):
                connection.execute(statement)
        connection.end(keep=True)
    finally:
        connection.close()


def _migrate(url: str) -> int:
    """Run the migrations on Django's own connection, and close it: see `urikake.base.bulk.Sqlite`. Return how many ran."""
    from django.core.management import call_command
    from django.db import connections as django_connections
    from django.db.migrations.executor import MigrationExecutor

    load()
    connections.drop(url)
    django_connections["default"].close()
    django_connections.settings["default"].update(django_settings(url))
    del django_connections["default"]
    executor = MigrationExecutor(django_connections["default"])
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if waiting:
        call_command("migrate", verbosity=0, interactive=False)
    django_connections["default"].close()
    return waiting


def exists(url: str) -> bool:
    """Whether the database has been set up by `create`."""
    connection = driver(url)
    try:
        if connection.kind == "sqlite":
            sql = "SELECT count(*) AS n FROM sqlite_master WHERE name = 'base_company'"
        else:
            sql = (
                "SELECT count(*) AS n FROM pg_tables WHERE tablename = 'base_company' AND schemaname = current_schema()"
            )
        return bool(connection.read(sql, (), {}).item())
    finally:
        connection.close()


@contextmanager
def readable() -> Iterator[None]:
    """Say what to do where the database has none of our tables, or those of an older version."""
    try:
        yield
    except Exception as error:
        if _EMPTY.search(str(error)):
            raise no_company() from None
        if _OLDER.search(str(error)):
            raise Refusal(
                "old-schema",
                "データベースが古い版のままです。",
                "控えを取ってから urikake upgrade を行ってください。",
            ) from None
        raise


def no_company() -> Refusal:
    """The refusal where no company has been set up."""
    return Refusal(
        "no-company", "会社がまだ設定されていません。", "urikake init --company company.toml を行ってください。"
    )
