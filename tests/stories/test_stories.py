"""Every story, every chapter of the guide and the README say what the program really does, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.runner import TOP, World, pages, retold


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(TOP).as_posix())
def test_a_page_tells_what_happens(page: Path, database: str, tmp_path: Path) -> None:
    told = page.read_text(encoding="utf-8")
    folder = tmp_path / "story"
    folder.mkdir()
    assert retold(told, World(folder, database)).split("\n") == told.split("\n")


def test_there_are_stories_to_tell() -> None:
    assert len(pages()) > 15
