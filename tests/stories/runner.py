"""Runs the console blocks of a Markdown page in a fresh folder on one database and gives the page with what came out.

A page is a story. Its blocks, from top to bottom:

- ```` ```csv title="contracts.csv" ```` (or ``toml``): the file is written into the folder of the story.
- ```` ```console ````: each line ``$ command`` is run; the lines up to the next one are its output, to the character.
- ``<!-- 準備: urikake … -->``: run without being shown; several commands are separated by ``;``.

Commands are ``urikake …``, ``echo '…' | urikake …``, ``cat FILE``, and ``tamper SQL``, which writes in the database past
its guards, as somebody with full rights over it could.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import shlex
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import psycopg

from urikake.base.url import sqlite_path

TOP = Path(__file__).parents[2]
WIDTH = "100"
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\s*$")
HIDDEN = re.compile(r"^<!-- 準備: (.*) -->$")
REFUSED = re.compile(r"\[[a-z-]+\]$", re.MULTILINE)
CLEAN = {"COLUMNS": WIDTH, "NO_COLOR": "1", "TERM": "dumb", "TZ": "Asia/Tokyo"}


@dataclass(frozen=True)
class World:
    """Where a story happens: its folder and its database."""

    folder: Path
    url: str


def pages() -> list[Path]:
    """All pages with something to run: the stories, the guide, and the README."""
    places = [
        *sorted((TOP / "tests" / "stories").glob("*.md")),
        *sorted((TOP / "docs").rglob("*.md")),
        TOP / "README.md",
    ]
    return [page for page in places if page.exists() and "```console" in page.read_text(encoding="utf-8")]


def retold(text: str, world: World) -> str:
    """The page with the output that its commands really have."""
    with living(world):
        return "\n".join(_lines(text.split("\n"), world))


def _lines(lines: list[str], world: World) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        yield line
        at += 1
        if hidden := HIDDEN.match(line):
            for command in hidden[1].split("; "):
                assert not REFUSED.search(said := done(command, world)), said
        if fence := FENCE.match(line):
            end = lines.index("```", at)
            yield from _block(fence[1], fence[2], lines[at:end], world)
            yield "```"
            at = end + 1


def _block(kind: str, title: str | None, body: list[str], world: World) -> Iterator[str]:
    """The block as it should read."""
    if title:
        (world.folder / title).write_text("\n".join(body) + "\n", encoding="utf-8")
    if kind != "console":
        yield from body
        return
    for line in body:
        if line.startswith("$ "):
            yield line
            yield from (out.rstrip() for out in done(line[2:], world).splitlines())


@contextlib.contextmanager
def living(world: World) -> Iterator[None]:
    """The folder and the surroundings of the story, for as long as it lasts."""
    with contextlib.chdir(world.folder), mock.patch.dict(os.environ, {**CLEAN, "DATABASE_URL": world.url}):
        yield


def done(command: str, world: World) -> str:
    """What the command prints, errors included."""
    if command.startswith("echo "):
        said, _, command = command.partition(" | ")
        return _urikake(shlex.split(command)[1:], shlex.split(said)[1] + "\n")
    words = shlex.split(command)
    if words[0] == "urikake":
        return _urikake(words[1:])
    if words[0] == "cat":
        return (world.folder / words[1]).read_text(encoding="utf-8")
    if words[0] == "tamper":
        tamper(world.url, words[1])
        return ""
    raise ValueError(f"a story cannot run: {command}")


@functools.cache
def command_line() -> Callable[[], None]:
    """The command line as a person has it, with every command registered."""
    from urikake.doors.cli import bench, demo, explain
    from urikake.doors.cli.main import app, run

    app.command()(demo.demo)
    assert bench  # it registers itself
    assert explain  # likewise
    return run


def _urikake(words: list[str], told: str = "") -> str:
    """Run the command line in this process; what it prints on either stream."""
    out = io.StringIO()
    with (
        mock.patch.multiple(sys, stdout=out, stderr=out, stdin=io.StringIO(told), argv=["urikake", *words]),
        contextlib.suppress(SystemExit),
    ):
        command_line()()
    assert "Usage: " not in out.getvalue(), out.getvalue()
    return out.getvalue()


def tamper(url: str, statement: str) -> None:
    """Write past the guards: take the table's triggers away, then do it."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(sqlite_path(url))) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)
            connection.commit()
        return
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)
