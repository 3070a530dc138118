"""What a process remembers of insert-only tables between its runs, and how it knows that it still holds.

Rows of a fact table never change and their ids are dense, so the newest id says all about its content: what was read up
to it holds for good, and only rows after it are read anew. That the database is still the one of which it was read is
shown by the hash chain: a link seen then must stand there unchanged. What is large a process leaves to the next one when
it ends (`urikake.base.left`).
"""

from __future__ import annotations

import atexit
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar

import polars as pl

from . import left
from .url import place

T = TypeVar("T")
MOST_DATABASES: Final = 4


@dataclass
class Memory:
    """Frames of whole tables by (table, columns), and values derived from tables with the newest ids they rest on.

    ``standing`` is how the last run of this process left small things, such as the next free ids; it holds only as long
    as no other run has come after it.
    """

    link_id: int = 0
    head: str = ""
    standing: dict[str, Any] = field(default_factory=dict)
    tables: dict[tuple[str, str], tuple[int, pl.DataFrame]] = field(default_factory=dict)
    values: dict[str, tuple[tuple[int, ...], Any]] = field(default_factory=dict)
    left: left.Left = field(default_factory=left.Left)
    distrusted: bool = False
    """Whether the books were found to be other than they were written: nothing of them is to be remembered."""

    def table(self, key: tuple[str, str], top: int, read: Callable[[int], pl.DataFrame]) -> pl.DataFrame:
        """The rows of the table up to the id ``top``; ``read`` gives those after an id."""
        have, frame = self._held(key)
        if frame is None or have > top:
            frame = read(-1)
        elif have < top:
            frame = pl.concat([frame, read(have)])
        self.tables[key] = (top, frame)
        return frame

    def running(
        self, name: str, top: int, read: Callable[[int], pl.DataFrame], merge: Callable[[pl.DataFrame], pl.DataFrame]
    ) -> pl.DataFrame:
        """An aggregate of the rows up to the id ``top``; what came after the rows seen before is merged in."""
        have, frame = self._held((name, ""))
        if frame is None or have > top:
            frame = read(-1)
        elif have < top:
            frame = merge(pl.concat([frame, read(have)]))
        self.tables[name, ""] = (top, frame)
        return frame

    def value(self, name: str, stamp: tuple[int, ...], compute: Callable[[], T]) -> T:
        """What ``compute`` gives, once for each stamp."""
        found: T
        known, found = self.known(name)
        if known != stamp:
            found = compute()
            self.values[name] = (stamp, found)
        return found

    def known(self, name: str) -> tuple[tuple[int, ...], Any]:
        """The stamp and the value of the name, as remembered last; an empty stamp and None where nothing is."""
        if name not in self.values:
            earlier = self.left.get((name,))
            if earlier is None:
                return (), None
            self.values[name] = earlier
        return self.values[name]

    def _held(self, key: tuple[str, str]) -> tuple[int, pl.DataFrame | None]:
        """The rows of the table that are remembered, and the newest id among them; -1 and None where none are."""
        if key not in self.tables:
            earlier = self.left.get(key)
            if earlier is None:
                return -1, None
            self.tables[key] = (earlier[0][0], earlier[1])
        return self.tables[key]

    def renewed(self) -> Memory:
        """A memory of the same books that remembers nothing of them: all is read anew."""
        return Memory(self.link_id, self.head, left=left.Left(self.left.folder))

    def leave(self) -> None:
        """Leave what is large to the next process."""
        tables: dict[left.Key, tuple[left.Stamp, Any]] = {
            key: ((top,), rows) for key, (top, rows) in self.tables.items()
        }
        left.leave(self.left, self.link_id, self.head, tables | {(name,): value for name, value in self.values.items()})


_kept: OrderedDict[tuple[str, int], Memory] = OrderedDict()
_lock: Final = Lock()


def recall(url: str, company_id: int, head_of: Callable[[int], str | None], newest: tuple[int, str]) -> Memory:
    """The memory of a company's database if its chain still holds the link seen last, else a new one.

    ``head_of`` gives the head at a link's id, ``newest`` is the chain's last link now: id and head.
    """
    with _lock:
        found = _kept.pop((place(url), company_id), None)
    if found is None or not found.link_id:
        earlier = left.found(place(url), company_id)
        found = Memory(earlier.link_id, earlier.head, left=earlier)
    if not found.link_id:
        found = Memory(left=left.Left(found.left.folder))
    elif newest != (found.link_id, found.head):
        if head_of(found.link_id) != found.head:
            left.drop(place(url))
            found = Memory(left=left.Left(found.left.folder))
        found.standing = {}
    found.link_id, found.head = newest
    return found


def forget(url: str) -> None:
    """Forget all that is remembered of a database, here and on disk: it is about to be removed, or not to be trusted."""
    with _lock:
        for key in [key for key in _kept if key[0] == place(url)]:
            del _kept[key]
    left.drop(place(url))


def keep(url: str, company_id: int, memory: Memory) -> None:
    """Keep the memory for the next run of this process; the databases not used for longest are forgotten."""
    if memory.distrusted:
        forget(url)
        return
    with _lock:
        _kept[(place(url), company_id)] = memory
        while len(_kept) > MOST_DATABASES:
            _kept.popitem(last=False)


@atexit.register
def _leave_all() -> None:
    """Leave what this process remembers to the next one."""
    for memory in _kept.values():
        memory.leave()
