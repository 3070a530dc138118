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


def aged(url: str, part: str = "base") -> None:
    """Take the database back to the first version of the part's tables."""
    connections.drop(url)
    django_connections["default"].close()
    django_connections.settings["default"].update(django_settings(url))
    del django_connections["default"]
    call_command("migrate", part, "0001", verbosity=0, interactive=False)
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


def test_a_table_that_lacks_a_column_of_this_version_is_told_in_the_middle_of_a_run_too(database: str) -> None:
    builders.a_shop(database)
    builders.a_contract(database, product="API", unit_price=10, timing="arrears")
    aged(database, "usage")
    used = {"event_id": "u", "contract_no": "C1", "product": "API", "timestamp": "2026-04-05 10:00", "quantity": 3}
    with pytest.raises(Refusal, match="urikake upgrade"):
        builders.take_rows(database, "usage", [used])
    assert setup.upgrade(database) > 0
    assert builders.take_rows(database, "usage", [used]) == 1
    builders.assert_coherent(database)


def test_where_nothing_is_set_up_there_is_nothing_to_upgrade(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = f"sqlite:///{tmp_path_factory.mktemp('empty') / 'urikake.db'}"
    with pytest.raises(Refusal, match="no-company"):
        setup.upgrade(empty)
    assert not schema.exists(empty)
