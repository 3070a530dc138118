"""The columns of an answer of few rows, as PostgreSQL's ``COPY … TO STDOUT (FORMAT csv, HEADER)`` spells it.

Polars reads a million rows in a blink, and needs half a millisecond to begin. Most answers are a row or two, or none:
these are read here, cell by cell, in a fraction of that time, and come out the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import polars as pl

from urikake.core.cells import INSTANT

MOST: Final = 4096
"""Bytes of an answer beyond which Polars is faster."""
_CELL: Final = re.compile(r'("(?:[^"]|"")*"|[^",\n]*)[,\n]')
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_READ: Final[dict[Any, Callable[[str], Any]]] = {
    pl.Int64: int,
    pl.String: str,
    pl.Date: date.fromisoformat,
    pl.Boolean: "t".__eq__,
    pl.Binary: lambda text: bytes.fromhex(text[2:]),
    INSTANT: lambda text: (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND,
}


def can(data: bytes, wanted: Mapping[str, Any]) -> bool:
    """Whether the answer is small enough, and each of its columns of a type that is read here."""
    return len(data) <= MOST and all(dtype in _READ for dtype in wanted.values())


def frame(data: bytes, wanted: Mapping[str, Any]) -> pl.DataFrame:
    """The rows below the heading as columns of the types wanted; a cell that is empty is null, or an empty text."""
    cells = _CELL.findall(data.decode(), data.index(b"\n") + 1)
    if not cells:
        return pl.DataFrame(schema=dict(wanted))
    width = len(wanted)
    return pl.DataFrame([_column(name, cells[at::width], dtype) for at, (name, dtype) in enumerate(wanted.items())])


def _column(name: str, cells: list[str], dtype: Any) -> pl.Series:
    read = _READ[dtype]
    nothing = "" if dtype == pl.String else None
    values = [read(_unquoted(cell)) if cell else nothing for cell in cells]
    if dtype == INSTANT:
        return pl.Series(name, values, pl.Int64).cast(INSTANT)
    return pl.Series(name, values, dtype)


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell[0] == '"' else cell
