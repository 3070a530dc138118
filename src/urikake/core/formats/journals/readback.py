"""Journal files read back: what a file says, slip by slip, and everything in it that its package would not take.

The reader knows the files by the vendors' sheets, not by how ours are made: it reads what a person edited, too.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from urikake.core import written

from .layouts import TARGETS, Target


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a row: ``amount`` with its tax inside, positive; the account by its name, or its code where it is told so."""

    slip: str
    on: date
    debit: bool
    account: str
    sub: str
    department: str
    tax: str
    amount: int
    tax_amount: int
    text: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row of a file (from 1, the header counted)."""

    row: int
    column: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"{self.row}行目 {self.column}「{self.value}」: {self.why}"


Row = dict[str, str]
YAYOI: Final = (
    "識別フラグ 伝票No 決算 取引日付 借方勘定科目 借方補助科目 借方部門 借方税区分 借方金額 借方税金額 "
    "貸方勘定科目 貸方補助科目 貸方部門 貸方税区分 貸方金額 貸方税金額 摘要 番号 期日 タイプ 生成元 仕訳メモ 付箋1 付箋2 調整"
).split()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a row of a package what stands: the columns of the day, the slip, and of each side."""

    on: str
    slip: str
    text: str
    sides: tuple[tuple[str, ...], tuple[str, ...]]
    """Of debit and credit: account, sub, department, tax, amount, tax amount."""


def _sides(*names: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(f"借方{name}" for name in names), tuple(f"貸方{name}" for name in names)


_CLOUD: Final = ("002", "003", "001", "004", "101", "102")
_LOCAL: Final = ("01", "02", "00", "03", "13", "14")
_PLAIN: Final = ("account", "sub", "department", "tax", "amount", "tax_amount")
LAYOUTS: Final = {
    "yayoi": Layout("取引日付", "伝票No", "摘要", _sides("勘定科目", "補助科目", "部門", "税区分", "金額", "税金額")),
    "kanjo-bugyo": Layout(
        "GL0010001", "GL0010003", "GL0011001", (tuple(f"GL0012{c}" for c in _CLOUD), tuple(f"GL0013{c}" for c in _CLOUD))
    ),
    "kanjo-bugyo-i": Layout(
        "CSJS005", "CSJS007", "CSJS100", (tuple(f"CSJS2{c}" for c in _LOCAL), tuple(f"CSJS3{c}" for c in _LOCAL))
    ),
    "pca": Layout("伝票日付", "伝票番号", "摘要文", _sides("科目コード", "補助コード", "部門コード", "税区分コード", "金額", "消費税額")),
    "freee": Layout("日付", "伝票番号", "摘要", _sides("勘定科目", "補助科目", "部門", "税区分", "金額", "税額")),
    "moneyforward": Layout("取引日", "取引No", "摘要", _sides("勘定科目", "補助科目", "部門", "税区分", "金額(円)", "税額")),
    "csv": Layout("date", "slip", "description", (tuple(f"debit_{n}" for n in _PLAIN), tuple(f"credit_{n}" for n in _PLAIN))),
}  # fmt: skip


def read(target: str, data: bytes) -> tuple[list[Side], list[Problem]]:
    """The sides of all rows of the file, and everything that is wrong with it (see `sides`), by row."""
    problems: list[Problem] = []
    return list(sides(target, data, problems)), sorted(problems, key=lambda problem: problem.row)


def sides(target: str, data: bytes, problems: list[Problem], *, returned: bool = False) -> Iterator[Side]:
    """The sides of the rows of the file one after the other; what is wrong is added to ``problems`` on the way.

    Checked: coding, line ends, the number of columns and their titles, marks, days, amounts, and that every slip balances. What
    can be read of a file with problems is given all the same. A file that the package has given out (``returned``) may be in
    either coding, with any line ends, further columns, and amounts and days as people write them.
    """
    known = TARGETS[target]
    text = _decoded(known, data, problems, returned=returned)
    if not returned and text.count("\n") != text.count("\r\n"):
        problems.append(Problem(1, "改行", "", "CRLF ではない改行があります"))
    balance: dict[tuple[str, date], int] = {}
    first: dict[tuple[str, date], int] = {}
    reading = _Reading(known, problems, returned)
    for at, row, slip, on in _slips(reading, _rows(reading, text)):
        for debit, names in zip((True, False), LAYOUTS[target].sides, strict=True):
            side = _side(reading, at, row, slip, on, debit, names)
            if side:
                key = (slip, on)
                first.setdefault(key, at)
                balance[key] = balance.get(key, 0) + (side.amount if debit else -side.amount)
                yield side
    for key, left in balance.items():
        if left:
            problems.append(Problem(first[key], "伝票", key[0], f"貸借が {left:,}円 合いません"))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is being read: whose file, what was found wrong so far, and whether the package gave it out."""

    known: Target
    problems: list[Problem]
    returned: bool

    def wrong(self, at: int, column: str, value: str, why: str) -> None:
        self.problems.append(Problem(at, column, value, why))


def _decoded(known: Target, data: bytes, problems: list[Problem], *, returned: bool) -> str:
    """The text of the file; nothing where it cannot be read."""
    codings = ["utf-8-sig", "cp932"] if returned else [known.encoding]
    for coding in codings:
        try:
            return data.decode(coding)
        except UnicodeDecodeError as error:
            at = data[: error.start].count(b"\n") + 1
    problems.append(Problem(at, "文字", "", f"{'・'.join(codings)} の文字ではありません"))
    return ""


def is_of(target: str, data: bytes) -> bool:
    """Whether the file is laid out as those of the package.

    >>> is_of("moneyforward", "取引No,取引日,借方勘定科目,借方金額(円),借方税額,貸方勘定科目,貸方金額(円),貸方税額\\n".encode())
    True
    >>> is_of("pca", b"x")
    False
    """
    known = TARGETS[target]
    first = _decoded(known, data[:20_000].rsplit(b"\n", 1)[0], [], returned=True).split("\n", 2)
    rows = list(csv.reader(line.strip("\r") for line in first[:2]))
    if not known.headed:
        return bool(rows) and len(rows[0]) >= len(YAYOI) and rows[0][0] in _MARKS
    own = _wanted(known) | {side[5] for side in LAYOUTS[target].sides}  # by the columns of tax packages differ
    return any(own <= set(row) for row in rows)


_MARKS: Final = frozenset({"2000", "2111", "2110", "2100", "2101"})


def _wanted(known: Target) -> set[str]:
    """The columns without which nothing can be read."""
    names = LAYOUTS[known.name]
    return {names.on} | {side[at] for side in names.sides for at in (0, 4)}


def _rows(reading: _Reading, text: str) -> Iterator[tuple[int, Row]]:
    """The rows by the names of their columns, with their place in the file."""
    known = reading.known
    lines = enumerate(csv.reader(io.StringIO(text, newline="")), 1)
    titles: Sequence[str] = YAYOI
    if known.headed:
        at, titles = next(lines, (1, []))
        if reading.returned and not _wanted(known) <= set(titles):  # a line that tells the version may stand before
            at, titles = next(lines, (at, titles))
        every = {name for side in LAYOUTS[known.name].sides for name in side} | {LAYOUTS[known.name].on}
        wanted = _wanted(known) if reading.returned else set(known.needed) or every  # others may be chosen away
        for name in sorted(wanted - set(titles)):
            reading.wrong(at, name, "", "この列がありません")
    for at, cells in lines:
        more = reading.returned and not known.headed and len(cells) > len(titles)
        if not any(cells) and reading.returned:
            continue
        if len(cells) != len(titles) and not more:
            reading.wrong(at, "列", str(len(cells)), f"{len(titles)} 列ではありません")
            continue
        yield at, dict(zip(titles, cells, strict=False))


def _slips(reading: _Reading, rows: Iterator[tuple[int, Row]]) -> Iterator[tuple[int, Row, str, date]]:
    """The rows with the slip and the day that they belong to, as the package tells slips apart."""
    known = reading.known
    names, slip, on = LAYOUTS[known.name], "", date.min
    before: str | None = None
    for at, row in rows:
        mark = row.get("識別フラグ") or row.get("GL0010000") or row.get("OBCD001") or row.get("[表題行]") or ""
        if wrong := _mark_wrong(reading, mark, before):
            reading.wrong(at, "区切り", mark, wrong)
        before = mark
        starts = mark in {"2000", "2110", "2111", "*"} or known.name not in {"yayoi", "kanjo-bugyo", "kanjo-bugyo-i"}
        if starts:
            slip = row.get(names.slip, "") or (f"#{at}" if known.name == "yayoi" else "")
        told = row.get(names.on, "")
        if told or starts:
            found = _as_written(told) if reading.returned else _day(told)
            if found is None:
                reading.wrong(at, names.on, told, "日付ではありません")
                continue
            on = found
        yield at, row, slip, on


_ERA: Final = re.compile(r"^([A-Z])\.")
"""Days by era have a stop behind its letter in some packages."""


def _mark_wrong(reading: _Reading, mark: str, before: str | None) -> str:
    """What is wrong with the mark of a row after the one before it; nothing where it is right."""
    known = reading.known
    if known.name == "yayoi":
        inside = before in {"2110", "2100"}
        right = {"2100", "2101"} if inside else {"2000", "2111", "2110"}
        return "" if mark in right else f"{'・'.join(sorted(right))} のどれかが来ます"
    if known.name in {"kanjo-bugyo", "kanjo-bugyo-i"}:
        return "" if mark == "*" or (mark == "" and before is not None) else "伝票の最初の行は * です"
    if known.name == "freee" and not reading.returned:
        return "" if mark == "[明細行]" else "[明細行] で始まります"
    return ""


def _side(reading: _Reading, at: int, row: Row, slip: str, on: date, debit: bool, names: Sequence[str]) -> Side | None:
    """One side of a row; None where it is empty."""
    known, get = reading.known, row.get
    account, sub, department, tax = get(names[0], ""), get(names[1], ""), get(names[2], ""), get(names[3], "")
    whole, tax_amount = _money(reading, at, names[4], row), _money(reading, at, names[5], row)
    if not account:
        if whole or tax_amount:
            reading.wrong(at, names[0], "", "金額のある側に科目がありません")
        return None
    amount = whole + (tax_amount if known.taxed_apart else 0)
    if not tax and names[3] in row and not reading.returned:
        reading.wrong(at, names[3], "", "税区分がありません")
    text = get(LAYOUTS[known.name].text, "")
    if known.guarded:
        account, sub, department, tax, text = (_plain(each) for each in (account, sub, department, tax, text))
    return Side(slip, on, debit, account, sub, department, tax, amount, tax_amount, text, at)


_GUARDED: Final = re.compile("'+[=+\\-@\t\r＝＋－＠]")


def _plain(text: str) -> str:
    """The text without the mark that keeps a spreadsheet from taking it for a formula."""
    return text[1:] if _GUARDED.match(text) else text


def _money(reading: _Reading, at: int, name: str, row: Row) -> int:
    """The amount in a column; nothing where it is empty or absent."""
    text = row.get(name, "")
    if text.isdecimal():
        return int(text)
    bare = written.number(text) if reading.returned else text.strip()
    if not bare:
        return 0
    if not bare.removeprefix("-").isdecimal():
        reading.wrong(at, name, text, "整数ではありません")
        return 0
    return int(bare)


@functools.lru_cache(maxsize=4096)
def _as_written(text: str) -> date | None:
    """The day as people write it, too, or with the mark that PCA会計 may put before it."""
    return _day(written.day(_ERA.sub(r"\1", text.removeprefix("*"))))


@functools.lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    """The day as the packages write it."""
    digits = text.replace("/", "-") if "/" in text or "-" in text else f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    try:
        return date.fromisoformat("-".join(part.zfill(2) for part in digits.split("-")))
    except ValueError:
        return None
