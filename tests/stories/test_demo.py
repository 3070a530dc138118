"""``urikake demo``: the sample companies, taken through their months as often as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.stories.runner import TOP, World, done, living
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import asked, demo
from urikake.rooms.closing.queries import verify


def taken(url: str, name: str) -> list[dict[str, object]]:
    """The figures of all steps of the sample."""
    sample = demo.SAMPLES[name]
    demo.prepare(url, sample)
    return [figures for _, figures in demo.take(url, sample)]


def nothing_new(figures: dict[str, object]) -> bool:
    """Whether a step changed nothing."""
    return not any(value for key, value in figures.items() if key not in {"locked", "outcomes"})


@pytest.mark.parametrize("name", sorted(demo.SAMPLES))
def test_a_sample_is_coherent_and_a_second_time_changes_nothing(name: str, database: str) -> None:
    sample = demo.SAMPLES[name]
    assert any(not nothing_new(figures) for figures in taken(database, name))
    first = asked.answer(database, "journals", {"since": sample.since, "until": sample.until})
    assert [figures for figures in taken(database, name) if not nothing_new(figures)] == []
    assert asked.answer(database, "journals", {"since": sample.since, "until": sample.until}) == first
    with runs.reading(database) as session:
        assert verify(session) == []


def test_a_sample_does_not_mix_with_another_company(sqlite_url: str) -> None:
    demo.prepare(sqlite_url, demo.SAMPLES["water"])
    with pytest.raises(Refusal, match="demo-elsewhere"):
        demo.prepare(sqlite_url, demo.SAMPLES["hosting"])


def test_an_unknown_sample_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, sqlite_url)
    with living(world):
        assert done("urikake demo beer", world).endswith("[unknown-sample]\n")


def test_all_of_it_is_printed_with_papers_and_what_to_try_next(sqlite_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, sqlite_url)
    with living(world):
        told = done("urikake demo all", world)
    for words in ("いずみ宅水株式会社", "ほしぞらホスティング株式会社", "仕訳帳", "合計残高試算表", "次に試すこと"):
        assert words in told
    assert told.count("すべて一致しています。") == 2
    assert (tmp_path / "urikake-hosting.db").exists()


def test_what_it_says_to_try_next_works(sqlite_url: str, tmp_path: Path) -> None:
    from urikake.doors.cli.demo import TRIES

    for name in TRIES:
        world = World(tmp_path, f"sqlite:///{tmp_path}/{name}.db")
        taken(world.url, name)
        with living(world):
            for line in TRIES[name]:
                said = done(line.split(":", 1)[1].strip(), world)
                assert said, line
                assert not said.rstrip().endswith("]"), said


def test_help_is_there_at_once() -> None:
    code = "import sys; from urikake.doors.cli import main, bench, demo; print({'polars', 'django'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TOP)
    assert found.stdout == "set()\n"
