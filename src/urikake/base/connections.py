"""Open connections that a process keeps between its transactions, so that a run need not open one first.

A kept connection is at rest: no transaction is open and no row is locked. It belongs to one process and is handed to one
caller at a time; after a fork the child opens its own. One that ended with an error is not kept, and one whose database
was replaced, or which the server has closed, is not handed out again (`Kept.fit`).
"""

from __future__ import annotations

import atexit
import os
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, Protocol, TypeVar

from .url import place


class Kept(Protocol):
    """What can be kept: ``rest`` is told when it is put by, ``fit`` says whether it may still be used."""

    def rest(self) -> None: ...
    def fit(self) -> bool: ...
    def close(self) -> None: ...


K = TypeVar("K", bound=Kept)
MOST: Final = 2
_kept: Final[OrderedDict[str, Any]] = OrderedDict()
_of_the_parent: Final[list[Any]] = []
_lock: Lock = Lock()


def take(url: str, open_: Callable[[str], K]) -> K:
    """The connection kept for the database of the URL if it is fit for use, else what ``open_`` opens."""
    with _lock:
        found: K | None = _kept.pop(place(url), None)
    if found is None:
        return open_(url)
    if found.fit():
        return found
    found.close()
    return open_(url)


def give(url: str, connection: Kept) -> None:
    """Keep the connection, whose transaction has ended, for the next caller; those not used for longest are closed."""
    connection.rest()
    with _lock:
        spare = [_kept.pop(place(url), None)]
        _kept[place(url)] = connection
        while len(_kept) > MOST:
            spare.append(_kept.popitem(last=False)[1])
    for old in filter(None, spare):
        old.close()


def drop(url: str) -> None:
    """Close what is kept for the database of the URL: before something else opens it, or removes it."""
    with _lock:
        found = _kept.pop(place(url), None)
    if found is not None:
        found.close()


@atexit.register
def drop_all() -> None:
    """Close all that is kept."""
    with _lock:
        every = list(_kept.values())
        _kept.clear()
    for connection in every:
        connection.close()


def _forked() -> None:
    """In the child of a fork: leave the parent's connections alone, neither used nor closed."""
    global _lock
    _lock = Lock()
    _of_the_parent.extend(_kept.values())
    _kept.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
