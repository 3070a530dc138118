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
from typing import Any, Final

import polars as pl

from urikake.base import periods, runs
from urikake.doors import asked, files, month, setup
from urikake.rooms.parties.queries import codes
from urikake.rooms.receivables.queries import open_items

from .company import MONTHS, receipts

WRITING: Final = ("import", "bill", "receipts", "match", "recognize", "close")
NAMES: Final = {
    "bill": "bill+issue",
    "receipts": "receipts+match",
    "match": "receipts+match",
    "recognize": "recognise 12 months",
}
_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")


@dataclass
class Clock:
    """Seconds and peak memory by phase."""

    seconds: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, phase: str) -> Iterator[None]:
        """Add what the block takes to the phase."""
        _reset_peak()
        started = time.perf_counter()
        yield
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - started
        self.peak_mib[phase] = max(self.peak_mib.get(phase, 0.0), peak())


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
    clock = Clock()
    setup.set_up(url, folder / "company.toml")
    for kind in ("partners", "products", "contracts", "events", "usage"):
        say(f"取込 {kind}")
        with clock.timing("import"):
            files.take(url, kind, folder / f"{kind}.csv")
    for first in MONTHS:
        say(f"{first:%Y-%m}")
        _month(url, folder, clock, first)
    last = periods.last_day(MONTHS[-1])
    for name, options in (("trial-balance", {"as_of": last}), ("aging", {"as_of": last})):
        with clock.timing(name):
            asked.answer(url, name, dict[str, Any](options))
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
    with clock.timing("recognise 12 months"):
        month.recognize(url, f"{first:%Y-%m}")
    with clock.timing("close"):
        month.close(url, f"{first:%Y-%m}")


def _owed(url: str) -> pl.DataFrame:
    """What every document still owes: ``partner``, ``document``, ``amount``."""
    with runs.reading(url) as session:
        items = open_items(session).join(codes(session), on="partner_id")
        sums = items.group_by("code", "source_id", maintain_order=True).agg(amount=pl.col("balance").sum())
        return sums.select(partner="code", document="source_id", amount="amount").filter(pl.col("amount") > 0)
