"""Statements that banks give as CSV (入出金明細 CSV): each bank's columns as data, read as columns.

There is no common format. A `Profile` says by which headings a bank's columns are found, wherever its header stands; the
reader is one for all. Sources: the banks' own sheets and files as they come from their services; banks change these
without notice, and then the heading that is missing is told.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.core import written

from . import bank_file
from .bank_file import BankFile
from .zengin import Fault, Refused, era_day

_SHORT_ERA: Final = re.compile(r"(\d{2})[.](\d{1,2})[.](\d{1,2})")
_NUMBER: Final = re.compile(r"-?\d{1,15}")
_PREFIX: Final = re.compile(r"^(?:振込入金|お?振込|総合振込|フリコミ|ﾌﾘｺﾐ|入金)(?:[\s\u3000*＊:：]+|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A bank's CSV: its name, and by which heading each column is found (``|`` between headings that it has had).

    ``day`` is one heading, or those of year, month and day; what came in and went out are two columns, or one that is
    ``signed``. The payer stands in the first of the ``payer`` columns that is not empty.
    """

    title: str
    day: tuple[str, ...]
    payer: tuple[str, ...]
    incoming: str = ""
    outgoing: str = ""
    signed: str = ""
    balance: str = ""
    note: str = ""
    account: str = ""
    bank: str = ""
    branch: str = ""
    inquiry: str = ""

    @property
    def needed(self) -> list[str]:
        """The headings without which it is not this bank's file."""
        return [name for name in (*self.day, self.incoming, self.outgoing, self.signed, self.payer[0]) if name]


PROFILES: Final[dict[str, Profile]] = {
    "anser": Profile(
        title="ANSER・AnserBizSOL 入出金明細", day=("勘定日",), incoming="入金金額(円)", outgoing="出金金額(円)",
        balance="残高(円)", payer=("摘要", "取引区分"), note="取引区分", account="照会口座", bank="金融機関名",
        branch="支店名", inquiry="番号",
    ),
    "mufg-direct": Profile(
        title="三菱UFJダイレクト", day=("日付",), incoming="預かり金額", outgoing="支払い金額", balance="差引残高",
        payer=("摘要内容", "摘要"), note="摘要",
    ),
    "smbc-direct": Profile(
        title="三井住友 SMBCダイレクト", day=("年月日",), incoming="お預入れ", outgoing="お引出し", balance="残高",
        payer=("お取り扱い内容",),
    ),
    "mizuho-direct": Profile(
        title="みずほダイレクト", day=("日付",), incoming="お預かり金額", outgoing="お支払い金額", balance="残高",
        payer=("お取引内容",),
    ),
    "sbi-net": Profile(
        title="住信SBIネット銀行", day=("日付",), incoming="入金金額(円)", outgoing="出金金額(円)", balance="残高(円)",
        payer=("内容",),
    ),
    "gmo-aozora": Profile(
        title="GMOあおぞらネット銀行", day=("日付|取引日",), incoming="入金金額", outgoing="出金金額", balance="残高",
        payer=("摘要",),
    ),
    "paypay-bank": Profile(
        title="PayPay銀行", day=("操作日(年)", "操作日(月)", "操作日(日)"), incoming="お預り金額", outgoing="お支払金額",
        balance="残高", payer=("摘要",), inquiry="取引順番号",
    ),
    "rakuten-bank": Profile(
        title="楽天銀行", day=("取引日",), signed="入出金(円)", balance="残高(円)|取引後残高(円)", payer=("入出金先内容",),
    ),
    "sbi-shinsei": Profile(
        title="SBI新生銀行", day=("取引日",), incoming="入金金額", outgoing="出金金額", balance="残高", payer=("摘要",),
    ),
    "aeon-bank": Profile(
        title="イオン銀行", day=("日付",), incoming="お預入れ", outgoing="お引出し", balance="残高", payer=("お取引内容",),
    ),
    "yucho": Profile(
        title="ゆうちょ銀行", day=("取引日|日付",), incoming="受入金額(円)", outgoing="払出金額(円)",
        balance="現在(貸付)高", payer=("詳細2", "詳細1"), note="詳細1", inquiry="入出金明細ID",
    ),
}  # fmt: skip
"""The files that are known, by the name under which they are asked for."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the file: its line, its cells by the heading that the profile gives them, and its text as it came."""

    line: int
    cells: dict[str, str]
    raw: str


def read(text: str, profile: Profile, latest: date) -> BankFile:
    """The statement in the file's text; days are not after ``latest``.

    Lines before the header are passed over, but for rows of a day and an amount, which are refused there. A negative deposit
    takes an earlier one back; a negative payment came back and is for a person to look at. Where the file has balances they
    must follow from row to row, oldest or newest first: a break is a row that is missing or there twice.

    Raises `Refused` for the file as a whole; a fault's record is the line, its place the column.
    """
    header, places, rows = _table(text, profile, latest)
    faults: list[Fault] = []
    every = [_movement(row, profile, places, latest, faults) for row in rows]
    if faults:
        raise Refused(faults)
    statement = _statement(every, profile, places, header, faults)
    if faults:
        raise Refused(faults)
    statements = pl.DataFrame([statement], schema=bank_file.STATEMENT)
    return bank_file.accepted(bank_file.made(statements, pl.DataFrame(every, schema=bank_file.MOVEMENT)), ())


def _plain(heading: str) -> str:
    """A heading without what differs between spellings of it."""
    return "".join(unicodedata.normalize("NFKC", heading).lstrip("\ufeff").split())


def _table(text: str, profile: Profile, latest: date) -> tuple[int, dict[str, int], list[_Row]]:
    """The line of the header, the place of each column that the profile names, and the rows below."""
    lines = list(_lines(text))
    for at, (line, cells, _) in enumerate(lines):
        places = _places([_plain(cell) for cell in cells], profile)
        if all(name in places for name in profile.needed):
            if early := [one for one in lines[:at] if _moving(one[1], profile, places, latest)]:
                raise Refused(
                    [Fault(each, 1, "見出し", row[0], "見出しより前に明細の行があります") for each, row, _ in early]
                )
            return line, places, list(_rows(lines[at + 1 :], places, len(cells)))
    heads = [_places([_plain(cell) for cell in cells], profile) for _, cells, _ in lines]
    found = max(heads, key=len, default={})
    lacking = "・".join(name for name in profile.needed if name not in found)
    raise Refused([Fault(1, 1, "見出し", "", f"{profile.title}の見出し（{lacking}）のある行がありません")])


def _moving(cells: Sequence[str], profile: Profile, places: dict[str, int], latest: date) -> bool:
    """Whether the cells are those of a movement, where the header says: a day, and something as an amount."""
    told = {name: cells[at] for name, at in places.items() if at < len(cells)}
    amounts = [told.get(name, "") for name in (profile.incoming, profile.outgoing, profile.signed)]
    day = _day([told.get(name, "") for name in profile.day], latest)
    return day is not None and any(each.strip() for each in amounts)


def _lines(text: str) -> Iterator[tuple[int, list[str], str]]:
    """The number, the cells and the text of each row that is not blank."""
    source = list(io.StringIO(text, newline=""))
    reader, before = csv.reader(source), 0
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield before + 1, cells, "".join(source[before : reader.line_num]).strip("\r\n")
        before = reader.line_num


def _places(header: Sequence[str], profile: Profile) -> dict[str, int]:
    """Where the columns stand that the profile names."""
    named = (
        *profile.day, *profile.payer, profile.incoming, profile.outgoing, profile.signed, profile.balance, profile.note,
        profile.account, profile.bank, profile.branch, profile.inquiry,
    )  # fmt: skip
    return {
        name: header.index(spelt)
        for name in named
        for spelt in map(_plain, name.split("|"))
        if spelt and spelt in header
    }


def _rows(lines: Sequence[tuple[int, list[str], str]], places: dict[str, int], width: int) -> Iterator[_Row]:
    wrong = [
        Fault(line, 1, "列数", str(len(cells)), f"見出しは {width} 列です")
        for line, cells, _ in lines
        if len(cells) != width
    ]
    if wrong:
        raise Refused(wrong)
    for line, cells, raw in lines:
        yield _Row(line, {name: cells[at].strip() for name, at in places.items()}, raw)


def _movement(row: _Row, profile: Profile, places: dict[str, int], latest: date, faults: list[Fault]) -> dict[str, Any]:
    """The movement of a row; what is wrong with it is added to ``faults``."""

    def fault(name: str, why: str) -> None:
        faults.append(Fault(row.line, places[name] + 1, name.partition("|")[0], row.cells[name], why))

    amounts = {}
    for name in filter(None, (profile.incoming, profile.outgoing, profile.signed, profile.balance)):
        plain = written.number(row.cells.get(name, ""))
        if plain and not _NUMBER.fullmatch(plain):
            fault(name, "円の金額として読めません")
        elif plain:
            amounts[name] = int(plain)
    day = _day([row.cells[name] for name in profile.day], latest)
    if day is None:
        fault(profile.day[0], "日付として読めないか、先の日です")
    into, out = amounts.get(profile.incoming, 0), amounts.get(profile.outgoing, 0)
    if into and out:
        fault(profile.outgoing, "入金と出金の両方に金額があります")
    elif not (into or out or amounts.get(profile.signed, 0)):
        fault(profile.incoming or profile.signed, "入金・出金のどちらにも金額がありません")
    signed = amounts.get(profile.signed, 0)
    move, amount = _moved(into or max(signed, 0), out or max(-signed, 0))
    return {
        "statement": 0, "record": row.line, "move": move, "booked_on": day, "value_on": day, "amount": amount,
        "payer": _payer(row, profile), "note": row.cells.get(profile.note, ""),
        "payer_bank": row.cells.get(profile.bank, ""), "payer_branch": row.cells.get(profile.branch, ""),
        "inquiry": row.cells.get(profile.inquiry, ""), "raw": row.raw, "balance": amounts.get(profile.balance),
        "account": row.cells.get(profile.account, ""),
    }  # fmt: skip


def _moved(into: int, out: int) -> tuple[str, int]:
    """What the row is, and its yen: a negative deposit takes one back, a negative payment came back."""
    if into:
        return (bank_file.IN, into) if into > 0 else (bank_file.CANCEL, -into)
    return (bank_file.OUT, out) if out > 0 else (bank_file.CORRECTION, -out)


def _payer(row: _Row, profile: Profile) -> str:
    told = next((row.cells[name] for name in profile.payer if row.cells.get(name)), "")
    return _PREFIX.sub("", told).strip() or told or "（名義なし）"


def _day(parts: Sequence[str], latest: date) -> date | None:
    """The day of the cell, or of those of year, month and day; a year of two digits is one of an era.

    >>> [_day([text], date(2026, 12, 31)) for text in ("R8.10.01", "08.10.01", "2026年10月1日")] == [date(2026, 10, 1)] * 3
    True
    >>> _day(["2026", "2", "30"], date(2026, 12, 31)), _day(["20270101"], date(2026, 12, 31))
    (None, None)
    """
    text = "/".join(parts)
    if short := _SHORT_ERA.fullmatch(unicodedata.normalize("NFKC", text)):
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
    order, broken = min(ways, key=lambda way: len(way[1]))
    for row, reached in broken:
        why = f"前の行の残高から計算すると {reached:,} です（行の抜けか重なりがあります）"
        at, name = places[profile.balance] + 1, profile.balance.partition("|")[0]
        faults.append(Fault(row["record"], at, name, f"{row['balance']:,}", why))
    told = [at for at, row in enumerate(order) if row["balance"] is not None]
    before = order[told[0]]["balance"] - sum(map(_moves, order[: told[0] + 1]))
    after = order[told[-1]]["balance"] + sum(map(_moves, order[told[-1] + 1 :]))
    return found | {"balance_before": before, "balance_after": after}


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
