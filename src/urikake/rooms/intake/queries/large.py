"""Large files read part by part, so that what is in memory does not grow with the file: CSV by its lines, Parquet by rows."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from urikake.base.bulk import Session
from urikake.base.errors import Refusal

from .columns import Kind, Mapping
from .sheets import EXCEL, LINE, PARQUET, Raw, Sheet, not_parquet, raw, read

BYTES: Final = 48 << 20
ROWS: Final = 1_000_000
ROW: Final = 50
"""Bytes of a row of text, about."""
OWN: Final = "own"
WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Parts:
    """A file as sheets, one after the other, each with its rows' own line numbers; ``sha256`` is that of the whole file.

    ``read_by`` is ``own`` where its own headings tell its columns, else the SHA-256 of the mapping; empty where it is not
    a file of its own. ``about`` is how many rows it has, as far as that is known beforehand.
    """

    name: str
    kind: Kind
    sha256: str
    sheets: Iterator[Sheet]
    read_by: str = ""
    about: int = 0


def whole(sheet: Sheet) -> Parts:
    """One sheet as a file of one part."""
    return Parts(sheet.name, sheet.kind, sheet.sha256, iter([sheet]))


def parts(path: Path, kind: Kind, mapping: Mapping | None = None) -> Parts:
    """The file as parts of the kind (see `sheets.sheet`); a small one, or one that must be read as a whole, is one part."""
    try:
        with path.open("rb") as file:
            head = file.read(2)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Refusal(
            "no-file", f"{path} を開けません（{error.strerror}）。", "ファイルの場所を確かめてください。"
        ) from None
    suffix = path.suffix.lower()
    if suffix == PARQUET:
        found = _rows(path)
    elif suffix in EXCEL or head in WIDE or path.stat().st_size <= BYTES:
        found = iter([raw(path.read_bytes(), path.name)])
    else:
        found = _lines(path)
    sheets = (read(part, kind, mapping) for part in found)
    return Parts(path.name, kind, sha256, sheets, _read_by(mapping), _about(path))


def _read_by(mapping: Mapping | None) -> str:
    if mapping is None:
        return OWN
    return hashlib.sha256(json.dumps(mapping.told(), sort_keys=True).encode()).hexdigest()


def _about(path: Path) -> int:
    """How many rows the file has: told by Parquet, guessed of text by its size."""
    if path.suffix.lower() != PARQUET:
        return path.stat().st_size // ROW
    try:
        return int(pq.read_metadata(path).num_rows)
    except pa.ArrowInvalid:
        return 0


def taken_before(session: Session, parts: Parts) -> bool:
    """Whether the very same file was taken whole before, read in the same way: then nothing in it is new."""
    asked = (parts.kind.name, parts.sha256, parts.read_by)
    return bool(parts.read_by) and bool(
        session.rows("intake_file", "id", "kind = ? AND sha256 = ? AND read_by = ?", asked).height
    )


def _rows(path: Path) -> Iterator[Raw]:
    """The rows of a Parquet file with their own types, numbered from 1."""
    try:
        file = pq.ParquetFile(path)
        first = 1
        for batch in file.iter_batches(batch_size=ROWS) if file.metadata.num_rows else [_empty(file)]:
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            lines = pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True)
            yield Raw(path.name, b"", frame.with_columns(lines.alias(LINE)), "Parquet")
            first += frame.height
    except pa.ArrowInvalid:
        raise not_parquet(path.name) from None


def _empty(file: pq.ParquetFile) -> pa.RecordBatch:
    """No rows of the file's columns."""
    return pa.RecordBatch.from_pylist([], schema=file.schema_arrow)


def _lines(path: Path) -> Iterator[Raw]:
    """The rows of a CSV file in blocks of whole rows, each read under the file's header."""
    with path.open("rb") as file:
        header = file.readline()
        if not header.endswith(b"\n") or header.count(b'"') % 2:
            yield raw(header + file.read(), path.name)
            return
        before, rest = 0, b""
        while True:
            block = file.read(BYTES)
            text = rest + block
            end = _row_end(text) if block else len(text)
            if text[:end].strip():
                part = raw(header + text[:end], path.name)
                yield Raw(part.name, part.data, part.frame.with_columns(pl.col(LINE) + before), part.form)
            before += text.count(b"\n", 0, end)
            rest = text[end:]
            if not block:
                return


def _row_end(text: bytes) -> int:
    """Where the last whole row ends: behind the last line break that is not inside quotes; 0 if there is none."""
    end = text.rfind(b"\n") + 1
    inside = text.count(b'"', 0, end) % 2
    while end and inside:
        before = text.rfind(b"\n", 0, end - 1) + 1
        inside = (inside + text.count(b'"', before, end)) % 2
        end = before
    return end
