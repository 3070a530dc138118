"""A database of an older version says so, is brought up to date by one command, and keeps all that was in it."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connections as django_connections

from tests import builders
from urikake.base import connections, schema
from urikake.base.errors import Refusal
from urikake.base.url import django as django_settings
from urikake.doors import month, setup


def aged(url: str) -> None:
    """Take the database back to the first version of the ground's tables."""
    connections.drop(url)
    django_connections["default"].close()
    django_connections.settings["default"].update(django_settings(url))
    del django_connections["default"]
    call_command("migrate", "base", "0001", verbosity=0, interactive=False)
    django_connections["default"].close()


def test_an_older_database_is_refused_until_it_is_upgraded_and_loses_nothing(database: str) -> None:
    builders.a_shop(database)
    builders.a_contract(database)
    builders.bill(database, "2026-04-30")
    before = builders.entries(database)
    aged(database)
    for door in (lambda: builders.entries(database), lambda: month.recognize(database, "2026-04")):
        with pytest.raises(Refusal, match="urikake upgrade") as refused:
            door()
        assert refused.value.code == "old-schema"
    assert setup.upgrade(database) > 0
    assert setup.upgrade(database) == 0
    assert builders.entries(database) == before
    month.recognize(database, "2026-04")
    builders.assert_coherent(database)


def test_where_nothing_is_set_up_there_is_nothing_to_upgrade(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = f"sqlite:///{tmp_path_factory.mktemp('empty') / 'urikake.db'}"
    with pytest.raises(Refusal, match="no-company"):
        setup.upgrade(empty)
    assert not schema.exists(empty)
