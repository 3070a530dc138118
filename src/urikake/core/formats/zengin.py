"""What all fixed-length files of Japanese banks share (全銀協規定形式): fields, records, bytes, days, and what is wrong.

A file is batches of header (1), data (2) and trailer (8), then one end record (9), in JIS X 0201: one byte a character.
Source: 全銀協 適用業務およびレコード・フォーマット.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import polars as pl

from urikake.core.calendar import business_days

from . import bank_kana

SEPARATORS: Final = ("\r\n", "\n", "\r", "")
KINDS: Final = {
    "01": "振込入金通知",
    "03": "入出金取引明細",
    "04": "残高通知",
    "11": "給与振込",
    "12": "賞与振込",
    "21": "総合振込",
    "91": "口座振替",
}
"""The files that banks know, by their code (種別コード)."""
DEPOSITS: Final = {
    "1": "普通",
    "2": "当座",
    "3": "納税準備",
    "4": "貯蓄",
    "5": "通知",
    "6": "定期",
    "7": "積立定期",
    "8": "定期積金",
    "9": "その他",
}
"""Kinds of account (預金種目) by their code."""
CHANGES: Final = {"first": "1", "changed": "2", "other": "0"}
"""Whether the account is new (新規コード), by our words."""
AT: Final = "record"
"""The column of a record's number in its file, from 1."""
_ERAS: Final = ((2018, date(2019, 5, 1)), (1988, date(1989, 1, 8)))


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record: its name, its first byte (from 1), its bytes, digits (``N``) or text (``C``), whether it must be."""

    name: str
    start: int
    length: int
    kind: Literal["N", "C"]
    required: bool


def layout(text: str) -> tuple[Field, ...]:
    """The fields of a record written as ``name:N4``, one after another; ``?`` after those that may be absent."""
    found: list[Field] = []
    for part in text.split():
        name, _, form = part.partition(":")
        start = found[-1].start + found[-1].length if found else 1
        kind: Literal["N", "C"] = "N" if form[0] == "N" else "C"
        found.append(Field(name, start, int(form[1:].rstrip("?")), kind, not form.endswith("?")))
    return tuple(found)


def field(fields: Sequence[Field], name: str) -> Field:
    """The field of that name."""
    return next(each for each in fields if each.name == name)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong: the record (from 1), the first byte of the field (from 1), its name, what stands there, and why.

    >>> print(Fault(2, 81, "引落金額", "12X", "数字ではありません"))
    2件目のレコードの81桁目 引落金額「12X」: 数字ではありません
    """

    record: int
    at: int
    name: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"{self.record}件目のレコードの{self.at}桁目 {self.name}「{self.value}」: {self.why}"


class Refused(ValueError):
    """A file that is refused whole, with every fault in the order of the file."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))


# --- writing -------------------------------------------------------------------------------------------------------


def record(
    fields: Sequence[Field], values: Sequence[str], at: int, faults: list[Fault], *, loose: Collection[str] = ()
) -> str:
    """The record with the values in its fields; what does not fit is added to ``faults``.

    ``loose`` are fields of digits that may also be texts.
    """
    parts = []
    for column, value in zip(fields, values, strict=True):
        try:
            parts.append(_placed(column, value, loose=column.name in loose))
        except ValueError as error:
            faults.append(Fault(at, column.start, column.name, value, str(error)))
    return "".join(parts)


def _placed(column: Field, value: str, *, loose: bool) -> str:
    """The value in its bytes: digits right-aligned after zeros, text in bank kana left-aligned before spaces."""
    if column.required and not value:
        raise ValueError("必須です")
    digits = value.isascii() and value.isdigit()
    if column.kind == "N" and digits and len(value) <= column.length:
        return value.rjust(column.length, "0")
    if column.kind == "N" and not value:
        return " " * column.length
    if column.kind == "N" and not loose:
        raise ValueError(f"{column.length} 桁までの数字で書いてください")
    text = bank_kana.converted(value, _allowed(column.name))
    if loose and len(text) > column.length:
        raise ValueError(f"{column.length} 文字までです")
    return bank_kana.cut(text, column.length).ljust(column.length)


def _allowed(name: str) -> frozenset[str]:
    """What may stand in the text field of that name."""
    if name == "EDI情報":
        return bank_kana.EDI
    return bank_kana.BANK if name.endswith(("銀行名", "支店名", "仕向店名")) else bank_kana.NAME


# --- reading -------------------------------------------------------------------------------------------------------


def file_of(records: Sequence[str], separator: str, faults: Sequence[Fault]) -> bytes:
    """The records as a file in CP932, each followed by the separator; raises `Refused` where there are faults."""
    if faults:
        raise Refused(faults)
    return "".join(row + separator for row in records).encode("cp932")


def rows(data: bytes, length: int, *, lenient: bool = False) -> list[str]:
    """The records of the file as text, each of ``length`` characters, whatever stands between them.

    Taken are CR, LF, both or nothing between records, 0x1A at the end, and a byte order mark before the first. With
    ``lenient`` lines whose spaces at the end were stripped are filled up. Raises `Refused`.
    """
    body = data.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a\r\n")
    _require_bytes(body, length)
    lines = body.decode("cp932").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found: list[str] = []
    faults: list[Fault] = []
    for line in lines:
        short = len(line) % length
        if short and not (lenient and len(lines) > 1 and len(line) < length):
            why = f"{len(line)} バイトです（1 レコードは {length} バイト）"
            faults.append(Fault(len(found) + 1, 1, "レコード", line[:10], why))
        whole = line.ljust(-(-len(line) // length) * length) if line else ""
        found += [whole[at : at + length] for at in range(0, len(whole), length)] or [""]
    if faults:
        raise Refused(faults)
    return found


_BYTES: Final = bytes([*b"\r\n", *range(0x20, 0x7F), *range(0xA1, 0xE0)])
"""JIS X 0201 and separators."""


def _require_bytes(body: bytes, length: int) -> None:
    """Return if every byte is one character of JIS X 0201 or a separator."""
    strange = body.translate(None, _BYTES)[:1]
    at = body.index(strange) if strange else None
    if at is None and body:
        return
    whole = len(body[: at or 0].replace(b"\r", b"").replace(b"\n", b""))
    value = "" if at is None else f"0x{body[at]:02X}"
    why = (
        "半角カナの 1 バイトの文字ではありません（UTF-8 や全角のファイルは読めません）" if body else "空のファイルです"
    )
    raise Refused([Fault(whole // length + 1, whole % length + 1, "文字", value, why)])


def require_kind(found: Sequence[str], kind: str) -> None:
    """Return if the records are those of a file of the kind, in its order; raise `Refused` otherwise."""
    head = found[0]
    if head[:1] != "1":
        raise Refused([Fault(1, 1, "データ区分", head[:1], "ヘッダー（1）で始まるファイルではありません")])
    if head[1:3] != kind:
        known = KINDS.get(head[1:3], "別の業務")
        raise Refused([Fault(1, 2, "種別コード", head[1:3], f"{KINDS[kind]}（{kind}）ではなく、{known}のファイルです")])
    if head[3] != "0":
        raise Refused([Fault(1, 4, "コード区分", head[3], "JIS（0）だけを読めます（EBCDIC は読めません）")])
    if faults := list(_disordered([row[:1] for row in found])):
        raise Refused(faults)


_AFTER: Final = {"": "1", "1": "28", "2": "28", "8": "19", "9": ""}


def _disordered(kinds: Sequence[str]) -> Iterator[Fault]:
    for at, (before, kind) in enumerate(zip(["", *kinds], kinds, strict=False), 1):
        if kind not in _AFTER.get(before, ""):
            wanted = "か".join(_AFTER.get(before, "")) or "何もない終わり"
            yield Fault(at, 1, "データ区分", kind, f"ここには {wanted} が来ます")
            return
    if kinds[-1] != "9":
        yield Fault(len(kinds), 1, "データ区分", kinds[-1], "エンド（9）がありません。ファイルが途中で切れています")


def parsed(
    row: str, fields: Sequence[Field], at: int, faults: list[Fault], *, loose: Collection[str] = ()
) -> dict[str, str]:
    """The fields of a record by name, stripped; faults where digits are missing or are none."""
    found: dict[str, str] = {}
    for column in fields:
        raw = row[column.start - 1 : column.start - 1 + column.length]
        value = raw.strip()
        if column.kind == "N" and column.name not in loose and not raw.isdigit() and (value or column.required):
            faults.append(Fault(at, column.start, column.name, raw, "数字ではありません"))
        found[column.name] = value
    return found


def month_day(text: str, near: date) -> date | None:
    """The day of a month and day (MMDD) that is closest to the other; None where the calendar has no such day.

    >>> month_day("0105", date(2026, 12, 28)), month_day("0229", date(2026, 3, 1)), month_day("0431", date(2026, 4, 30))
    (datetime.date(2027, 1, 5), None, None)
    """
    found = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            found.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue
    return min(found, key=lambda day: abs(day - near), default=None)


def require_business_day(day: date, line: int, column: Field, faults: list[Fault]) -> None:
    """Add a fault where banks are closed on the day that a record tells."""
    if business_days(pl.Series([day]), pl.Series(["after"]))[0] != day:
        faults.append(Fault(line, column.start, column.name, day.isoformat(), "銀行の休業日です"))


def batches_of(records: Sequence[dict[str, str]]) -> Iterator[tuple[int, Sequence[dict[str, str]]]]:
    """The records of each batch, from its header to its trailer, with how many stand before it."""
    start = 0
    for at, row in enumerate(records, 1):
        if row["データ区分"] == "8":
            yield start, records[start:at]
            start = at


def word_of(words: Mapping[str, str], code: str) -> str:
    """The word that stands for the code; the code itself where there is none."""
    return next((word for word, known in words.items() if known == code), code)


# --- whole columns -------------------------------------------------------------------------------------------------

BATCH: Final = "batch"
"""The column of the number of a record's batch, from 0."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a file by kind, each field a column of text as it stands, with ``record`` and ``batch``."""

    heads: pl.DataFrame
    data: pl.DataFrame
    trailers: pl.DataFrame
    end: pl.DataFrame


def columns(found: Sequence[str], layouts: Mapping[str, Sequence[Field]]) -> Records:
    """The records as columns, one for each field of the layout of their kind (``1 2 8 9``), and ``row`` as it came."""
    every = pl.DataFrame({"row": found}, schema={"row": pl.String}).with_row_index(AT, 1)
    kind = pl.col("row").str.head(1)
    every = every.with_columns(pl.col(AT).cast(pl.Int64), (kind == "1").cum_sum().cast(pl.Int64).alias(BATCH) - 1)
    parts = [
        every.filter(kind == code).with_columns(
            pl.col("row").str.slice(each.start - 1, each.length).alias(each.name)
            for each in layouts[code]
            if each.name != "ダミー"
        )
        for code in "1289"
    ]
    return Records(*parts)


def faulty(frame: pl.DataFrame, bad: pl.Expr, column: Field, why: str | pl.Expr) -> list[Fault]:
    """The fault of each record of the frame where ``bad`` holds."""
    reason = why if isinstance(why, pl.Expr) else pl.lit(why)
    wrong = frame.filter(bad).select(AT, value=pl.col(column.name).cast(pl.String), why=reason)
    return [Fault(at, column.start, column.name, value, text) for at, value, text in wrong.iter_rows()]


def not_digits(frame: pl.DataFrame, fields: Sequence[Field]) -> list[Fault]:
    """The faults of fields of digits: anything else in them, but for spaces where a field may be absent."""
    found: list[Fault] = []
    for column in fields:
        if column.kind == "N" and column.name in frame.columns:
            text = pl.col(column.name)
            bad = ~text.str.contains(r"^[0-9]+$")
            found += faulty(
                frame, bad if column.required else bad & (text.str.strip_chars() != ""), column, "数字ではありません"
            )
    return found


def number(name: str) -> pl.Expr:
    """A field of digits as an integer; null where it is absent."""
    return pl.col(name).str.strip_chars().cast(pl.Int64, strict=False)


def text(name: str) -> pl.Expr:
    """A field of text without the spaces around it."""
    return pl.col(name).str.strip_chars()


def days(frame: pl.DataFrame, column: Field, reader: Callable[[str], date | None], faults: list[Fault]) -> pl.Series:
    """The field read as days by the ``reader``, each distinct one once; null where there is none (zeros or spaces)."""
    texts = frame[column.name].unique()
    known = {each: reader(each) for each in texts if each.strip("0 ")}
    read = frame.select(
        pl.col(column.name).replace_strict(known, default=None, return_dtype=pl.Date).alias("day")
    ).to_series()
    absent = pl.col(column.name).str.strip_chars("0 ") == ""
    wrong = pl.Series(read.is_null()) if column.required else frame.select(~absent).to_series() & read.is_null()
    faults += faulty(frame.filter(wrong), pl.lit(True), column, "暦にない日か、先の日です")
    return read


def era_day(written: str, latest: date) -> date | None:
    """The day of a year of an era, a month and a day (``YYMMDD``): of the newest era in which it exists and is not too late.

    The year has no era with it, so 07 may be 令和7年 or 平成7年; the first of them whose day exists in that era and is not
    after ``latest`` is meant. None where there is none.

    >>> latest = date(2026, 12, 31)
    >>> era_day("310430", latest), era_day("010501", latest), era_day("080231", latest), era_day("081130", latest)
    (datetime.date(2019, 4, 30), datetime.date(2019, 5, 1), None, datetime.date(2026, 11, 30))
    """
    end = date.max
    for before, start in _ERAS:
        found = _day(before + int(written[:2]), written)
        if found and start <= found < end and found <= latest:
            return found
        end = start
    return None


def western_day(written: str, latest: date) -> date | None:
    """The day of the last two digits of a Western year, a month and a day (``YYMMDD``), for banks that are set so.

    >>> western_day("261130", date(2026, 12, 31)), western_day("271130", date(2026, 12, 31))
    (datetime.date(2026, 11, 30), None)
    """
    found = _day(2000 + int(written[:2]), written)
    return found if found and found <= latest else None


def _day(year: int, written: str) -> date | None:
    try:
        return date(year, int(written[2:4]), int(written[4:6]))
    except ValueError:
        return None


# --- what moved on accounts ----------------------------------------------------------------------------------------


def wrong(found: Records, layouts: Mapping[str, Sequence[Field]]) -> list[Fault]:
    """What is wrong with fields of digits, and with what stands in other batches than the file's kind."""
    parts = {"1": found.heads, "2": found.data, "8": found.trailers, "9": found.end}
    kind, code_ = field(layouts["1"], "種別コード"), field(layouts["1"], "コード区分")
    first = found.heads[kind.name][0]
    return [
        *[fault for at, frame in parts.items() for fault in not_digits(frame, layouts[at])],
        *faulty(found.heads, pl.col(kind.name) != first, kind, f"ほかのヘッダー（{first}）と業務が違います"),
        *faulty(found.heads, pl.col(code_.name) != "0", code_, "JIS（0）だけを読めます（EBCDIC は読めません）"),
    ]


def dated(
    found: Records,
    layouts: Mapping[str, Sequence[Field]],
    reader: Callable[[str], date | None],
    faults: list[Fault],
    *,
    value: str,
) -> Records:
    """The records with their days: ``since_on, until_on`` of headers, ``booked_on, value_on`` of data; faults where wrong.

    A record is booked within the days of its header (勘定日).
    """
    since, until, made_on = (field(layouts["1"], name) for name in ("勘定日(自)", "勘定日(至)", "作成日"))
    booked, valued = field(layouts["2"], "勘定日"), field(layouts["2"], value)
    days(found.heads, made_on, reader, faults)
    heads = found.heads.with_columns(
        since_on=days(found.heads, since, reader, faults), until_on=days(found.heads, until, reader, faults)
    )
    data = found.data.with_columns(
        booked_on=days(found.data, booked, reader, faults), value_on=days(found.data, valued, reader, faults)
    )
    within = data.join(heads.select(BATCH, "since_on", "until_on"), on=BATCH, how="left", maintain_order="left")
    outside = ~pl.col("booked_on").is_between("since_on", "until_on")
    faults += faulty(heads, pl.col("since_on") > pl.col("until_on"), until, "勘定日(自)より前です")
    faults += faulty(within, outside.fill_null(False), booked, "ヘッダーの勘定日の範囲にありません")
    return Records(heads, data, found.trailers, found.end)


def statements(heads: pl.DataFrame) -> pl.DataFrame:
    """The headers, with their days, as statements of accounts (`bank_file.STATEMENT`)."""
    own = (
        pl.col("balance_before")
        if "balance_before" in heads.columns
        else pl.lit(None, dtype=pl.Int64).alias("balance_before")
    )
    return heads.select(
        AT,
        own,
        "since_on",
        "until_on",
        statement=BATCH,
        bank="銀行コード",
        branch="支店コード",
        deposit=pl.col("預金種目").replace_strict(DEPOSITS, default="", return_dtype=pl.String),
        number=pl.col("口座番号").str.strip_chars_start("0").str.zfill(7),
        holder=text("口座名"),
    )


def code(name: str) -> pl.Expr:
    """A field of digits as a code; empty where it is absent or nothing but zeros."""
    return pl.when(text(name).str.strip_chars("0") != "").then(text(name)).otherwise(pl.lit(""))


def missummed(sums: pl.DataFrame, found: Records, trailer: Sequence[Field], told: Mapping[str, str]) -> list[Fault]:
    """The fields of trailers (``told``: with the sum each is) that say otherwise than the records' ``sums`` by batch."""
    both = found.trailers.join(sums, left_on=BATCH, right_on="statement", how="left", maintain_order="left")
    return [
        fault
        for name, own in told.items()
        for fault in faulty(
            both,
            (number(name) != pl.col(own)).fill_null(False),
            field(trailer, name),
            pl.format("明細から数えると {} です", pl.col(own)),
        )
    ]
