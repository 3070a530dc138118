"""Two processes at once: nothing is doubled, nothing is missing, and no lock error reaches a person."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from urikake.base import runs
from urikake.doors import files, month, setup
from urikake.doors.asked import answer
from urikake.doors.bench import company
from urikake.rooms.closing.queries import verify

COMMAND = (sys.executable, "-c", "from urikake.doors.cli import main; main()")
CLOSING = date(2026, 4, 30)


def together(folder: Path, url: str, *commands: str) -> None:
    """Start all the commands at once; each must end well."""
    env = os.environ | {"DATABASE_URL": url, "PYTHONUTF8": "1"}
    started = [
        subprocess.Popen(
            (*COMMAND, *words.split()), cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for words in commands
    ]
    for words, process in zip(commands, started, strict=True):
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, f"{words}: {err.decode()}"


def founded(folder: Path, url: str) -> None:
    company.write(folder, 200)
    setup.set_up(url, folder / "company.toml")
    for kind in ("partners", "products", "contracts", "events"):
        files.take(url, kind, folder / f"{kind}.csv")


def books(url: str) -> dict[str, list[dict[str, Any]]]:
    with runs.reading(url) as session:
        assert verify(session) == []
    return {
        "invoices": answer(url, "invoices", {}),
        "trial-balance": answer(url, "trial-balance", {"as_of": CLOSING}),
        "receivables": answer(url, "receivables", {"as_of": CLOSING}),
    }


@pytest.fixture(params=("sqlite", "postgresql"))
def two_databases(request: pytest.FixtureRequest, tmp_path: Path, sqlite_copies: Callable[[Path], str]) -> list[str]:
    """The URLs of two empty databases on the same engine."""
    if request.param == "postgresql":
        copies = request.getfixturevalue("postgresql_copies")
        return [copies(), copies()]
    folders = [tmp_path / name for name in ("alone", "together")]
    for folder in folders:
        folder.mkdir()
    return [sqlite_copies(folder) for folder in folders]


def test_three_bills_of_one_closing_and_two_imports_make_what_one_makes(
    two_databases: list[str], tmp_path: Path
) -> None:
    alone, crowded = two_databases
    for url in two_databases:
        founded(tmp_path, url)
    files.take(alone, "usage", tmp_path / "usage.csv")
    month.bill(alone, CLOSING, issue=True)
    together(tmp_path, crowded, "import usage usage.csv", "import usage usage.csv")
    bill = f"bill --closing {CLOSING} --issue"
    together(tmp_path, crowded, bill, bill, "match", bill)
    assert books(crowded) == books(alone)


def test_one_result_file_taken_by_three_processes_settles_once(two_databases: list[str], tmp_path: Path) -> None:
    url, _ = two_databases
    builders.a_company(url)
    builders.a_collector(url)
    builders.debtors(url, *range(1_000, 1_040))
    ask = "debit request BANK --on 2026-05-27 -o request.txt"
    together(tmp_path, url, ask, ask)
    (tmp_path / "result.txt").write_bytes(builders.answered((tmp_path / "request.txt").read_bytes(), P7=1))
    take = "debit result result.txt --fee 100"
    together(tmp_path, url, take, take, take)
    asked = answer(url, "debits", {})
    assert (len(asked), sum(row["state"] == "paid" for row in asked)) == (40, 39)
    owed = sum(row["amount"] for row in asked if row["state"] == "paid") - 100
    assert builders.open_items(url) == {"OLD-P7": 1_006, "collection-1": owed}
    builders.assert_coherent(url)
