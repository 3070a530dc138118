"""Committed pages of SQLite moved from the write-ahead log into the database file, beside the work that goes on.

A commit is durable once its pages stand in the log (``synchronous=FULL``). Moving them into the file, which SQLite does
within every larger commit unless told otherwise, can wait for a moment in which the process computes anyway. What a
process leaves behind when it is killed is moved by the next one.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

SMALLEST: Final = 4 << 20
"""Bytes of log below which nothing is moved: about what SQLite takes for its own threshold."""


class Checkpoints:
    """The mover of one database: a thread and a connection of its own, opened at the first need."""

    def __init__(self, path: Path) -> None:
        self._path, self._log = path, path.with_name(f"{path.name}-wal")
        self._worker: ThreadPoolExecutor | None = None
        self._moving: Future[None] | None = None
        self._connection: Any = None

    def ask(self) -> None:
        """Have the log moved if it has grown large and is not being moved already."""
        idle = self._moving is None or self._moving.done()
        if idle and self._log.exists() and self._log.stat().st_size > SMALLEST:
            self._worker = self._worker or ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
            self._moving = self._worker.submit(self._move)

    def _move(self) -> None:
        """Move what no reader needs; never waits for a lock. What fails, a full disk say, leaves the log as good as it was."""
        import adbc_driver_sqlite.dbapi as adbc

        if self._connection is None:
            self._connection = adbc.connect(str(self._path), autocommit=True)
        with self._connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            cursor.fetchall()

    def close(self) -> None:
        """Wait for what is being moved and close."""
        if self._worker is not None:
            self._worker.shutdown(wait=True)
        if self._connection is not None:
            self._connection.close()
