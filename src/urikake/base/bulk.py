"""One transaction over whole columns: how rows enter and leave each database fastest.

A `Session` is a connection with one open transaction, in which everything of a run happens: its reads, its bulk writes,
its few single statements. SQLite is driven through ADBC (ingest and fetch as Arrow), PostgreSQL through psycopg's
``COPY`` in both directions; both were the fastest that stay in the same transaction (docs/decisions/0004).

Column types come from the models: a column name means the same type everywhere (``types()``), so that a query names
columns and gets them typed alike from both databases.
"""

from __future__ import annotations

import functools
import io
import selectors
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import polars as pl

from urikake.core.cells import INSTANT as INSTANT

from . import connections, few_rows
from .checkpoints import Checkpoints
from .loading import BOOKS
from .memory import Memory
from .overlapped import Overlapped
from .url import sqlite_path, with_company

CHUNK: Final = 200_000
MANY: Final = 200_000  # rows whose reading is worth a second connection
COMPANY_BITS: Final = 40
FEW: Final = 200  # keys that are written out in a statement rather than staged
Value = Any
T = TypeVar("T")


class Driver(Protocol):
    """What a session needs of a database."""

    kind: str

    def begin(self, *, writing: bool) -> None: ...
    def execute(self, sql: str, params: Sequence[Value] = ()) -> None: ...
    def read(self, sql: str, params: Sequence[Value], schema: dict[str, Any]) -> pl.DataFrame: ...
    def write(self, table: str, frame: pl.DataFrame, *, temporary: bool = False) -> None: ...
    def end(self, *, keep: bool) -> None: ...
    def rest(self) -> None: ...
    def fit(self) -> bool: ...
    def close(self) -> None: ...


@functools.cache
def types() -> dict[str, Any]:
    """The Polars type of every column name of the books' schema; a name with two types is an error.

    The tables that doors keep for themselves are not of the books, and never read here.
    """
    from django.apps import apps

    found: dict[str, Any] = {}
    for model in apps.get_models():
        if not model.__module__.startswith(BOOKS):
            continue
        for column, dtype in columns(model).items():
            if found.setdefault(column, dtype) != dtype:
                raise TypeError(f"{model.__name__}.{column} is {dtype}, elsewhere {found[column]}")
    return found


def columns(model: Any) -> dict[str, Any]:
    """The columns of a model in declared order, with their Polars types."""
    return _columns(model._meta.label)


@functools.cache
def _columns(label: str) -> dict[str, Any]:
    from django.apps import apps

    fields = apps.get_model(label)._meta.local_concrete_fields
    return {field.column: _dtype(field.get_internal_type()) for field in fields}


def _dtype(kind: str) -> Any:
    if kind in {"CharField", "TextField"}:
        return pl.String
    exact = {"DateField": pl.Date, "DateTimeField": INSTANT, "BinaryField": pl.Binary, "BooleanField": pl.Boolean}
    return exact.get(kind, pl.Int64)


class Sqlite:
    """SQLite through ADBC. Its own connection: no other SQLite library may hold the file open in this process."""

    kind = "sqlite"

    def __init__(self, path: str) -> None:
        import adbc_driver_sqlite.dbapi as adbc

        self._path = Path(path).resolve()
        self._files: list[tuple[int, int]] = []
        self._connection = adbc.connect(path, autocommit=True)
        self._cursor = self._connection.cursor()
        self._cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": "65536"})
        for pragma in ("busy_timeout=60000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._run(f"PRAGMA {pragma}")
        for pragma in ("cache_size=-131072", "temp_store=MEMORY", "recursive_triggers=ON", "wal_autocheckpoint=0"):
            self._run(f"PRAGMA {pragma}")
        self._checkpoints, self._writing = Checkpoints(self._path), False

    def _run(self, sql: str) -> None:
        self._cursor.execute(sql)
        self._cursor.fetchall()

    def begin(self, *, writing: bool) -> None:
        self._writing = writing
        self._cursor.execute("BEGIN IMMEDIATE" if writing else "BEGIN")

    def execute(self, sql: str, params: Sequence[Value] = ()) -> None:
        self._cursor.execute(*_bound(sql, params))

    def read(self, sql: str, params: Sequence[Value], schema: dict[str, Any]) -> pl.DataFrame:
        self._cursor.execute(*_bound(sql, params))
        table = self._cursor.fetch_arrow_table()
        if (few := few_rows.of_arrow(table, schema)) is not None:
            return few
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        other = [name for name, found in frame.schema.items() if found != schema.get(name, pl.Int64)]
        return frame.with_columns(_from_sqlite(name, frame.schema[name], schema) for name in other) if other else frame

    def write(self, table: str, frame: pl.DataFrame, *, temporary: bool = False) -> None:
        other = [_to_sqlite(name, dtype) for name, dtype in frame.schema.items() if dtype in _SPELT]
        plain = frame.with_columns(other) if other else frame
        self._cursor.adbc_ingest(table, plain.to_arrow(), mode="append", temporary=temporary)

    def end(self, *, keep: bool) -> None:
        self._cursor.execute("COMMIT" if keep else "ROLLBACK")
        if keep and self._writing:
            self._checkpoints.ask()

    def rest(self) -> None:
        self._files = _identity(self._path)

    def fit(self) -> bool:
        """Whether the files are still those that this connection has open."""
        return bool(self._files) and self._files == _identity(self._path)

    def close(self) -> None:
        self._checkpoints.close()
        self._cursor.close()
        self._connection.close()


def _bound(sql: str, params: Sequence[Value]) -> tuple[str, tuple[Value, ...] | None]:
    """The statement with its parameters; where all are whole numbers they are written into it, which costs less."""
    if not all(type(value) is int for value in params):
        return sql, tuple(params)
    first, *others = sql.split("?")
    if len(others) != len(params):
        return sql, tuple(params) or None
    return first + "".join(f"{value}{text}" for value, text in zip(params, others, strict=True)), None


def _identity(path: Path) -> list[tuple[int, int]]:
    """Which files stand at the path of a database and of its write-ahead log; empty where one is missing."""
    try:
        found = [file.stat() for file in (path, path.with_name(f"{path.name}-wal"))]
    except OSError:
        return []
    return [(file.st_dev, file.st_ino) for file in found]


_SPELT: Final = (INSTANT, pl.Date, pl.Boolean)


def _to_sqlite(name: str, dtype: Any) -> pl.Expr:
    """The column as SQLite keeps it; days are spelt here because the driver does it row by row."""
    column = pl.col(name)
    if dtype == pl.Boolean:
        return column.cast(pl.Int64)
    return column.dt.to_string() if dtype == pl.Date else column.dt.strftime("%Y-%m-%d %H:%M:%S%.6f")


def _from_sqlite(name: str, found: Any, schema: dict[str, Any]) -> pl.Expr:
    """SQLite's own storage read as the column's type (days and instants are kept as text)."""
    wanted, column = schema.get(name, pl.Int64), pl.col(name)
    if found != pl.String:
        return column.cast(wanted)
    if wanted == pl.Date:
        return column.str.to_date("%Y-%m-%d")
    if wanted == INSTANT:
        return column.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us").dt.replace_time_zone("UTC")
    return column.cast(wanted)


class Postgres:
    """PostgreSQL through psycopg: ``COPY`` of CSV both ways, read and written by Polars."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        import psycopg

        self._connection = psycopg.connect(url, autocommit=True)
        self._cursor = psycopg.ClientCursor(self._connection)
        self._cursor.execute("SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET client_min_messages = warning")

    def begin(self, *, writing: bool) -> None:
        self._cursor.execute("BEGIN" if writing else "BEGIN ISOLATION LEVEL REPEATABLE READ")

    @staticmethod
    def _marked(sql: str) -> Any:
        return sql.replace("%", "%%").replace("?", "%s")

    def execute(self, sql: str, params: Sequence[Value] = ()) -> None:
        self._cursor.execute(self._marked(sql), tuple(params))

    def read(self, sql: str, params: Sequence[Value], schema: dict[str, Any]) -> pl.DataFrame:
        query: Any = f"COPY ({self._cursor.mogrify(self._marked(sql), tuple(params))}) TO STDOUT (FORMAT csv, HEADER)"
        with self._cursor.copy(query) as copy:
            data = self._connection.wait(_whole(copy))
        names = data[: data.index(b"\n")].decode().split(",")
        wanted = {name: schema.get(name, pl.Int64) for name in names}
        if few_rows.can(data, wanted):
            return few_rows.of_csv(data, wanted)
        raw = {n: pl.String if t in (INSTANT, pl.Binary, pl.Boolean) else t for n, t in wanted.items()}
        frame = pl.read_csv(data, schema=raw, empty_string_is_null=False)
        other = [_from_csv(name, dtype) for name, dtype in wanted.items() if raw[name] != dtype]
        return frame.with_columns(other) if other else frame

    def write(self, table: str, frame: pl.DataFrame, *, temporary: bool = False) -> None:
        names = ", ".join(f'"{name}"' for name in frame.columns)
        binary = [name for name, dtype in frame.schema.items() if dtype == pl.Binary]
        plain = frame.with_columns(pl.concat_str(pl.lit("\\x"), pl.col(n).bin.encode("hex")).alias(n) for n in binary)
        with self._cursor.copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT csv)') as copy:
            for part in plain.iter_slices(CHUNK):
                text = io.BytesIO()
                part.write_csv(text, include_header=False)
                copy.write(text.getvalue())

    def end(self, *, keep: bool) -> None:
        self._cursor.execute("COMMIT" if keep else "ROLLBACK")

    def rest(self) -> None:
        """Nothing is left to do: what a transaction holds ends with it."""

    def fit(self) -> bool:
        """Whether the server is still there: one that has closed the connection has left word of it."""
        if self._connection.closed:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            return not selector.select(timeout=0)

    def close(self) -> None:
        self._connection.close()


def _whole(copy: Any) -> Generator[Any, Any, bytes]:
    """All that a ``COPY … TO`` sends, in one wait: reading row by row from outside costs more than the rows do."""
    parts = []
    while part := (yield from copy._read_gen()):
        parts.append(bytes(part))
    return b"".join(parts)


def _from_csv(name: str, wanted: Any) -> pl.Expr:
    """PostgreSQL's CSV spelling read as the column's type."""
    column = pl.col(name).replace("", None)
    if wanted == pl.Boolean:
        return column == "t"
    if wanted == pl.Binary:
        return column.str.slice(2).str.decode("hex")
    return column.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", time_unit="us", time_zone="UTC")


def driver(url: str) -> Driver:
    """An open connection to the database that the URL names (``sqlite:///file`` or ``postgresql://…``)."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return Overlapped(Sqlite(sqlite_path(url)))
    if parts.scheme in {"postgresql", "postgres"}:
        return Overlapped(Postgres(with_company(url, "")))
    raise ValueError(f"DATABASE_URL は sqlite:///… か postgresql://… で指定してください: {url}")


@dataclass
class Session:
    """One transaction of one company. ``company_id`` is 0 only while the company itself is being made."""

    driver: Driver
    company_id: int = 0
    user: str = "system"
    run_id: int = 0
    written: dict[str, list[tuple[int, int, Future[tuple[str, bytes]]]]] = field(default_factory=dict)
    _next: dict[str, int] = field(default_factory=dict)
    cache: dict[Any, Any] = field(default_factory=dict)
    verbs: list[str] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    dirty: set[str] = field(default_factory=set)
    beside: str = ""
    """The URL at which a second connection may read what stands in the books; empty where this one sees something else."""
    _later: list[Callable[[], None]] = field(default_factory=list)

    @property
    def low(self) -> int:
        """The smallest id of this company: every id is the company's number and a counter behind it."""
        return self.company_id << COMPANY_BITS

    @property
    def high(self) -> int:
        """The first id beyond this company."""
        return (self.company_id + 1) << COMPANY_BITS

    def read(self, sql: str, params: Sequence[Value] = (), **also: Any) -> pl.DataFrame:
        """The rows of a query as typed columns; ``also`` types names that the schema does not know."""
        return self.driver.read(sql, params, {**types(), **also})

    def rows(self, table: str, names: str, where: str = "", params: Sequence[Value] = ()) -> pl.DataFrame:
        """The named columns of this company's rows of a table, by id."""
        also = f" AND {where}" if where else ""
        sql = f"SELECT {names} FROM {table} WHERE id >= ? AND id < ?{also} ORDER BY id"
        return self.read(sql, (self.low, self.high, *params))

    def value(self, sql: str, params: Sequence[Value] = (), **also: Any) -> Any:
        """The single value of a query, or None where there is no row."""
        frame = self.read(sql, params, **also)
        return frame.item(0, 0) if frame.height else None

    def execute(self, sql: str, params: Sequence[Value] = ()) -> None:
        """Run one statement (projections and counters only; facts are inserted by `urikake.base.facts`)."""
        self.driver.execute(sql, params)

    def table(self, name: str, columns_: str) -> pl.DataFrame:
        """All of this company's rows of an insert-only table, by id; only rows not seen before are read."""
        if name in self.dirty:
            return self.rows(name, columns_)
        sql = f"SELECT {columns_} FROM {name} WHERE id > ? AND id < ? ORDER BY id"
        top = self.next_id(name) - 1
        return self.memory.table((name, columns_), top, lambda after: self._between(sql, after, top))

    def derived(self, name: str, tables: Sequence[str], compute: Callable[[], T]) -> T:
        """What ``compute`` makes of insert-only tables, computed anew only when one of them, or a policy, has new rows."""
        rests_on = (*tables, "base_policy")  # how amounts are rounded, and what else the company has chosen
        if self.dirty.intersection(rests_on):
            return compute()
        return self.memory.value(name, tuple(self.next_id(table) for table in rests_on), compute)

    def running(self, name: str, table: str, sql: str, merge: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
        """An aggregate over an insert-only table, carried on with its new rows; ``sql`` selects those with ``id > ?``.

        ``merge`` makes one row a key of the old rows and the new ones.
        """

        if table in self.dirty:
            return merge(self.read(sql, (self.low, self.high)))
        top = self.next_id(table) - 1
        return self.memory.running(name, top, lambda after: merge(self._between(sql, after, top)), merge)

    def within(self, table: str, day: str, first: date, last: date) -> tuple[int, int]:
        """The lowest and the highest id of rows of an insert-only table whose ``day`` lies between; (1, 0) where none does.

        What is written together bears the same days, so the ids between are few more than those asked for.
        """

        def bounds(rows: pl.DataFrame) -> pl.DataFrame:
            return rows.group_by(day).agg(pl.col("first_id").min(), pl.col("last_id").max())

        ids = (
            f"SELECT {day}, min(id) AS first_id, max(id) AS last_id FROM {table} WHERE id > ? AND id < ? GROUP BY {day}"
        )
        asked = self.running(f"{table}.{day}", table, ids, bounds).filter(pl.col(day).is_between(first, last))
        low, high = asked.select(pl.col("first_id").min(), pl.col("last_id").max()).row(0)
        return (1, 0) if low is None else (low, high)

    def _between(self, sql: str, after: int, top: int) -> pl.DataFrame:
        """The rows after one id and up to another of an insert-only table; very many by two connections, half each.

        They stand there for good, so it does not matter that the other connection may see more.
        """
        low = max(after, self.low)
        if not self.beside or top - low < MANY:
            return self.read(sql, (low, top + 1))
        middle = (low + top) // 2
        with transaction(self.beside, writing=False) as other, ThreadPoolExecutor(max_workers=1) as helper:
            first = helper.submit(other.read, sql, (low, middle + 1))
            second = self.read(sql, (middle, top + 1))
            return pl.concat([first.result(), second])

    def cached(self, key: Any, read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What ``read`` gives, read once in this session: for masters that the run itself does not write."""
        if key not in self.cache:
            self.cache[key] = read()
        found: pl.DataFrame = self.cache[key]
        return found

    def defer(self, work: Callable[[], None]) -> None:
        """Do the work when all facts of the run are written: the updates of projections, which nothing reads until then."""
        self._later.append(work)

    def catch_up(self) -> None:
        """Do all deferred work now, in order."""
        later, self._later = self._later, []
        for work in later:
            work()

    def next_id(self, table: str) -> int:
        """The next free id of this company in the table: ids are dense and follow the order of commits."""
        if table not in self._next:
            top = self.value(f"SELECT max(id) AS top FROM {table} WHERE id >= ? AND id < ?", (self.low, self.high))
            self._next[table] = (self.low if top is None else top) + 1
        return self._next[table]

    def numbered(self, known: dict[str, int] | None = None) -> dict[str, int]:
        """The next free id of each table looked up so far, after taking over what is ``known`` already."""
        self._next |= known or {}
        return dict(self._next)

    def reserve(self, tables: Sequence[str]) -> None:
        """Look up the next free ids of many tables in one query, before the first write."""
        parts = [
            f"(SELECT max(id) FROM {name} WHERE id >= {self.low} AND id < {self.high}) AS {name}" for name in tables
        ]
        found = self.read("SELECT " + ", ".join(parts)).row(0)
        self._next |= {name: (self.low if top is None else top) + 1 for name, top in zip(tables, found, strict=True)}

    def insert(self, table: str, frame: pl.DataFrame) -> int:
        """Write all rows and return the id of the first; where the frame has no ``id`` it is numbered in order."""
        first = self.next_id(table)
        if "id" not in frame.columns:
            frame = frame.select(pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias("id"), pl.all())
        if frame.height:
            self.dirty.add(table)
            self.driver.write(table, frame)
            self._next[table] = first + frame.height
        return first

    def stage(self, frame: pl.DataFrame, table: str = "stage") -> None:
        """Make the frame a temporary table, to be joined in a query or a projection's update of this transaction."""
        kinds = {pl.String: "varchar(300)", pl.Date: "date"}
        names = ", ".join(f"{name} {kinds.get(dtype, 'bigint')}" for name, dtype in frame.schema.items())  # type: ignore[call-overload]
        self.execute(f"DROP TABLE IF EXISTS {table}")
        self.execute(f"CREATE TEMPORARY TABLE {table} ({names})")
        self.driver.write(table, frame, temporary=True)

    def remove(self, table: str, key: str, gone: pl.Series) -> None:
        """Delete the rows of a projection that bear the keys."""
        if gone.len() <= FEW:
            if gone.len():
                self.execute(f"DELETE FROM {table} WHERE {key} IN ({', '.join(map(str, gone))})")
            return
        self.stage(gone.sort().alias(key).to_frame())
        statement = f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM stage)"
        if self.driver.kind == "postgresql":
            # Statistics taken while the projection was empty let the planner read the whole stage once for each row.
            statement = f"SET LOCAL enable_nestloop = off; {statement}; SET LOCAL enable_nestloop = on"
        self.execute(statement)


@contextmanager
def transaction(url: str, *, writing: bool, company_id: int = 0, user: str = "system") -> Iterator[Session]:
    """A session whose transaction is kept when the block ends and undone when it, or keeping it, raises.

    One that is not ``writing`` is always undone: it may stage rows and put up views for its queries, and leaves nothing.
    """
    connection = connections.take(url, driver)
    try:
        connection.begin(writing=writing)
        try:
            yield Session(connection, company_id, user)
            connection.end(keep=writing)
        except BaseException:
            connection.end(keep=False)
            raise
    except BaseException:
        connection.close()
        raise
    connections.give(url, connection)
