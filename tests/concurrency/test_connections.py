"""A connection kept between runs is never one that is in use, gone, or another process's, and holds nobody up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.builders import a_contract, a_shop, assert_coherent, bill, invoices
from tests.concurrency.test_two_at_once import together
from urikake.base import connections, runs
from urikake.base.bulk import transaction


def test_two_transactions_at_once_have_two_connections_and_the_next_one_has_a_kept_one(database: str) -> None:
    with transaction(database, writing=False) as one, transaction(database, writing=False) as two:
        assert one.driver is not two.driver
    with transaction(database, writing=False) as three:
        assert three.driver is one.driver


def test_a_connection_is_not_kept_after_an_error(database: str) -> None:
    with pytest.raises(ZeroDivisionError), transaction(database, writing=True) as failed:
        raise ZeroDivisionError
    with transaction(database, writing=True) as session:
        assert session.driver is not failed.driver


def test_an_idle_process_holds_nobody_up_and_sees_what_others_did(database: str, tmp_path: Path) -> None:
    a_shop(database)
    a_contract(database)
    together(tmp_path, database, "bill --closing 2026-04-30 --issue")
    assert len(invoices(database)) == 1
    bill(database, "2026-05-31")
    together(tmp_path, database, "bill --closing 2026-06-30 --issue")
    bill(database, "2026-07-31")
    assert_coherent(database)


def test_a_database_put_in_place_of_another_is_opened_anew(
    sqlite_copies: Callable[[Path], str], tmp_path: Path
) -> None:
    url = sqlite_copies(tmp_path)
    a_shop(url)
    for name in ("urikake.db", "urikake.db-wal", "urikake.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    sqlite_copies(tmp_path)
    a_shop(url)
    a_contract(url)
    bill(url, "2026-04-30")
    assert_coherent(url)


def test_a_connection_that_the_server_closed_is_replaced(postgresql_url: str, server_url: str) -> None:
    a_shop(postgresql_url)
    name = postgresql_url.rsplit("/", 1)[1]
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))
    a_contract(postgresql_url)
    assert_coherent(postgresql_url)


def test_what_is_kept_is_closed_before_the_file_is_copied(sqlite_url: str, tmp_path: Path) -> None:
    a_shop(sqlite_url)
    connections.drop(sqlite_url)
    copy = tmp_path / "copy.db"
    shutil.copyfile(tmp_path / "urikake.db", copy)
    with runs.reading(f"sqlite:///{copy}") as session:
        assert session.value("SELECT count(*) AS n FROM catalog_product")


class Noted:
    """A connection that writes down that it was closed."""

    closed = False

    def rest(self) -> None: ...

    def fit(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def test_a_forked_process_neither_uses_nor_closes_what_its_parent_keeps() -> None:
    mine = Noted()
    connections.give("noted://", mine)
    child = os.fork()
    if not child:
        own = connections.take("noted://", lambda url: Noted())
        connections.drop_all()
        os._exit(1 if own is mine or mine.closed else 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert connections.take("noted://", lambda url: Noted()) is mine
