"""Clerks at one queue, as many as you like: ``python -m tests.concurrency CLERKS OPERATIONS [SEED]``, on an empty DATABASE_URL.

The full sizes are 16 and 625 on PostgreSQL (after ``python -m tests.postgres --durable --``), 4 and 2000 on SQLite. It tells
the time and how often what was answered, and ends badly where an answer has no order that explains it.
"""

from __future__ import annotations

import sys
import time

from urikake.base import loading
from urikake.base.url import from_environment


def main(clerks_: int, operations: int, seed: int) -> None:
    """Let so many clerks ask so often, and prove and tell what came of it."""
    loading.load()
    from tests.builders import assert_coherent
    from tests.concurrency import clerks

    url = from_environment()
    clerks.desk(url, clerks_)
    start = time.monotonic()
    answers = clerks.at_work(url, clerks_, operations, seed)
    spent = time.monotonic() - start
    clerks.explained(url, answers)
    assert_coherent(url)
    print(f"{clerks_} clerks, {len(answers):,} operations: {spent:.0f} s")
    for op, result, count in clerks.outcomes(answers):
        print(f"{op:18}{result:18}{count:7,}")


if __name__ == "__main__":
    main(*map(int, [*sys.argv[1:], "1"][:3]))
