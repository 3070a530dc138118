"""The columns of an answer of few rows, read value by value; they come out as Polars would have read them.

Polars reads a million rows in a blink, and takes as long to begin with a column of one as of a thousand. Most answers are
a row or two, or none: in Python these take a fraction of that time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import polars as pl
import pyarrow as pa

from urikake.core.cells import INSTANT

MOST_BYTES: Final = 4096
"""Of CSV: beyond it Polars is faster."""
MOST_VALUES: Final = 400
"""Of an Arrow table: beyond it Polars is faster."""
_CELL: Final = re.compile(r'("(?:[^"]|"")*"|[^",\n]*)[,\n]')
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def _moment(text: str) -> int:
    """Microseconds since 1970 of an instant; one without a zone is in UTC, as SQLite keeps them."""
    found = datetime.fromisoformat(text)
    return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


_FROM_CSV: Final[dict[Any, Callable[[str], Any]]] = {
    pl.Int64: int,
    pl.String: str,
    pl.Date: date.fromisoformat,
    pl.Boolean: "t".__eq__,
    pl.Binary: lambda text: bytes.fromhex(text[2:]),
    INSTANT: _moment,
}
_FROM_ARROW: Final[dict[tuple[Any, pa.DataType], Callable[[Any], Any]]] = {
    (pl.Int64, pa.int64()): int,
    (pl.String, pa.string()): str,
    (pl.Date, pa.string()): date.fromisoformat,
    (pl.Boolean, pa.int64()): bool,
    (pl.Binary, pa.binary()): bytes,
    (INSTANT, pa.string()): _moment,
}


def can(data: bytes, wanted: Mapping[str, Any]) -> bool:
    """Whether the answer is small enough, and each of its columns of a type that is read here."""
    return len(data) <= MOST_BYTES and all(dtype in _FROM_CSV for dtype in wanted.values())


def of_csv(data: bytes, wanted: Mapping[str, Any]) -> pl.DataFrame:
    """The rows that PostgreSQL's ``COPY … TO STDOUT (FORMAT csv, HEADER)`` spells, as columns of the types wanted.

    A cell that is empty is null, or an empty text.
    """
    cells = _CELL.findall(data.decode(), data.index(b"\n") + 1)
    if not cells:
        return pl.DataFrame(schema=dict(wanted))
    width, columns = len(wanted), []
    for at, (name, dtype) in enumerate(wanted.items()):
        read, nothing = _FROM_CSV[dtype], "" if dtype == pl.String else None
        values = [read(_unquoted(cell)) if cell else nothing for cell in cells[at::width]]
        columns.append(_series(name, values, dtype))
    return pl.DataFrame(columns)


def of_arrow(table: pa.Table, schema: Mapping[str, Any]) -> pl.DataFrame | None:
    """The rows of SQLite's answer as columns of the types in the schema (else integers); None where Polars shall read them."""
    wanted = {name: schema.get(name, pl.Int64) for name in table.schema.names}
    if not table.num_rows:
        return pl.DataFrame(schema=wanted)
    if table.num_rows * len(wanted) > MOST_VALUES or len(wanted) != table.num_columns:
        return None
    columns = []
    for (name, dtype), kind, column in zip(wanted.items(), table.schema.types, table.itercolumns(), strict=True):
        read = _FROM_ARROW.get((dtype, kind))
        if read is None and column.null_count < len(column):
            return None
        values = [None if value is None or read is None else read(value) for value in column.to_pylist()]
        columns.append(_series(name, values, dtype))
    return pl.DataFrame(columns)


def _series(name: str, values: list[Any], dtype: Any) -> pl.Series:
    """The values as a column; instants are given in microseconds."""
    return pl.Series(name, values, pl.Int64).cast(dtype) if dtype == INSTANT else pl.Series(name, values, dtype)


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell[0] == '"' else cell
