"""Insert-only facts and the hash chain over everything that was ever posted.

A fact table refuses UPDATE and DELETE by triggers in both databases; a correction is a new fact that names the old one
(赤黒). Each run closes with one link per table it wrote: the SHA-256 of the rows in canonical form, chained to the link
before it, per company. `broken` recomputes all of it and names the rows that differ.

Canonical form, version 1: column by column in the declared order of the model, rows by id; a column is its name, its
kind and the number of rows, then one byte a row (1 = null), then the values: integers, days since 1970-01-01 and
microseconds since 1970-01-01 UTC as 8 bytes little-endian (null as 0); texts and bytes as their lengths, likewise 8
bytes each, followed by all their bytes (UTF-8). A column that a later version of the program added (`Fact.later`) is
part of it only where it says something: a block of rows in which it is nothing but 0, empty or null is sealed without it,
so that what older versions sealed still holds, and a value set afterwards in such a row is found.
"""

from __future__ import annotations

import functools
import hashlib
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from django.db import models

from .bulk import INSTANT, Session, columns

VERSION: Final = 1
GENESIS: Final = "0" * 64
_hashing: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashing")
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
FEW_ROWS: Final = 100_000
Whole = tuple[list[int], pl.DataFrame]


class Fact(models.Model):
    """A row that is never changed. ``run_id`` names the run that wrote it: who, when, why.

    ``later`` names the columns that were added after the table's first version.
    """

    later: ClassVar[frozenset[str]] = frozenset()

    id = models.BigIntegerField(primary_key=True)
    run_id = models.BigIntegerField()

    class Meta:
        abstract = True


class Projection(models.Model):
    """A stored balance or list that follows from facts and may be made anew from them.

    ``rebuilds`` gives by the name of a table the query that makes its rows from fact tables; it names them plainly, so
    that it can also be asked of the facts as they were known at an instant (`urikake.base.past`). A fact from which a
    table of the ground follows, such as a counter, may have it too.
    """

    rebuilds: ClassVar[dict[str, str]]

    class Meta:
        abstract = True


def ref(**options: Any) -> models.BigIntegerField[Any, Any]:
    """A column that holds the id of another table's row; `verify` checks that it is there.

    Bulk tables carry no foreign key: its per-row look-up costs as much as the row itself, and facts are never deleted.
    """
    return models.BigIntegerField(**options)


@functools.cache
def fact_models() -> list[type[Fact]]:
    """Every fact table of the installation, in a fixed order."""
    from django.apps import apps

    return sorted((m for m in apps.get_models() if issubclass(m, Fact)), key=lambda m: m._meta.db_table)


@functools.cache
def projections() -> dict[str, str]:
    """By the name of each table that follows from facts, the query that makes its rows anew."""
    from django.apps import apps

    found: dict[str, str] = {}
    for model in apps.get_models():
        found |= getattr(model, "rebuilds", {})
    return found


def reserve(session: Session) -> None:
    """Look up in the books the next free id of every fact table and of the chain."""
    session.reserve([model._meta.db_table for model in fact_models()] + ["base_link"])


def record(session: Session, model: type[Fact], frame: pl.DataFrame) -> pl.DataFrame:
    """Insert the rows as facts of the session's run and return them with their ids.

    ``frame`` has the model's columns without ``id``, ``run_id`` and ``company_id``, in any order; missing nullable ones
    are null. Ids are dense, in the order of the frame.
    """
    wanted = columns(model)
    if frame.is_empty():
        return pl.DataFrame(schema=wanted)
    first = session.next_id(model._meta.db_table)
    ids = pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True)
    one = {"run_id": session.run_id, "company_id": session.company_id}

    def column(name: str, dtype: Any) -> pl.Series:
        if name == "id":
            return ids.alias(name)
        if name in one:
            return pl.Series(name, np.full(frame.height, one[name]))
        if name not in frame.columns:
            return pl.Series(name, [None], dtype).new_from_index(0, frame.height)
        given = frame[name]
        return given if given.dtype == dtype else given.cast(dtype)

    full = pl.DataFrame([column(name, dtype) for name, dtype in wanted.items()])
    session.insert(model._meta.db_table, full)
    sealing = _hashing.submit(_sealed, full.clone(), model.later)  # beside the writing, on a frame object of its own
    session.written.setdefault(model._meta.label, []).append((first, full.height, sealing))
    return full


def digest(frame: pl.DataFrame, model: type[Fact]) -> str:
    """The SHA-256 of the rows of the model in canonical form (version 1), in hex."""
    return _sealed(frame, model.later)[0]


def marks(frame: pl.DataFrame, model: type[Fact]) -> bytes:
    """Two bytes a row that change with any number in it, to find the row once a digest differs."""
    return _sealed(frame, model.later)[1]


def _sealed(frame: pl.DataFrame, later: frozenset[str] = frozenset()) -> tuple[str, bytes]:
    """Digest and marks of the rows, from one conversion of their columns to Arrow."""
    table = frame.to_arrow()
    whole = {
        name: column.combine_chunks() for name, column in zip(table.column_names, table.itercolumns(), strict=True)
    }
    silent = {name: _silent(whole[name]) for name in later}
    return _digested({name: c for name, c in whole.items() if name not in silent or not silent[name].all()}, silent)


def _silent(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Where a column says nothing: null, 0 or an empty text; a day or an instant does unless it is null."""
    nulls = _nulls(column)
    if pa.types.is_temporal(column.type):
        return nulls
    if pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type):
        return nulls | (np.diff(_ends(column)[0]) == 0)
    return nulls | (_integers(column) == 0)


def _nulls(column: pa.Array) -> npt.NDArray[np.bool_]:
    if not column.null_count:
        return np.zeros(len(column), bool)
    found: npt.NDArray[np.bool_] = column.is_null().to_numpy(zero_copy_only=False)
    return found


def _digested(columns_: dict[str, pa.Array], silent: dict[str, npt.NDArray[np.bool_]]) -> tuple[str, bytes]:
    sha = hashlib.sha256()
    mixed = np.zeros(len(next(iter(columns_.values()))), dtype=np.uint64)
    for name, whole in columns_.items():
        nulls = _nulls(whole)
        text = pa.types.is_large_string(whole.type) or pa.types.is_large_binary(whole.type)
        sha.update(f"{name}:{'bytes' if text else 'integer'}:{len(whole)}\n".encode())
        sha.update(nulls.tobytes())
        if text:
            for piece in _texts(whole):
                sha.update(piece)
            continue
        values = _integers(whole)
        sha.update(np.where(nulls, 0, values).tobytes() if whole.null_count else values.tobytes())
        before = mixed.copy() if name in silent else mixed
        mixed ^= np.where(nulls, -1, values).view(np.uint64) if whole.null_count else values.view(np.uint64)
        mixed *= _PRIME
        mixed ^= mixed >> np.uint64(29)
        if name in silent:
            mixed = np.where(silent[name], before, mixed)
    return sha.hexdigest(), (mixed >> np.uint64(48)).astype("<u2").tobytes()


def _integers(column: pa.Array) -> npt.NDArray[np.int64]:
    """The values of a column of numbers, days or instants as 64-bit integers; nulls are anything."""
    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_date32(kind):
        column = column.view(pa.int32())
    elif pa.types.is_timestamp(kind):
        column = column.view(pa.int64())
    filled = column.fill_null(0) if column.null_count else column
    found: npt.NDArray[np.int64] = filled.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return found


def _texts(column: pa.Array) -> tuple[bytes, bytes]:
    """The lengths of texts or bytes, and all their bytes one after the other; a null is empty."""
    ends, data = _ends(column)
    body = memoryview(data)[ends[0] : ends[-1]] if data is not None else b""
    return np.diff(ends).tobytes(), bytes(body)


def _ends(column: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Buffer | None]:
    """Where each text or its bytes end among the bytes of all, behind where the first begins, and these bytes."""
    binary = column.cast(pa.large_binary())
    filled = binary.fill_null(b"") if binary.null_count else binary
    _, offsets, data = filled.buffers()
    return np.frombuffer(offsets, np.int64)[filled.offset : filled.offset + len(filled) + 1], data


def chained(previous: str, relation: str, first: int, count: int, content: str) -> str:
    """The head of the chain after one more link."""
    return hashlib.sha256(f"{VERSION}|{previous}|{relation}|{first}|{count}|{content}".encode()).hexdigest()


def head(session: Session) -> str:
    """The newest head of the company's chain; 64 zeros before its first link."""
    return (
        session.value(
            "SELECT head FROM base_link WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1", (session.low, session.high)
        )
        or GENESIS
    )


def seal(session: Session) -> None:
    """Chain what the session's run wrote: one link per block of rows, in the order of writing within each table."""
    last, links = session.cache.get("head") or head(session), []
    for relation, blocks in session.written.items():
        for first, count, sealing in blocks:
            content, mark = sealing.result()
            last = chained(last, relation, first, count, content)
            links.append((session.run_id, relation, first, count, content, mark, last))
    names = {"run_id": pl.Int64, "relation": pl.String, "first_id": pl.Int64, "count": pl.Int64}
    more = {"content": pl.String, "mark": pl.Binary, "head": pl.String}
    session.insert("base_link", pl.DataFrame(links, schema={**names, **more}, orient="row"))
    session.written.clear()
    session.cache["head"] = last


def tops(session: Session, run_id: int) -> dict[str, int]:
    """The newest id of every fact table, by the label of its model, when the run had ended; none of a table without rows."""
    rows = session.read(
        "SELECT relation, max(first_id + count - 1) AS top FROM base_link WHERE id >= ? AND id < ? AND run_id <= ?"
        " GROUP BY relation",
        (session.low, session.high, run_id),
    )
    return dict(rows.iter_rows())


def blocks(session: Session, model: type[Fact], action: str, subject: str) -> list[tuple[int, int]]:
    """The id ranges [first, beyond) of the rows that runs of ``action`` on ``subject`` wrote into the model's table.

    Runs on a part of the subject, which is named after it and a space, are among them.
    """
    found = session.read(
        "SELECT l.first_id, l.count FROM base_run r JOIN base_link l ON l.run_id = r.id"
        " WHERE r.id >= ? AND r.id < ? AND r.action = ? AND (r.subject = ? OR r.subject LIKE ?) AND l.relation = ?"
        " ORDER BY l.id",
        (session.low, session.high, action, subject, f"{subject} %", model._meta.label),
    )
    return [(first, first + count) for first, count in found.iter_rows()]


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain does not hold: the table, the row (0 = not one row alone), and what is wrong."""

    relation: str
    row: int
    why: str


def broken(session: Session) -> list[Break]:
    """Every place where the company's facts differ from what the chain says was written; empty when all is well.

    Where there is one, nothing that was read of these books is remembered.
    """
    found = _breaks(session)
    session.memory.distrusted |= bool(found)
    return found


def _breaks(session: Session) -> list[Break]:
    by_label = {m._meta.label: m for m in fact_models()}
    links = session.rows("base_link", "id, run_id, relation, first_id, count, content, mark, head")
    found: list[Break] = []
    last, expected = GENESIS, dict.fromkeys(by_label, 0)
    few = _few(session, links, by_label)
    for link in links.iter_rows(named=True):
        label = link["relation"]
        last = chained(last, label, link["first_id"], link["count"], link["content"])
        if last != link["head"]:
            return [*found, Break("base.Link", link["id"], "連鎖のハッシュが前の記録と一致しません")]
        expected[label] += link["count"]
        found += _differing(by_label[label], link, _linked(session, by_label[label], link, few.get(label)))
    return found + _surplus(session, expected)


def _few(session: Session, links: pl.DataFrame, models_: dict[str, type[Fact]]) -> dict[str, Whole]:
    """The ids and rows of the tables that have few, by label: these are read whole for less than a query for each link."""
    sizes = links.group_by("relation").agg(pl.col("count").sum(), links=pl.len())
    small = sizes.filter((pl.col("count") <= FEW_ROWS) & (pl.col("links") > 1))["relation"]
    tables = {label: models_[label] for label in small}
    read = {label: session.rows(m._meta.db_table, ", ".join(columns(m))) for label, m in tables.items()}
    return {label: (rows["id"].to_list(), rows) for label, rows in read.items()}


def _linked(session: Session, model: type[Fact], link: dict[str, Any], whole: Whole | None) -> pl.DataFrame:
    """The rows that stand where the link says; ``whole`` is their table, by id, where it has been read."""
    first, beyond = link["first_id"], link["first_id"] + link["count"]
    if whole is None:
        names = ", ".join(columns(model))
        return session.rows(model._meta.db_table, names, "id >= ? AND id < ?", (first, beyond))
    ids, rows = whole
    start, end = bisect_left(ids, first), bisect_left(ids, beyond)
    return rows.slice(start, end - start)


def _differing(model: type[Fact], link: dict[str, Any], rows: pl.DataFrame) -> list[Break]:
    first, count = link["first_id"], link["count"]
    if rows.height != count:
        return [Break(model._meta.label, first, f"{count}行のはずが{rows.height}行です")]
    content, mark = _sealed(rows, model.later)
    if content == link["content"]:
        return []
    then, now = np.frombuffer(link["mark"], "<u2"), np.frombuffer(mark, "<u2")
    ids = rows["id"].to_numpy()[then != now].tolist()
    if not ids:
        return [Break(model._meta.label, first, f"この行から{count}行のどこかの文字が、記録した時と違います")]
    return [Break(model._meta.label, row, "記録した時の値と違います") for row in ids]


def _surplus(session: Session, expected: dict[str, int]) -> list[Break]:
    """The tables, by label, that have other than as many rows as expected."""
    tables = {model._meta.label: model._meta.db_table for model in fact_models()}
    counts = (
        f"(SELECT count(*) FROM {tables[label]} WHERE id >= {session.low} AND id < {session.high}) AS n_{at}"
        for at, label in enumerate(expected)
    )
    found = session.read("SELECT " + ", ".join(counts)).row(0)
    return [
        Break(label, 0, f"連鎖では{wanted}行、実際は{actual}行です")
        for (label, wanted), actual in zip(expected.items(), found, strict=True)
        if actual != wanted
    ]


def guards(model: type[Fact], kind: str) -> list[str]:
    """The statements that make the database itself refuse to change or delete rows of a fact table."""
    table = model._meta.db_table
    if kind == "sqlite":
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            for verb in ("update", "delete")
        ]
    return [
        (
            f"CREATE OR REPLACE TRIGGER {table}_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION urikake_insert_only()"
        )
    ]


POSTGRES_GUARD: Final = (
    "CREATE OR REPLACE FUNCTION urikake_insert_only() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME; END $$"
)
__all__ = [
    "INSTANT",
    "Break",
    "Fact",
    "Projection",
    "blocks",
    "broken",
    "digest",
    "fact_models",
    "head",
    "projections",
    "record",
    "ref",
    "seal",
    "tops",
]
