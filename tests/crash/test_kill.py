"""Killed with SIGKILL at random moments and simply run again: the books are those of an undisturbed run, byte for byte.

``URIKAKE_KILLS`` says how often each step is killed (default 1), ``URIKAKE_KILL_CONTRACTS`` the size of the company.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import named
from urikake.base import runs
from urikake.doors.asked import answer
from urikake.doors.bench import company
from urikake.rooms.closing.queries import verify

KILLS = int(os.environ.get("URIKAKE_KILLS", "1"))
CONTRACTS = int(os.environ.get("URIKAKE_KILL_CONTRACTS", "300"))
COMMAND = (sys.executable, "-c", "from urikake.doors.cli import main; main()")
PREPARE = ("init --company company.toml", "import partners partners.csv", "import products products.csv")
STEPS = (
    "import contracts contracts.csv",
    "import events events.csv",
    "import usage usage.csv",
    "bill --closing 2026-04-10 --issue",
    "bill --closing 2026-04-20 --issue",
    "bill --closing 2026-04-30 --issue",
    "receipts receipts.csv --format csv --account main",
    "match --date 2026-04-30",
    "recognize 2026-04",
    "close 2026-04",
)
FIRST, LAST = date(2026, 4, 1), date(2026, 4, 30)
REPORTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("invoices", {}),
    ("journals", {"since": FIRST, "until": LAST}),
    ("trial-balance", {"as_of": LAST}),
    ("receivables", {"as_of": LAST}),
    ("receipts", {}),
    ("recognized", {"month": "2026-04"}),
    ("deferred", {"month": "2026-04"}),
    ("schedule", {}),
)


def start(folder: Path, url: str, words: str) -> subprocess.Popen[bytes]:
    env = os.environ | {"DATABASE_URL": url, "PYTHONUTF8": "1"}
    return subprocess.Popen(
        (*COMMAND, *words.split()), cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def run(folder: Path, url: str, words: str) -> str:
    process = start(folder, url, words)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, f"{words}: {err.decode()}"
    return out.decode()


def books(url: str) -> dict[str, str]:
    with runs.reading(url) as session:
        assert verify(session) == []
    return {name: json.dumps(answer(url, name, options), ensure_ascii=False) for name, options in REPORTS}


def pay(folder: Path, url: str) -> None:
    """The bank file that pays what the undisturbed books say is open, one invoice in ten less a fee."""
    rows = answer(url, "receivables", {"as_of": LAST})
    lines = ["date,amount,payer,id"]
    owed: dict[tuple[str, str], int] = {}
    for row in rows:
        owed[row["partner"], row["invoice_no"]] = owed.get((row["partner"], row["invoice_no"]), 0) + row["balance"]
    for at, ((partner, _), amount) in enumerate(sorted(owed.items())):
        lines.append(f"2026-04-30,{amount - (440 if at % 10 == 0 else 0)},ｶ)ｹｲｿｸ{partner[1:]},R{at}")
    (folder / "receipts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def kill_during(folder: Path, url: str, words: str, seconds: float, luck: random.Random) -> bool:
    """Start the command, kill it somewhere within its usual duration; whether it was still at work."""
    process = start(folder, url, words)
    time.sleep(luck.uniform(0.2, 1.05) * seconds)
    running = process.poll() is None
    process.kill()
    process.communicate()
    return running


@pytest.fixture(params=("sqlite", "postgresql"))
def two_databases(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_copies: Callable[[Path], str]
) -> tuple[str, str]:
    """The URLs of two empty databases on the same engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/calm.db", f"sqlite:///{tmp_path}/killed.db"
    server, copies = request.getfixturevalue("server_url"), request.getfixturevalue("postgresql_copies")
    calm, killed = copies(), copies()
    assert named(server, "postgres")
    return calm, killed


def test_killed_anywhere_and_run_again_the_books_are_the_same(two_databases: tuple[str, str], tmp_path: Path) -> None:
    company.write(tmp_path, CONTRACTS)
    calm, killed = two_databases
    durations: dict[str, float] = {}
    for words in (*PREPARE, *STEPS):
        if words.startswith("receipts"):
            pay(tmp_path, calm)
        began = time.perf_counter()
        run(tmp_path, calm, words)
        durations[words] = time.perf_counter() - began
    luck, hit = random.Random(7), 0
    for words in PREPARE:
        run(tmp_path, killed, words)
    for words in STEPS:
        for _ in range(KILLS):
            hit += kill_during(tmp_path, killed, words, durations[words], luck)
        run(tmp_path, killed, words)
    assert hit >= KILLS * len(STEPS) // 4, "the kills came too late to tell anything"
    calm_books, killed_books = books(calm), books(killed)
    for name, _ in REPORTS:
        assert calm_books[name] == killed_books[name], name
