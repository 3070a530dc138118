"""A driver whose writing goes on in the background."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from .bulk import Driver, Value

BACKLOG: Final = 2_000_000
"""Rows that may wait to be written."""


class Overlapped:
    """A driver whose writes and statements go on in the background while the next columns are computed.

    They keep their order on one connection; a read waits for them, so that what is read is what was written. An error of
    one is raised by the next read, at the latest by ``end``. Where more than `BACKLOG` rows wait to be written, a
    write waits too, so that memory does not fill with them.
    """

    def __init__(self, inner: Driver) -> None:
        self._inner, self.kind = inner, inner.kind
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulk")
        self._pending: list[Future[None]] = []
        self._backlog: list[tuple[Future[None], int]] = []

    def _settle(self) -> None:
        """Wait for all writes, those behind one that failed too: none may come after the transaction has ended."""
        wait(self._pending)
        pending, self._pending = self._pending, []
        for write in pending:
            write.result()

    def begin(self, *, writing: bool) -> None:
        self._inner.begin(writing=writing)

    def execute(self, sql: str, params: Sequence[Value] = ()) -> None:
        self._pending.append(self._writer.submit(self._inner.execute, sql, params))

    def read(self, sql: str, params: Sequence[Value], schema: dict[str, Any]) -> pl.DataFrame:
        self._settle()
        return self._inner.read(sql, params, schema)

    def write(self, table: str, frame: pl.DataFrame, *, temporary: bool = False) -> None:
        self._backlog = [(task, rows) for task, rows in self._backlog if not task.done()]
        while sum(rows for _, rows in self._backlog) > BACKLOG:
            self._backlog.pop(0)[0].result()
        own = frame.clone()  # two threads at one frame object can each wait for the other, in Polars, for ever
        task = self._writer.submit(self._inner.write, table, own, temporary=temporary)
        self._pending.append(task)
        self._backlog.append((task, own.height))

    def end(self, *, keep: bool) -> None:
        """End the transaction when the writer is idle; what waits to be written is not begun any more if it is not kept."""
        if not keep:
            for write in self._pending:
                write.cancel()
        try:
            self._settle()
        except BaseException:
            wait(self._pending)  # also an interrupt finds it idle
            if keep:
                raise
        self._inner.end(keep=keep)

    def rest(self) -> None:
        self._inner.rest()

    def fit(self) -> bool:
        return self._inner.fit()

    def close(self) -> None:
        self._writer.shutdown(wait=True)
        self._inner.close()
