"""The time that documents take: ``python bench/documents.py [INVOICES]`` on the database of DATABASE_URL, which must be empty.

A company is made as `urikake bench` makes it, with as many contracts as give so many invoices (1,000) in its first month,
and the month is billed. Then its largest closing, and after it all others, are gathered and set as PDF in files of up to
1,000; one invoice is set alone, a hundred times. Seconds are told beside the CPU time, which others on the machine change less.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from urikake.base import loading
from urikake.base.url import from_environment

CLOSING = date(2026, 4, 30)


@contextmanager
def timed(what: str, count: int) -> Iterator[None]:
    """Print how long the block took, in all and for each of ``count`` documents."""
    began, busy = time.perf_counter(), time.process_time()
    yield
    took, used = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    each = used / count * 1_000
    print(f"{what:<24}{count:>6} {took:8.2f} s  CPU {used:7.2f} s  {each:6.1f} ms each  {peak:6,} MiB", flush=True)


def make(invoices: int) -> None:
    """Make the company and bill its first month; a third of its partners closes at the month's end."""
    from urikake.doors import files, month, setup
    from urikake.doors.bench import company

    url = from_environment()
    with TemporaryDirectory() as name:
        folder = Path(name)
        company.write(folder, invoices * 5)
        setup.set_up(url, folder / "company.toml")
        for kind in ("partners", "products", "contracts", "events"):
            files.take(url, kind, folder / f"{kind}.csv")
        month.bill(url, CLOSING, issue=True)


def main(invoices: int) -> None:
    """Measure."""
    from urikake.doors.documents import asked, typesetting

    url = from_environment()
    make(invoices)
    whole = asked.found(url, "invoices", on=CLOSING, size=invoices)
    with timed("gathered", len(whole.papers)):
        whole = asked.found(url, "invoices", on=CLOSING, size=invoices)
    with timed("set as one PDF", len(whole.papers)):
        made = typesetting.pdf(whole)
    print(f"{len(made):,} bytes")
    one = asked.found(url, "invoice", ref=whole.papers[0]["number"])
    typesetting.pdf(one)
    with timed("one, set anew", 100):
        for at in range(100):
            one.papers[0]["number"] = f"INV-2026-{at:05}"
            typesetting.pdf(one)


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    os.environ.setdefault("RAYON_NUM_THREADS", "1")
    loading.load()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
