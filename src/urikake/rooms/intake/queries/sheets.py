"""Files read as sheets: typed columns with line numbers, and everything that is wrong with them."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import unicodedata
from collections.abc import Callable, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import polars as pl

from urikake.base.errors import FileRefusal, Refusal, RowError, cause_of
from urikake.core import cells, written

from .columns import Column, Kind, Mapping

LINE: Final = "file_line"
EXCEL: Final = {".xlsx", ".xlsm", ".xls", ".ods"}
LISTS: Final = ("payer_names", "virtual_account")
HEAD: Final = 100
PARQUET: Final = ".parquet"
SEPARATORS: Final = {",": "カンマ区切り", "\t": "タブ区切り", ";": "セミコロン区切り"}


@dataclass(frozen=True, slots=True)
class Check:
    """What would be wrong with rows of a frame: where ``bad`` holds, the column and the reason to tell."""

    frame: pl.DataFrame
    bad: pl.Expr | pl.Series
    column: str
    why: str | pl.Expr

    @property
    def rests_on(self) -> set[str]:
        """The columns that the check looks at, the one it tells of among them."""
        seen = self.bad.meta.root_names() if isinstance(self.bad, pl.Expr) else []
        return {self.column, *seen}

    def found(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Every row where it holds: ``file_line``, the ``value`` as it stands in the file, and ``why``."""
        reason = self.why if isinstance(self.why, pl.Expr) else pl.lit(self.why)
        value = pl.col(self.column).cast(pl.String).alias("value")
        rows = self.frame.filter(self.bad).select(LINE, value, reason.alias("why"))
        if self.column in texts.columns:
            cell = pl.col(self.column).cast(pl.String).str.strip_chars().alias("value")
            rows = rows.drop("value").join(texts.select(LINE, cell), on=LINE, how="left", maintain_order="left")
        return rows.select(LINE, pl.col("value").fill_null(""), "why")


@dataclass
class Sheet:
    """A file as typed columns (null where a cell is empty), with ``file_line``, and what is wrong with it.

    Checks are noted (`check`), made when the rows are sifted (`sift`), and told all together at the end (`accept`): a room
    goes on with the rows that are right, so that no fault hides another one behind it.
    """

    name: str
    kind: Kind
    frame: pl.DataFrame
    headers: dict[str, str]
    sha256: str
    texts: pl.DataFrame
    every: pl.DataFrame
    checks: list[Check] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    told: set[tuple[int, str]] = field(default_factory=set)

    def check(self, bad: pl.Expr | pl.Series, column: str, why: str | pl.Expr = "") -> None:
        """Have every row of the frame as it is now refused where ``bad`` holds; ``why`` may be computed per row.

        Without one it is what the column wants (`Column.reason`).
        """
        own = self.kind.column(column)
        reason = own.reason if own is not None and isinstance(why, str) and not why else why
        self.checks.append(Check(self.frame, bad, column, reason))

    def sift(self, rows: pl.DataFrame | None = None) -> pl.DataFrame:
        """The rows, else the frame, without those that anything noted so far is wrong with; it is the frame from now on."""
        self._tell()
        found = self.frame if rows is None else rows
        self.frame = found.filter(~pl.col(LINE).is_in(self._wrong().implode())) if self.told else found
        return self.frame

    def lost(self) -> pl.DataFrame:
        """The rows as they were read of which anything is wrong: what others rest on them for cannot be judged."""
        return self.every.filter(pl.col(LINE).is_in(self._wrong().implode()))

    def accept(self) -> None:
        """Return if nothing is wrong; refuse the whole file otherwise, with everything that is."""
        self._tell()
        if self.errors:
            raise FileRefusal(self.name, self.errors)

    def _wrong(self) -> pl.Series:
        return pl.Series(sorted({line for line, _ in self.told}), dtype=pl.Int64)

    def _tell(self) -> None:
        """Make the checks noted and keep what they find."""
        checks, self.checks = self.checks, []
        for _, each in groupby(checks, lambda check: id(check.frame)):
            for check in _failed(list(each)):
                self._keep(check)

    def _keep(self, check: Check) -> None:
        """Keep what the check finds, but for rows where it looks at a cell that was told of already."""
        header, rests_on = self.headers.get(check.column, check.column), check.rests_on
        for line, value, why in check.found(self.texts).iter_rows():
            if self.told.isdisjoint((line, name) for name in rests_on):
                self.told.add((line, check.column))
                self.errors.append(RowError(line, header, value, why))


def _failed(checks: list[Check]) -> list[Check]:
    """The checks of one frame that any row fails, looked at all at once."""
    found = [check.bad.any() if isinstance(check.bad, pl.Series) else None for check in checks]
    asked = [check.bad.any().alias(str(at)) for at, check in enumerate(checks) if isinstance(check.bad, pl.Expr)]
    answers = checks[0].frame.select(asked).row(0, named=True) if asked else {}
    return [check for at, check in enumerate(checks) if (answers[str(at)] if found[at] is None else found[at])]


@dataclass(frozen=True, slots=True)
class Raw:
    """A file as it stands: its bytes, its cells as texts under its own headers with ``file_line``, and how it was read."""

    name: str
    data: bytes
    frame: pl.DataFrame
    form: str

    @property
    def headers(self) -> list[str]:
        """The file's headers, without white space around them."""
        return [_short(header) for header in self.frame.columns if header != LINE]


def sheet(path: Path, kind: Kind, mapping: Mapping | None = None) -> Sheet:
    """The file read as a sheet of the kind; refused whole where its form cannot be read.

    With a ``mapping`` the file's columns become ours as it says, and days and numbers may be written as on screens. Cells that
    cannot be read are null and noted, to be told together with what the room finds wrong (`Sheet.accept`).
    """
    return read(opened(path), kind, mapping)


def opened(path: Path) -> Raw:
    """The cells of the file as texts; refused where it cannot be opened or read."""
    return raw(content(path), path.name)


def content(path: Path) -> bytes:
    """The bytes of the file; refused where it cannot be opened."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refusal(
            "no-file", f"{path} を開けません（{cause_of(error)}）。", "ファイルの場所を確かめてください。"
        ) from None


def raw(data: bytes, name: str) -> Raw:
    """The cells of a file as texts, and in words how it was read; refused where it cannot be."""
    if Path(name).suffix.lower() in EXCEL:
        return Raw(name, data, _excel(data, name), "Excel")
    if Path(name).suffix.lower() == PARQUET:
        return Raw(name, data, _parquet(data, name), "Parquet")
    text, encoding = _decoded(data, name)
    separator = _separator(text)
    return Raw(name, data, _csv(text, name, separator), f"{encoding}・{SEPARATORS[separator]}")


def read(found: Raw, kind: Kind, mapping: Mapping | None = None) -> Sheet:
    """The cells as a sheet of the kind, with a ``mapping`` as it says."""
    return _read(found, kind, mapping, line=1)


def _read(found: Raw, kind: Kind, mapping: Mapping | None, *, line: int) -> Sheet:
    if mapping is None:
        return _sheet(found.frame, found.frame, kind, found, line=line)
    frame, headers = _mapped(found, kind, mapping, line)
    spelt = frame.with_columns(_respelt(frame[c.name], c) for c in kind.columns if c.name in frame.columns)
    made = _sheet(spelt, frame, kind, found, line=line)
    made.headers |= headers
    return made


def _short(header: str) -> str:
    return header.strip().lstrip("\ufeff")


def _mapped(found: Raw, kind: Kind, mapping: Mapping, line: int) -> tuple[pl.DataFrame, dict[str, str]]:
    """The cells under our column names, and by our name the header each came from."""
    plain = {header: _short(header) for header in found.frame.columns if header != LINE}
    into = {header: mapping.columns.get(short, short) for header, short in plain.items()}
    used = {header: name for header, name in into.items() if name}
    wanted = {short for short, name in mapping.columns.items() if name}
    why = "対応づけにある列がファイルにありません。列の名前を確かめるか、対応づけを直してください"
    errors = [RowError(line, short, "", why) for short in sorted(wanted - set(plain.values()))]
    names = [*used.values(), *mapping.fixed]
    errors += [
        RowError(line, plain[header], name, "同じ列に二つ以上が対応しています。どれか一つにしてください")
        for header, name in used.items()
        if names.count(name) > 1
    ]
    if errors:
        raise FileRefusal(found.name, errors)
    frame = found.frame.select(LINE, *used).rename(used)
    frame = frame.with_columns(pl.lit(value).alias(name) for name, value in mapping.fixed.items())
    return frame, {name: plain[header] for header, name in used.items()}


def _respelt(texts: pl.Series, column: Column) -> pl.Series:
    """The cells with days, numbers and choices as files write them, each distinct cell once."""
    if texts.dtype != pl.String:
        return texts
    spells: dict[cells.Reader, Callable[[str], str]] = {
        cells.day: written.day, cells.amount: written.number, cells.micro: written.number,
    }  # fmt: skip
    spell = spells.get(column.read)
    if column.choices:
        codes = {_plain(word): code for code, word in column.words.items()}
        spell = lambda text: codes.get(_plain(text), text)  # noqa: E731
    distinct = texts.drop_nulls().unique()
    if spell is None or distinct.is_empty():
        return texts
    return texts.replace_strict({text: spell(text) for text in distinct}, default=None, return_dtype=pl.String)


def _plain(word: str) -> str:
    """A word without what differs between spellings of it."""
    return "".join(unicodedata.normalize("NFKC", word).split())


def given(rows: Sequence[AnyMapping[str, Any]], kind: Kind, name: str, mapping: Mapping | None = None) -> Sheet:
    """Rows that another program hands over, read as a sheet of the kind like a file with these columns (see `sheet`).

    ``file_line`` is the row's number from 1; what is wrong with the columns themselves is told of line 0.
    """
    cells_ = [{key.strip(): _written(value) for key, value in row.items()} for row in rows]
    names = [key for key in dict.fromkeys(key for row in cells_ for key in row) if key != LINE]
    if any(LINE in row for row in cells_):
        raise FileRefusal(name, [RowError(0, LINE, LINE, "この列はありません（自由項目は x_ で始めてください）")])
    columns = {key: [row.get(key, "") for row in cells_] for key in names}
    lines = pl.Series(LINE, range(1, len(cells_) + 1), dtype=pl.Int64)
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)).with_columns(lines)
    data = json.dumps(cells_, ensure_ascii=False, sort_keys=True).encode()
    return _read(Raw(name, data, frame, "JSON"), kind, mapping, line=0)


def typed(frame: pl.DataFrame, kind: Kind, found: Raw, headers: AnyMapping[str, str]) -> Sheet:
    """Rows that the reader of another format has read from the file, as a sheet of the kind.

    ``frame`` has ``file_line``, columns of the kind as values, and whatever else goes with them; ``headers`` has by column
    what the format calls it.
    """
    absent = [pl.lit(None, dtype=c.dtype).alias(c.name) for c in kind.columns if c.name not in frame.columns]
    full = frame.with_columns(absent)
    texts = full.select(LINE, *[pl.col(c.name).cast(pl.String) for c in kind.columns]).unique(LINE, keep="first")
    return Sheet(found.name, kind, full, dict(headers), hashlib.sha256(found.data).hexdigest(), texts, full)


def _written(value: Any) -> str:
    """A value as a person would write it into a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def _sheet(spelt: pl.DataFrame, cells_: pl.DataFrame, kind: Kind, found: Raw, *, line: int) -> Sheet:
    """The cells, spelt as files write them, as a sheet; of those that are no text it keeps what stands in the file."""
    headers = _headers(spelt.columns, kind, found.name, line)
    sha256 = hashlib.sha256(found.data).hexdigest()
    read_as_text = {c.name for c in kind.columns if c.read is cells.text}
    shown = [header for header, column in headers.items() if column not in read_as_text]
    texts = cells_.select(LINE, *shown).rename({header: headers[header] for header in shown})
    names = {column: header for header, column in headers.items()}
    made = Sheet(found.name, kind, spelt, names, sha256, texts, spelt)
    made.frame = made.every = _read_cells(made, spelt.rename(headers))
    return made


def decoded(data: bytes, name: str) -> str:
    """The text of a file in UTF-8 (with or without BOM) or else CP932."""
    return _decoded(data, name)[0]


def encoding(data: bytes, name: str) -> str:
    """What people call the encoding in which `decoded` reads the file."""
    return _decoded(data, name)[1]


def _decoded(data: bytes, name: str) -> tuple[str, str]:
    """The text of a file, and the name of its encoding."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding, title in (
        (("utf-16", "UTF-16"),) if wide else (("utf-8-sig", "UTF-8"), ("cp932", "Shift_JIS（CP932）"))
    ):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, title
    raise Refusal(
        "encoding", f"{name} の文字コードが UTF-8 でも CP932（Shift_JIS）でもありません。", "保存し直してください。"
    )


def _separator(text: str) -> str:
    """What stands between the cells: a comma, unless the header has none and has a tab or a semicolon."""
    header = text.lstrip("\r\n").split("\n", 1)[0]
    return next((mark for mark in SEPARATORS if mark in header), ",")


def _csv(text: str, name: str, separator: str) -> pl.DataFrame:
    if not _regular(text, separator):
        return _rows(list(_csv_rows(text, separator)), name)
    frame = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False, separator=separator)
    return frame.with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(LINE)).filter(
        _not_blank(frame.columns)
    )


def _regular(text: str, separator: str) -> bool:
    """Whether every line is a row of as many plain cells as the header, so that the quick reader takes it as it is."""
    if '"' in text or ("\r" in text and "\r\n" not in text):
        return False
    lines = pl.Series([text.rstrip("\r\n")]).str.split("\n").explode()
    cells_ = lines.str.count_matches(separator, literal=True)
    header = text.split("\n", 1)[0].rstrip("\r").split(separator)
    return len(header) == len(set(header)) and "" not in header and bool((cells_ == cells_[0]).all())


def _csv_rows(text: str, separator: str) -> Sequence[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    last, rows = 0, []
    for row in reader:
        rows.append((last + 1, row))
        last = reader.line_num
    return rows


def _excel(data: bytes, name: str) -> pl.DataFrame:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        table = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    except (CalamineError, IndexError):
        raise Refusal(
            "not-excel", f"{name} を Excel のファイルとして開けません。", "Excel で開いて、保存し直してください。"
        ) from None
    return _rows([(at, [_cell(value) for value in row]) for at, row in enumerate(table, 1)], name)


def _parquet(data: bytes, name: str) -> pl.DataFrame:
    """The cells of a Parquet file as texts, its rows numbered from 1."""
    try:
        table = pl.read_parquet(io.BytesIO(data))
        texts = table.with_columns(pl.all().cast(pl.String).fill_null(""))
    except (pl.exceptions.PolarsError, OSError):
        raise not_parquet(name) from None
    return texts.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(LINE))


def not_parquet(name: str) -> Refusal:
    """The refusal of a file that is no Parquet file."""
    return Refusal(
        "not-parquet", f"{name} を Parquet のファイルとして開けません。", "作り直すか、CSV で保存してください。"
    )


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _rows(rows: list[tuple[int, list[str]]], name: str) -> pl.DataFrame:
    if not rows:
        raise Refusal("empty-file", f"{name} は空です。", "見出しの行から始まるファイルを選んでください。")
    header = [cell.strip() for cell in rows[0][1]]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise FileRefusal(name, [RowError(1, column, column, "同じ列が二つあります") for column in twice])
    body = [(line, row) for line, row in rows[1:] if any(cell.strip() for cell in row)]
    wrong = [(line, row) for line, row in body if len(row) != len(header)]
    if wrong:
        errors = [RowError(line, "（列数）", str(len(row)), f"見出しは{len(header)}列です") for line, row in wrong]
        raise FileRefusal(name, errors)
    return pl.DataFrame(
        [[*row, line] for line, row in body],
        schema={**dict.fromkeys(header, pl.String), LINE: pl.Int64},
        orient="row",
    )


def _not_blank(names: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(n).fill_null("").str.strip_chars() != "" for n in names)


def _headers(found: Sequence[str], kind: Kind, name: str, line: int) -> dict[str, str]:
    """The file's headers → column names; unknown, repeated and missing ones are refused."""
    known = {c.name: c.name for c in kind.columns} | {c.japanese: c.name for c in kind.columns if c.japanese}
    plain = {header: _short(header) for header in found if header != LINE}
    names = {header: known.get(short, short) for header, short in plain.items()}
    errors = [
        RowError(line, short, short, "この列はありません（自由項目は x_ で始めてください）")
        for header, short in plain.items()
        if short not in known and not short.startswith("x_")
    ]
    errors += [RowError(line, n, n, "同じ列が二つあります") for n in known if list(names.values()).count(n) > 1]
    missing = [c for c in kind.columns if c.required and c.name not in names.values()]
    errors += [RowError(line, c.label, "", f"必須の列 {c.name}［{c.japanese}］がありません") for c in missing]
    if errors:
        raise FileRefusal(name, errors)
    return names


def _read_cells(found: Sheet, raw: pl.DataFrame) -> pl.DataFrame:
    """The raw columns read as the kind says; cells that cannot be read and required ones left empty are noted."""
    present = [c for c in found.kind.columns if c.name in raw.columns]
    native = {c.name for c in present if cells.typed(c.read, raw.schema[c.name])}
    texts = [pl.col(name).cast(pl.String) for name in raw.columns if name != LINE and name not in native]
    cleaned = raw.with_columns(text.fill_null("").str.strip_chars() for text in texts)
    absent = [c for c in found.kind.columns if c.name not in raw.columns]
    typed = cleaned.select(
        LINE,
        *[_values(cleaned[c.name], c) for c in present],
        *[pl.lit(None, dtype=c.dtype).alias(c.name) for c in absent],
        *[pl.col(n) for n in cleaned.columns if n.startswith("x_")],
    )
    found.frame = cleaned
    for c in present:
        empty = pl.col(c.name).is_null() if c.name in native else pl.col(c.name) == ""
        if c.read is cells.text:
            _check_length(found, c)
        else:
            found.check(~empty & typed[c.name].is_null(), c.name, c.reason)
        if c.required:
            found.check(empty, c.name, "必須です")
    return typed


def _check_length(found: Sheet, column: Column) -> None:
    """Note the texts that are longer than can be kept; in a list (``;``) each part counts."""
    most = found.kind.longest(column)
    long = pl.col(column.name).str.len_chars() > most
    if column.name in LISTS:
        parts = pl.col(column.name).str.split(";")
        long = long & (parts.list.eval(pl.element().str.strip_chars().str.len_chars()).list.max() > most)
    found.check(long, column.name, f"長すぎます。{most}字までで書いてください")


def _values(cells_: pl.Series, column: Column) -> pl.Series:
    """The cells of a column read as its values; null where empty or not to be read."""
    every = cells_.to_frame("cell")
    read = cells.typed(column.read, cells_.dtype)
    if read or column.read is cells.text:
        cell = pl.col("cell") if read else pl.when(pl.col("cell") != "").then("cell")
        return every.select((read or column.read)(cell).alias(column.name)).to_series()
    quick = _quick(every, column)
    if quick is None:
        return _each_once(every, column)
    if quick.null_count() == 0:
        return quick
    left = every.select(pl.when(quick.is_null()).then("cell").alias("cell"))
    return pl.select(pl.coalesce(quick, _each_once(left, column))).to_series()


def _quick(every: pl.DataFrame, column: Column) -> pl.Series | None:
    """What a quicker reader makes of the cells, null where it does not; None if none reads any of the first ones."""
    for read in cells.QUICK.get(column.read, ()):
        values = read(pl.col("cell")).alias(column.name)
        if every.head(HEAD).select(values.is_not_null().any()).item():
            return every.select(values).to_series()
    return None


def _each_once(every: pl.DataFrame, column: Column) -> pl.Series:
    """The cells read as values, each distinct one once."""
    cell = pl.when(pl.col("cell") != "").then("cell")
    distinct = every.unique().with_columns(column.read(cell).alias(column.name))
    return every.join(distinct, on="cell", how="left", maintain_order="left")[column.name]
