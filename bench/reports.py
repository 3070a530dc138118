"""The time that reports of contracts and sales take: ``python bench/reports.py CONTRACTS`` on the database of DATABASE_URL.

The database must be empty. A company of so many contract lines is made as `urikake bench` makes it, with usage up to the
third month; its first three months are billed, issued and recognised, by a process that leaves what it remembers to the
next ones (``URIKAKE_CACHE``). Then every report is answered in a process of its own, and written as JSON: once as the first
thing that the process does, and once more; ``python bench/reports.py REPORT`` asks for one of them again.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from urikake.base import loading
from urikake.base.url import from_environment

MONTHS = 3
TODAY = date(2026, 6, 30)
REPORTS: dict[str, dict[str, Any]] = {
    "contracts": {"as_of": TODAY},
    "timeline": {"partner": "P0000007"},
    "mrr": {"month": "2026-06"},
    "mrr-by": {"month": "2026-06", "by": "service"},
    "mrr-movements": {"month": "2026-06"},
    "forecast": {"from_month": "2026-07", "by": "service"},
    "billing-diff": {"closing": TODAY},
    "renewals": {"as_of": date(2027, 3, 1)},
    "waterfall": {"from_month": "2026-04", "months": 24},
    "revenue-by": {"since": date(2026, 4, 1), "until": TODAY},
    "contract-balances": {"since": date(2026, 4, 1), "until": TODAY},
    "remaining-obligations": {"as_of": TODAY},
}


def make(contracts: int) -> None:
    """Make the company and take it through its first months."""
    from urikake.base import periods
    from urikake.doors import files, month, setup
    from urikake.doors.bench import company

    url = from_environment()
    with TemporaryDirectory() as name:
        folder = Path(name)
        company.write(folder, contracts)
        used = pl.scan_csv(folder / "usage.csv", infer_schema=False)
        until = (TODAY + timedelta(1)).isoformat()
        used.filter(pl.col("timestamp") < until).collect().write_csv(folder / "known.csv")
        setup.set_up(url, folder / "company.toml")
        for kind in ("partners", "products", "contracts", "events"):
            files.take(url, kind, folder / f"{kind}.csv")
        files.take(url, "usage", folder / "known.csv")
        for first in company.MONTHS[:MONTHS]:
            for day in (first.replace(day=10), first.replace(day=20), periods.last_day(first)):
                month.bill(url, day, issue=True)
            month.recognize(url, f"{first:%Y-%m}")


def answer(name: str) -> None:
    """Answer the report twice and print what each took."""
    from urikake.doors import asked
    from urikake.doors.cli.columns import as_json

    took, rows = [], 0
    for _ in range(2):
        began, busy = time.perf_counter(), time.process_time()
        found = asked.found(from_environment(), name, REPORTS[name])
        rows = 1 if isinstance(found, dict) else len(found)
        if hasattr(found, "frame"):
            with Path(os.devnull).open("w", encoding="utf-8") as out:
                out.writelines(as_json(found.frame))
        took.append(f"{time.perf_counter() - began:8.2f} s  CPU {time.process_time() - busy:6.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{name:<14}{rows:>10,} rows   first {took[0]}   again {took[1]}   {peak:6,} MiB", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    loading.load()
    match sys.argv[1:]:
        case ["make", contracts]:
            make(int(contracts))
        case [report] if report in REPORTS:
            answer(report)
        case [contracts]:
            for words in (["make", contracts], *([report] for report in REPORTS)):
                subprocess.run([sys.executable, __file__, *words], check=True)
