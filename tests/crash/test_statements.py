"""Death at the N-th statement of a run: nothing of it is kept, and run again it ends as if nothing had happened.

The company is a simulated one, and so are its days. Each run is struck at a spread of its statements, one death after
the other on the same books; ``URIKAKE_DEATHS`` says at how many (default 8; 0: at every one).
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests import builders
from tests.simulator.arithmetic import month_end
from tests.simulator.model import Step
from tests.simulator.play import do, found_company
from tests.simulator.story import Story, told
from urikake.base import bulk, connections
from urikake.base.bulk import Driver

DEATHS = int(os.environ.get("URIKAKE_DEATHS", "8"))
KINDS = ("take", "bill", "receipts", "match", "recognize", "close")
EVERY_KIND_STRUCK = 2  # times
REPORTS = ("invoices", "receipts", "schedule")
DATED = ("receivables", "trial-balance")


class Death(BaseException):
    """What no part of the product catches to go on."""


class Mortal:
    """A driver that counts its statements and dies at the one it is told."""

    def __init__(self, inner: Driver, life: Life) -> None:
        self._inner, self._life, self.kind, self._kept = inner, life, inner.kind, False

    def begin(self, *, writing: bool) -> None:
        self._kept = False
        self._inner.begin(writing=writing)

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        self._life.step()
        self._inner.execute(sql, params)

    def read(self, sql: str, params: Sequence[Any], schema: dict[str, Any]) -> pl.DataFrame:
        self._life.step()
        return self._inner.read(sql, params, schema)

    def write(self, table: str, frame: pl.DataFrame, *, temporary: bool = False) -> None:
        self._life.step()
        self._inner.write(table, frame, temporary=temporary)

    def end(self, *, keep: bool) -> None:
        if keep:
            self._life.step()
        if not self._kept:
            self._inner.end(keep=keep)
        self._kept = keep
        if keep:
            self._life.step()  # kept, but nobody was told

    def close(self) -> None:
        self._inner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Life:
    """How many statements are lived through before death, and how it comes."""

    def __init__(self, until: int | None, *, at_once: bool = False) -> None:
        self.until, self.lived, self.at_once = until, 0, at_once

    def step(self) -> None:
        self.lived += 1
        if self.lived == self.until:
            if self.at_once:
                os._exit(9)
            raise Death


@contextmanager
def living(life: Life) -> Iterator[None]:
    """Every connection used inside counts on this life; none outlives it."""
    born = bulk.driver
    connections.drop_all()
    bulk.driver = lambda url: Mortal(born(url), life)  # type: ignore[assignment]
    try:
        yield
    finally:
        bulk.driver = born
        connections.drop_all()


def statements(url: str, step: Step) -> int:
    """The statements that the step takes, done undisturbed."""
    life = Life(None)
    with living(life):
        do(url, step, checked=False)
    return life.lived


def books(url: str) -> dict[str, str]:
    """Every report that tells the whole of the books, as it is printed."""
    found: dict[str, Any] = {name: builders.report(url, name) for name in REPORTS}
    found |= {name: builders.report(url, name, as_of="2099-12-31") for name in DATED}
    found["journals"] = builders.entries(url)
    months = sorted({row["month"] for row in found["schedule"]})[:6]
    for name in ("recognized", "deferred"):
        found[name] = [builders.report(url, name, month=month) for month in months]
    return {name: json.dumps(rows, ensure_ascii=False) for name, rows in found.items()}


@pytest.fixture(params=("sqlite", "postgresql"))
def two_databases(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_copies: Callable[[Path], str]
) -> tuple[str, str]:
    """The URLs of two empty databases on the same engine."""
    if request.param == "postgresql":
        copies = request.getfixturevalue("postgresql_copies")
        return copies(), copies()
    folders = [tmp_path / name for name in ("calm", "struck")]
    for folder in folders:
        folder.mkdir()
    return sqlite_copies(folders[0]), sqlite_copies(folders[1])


def days(seed: int) -> tuple[Story, list[Step]]:
    story = told(seed, months=3, size=8)
    steps = [step for step in story.steps if step.kind in KINDS]
    closed = {step.what for step in steps if step.kind == "close"}
    ends = sorted({month_end(step.on) for step in steps})
    return story, [*steps, *(Step("close", end, f"{end:%Y-%m}") for end in ends if f"{end:%Y-%m}" not in closed)]


def spread(count: int, deaths: int) -> list[int]:
    """So many of the statements 1 … count, first and last always among them."""
    if not deaths or count <= deaths:
        return list(range(1, count + 1))
    return sorted({1 + round(at * (count - 1) / (deaths - 1)) for at in range(deaths)})


def test_death_at_any_statement_leaves_no_trace(two_databases: tuple[str, str]) -> None:
    calm, struck = two_databases
    story, steps = days(10)
    for url in two_databases:
        found_company(url, story)
    seen: dict[str, int] = {}
    deaths = 0
    for step in steps:
        name = step.what if step.kind == "take" else step.kind
        count = statements(calm, step)
        seen[name] = seen.get(name, 0) + 1
        if seen[name] <= EVERY_KIND_STRUCK:
            deaths += sum(dies(struck, step, at) for at in spread(count, DEATHS))
        do(struck, step, checked=False)
    assert {"partners", "contracts", "events", "bill", "receipts", "match", "recognize", "close"} <= set(seen), seen
    assert deaths > 60
    assert books(struck) == books(calm)
    builders.assert_coherent(struck)


def dies(url: str, step: Step, at: int) -> bool:
    """The step struck at its statement of that number; whether it came so far."""
    with living(Life(at)):
        try:
            do(url, step, checked=False)
        except Death:
            return True
    return False


def test_a_process_that_ends_in_the_middle_leaves_no_trace(two_databases: tuple[str, str], tmp_path: Path) -> None:
    calm, struck = two_databases
    story, steps = days(10)
    for url in two_databases:
        found_company(url, story)
    todo = {"bill": 1, "close": 1}
    for step in steps:
        count = statements(calm, step)
        if todo.get(step.kind) and count > 20:
            todo[step.kind] -= 1
            for at in (count // 2, count - 1):
                assert killed(tmp_path, struck, step, at) == 9
        do(struck, step, checked=False)
    assert not any(todo.values()), todo
    assert books(struck) == books(calm)
    builders.assert_coherent(struck)


def killed(folder: Path, url: str, step: Step, at: int) -> int:
    """The exit status of a process of its own that does the step and ends without a word at that statement."""
    file = folder / "step"
    file.write_bytes(pickle.dumps(step))
    command = (sys.executable, "-m", "tests.crash.child", url, str(file), str(at))
    return subprocess.run(command, check=False, timeout=60).returncode


def test_the_spread_reaches_from_the_first_to_the_last() -> None:
    assert spread(3, 25) == [1, 2, 3]
    assert spread(101, 3) == [1, 51, 101]
