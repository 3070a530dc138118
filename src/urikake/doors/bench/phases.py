"""The year of the generated company, phase by phase, with seconds and peak memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from urikake.base import connections, periods, runs
from urikake.doors import asked, files, month, setup
from urikake.rooms.parties.queries import codes
from urikake.rooms.receivables.queries import open_items

from .company import MONTHS, receipts

_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")


@dataclass
class Clock:
    """Seconds and peak memory by phase, and which runs belong to which: ``last_run`` is the newest after each block."""

    url: str
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)
    last_run: list[tuple[str, int]] = field(default_factory=list)

    @contextmanager
    def timing(self, phase: str) -> Iterator[None]:
        """Add what the block takes to the phase."""
        _reset_peak()
        started = time.perf_counter()
        yield
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - started
        self.peak_mib[phase] = max(self.peak_mib.get(phase, 0.0), peak())
        self.mark(phase)

    def mark(self, phase: str) -> None:
        """Note that all runs since the last mark belong to the phase."""
        with runs.reading(self.url) as session:
            newest = session.value("SELECT max(id) AS id FROM base_run WHERE id < ?", (session.high,))
        self.last_run.append((phase, newest))

    def phase_of_runs(self, run_ids: pl.Series) -> pl.DataFrame:
        """The ``phase`` of each ``run_id``, in the order of the ids."""
        marks = pl.DataFrame(self.last_run, schema={"phase": pl.String, "run_id": pl.Int64}, orient="row")
        marks = marks.unique("run_id", keep="first").sort("run_id")  # a block that wrote nothing has no run of its own
        return pl.DataFrame({"run_id": run_ids}).sort("run_id").join_asof(marks, on="run_id", strategy="forward")


def _reset_peak() -> None:
    """Let the high-water mark of memory begin anew, where the system can."""
    if _RESET.exists():
        _RESET.write_text("5")


def peak() -> float:
    """The high-water mark of this process's memory in MiB."""
    if _RESET.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def run(url: str, folder: Path, say: Callable[[str], None]) -> Clock:
    """Take the company of the folder through its year on an empty database and return the clock."""
    clock = Clock(url)
    setup.set_up(url, folder / "company.toml")
    clock.mark("init")
    for kind in ("partners", "products", "contracts", "events", "usage"):
        say(f"取込 {kind}")
        with clock.timing("import"):
            files.take(url, kind, folder / f"{kind}.csv")
    for first in MONTHS:
        say(f"{first:%Y-%m}")
        _month(url, folder, clock, first)
    with clock.timing("close"):
        connections.drop(url)  # what is still being moved into the database's file belongs to the year
    last = periods.last_day(MONTHS[-1])
    for name in ("trial-balance", "aging"):
        with clock.timing(name):
            asked.answer(url, name, {"as_of": last})
    return clock


def _month(url: str, folder: Path, clock: Clock, first: date) -> None:
    last = periods.last_day(first)
    for day in (first.replace(day=10), first.replace(day=20), last):
        with clock.timing("bill+issue"):
            month.bill(url, day, issue=True)
    paid = receipts(folder, _owed(url), last)
    with clock.timing("receipts+match"):
        files.take_receipts(url, paid, account="main")
        month.match(url, on=last)
    with clock.timing("recognise"):
        month.recognize(url, f"{first:%Y-%m}")
    with clock.timing("close"):
        month.close(url, f"{first:%Y-%m}")


def _owed(url: str) -> pl.DataFrame:
    """What every document still owes: ``partner``, ``document``, ``amount``."""
    with runs.reading(url) as session:
        items = open_items(session).join(codes(session), on="partner_id")
        sums = items.group_by("code", "source_id", maintain_order=True).agg(amount=pl.col("balance").sum())
        return sums.select(partner="code", document="source_id", amount="amount").filter(pl.col("amount") > 0)
