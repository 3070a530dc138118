"""What a process leaves in the cache folder for the next changes no answer, and is left alone where it no longer holds."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from tests import builders
from tests.laws.test_simulated_years import books
from tests.simulator.play import do, found_company, play
from tests.simulator.story import told
from urikake.base import connections, left, memory
from urikake.base.url import sqlite_path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of one's own, in which even the smallest company is left."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(left.VARIABLE, str(folder))
    monkeypatch.setattr(left, "LARGE", 1)
    return folder


def next_process() -> None:
    """End what stands for a process here, and begin another: all that the new one knows is what the old one left."""
    memory._leave_all()
    memory._kept.clear()
    connections.drop_all()


def index(cache: Path) -> Path:
    [found] = cache.glob("*/index.json")
    return found


def test_processes_that_take_up_what_the_last_one_left_keep_the_same_books(
    cache: Path, database: str, sqlite_copies: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = told(4, months=3, size=6)
    found_company(database, story)
    taken = []
    monkeypatch.setattr(left.Left, "get", lambda self, key, get=left.Left.get: (taken.append(key), get(self, key))[1])
    for step in story.steps:
        do(database, step, checked=True)
        next_process()
    assert builders.wrongs(database) == []
    answers = books(database)
    assert {("contracts_line",), ("last_billed",), ("folded",)} <= {key[:1] for key in taken}
    monkeypatch.setenv(left.VARIABLE, "")
    plain = sqlite_copies(tmp_path)
    play(plain, story, checked=False)
    assert answers == books(plain)


@pytest.fixture
def shop(cache: Path, sqlite_url: str) -> str:
    """A shop whose contracts an earlier process has read."""
    builders.a_shop(sqlite_url)
    builders.a_contract(sqlite_url, monthly=5_000)
    assert prices(sqlite_url) == [5_000]
    next_process()
    assert index(cache)
    return sqlite_url


def prices(url: str) -> list[int]:
    return [row["unit_price"] for row in builders.report(url, "contracts", as_of="2026-12-31")]


def test_books_put_back_to_an_earlier_day_are_read_anew(shop: str, cache: Path) -> None:
    file = Path(sqlite_path(shop))
    earlier = shutil.copyfile(file, file.with_name("earlier.db"))
    builders.an_event(shop, "change_price", "2026-05-01", unit_price=6_000)
    assert prices(shop) == [6_000]
    next_process()
    shutil.copyfile(earlier, file)
    builders.an_event(shop, "change_price", "2026-05-01", unit_price=7_000)  # as many rows as there were, but others
    assert prices(shop) == [7_000]
    next_process()
    assert prices(shop) == [7_000]


@pytest.mark.parametrize("harm", ["gone", "cut", "changed", "index", "names", "empty", "program"])
def test_what_cannot_be_read_is_as_if_it_were_not_there(
    shop: str, cache: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in cache.glob("*/*.arrow"):
        if harm == "gone":
            file.unlink()
        elif harm == "cut":
            file.write_bytes(file.read_bytes()[:100])
        elif harm == "changed":  # a frame that can be read and says something else
            frame = pl.read_ipc(file.read_bytes())
            numbers = [name for name, kind in frame.schema.items() if kind == pl.Int64]
            frame.with_columns(pl.col(numbers) * 2).write_ipc(file)
    if harm in {"names", "empty"}:
        told = json.loads(index(cache).read_text(encoding="utf-8"))
        files = {"../../secret.arrow": "0"} if harm == "names" else {}
        told["entries"] = [[key, stamp, files, several] for key, stamp, _, several in told["entries"]]
        index(cache).write_text(json.dumps(told), encoding="utf-8")
    if harm == "index":
        index(cache).write_text('{"program": ', encoding="utf-8")
    if harm == "program":  # a new version, for which the frames may mean something else
        monkeypatch.setattr(left, "_program", lambda: "another")
        for file in cache.glob("*/*.arrow"):
            file.write_bytes(b"")
    assert prices(shop) == [5_000]
    next_process()
    assert prices(shop) == [5_000]


def test_a_folder_that_others_may_enter_is_neither_read_nor_written(shop: str, cache: Path) -> None:
    folder = index(cache).parent
    folder.chmod(0o777)
    before = {file: file.read_bytes() for file in folder.iterdir()}
    builders.an_event(shop, "change_price", "2026-05-01", unit_price=6_000)
    assert prices(shop) == [6_000]
    next_process()
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_the_books_are_verified_themselves_and_not_what_is_remembered_of_them(shop: str) -> None:
    builders.bill(shop, "2026-04-30")
    [kept] = [found for (where, _), found in memory._kept.items() if where == memory.place(shop)]
    kept.tables = {key: (top, frame.clear()) for key, (top, frame) in kept.tables.items()}
    kept.values.clear()
    assert builders.wrongs(shop) == []
    assert prices(shop) == [5_000]  # what was found right is remembered anew


def test_books_found_broken_are_not_remembered(shop: str, cache: Path) -> None:
    with closing(sqlite3.connect(sqlite_path(shop))) as connection, connection:
        connection.execute("DROP TRIGGER contracts_line_no_update")
        connection.execute("UPDATE contracts_line SET quantity_micro = quantity_micro + 1")
    assert builders.wrongs(shop) != []
    next_process()
    assert list(cache.glob("*")) == []


def test_only_the_user_can_read_what_is_left_and_only_so_many_companies_are_kept(
    shop: str, cache: Path, monkeypatch: pytest.MonkeyPatch, sqlite_copies: Callable[[Path], str], tmp_path: Path
) -> None:
    assert index(cache).parent.stat().st_mode & 0o077 == 0
    mine = [cache / name / "index.json" for name in ("mine", "0123-1")]
    for file in mine:  # a folder that is used for something else too
        file.parent.mkdir()
        file.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(left, "MOST", 2)
    for name in ("second", "third"):
        folder = tmp_path / name
        folder.mkdir()
        url = builders.a_shop(sqlite_copies(folder))
        builders.a_contract(url)
        prices(url)
        next_process()
    assert all(file.exists() for file in mine)
    assert len(list(cache.iterdir())) == 2 + len(mine)
    assert not list(cache.glob(f"{left._name(memory.place(shop))}-*"))


@pytest.mark.parametrize("why", [OSError("full"), pl.exceptions.ComputeError("full")])
def test_where_the_disk_has_no_room_what_was_left_before_still_stands(
    shop: str, cache: Path, monkeypatch: pytest.MonkeyPatch, why: Exception
) -> None:
    def full(*_: object, **__: object) -> None:
        raise why

    builders.an_event(shop, "change_price", "2026-05-01", unit_price=6_000)
    assert prices(shop) == [6_000]
    before = index(cache).read_text(encoding="utf-8")
    monkeypatch.setattr(pl.DataFrame, "write_ipc", full)
    next_process()
    assert index(cache).read_text(encoding="utf-8") == before
    assert prices(shop) == [6_000]


def test_an_empty_variable_leaves_nothing(shop: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(left.VARIABLE, "")
    builders.an_event(shop, "change_price", "2026-05-01", unit_price=6_000)
    before = index(cache).read_text(encoding="utf-8")
    assert prices(shop) == [6_000]
    next_process()
    assert index(cache).read_text(encoding="utf-8") == before
