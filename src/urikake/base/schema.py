"""The schema: made or brought up to date on an empty or older database, with the guards of the fact tables."""

from __future__ import annotations

from . import connections, facts
from .bulk import driver
from .loading import load
from .url import django as django_settings


def create(url: str) -> None:
    """Bring the database up to the newest schema and arm its insert-only guards. Doing it again changes nothing."""
    _migrate(url)
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


def _migrate(url: str) -> None:
    """Run the migrations on Django's own connection, and close it: see `urikake.base.bulk.Sqlite`."""
    from django.core.management import call_command
    from django.db import connections as django_connections

    load()
    connections.drop(url)
    django_connections["default"].close()
    django_connections.settings["default"].update(django_settings(url))
    del django_connections["default"]
    call_command("migrate", verbosity=0, interactive=False)
    django_connections["default"].close()


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
