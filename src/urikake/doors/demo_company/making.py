"""The demo company made in a database, shown to be whole, and removed again."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files as resources
from pathlib import Path
from shutil import copyfile
from typing import Any, Final, Literal, NamedTuple

from urikake.base import bulk, connections, runs
from urikake.base.company import companies
from urikake.base.errors import Refusal
from urikake.base.url import sqlite_path, with_company
from urikake.doors import setup

from .calendar import LAST
from .life import Life
from .plan import SEED, plan

CODE: Final = "demo"
"""The code of the company by which every door knows that it is the demo."""
MASTERS: Final = Path(str(resources("urikake"))) / "samples" / "minato"
COMMANDS: Final = "commands.txt"


class Step(NamedTuple):
    """A step that was done: the command that does it, the month (``2026-04``) or nothing, and its figures."""

    command: str
    month: str
    figures: dict[str, Any]


def state(url: str) -> Literal["none", "part", "whole"]:
    """How far the demo company stands in the database; refused where another company is there."""
    found = companies(url)
    other = [name for _, code, name in found if code != CODE]
    if other:
        raise Refusal(
            "demo-elsewhere",
            f"このデータベースには別の会社「{other[0]}」があるため、見本の会社は入れませんでした。",
            "空のフォルダーで行うか、DATABASE_URL に別のデータベースを指定してください。",
        )
    if not found:
        return "none"
    with runs.reading(with_company(url, CODE)) as session:
        sql = "SELECT count(*) AS n FROM base_run WHERE action = ? AND subject = ?"
        return "whole" if session.value(sql, ("bill", LAST.isoformat())) else "part"


def make(url: str, folder: Path, *, seed: int = SEED, scale: float = 1.0) -> Iterator[Step]:
    """Make the company in an empty database, step by step; its files and the list of the commands stay in the folder."""
    company = "company.toml"
    copyfile(MASTERS / company, folder / company)
    setup.set_up(with_company(url, CODE), folder / company)
    life = Life(with_company(url, CODE), folder, plan(seed, scale=scale))
    with (folder / COMMANDS).open("w", encoding="utf-8") as commands:
        for month, command, work in life.steps(MASTERS):
            commands.write(f"{command}\n")
            yield Step(command, month, work())


def remove(url: str) -> None:
    """Remove the demo company with its database; refused where another company is there."""
    if state(url) == "none":
        return
    connections.drop(url)
    if url.startswith("sqlite"):
        path = sqlite_path(url)
        for end in ("", "-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        return
    _drop_tables(url)


def _drop_tables(url: str) -> None:
    """Drop all tables of ours in a database on a server; the next setting up makes them anew."""
    from django.apps import apps

    names = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
    driver = bulk.driver(url)
    try:
        driver.begin(writing=True)
        for name in [*names, "django_migrations"]:
            driver.execute(f'DROP TABLE IF EXISTS "{name}" CASCADE')
        driver.end(keep=True)
    finally:
        driver.close()
