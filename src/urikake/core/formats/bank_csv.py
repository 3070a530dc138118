"""Statements that banks give as CSV (入出金明細 CSV): read by a layout, as columns.

There is no common format. A layout (`bank_layout`) says by which headings a bank's columns are found, wherever its header
stands; the reader is one for all, for layouts that are shipped and for those that a company made.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.core import written

from . import bank_file
from .bank_file import BankFile
from .bank_layout import PROFILES, Profile, headings, plain
from .zengin import Fault, Refused, era_day

__all__ = ["PROFILES", "Draft", "Profile", "drafted", "lines_of", "read"]

MARKS: Final = (",", "\t", ";")
"""What may stand between cells."""
LONGEST_CODE: Final = 60
_CLOCK: Final = re.compile(r"(?:\([月火水木金土日]\))?(?:[\sT]*\d{1,2}:\d{2}(?::\d{2})?)?$")
"""What may follow a day in its cell: the day of the week, the time."""
_SHORT_ERA: Final = re.compile(r"(\d{2})[.](\d{1,2})[.](\d{1,2})")
_NUMBER: Final = re.compile(r"-?\d{1,15}")
_PREFIX: Final = re.compile(r"^(?:振込入金|お?振込|総合振込|フリコミ|ﾌﾘｺﾐ|入金)(?:[\s\u3000*＊:：]+|$)")
_BETWEEN: Final = " \t\u3000*＊:："
"""What may stand between a prefix and the payer's name."""
COLUMNS: Final[dict[str, Any]] = bank_file.MOVEMENT | {"balance": pl.Int64, "account": pl.String}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the file: its line, its cells by the heading that the profile gives them, and its text as it came."""

    line: int
    cells: dict[str, str]
    raw: str


Line = tuple[int, list[str], str]
"""A row of a file: its number, its cells, and its text as it came."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a file comes to: its movements in the order of the file, those that are wrong among them, and every fault.

    ``movements`` are those of `bank_file.MOVEMENT` with their ``balance`` and ``account``; what could not be read of one is
    null. ``statement`` is empty where anything is wrong.
    """

    movements: pl.DataFrame
    statement: dict[str, Any]
    faults: list[Fault]


def read(text: str, profile: Profile, latest: date) -> BankFile:
    """The statement in the file's text; days are not after ``latest``.

    Lines before the header are passed over, but for rows of a day and an amount, which are refused there. A negative deposit
    takes an earlier one back; a negative payment came back and is for a person to look at. Where the file has balances they
    must follow from row to row, oldest or newest first: a break is a row that is missing or there twice.

    Raises `Refused` for the file as a whole; a fault's record is the line, its place the column.
    """
    found = drafted(text, profile, latest)
    if found.faults:
        raise Refused(found.faults)
    statements = pl.DataFrame([found.statement], schema=bank_file.STATEMENT)
    return bank_file.accepted(bank_file.made(statements, found.movements), ())


def drafted(text: str, profile: Profile, latest: date) -> Draft:
    """What the file comes to as far as it can be read, with everything that is wrong (see `read`).

    Raises `Refused` only where its rows cannot be told: there is no such header, or rows stand before it.
    """
    header, places, lines, width = _table(text, profile)
    faults: list[Fault] = []
    rows = list(_rows(lines, profile, places, width, faults))
    every = [_movement(row, profile, places, latest, faults) for row in rows]
    statement = {} if faults else _statement(every, profile, places, header, faults)
    return Draft(pl.DataFrame(every, schema=COLUMNS), {} if faults else statement, faults)


def lines_of(text: str, mark: str = ",") -> list[Line]:
    """The rows of the text that are not blank, its cells divided by the mark; raises `Refused` where that cannot be done."""
    source = list(io.StringIO(text, newline=""))
    reader, before, found = csv.reader(source, delimiter=mark), 0, list[Line]()
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((before + 1, cells, "".join(source[before : reader.line_num]).strip("\r\n")))
            before = reader.line_num
    except csv.Error:
        raise Refused(
            [Fault(before + 1, 1, "行", "", "CSV の行として読めません（引用符が閉じていないようです）")]
        ) from None
    return found


def _table(text: str, profile: Profile) -> tuple[int, dict[str, int], list[Line], int]:
    """The line of the header, the place of each column that the profile names, the rows below, and how many cells each has."""
    if profile.headless:
        return _headless(text, profile)
    for mark in MARKS:
        lines = lines_of(text, mark)
        for at, (line, cells, _) in enumerate(lines):
            places = _places(cells, profile)
            if all(name in places for name in profile.needed):
                if early := [one for one in lines[:at] if _moving(one[1], profile, places)]:
                    raise Refused(
                        [Fault(each, 1, "見出し", row[0], "見出しより前に明細の行があります") for each, row, _ in early]
                    )
                return line, places, lines[at + 1 :], len(cells)
    heads = [_places(cells, profile) for mark in MARKS for _, cells, _ in lines_of(text, mark)]
    found = max(heads, key=len, default={})
    lacking = "・".join(name for name in profile.needed if name not in found)
    raise Refused([Fault(1, 1, "見出し", "", f"{profile.title}の見出し（{lacking}）のある行がありません")])


def _headless(text: str, profile: Profile) -> tuple[int, dict[str, int], list[Line], int]:
    """The same of a file whose first row is a movement already."""
    lines = max((lines_of(text, mark) for mark in MARKS), key=lambda found: len(found[0][1]) if found else 0)
    width = len(lines[0][1]) if lines else 0
    places = _places([""] * width, profile)
    if lacking := "・".join(name for name in profile.named if name not in places):
        raise Refused([Fault(1, 1, "列数", str(width), f"{profile.title}の列（{lacking}）がありません")])
    return 1, places, lines, width


def _moving(cells: Sequence[str], profile: Profile, places: dict[str, int]) -> bool:
    """Whether the cells are those of a movement, where the header says: a day, be it to come, and something as an amount.

    A mark of the encoding or a quotation mark beside the day makes it none the less a day.
    """
    told = {name: cells[at].strip('\ufeff" ') for name, at in places.items() if at < len(cells)}
    day = _day([told.get(name, "") for name in profile.day], date.max)
    return day is not None and any(told.get(name, "").strip() for name in profile.amounts)


def _places(cells: Sequence[str], profile: Profile) -> dict[str, int]:
    """Where the columns stand that the profile names, below a header of these cells."""
    header = [plain(name) for name in headings(cells)]
    return {
        name: header.index(spelt)
        for name in profile.named
        for spelt in map(plain, (*name.split("|"), name))
        if spelt and spelt in header
    }


def _rows(
    lines: Sequence[Line],
    profile: Profile,
    places: dict[str, int],
    width: int,
    faults: list[Fault],
) -> Iterator[_Row]:
    """The rows that tell of movements; those of another width are noted as faults."""
    words = {plain(word) for word in profile.skip}
    for line, cells, raw in lines:
        if words & {plain(cell) for cell in cells} and not _moving(cells, profile, places):
            continue
        if len(cells) == width:
            yield _Row(line, {name: cells[at].strip() for name, at in places.items()}, raw)
        else:
            faults.append(Fault(line, 1, "列数", str(len(cells)), f"見出しは {width} 列です"))


def _movement(row: _Row, profile: Profile, places: dict[str, int], latest: date, faults: list[Fault]) -> dict[str, Any]:
    """The movement of a row; what is wrong with it is added to ``faults``."""

    def fault(name: str, why: str) -> None:
        faults.append(Fault(row.line, places[name] + 1, name.partition("|")[0], row.cells[name], why))

    amounts = {}
    for name in filter(None, (*profile.amounts, profile.balance)):
        told = written.number(row.cells.get(name, ""))
        if told and not _NUMBER.fullmatch(told):
            fault(name, "円の金額として読めません")
        elif told:
            amounts[name] = int(told)
    day = _day([row.cells[name] for name in profile.day], latest)
    if day is None:
        fault(profile.day[0], "日付として読めないか、先の日です")
    into, out = _both(row, profile, amounts, fault)
    if into and out:
        fault(profile.outgoing, "入金と出金の両方に金額があります")
    elif not (into or out or _unread(row, profile, amounts)):
        fault(profile.amounts[0], "入金・出金のどちらにも金額がありません")
    if len(row.cells.get(profile.code, "")) > LONGEST_CODE:
        fault(profile.code, f"長すぎます（{LONGEST_CODE}字まで）")
    move, amount = _moved(into, out)
    return {
        "statement": 0, "record": row.line, "move": move, "booked_on": day, "value_on": day, "amount": amount,
        "payer": _payer(row, profile), "note": row.cells.get(profile.note, ""),
        "reference": row.cells.get(profile.reference, ""), "payer_code": row.cells.get(profile.payer_code, ""),
        "payer_bank": row.cells.get(profile.bank, ""), "payer_branch": row.cells.get(profile.branch, ""),
        "inquiry": row.cells.get(profile.inquiry, ""), "bank_code": row.cells.get(profile.code, ""), "raw": row.raw,
        "balance": amounts.get(profile.balance), "account": row.cells.get(profile.account, ""),
    }  # fmt: skip


def _both(row: _Row, profile: Profile, amounts: dict[str, int], fault: Callable[[str, str], None]) -> tuple[int, int]:
    """What came in and what went out by the row, in whichever way the profile tells it."""
    if profile.way:
        amount, word = amounts.get(profile.amount, 0), plain(row.cells[profile.way])
        comes, goes = ({plain(each) for each in words} for words in (profile.way_in, profile.way_out))
        if word not in comes | goes:
            fault(
                profile.way,
                f"入金の言葉（{'・'.join(profile.way_in)}）でも出金の言葉（{'・'.join(profile.way_out)}）でもありません",
            )
        return (0, amount) if word in goes else (amount, 0)
    signed = amounts.get(profile.signed, 0)
    return amounts.get(profile.incoming, 0) or max(signed, 0), amounts.get(profile.outgoing, 0) or max(-signed, 0)


def _unread(row: _Row, profile: Profile, amounts: dict[str, int]) -> bool:
    """Whether an amount stands there that could not be read, which is told already."""
    return any(written.number(row.cells[name]) and name not in amounts for name in profile.amounts)


def _moved(into: int, out: int) -> tuple[str, int]:
    """What the row is, and its yen: a negative deposit takes one back, a negative payment came back."""
    if into:
        return (bank_file.IN, into) if into > 0 else (bank_file.CANCEL, -into)
    return (bank_file.OUT, out) if out > 0 else (bank_file.CORRECTION, -out)


def _payer(row: _Row, profile: Profile) -> str:
    told = next((row.cells[name] for name in profile.payer if row.cells.get(name)), "")
    return _PREFIX.sub("", _bare(told, profile.prefixes)).strip() or told or "（名義なし）"


def _bare(text: str, prefixes: Sequence[str]) -> str:
    """The text without the longest of the prefixes that it begins with, in whatever width that is written.

    >>> _bare("ﾌﾘｺﾐｷﾝ ｶ)ﾊﾙﾉ", ["フリコミ", "フリコミキン"]), _bare("ハルノ", ["フリコミ"])
    ('ｶ)ﾊﾙﾉ', 'ハルノ')
    """
    folded = unicodedata.normalize("NFKC", text)
    for prefix in sorted((unicodedata.normalize("NFKC", each) for each in prefixes), key=len, reverse=True):
        if folded.startswith(prefix):
            heads = (at for at in range(1, len(text) + 1) if unicodedata.normalize("NFKC", text[:at]) == prefix)
            return text[max(heads, default=0) :].lstrip(_BETWEEN)
    return text


def _day(parts: Sequence[str], latest: date) -> date | None:
    """The day of the cell, or of those of year, month and day; a year of two digits is one of an era.

    >>> [_day([text], date(2026, 12, 31)) for text in ("R8.10.01", "08.10.01", "2026年10月1日")] == [date(2026, 10, 1)] * 3
    True
    >>> _day(["2026", "2", "30"], date(2026, 12, 31)), _day(["20270101"], date(2026, 12, 31))
    (None, None)
    >>> _day(["2026/10/01（木） 9:05"], date(2026, 12, 31))
    datetime.date(2026, 10, 1)
    """
    text = _CLOCK.sub("", unicodedata.normalize("NFKC", "/".join(parts)).strip())
    if short := _SHORT_ERA.fullmatch(text):
        return era_day(f"{short[1]}{int(short[2]):02}{int(short[3]):02}", latest)
    try:
        found = date.fromisoformat(written.day(text))
    except ValueError:
        return None
    return found if found <= latest else None


def _statement(
    rows: Sequence[dict[str, Any]], profile: Profile, places: dict[str, int], header: int, faults: list[Fault]
) -> dict[str, Any]:
    """The statement of the rows: the account, the days, and the balances where they follow from row to row."""
    days = [row["booked_on"] for row in rows]
    accounts = {row["account"] for row in rows} - {""}
    if len(accounts) > 1:
        faults.append(
            Fault(
                header,
                places[profile.account] + 1,
                profile.account,
                "・".join(sorted(accounts))[:40],
                "口座が二つ以上あります",
            )
        )
    found = {
        "statement": 0, "record": header, "since_on": min(days, default=None), "until_on": max(days, default=None),
        "number": _number(next(iter(accounts), "")),
    }  # fmt: skip
    if all(row["balance"] is None for row in rows):
        return found
    ways = [(order, _broken(order)) for order in (list(rows), list(reversed(rows)))]
    order, broken = min(ways, key=lambda way: (len(way[1]), _backwards(way[0])))
    for row, reached in broken:
        why = f"前の行の残高から計算すると {reached:,} です（行の抜けか重なりがあります）"
        at, name = places[profile.balance] + 1, profile.balance.partition("|")[0]
        faults.append(Fault(row["record"], at, name, f"{row['balance']:,}", why))
    told = [at for at, row in enumerate(order) if row["balance"] is not None]
    before = order[told[0]]["balance"] - sum(map(_moves, order[: told[0] + 1]))
    after = order[told[-1]]["balance"] + sum(map(_moves, order[told[-1] + 1 :]))
    return found | {"balance_before": before, "balance_after": after}


def _backwards(rows: Sequence[dict[str, Any]]) -> int:
    """How often a day goes back from one row to the next."""
    return sum(before["booked_on"] > after["booked_on"] for before, after in itertools.pairwise(rows))


def _number(account: str) -> str:
    """The number at the end of what names an account; empty where there is none.

    >>> _number("本店 普通 1234567"), _number("本店")
    ('1234567', '')
    """
    match = re.search(r"(\d{4,10})\s*$", unicodedata.normalize("NFKC", account))
    return match[1] if match else ""


def _moves(row: dict[str, Any]) -> int:
    """By how much the row moves the balance."""
    return int(row["amount"]) * (-1 if row["move"] in (bank_file.OUT, bank_file.CANCEL) else 1)


def _broken(rows: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """The rows, oldest first, whose balance is not the last one told and what moved since; with what that comes to."""
    found, reached = [], None
    for row in rows:
        reached = None if reached is None else reached + _moves(row)
        if row["balance"] is not None:
            if reached not in (None, row["balance"]):
                found.append((row, reached))
            reached = row["balance"]
    return found
