"""The time that files of journals take: ``python bench/exports.py [LINES]`` on the database of DATABASE_URL, which must be empty.

A company is made as `urikake bench` makes it, so large that its first three months post about so many lines (1,000,000), and
these months are billed, issued and recognised. Then the file of every package is made in a process of its own, proved, kept and
marked, as `urikake export journals` makes it; ``python bench/exports.py TARGET`` makes one of them again.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from urikake.base import loading
from urikake.base.url import from_environment
from urikake.core.formats import journals

MONTHS = 3
LAST = date(2026, 6, 30)
TARGETS = (*journals.TARGETS, "beancount")
PER_CONTRACT = 11
"""How many lines a contract posts in these months, roughly."""


def make(lines: int) -> None:
    """Make the company, take it through its months, and give every account its code."""
    from urikake.base import periods
    from urikake.doors import files, month, setup
    from urikake.doors.bench import company

    url = from_environment()
    with TemporaryDirectory() as name:
        folder = Path(name)
        company.write(folder, lines // PER_CONTRACT)
        setup.set_up(url, folder / "company.toml")
        for kind in ("partners", "products", "contracts", "events", "usage"):
            files.take(url, kind, folder / f"{kind}.csv")
        for first in company.MONTHS[:MONTHS]:
            for day in (first.replace(day=10), first.replace(day=20), periods.last_day(first)):
                month.bill(url, day, issue=True)
            month.recognize(url, f"{first:%Y-%m}")
    code(url)


def code(url: str) -> None:
    """Give every account a code in the packages that want one."""
    from urikake.base import access
    from urikake.base.company import ACCOUNTS
    from urikake.doors import files

    rows = [
        {"target": target, "kind": "account", "ours": name, "code": str(100 + at)}
        for target, known in journals.TARGETS.items() if known.coded
        for at, name in enumerate(ACCOUNTS)
    ]  # fmt: skip
    files.enter(url, "export-mappings", rows, subject="科目コード", user=access.SYSTEM)


def answer(target: str) -> None:
    """Make the file and print what it took; all entries again where an earlier file holds them."""
    from urikake.doors import exports

    began, busy = time.perf_counter(), time.process_time()
    made = exports.export(from_environment(), target, date(2026, 4, 1), LAST, again=True)
    took, used = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    told = made.figures
    print(
        f"{target:<14}{told['entries']:>10,} entries {told['rows']:>10,} rows {len(made.file) >> 20:>5,} MiB"
        f" {took:8.2f} s  CPU {used:7.2f} s  {peak:6,} MiB",
        flush=True,
    )


def tie_out() -> None:
    """Tie out the file of freee as it was made, slip by slip, and print what it took."""
    from urikake.base import runs
    from urikake.doors import exports
    from urikake.rooms.exports import queries

    url = from_environment()
    with runs.reading(url) as session:
        made = queries.batches(session)
        number = int(made.filter(made["target"] == "freee")["batch_id"][-1]) - session.low
    file = exports.file_of(url, number).file
    began, busy = time.perf_counter(), time.process_time()
    figures, _, _ = exports.tie_out_journal(url, ("freee.csv", file), "freee")
    took, used = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{'tie-out':<14}{figures['off']:>10,} off {took:44.2f} s  CPU {used:7.2f} s  {peak:6,} MiB", flush=True)


def lines_of() -> int:
    """How many lines the ledger has."""
    from urikake.base import runs

    with runs.reading(from_environment()) as session:
        return int(
            session.value("SELECT count(*) AS n FROM ledger_line WHERE id >= ? AND id < ?", (session.low, session.high))
        )


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    loading.load()
    match sys.argv[1:]:
        case ["make", lines]:
            make(int(lines))
            print(f"{lines_of():,} lines", flush=True)
        case ["tie-out"]:
            tie_out()
        case [target] if target in TARGETS:
            answer(target)
        case [*lines]:
            for words in (["make", *(lines or ["1000000"])], *([target] for target in (*TARGETS, "tie-out"))):
                subprocess.run([sys.executable, __file__, *words], check=True)
