"""The time and memory that a file of usage takes: ``python bench/usage.py EVENTS [csv|parquet]`` on the database of DATABASE_URL.

The database must be empty. 10,000 contracts are metered; the file measures each of them, over April 2026, about as often. It is taken,
and all of it is rated (a dry billing run), each through its usual door; then it is taken again, which changes nothing.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from urikake.base import loading
from urikake.base.url import from_environment

CONTRACTS = 10_000
SECONDS = 29 * 86_400


def main(events: int, form: str) -> None:
    """Measure a file of so many events in the form."""
    loading.load()
    from urikake.doors import files, month, setup

    url = from_environment()
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_masters(folder)
        file = write_usage(folder, events, form)
        setup.set_up(url, folder / "company.toml")
        for kind in ("partners", "products", "contracts"):
            files.take(url, kind, folder / f"{kind}.csv")
        measured("import", lambda: files.take(url, "usage", file))
        measured("rate", lambda: month.bill(url, date(2026, 4, 30), issue=False, preview=True))
        measured("import again", lambda: files.take(url, "usage", file))


def write_masters(folder: Path) -> None:
    """Write the files of a company all of whose contracts are metered and close at the end of the month."""
    from urikake.doors.bench import company

    company.write(folder, CONTRACTS * 20 // 3)
    lines = pl.read_csv(folder / "contracts.csv", infer_schema=False).filter(pl.col("product") == "U")
    lines.write_csv(folder / "contracts.csv")
    partners = pl.read_csv(folder / "partners.csv", infer_schema=False).with_columns(closing_day=pl.lit("31"))
    partners.filter(pl.col("code").is_in(lines["partner"].implode())).write_csv(folder / "partners.csv")


def write_usage(folder: Path, events: int, form: str) -> Path:
    """Write the usage of the contracts."""
    numbers = pl.read_csv(folder / "contracts.csv", infer_schema=False)["contract_no"]
    at = pl.int_range(events, eager=True)
    day = pl.lit("2026-03-31 15:00").str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", time_zone="UTC")
    rows = pl.DataFrame({"at": at, "contract_no": numbers.gather(at * 7919 % numbers.len())}).select(
        "contract_no",
        event_id=pl.format("e-{}", "at"),
        product=pl.lit("U"),
        timestamp=day + pl.duration(seconds=pl.col("at") * 2503 % SECONDS),
        quantity=1 + pl.col("at") % 13,
    )
    file = folder / f"usage.{form}"
    if form == "parquet":
        rows.write_parquet(file)
    else:
        rows.with_columns(pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(file)
    return file


def measured(name: str, work: Callable[[], Any]) -> None:
    """Do the work and print how long it took and the most memory that this process has had."""
    began, busy = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{name:<14}{wall:8.1f} s  CPU {cpu:7.1f} s  {peak:6,} MiB", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "csv")
