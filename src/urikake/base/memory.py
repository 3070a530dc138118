"""What a process remembers of insert-only tables between its runs, and how it knows that it still holds.

Rows of a fact table never change and their ids are dense, so the newest id says all about its content: what was read up
to it holds for good, and only rows after it are read anew. That the database is still the one of which it was read is
shown by the hash chain: a link seen then must stand there unchanged.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar

import polars as pl

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

    def table(self, key: tuple[str, str], top: int, read: Callable[[int], pl.DataFrame]) -> pl.DataFrame:
        """The rows of the table up to the id ``top``; ``read`` gives those after an id."""
        have, frame = self.tables.get(key, (-1, None))
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
        have, frame = self.tables.get((name, ""), (-1, None))
        if frame is None or have > top:
            frame = read(-1)
        elif have < top:
            frame = merge(pl.concat([frame, read(have)]))
        self.tables[name, ""] = (top, frame)
        return frame

    def value(self, name: str, stamp: tuple[int, ...], compute: Callable[[], T]) -> T:
        """What ``compute`` gives, once for each stamp."""
        if name not in self.values or self.values[name][0] != stamp:
            self.values[name] = (stamp, compute())
        found: T = self.values[name][1]
        return found


_kept: OrderedDict[tuple[str, int], Memory] = OrderedDict()
_lock: Final = Lock()


def recall(url: str, company_id: int, head_of: Callable[[int], str | None], newest: tuple[int, str]) -> Memory:
    """The memory of a company's database if its chain still holds the link seen last, else a new one.

    ``head_of`` gives the head at a link's id, ``newest`` is the chain's last link now: id and head.
    """
    with _lock:
        found = _kept.pop((place(url), company_id), None)
    if found is None or not found.link_id:
        found = Memory()
    elif newest != (found.link_id, found.head):
        found = found if head_of(found.link_id) == found.head else Memory()
        found.standing = {}
    found.link_id, found.head = newest
    return found


def forget(url: str) -> None:
    """Forget all that is remembered of a database that is about to be removed."""
    with _lock:
        for key in [key for key in _kept if key[0] == place(url)]:
            del _kept[key]


def keep(url: str, company_id: int, memory: Memory) -> None:
    """Keep the memory for the next run of this process; the databases not used for longest are forgotten."""
    with _lock:
        _kept[(place(url), company_id)] = memory
        while len(_kept) > MOST_DATABASES:
            _kept.popitem(last=False)
