"""Progress of long work: the steps of a run, told to whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

Watcher = Callable[[str], None]
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)
STEPS: Final[dict[str, int]] = {
    "import": 2,
    "receipts": 3,
    "bill": 6,
    "match": 3,
    "debit": 2,
    "rate": 3,
    "rehearse": 3,
    "recognize": 2,
    "close": 2,
    "verify": 4,
    "simulate": 1,
    "peppol": 1,
    "documents": 2,
    "deliver": 5,
}


def step(text: str) -> None:
    """Tell the watcher, if any, which step begins now."""
    if (watcher := _watcher.get()) is not None:
        watcher(text)


@contextmanager
def within(name: str) -> Iterator[None]:
    """Have every step of what is inside told as a part of what is named.

    >>> seen = []
    >>> with watched(seen.append), within("4/30 締めの請求"):
    ...     step("計算")
    >>> seen
    ['4/30 締めの請求: 計算']
    """
    if (watcher := _watcher.get()) is None:
        yield
        return
    with watched(lambda text: watcher(f"{name}: {text}")):
        yield


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Have the steps of everything inside told to the watcher.

    >>> seen = []
    >>> with watched(seen.append):
    ...     step("計算")
    >>> seen
    ['計算']
    """
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)
