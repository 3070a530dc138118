"""Direct debit (口座振替): the request file that a bank takes, and the result file that it gives back (Zengin 91).

Records of 120 bytes, JIS X 0201: batches of header, data and trailer, then one end record. Request and result share the
layout; a result has a code on every debit and its sums in the trailer. Source: 全銀協 適用業務およびレコード・フォーマット
(預金口座振替), as three banks print it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import polars as pl

from urikake.core.calendar import business_days

from . import bank_kana

LENGTH: Final = 120
KIND: Final = "91"
SEPARATORS: Final = ("\r\n", "\n", "\r", "")
RESULTS: Final = {
    0: "振替済",
    1: "資金不足",
    2: "取引なし",
    3: "預金者の都合による振替停止",
    4: "預金口座振替依頼書なし",
    8: "委託者の都合による振替停止",
    9: "その他",
}
"""What the bank says of each debit (振替結果コード)."""
NEXT: Final = {1: "again", 2: "mandate", 3: "mandate", 4: "mandate", 8: "ours", 9: "look"}
"""What a debit that failed calls for: asked ``again``, a new ``mandate``, nothing since we stopped it (``ours``), a person."""
DEPOSITS: Final = {"普通": "1", "当座": "2", "納税準備": "3", "その他": "9"}
CHANGES: Final = {"first": "1", "changed": "2", "other": "0"}
_OTHERS: Final = {
    "01": "振込入金通知",
    "03": "入出金取引明細",
    "04": "残高通知",
    "11": "給与振込",
    "12": "賞与振込",
    "21": "総合振込",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record: its name, its first byte (from 1), its bytes, digits (``N``) or text (``C``), whether it must be."""

    name: str
    start: int
    length: int
    kind: Literal["N", "C"]
    required: bool


def _layout(text: str) -> tuple[Field, ...]:
    """The fields of a record written as ``name:N4``, one after another; ``?`` after those that may be absent."""
    found: list[Field] = []
    for part in text.split():
        name, _, form = part.partition(":")
        start = found[-1].start + found[-1].length if found else 1
        kind: Literal["N", "C"] = "N" if form[0] == "N" else "C"
        found.append(Field(name, start, int(form[1:].rstrip("?")), kind, not form.endswith("?")))
    return tuple(found)


HEADER: Final = _layout(
    "データ区分:N1 種別コード:N2 コード区分:N1 委託者コード:N10 委託者名:C40 引落日:N4 取引銀行番号:N4 取引銀行名:C15? 取引支店番号:N3"
    " 取引支店名:C15? 預金種目:N1? 口座番号:N7? ダミー:C17?"
)
DATA: Final = _layout(
    "データ区分:N1 引落銀行番号:N4 引落銀行名:C15? 引落支店番号:N3 引落支店名:C15? ダミー:C4? 預金種目:N1 口座番号:N7 預金者名:C30"
    " 引落金額:N10 新規コード:N1 顧客番号:N20? 振替結果コード:N1 ダミー:C8?"
)
TRAILER: Final = _layout(
    "データ区分:N1 合計件数:N6 合計金額:N12 振替済件数:N6 振替済金額:N12 振替不能件数:N6 振替不能金額:N12 ダミー:C65?"
)
END: Final = _layout("データ区分:N1 ダミー:C119?")
RECORDS: Final = {"1": HEADER, "2": DATA, "8": TRAILER, "9": END}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Who collects (委託者): the code that the bank gave, the name in kana, and the account that takes the money."""

    code: str
    name: str
    bank: str
    branch: str
    bank_name: str = ""
    branch_name: str = ""
    deposit: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debit:
    """One debit: from which account, in yen, under which number of ours; in a result also what came of it."""

    bank: str
    branch: str
    deposit: str
    number: str
    holder: str
    amount: int
    customer: str
    change: str = "other"
    bank_name: str = ""
    branch_name: str = ""
    result: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The debits of one collector and day; ``answered`` in a result file, with ``result`` on every debit."""

    collector: Collector
    on: date
    debits: tuple[Debit, ...] = ()
    answered: bool = False


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


def written(batches: Sequence[Batch], separator: str = "\r\n") -> bytes:
    """The request file (口座振替依頼) of the batches: CP932, records of 120 bytes, each followed by the separator.

    Names are put into bank kana and cut to their bytes. Sums are those of the debits, those of a result zeros; a batch that
    is ``answered`` is written as a result. Raises `Refused` with everything that cannot stand in the file: characters, digits
    or amounts that do not fit, and a day on which banks are closed.

    >>> ours = Collector(code="1234567890", name="カ)カクウショウジ", bank="9991", branch="001")
    >>> debit = Debit(bank="9992", branch="002", deposit="普通", number="1234567", holder="アオゾラ タロウ", amount=11_000,
    ...               customer="101", change="first")
    >>> file = written([Batch(collector=ours, on=date(2026, 5, 27), debits=(debit,))]).decode("cp932")
    >>> [line.rstrip() for line in file.splitlines()][2:]
    ['8000001000000011000000000000000000000000000000000000000', '9']
    """
    faults: list[Fault] = []
    rows: list[str] = []
    for batch in batches:
        rows += _batch(batch, len(rows), faults)
    rows.append("9".ljust(LENGTH))
    if faults:
        raise Refused(faults)
    return "".join(row + separator for row in rows).encode("cp932")


def _batch(batch: Batch, before: int, faults: list[Fault]) -> Iterator[str]:
    """The records of a batch; ``before`` are those that stand before it."""
    if business_days(pl.Series([batch.on]), pl.Series(["after"]))[0] != batch.on:
        faults.append(Fault(before + 1, 55, "引落日", batch.on.isoformat(), "銀行の休業日です"))
    yield _record(HEADER, _head(batch), before + 1, faults)
    spelt: dict[str, str] = {}
    for at, debit in enumerate(batch.debits, before + 2):
        if spelt.setdefault(plain_customer(debit.customer), debit.customer) != debit.customer:
            why = "頭の 0 を除くと、ほかの顧客番号と同じになります。結果を見分けられません"
            faults.append(Fault(at, 92, CUSTOMER, debit.customer, why))
        if not 0 < debit.amount < 10**10:
            faults.append(Fault(at, 81, "引落金額", str(debit.amount), "1 円から 9,999,999,999 円までです"))
        yield _record(DATA, _debit(debit), at, faults)
    sums = ["8", *(str(each) for each in _sums(batch)), ""]
    yield _record(TRAILER, sums, before + 2 + len(batch.debits), faults)


def _head(batch: Batch) -> list[str]:
    ours = batch.collector
    account = [DEPOSITS.get(ours.deposit, ours.deposit), ours.number]
    names = [ours.bank, ours.bank_name, ours.branch, ours.branch_name]
    return ["1", KIND, "0", ours.code, ours.name, f"{batch.on:%m%d}", *names, *account, ""]


def _debit(debit: Debit) -> list[str]:
    bank = [debit.bank, debit.bank_name, debit.branch, debit.branch_name, ""]
    account = [DEPOSITS.get(debit.deposit, debit.deposit), debit.number, debit.holder, str(debit.amount)]
    return ["2", *bank, *account, CHANGES.get(debit.change, debit.change), debit.customer, str(debit.result), ""]


def _sums(batch: Batch) -> list[int]:
    """Count and amount of all, of those done, of those not; the last four are zero in a request."""
    done = [debit.amount for debit in batch.debits if debit.result == 0] if batch.answered else []
    failed = [debit.amount for debit in batch.debits if debit.result != 0] if batch.answered else []
    parts = ([debit.amount for debit in batch.debits], done, failed)
    return [each for part in parts for each in (len(part), sum(part))]


def _record(layout: Sequence[Field], values: Sequence[str], at: int, faults: list[Fault]) -> str:
    parts = []
    for column, value in zip(layout, values, strict=True):
        try:
            parts.append(_placed(column, value))
        except ValueError as error:
            faults.append(Fault(at, column.start, column.name, value, str(error)))
    return "".join(parts)


def _placed(column: Field, value: str) -> str:
    """The value in its bytes: digits right-aligned after zeros, text in bank kana left-aligned before spaces."""
    if column.required and not value:
        raise ValueError("必須です")
    digits = value.isascii() and value.isdigit()
    if column.kind == "N" and digits and len(value) <= column.length:
        return value.rjust(column.length, "0")
    if column.kind == "N" and not value:
        return " " * column.length
    if column.kind == "N" and column.name != CUSTOMER:
        raise ValueError(f"{column.length} 桁までの数字で書いてください")
    text = bank_kana.converted(value, bank_kana.BANK if column.name.endswith(("銀行名", "支店名")) else bank_kana.NAME)
    if column.name == CUSTOMER and len(text) > column.length:
        raise ValueError(f"{column.length} 文字までです")
    return bank_kana.cut(text, column.length).ljust(column.length)


CUSTOMER: Final = "顧客番号"
"""The one number that may also be a text: the standard says digits, banks take both, and give it back unchanged."""


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes, near: date, *, lenient: bool = False) -> list[Batch]:
    """The batches of a request or result file; the year of the day is the one that puts it closest to ``near``.

    Records may be followed by any separator or none, the file by 0x1A. With ``lenient`` lines whose spaces at the end were
    stripped are filled up. Raises `Refused` for the file as a whole, with the record, the byte and the field of everything
    that is wrong: another kind of file, another length, order, digits, results that do not exist, sums that are not those of
    the records.
    """
    rows = _rows(data, lenient=lenient)
    faults = _misplaced(rows)
    if faults:
        raise Refused(faults)
    parsed = [_parsed(at, row, faults) for at, row in enumerate(rows, 1)]
    if faults:
        raise Refused(faults)
    batches = list(_batches(parsed, near, faults))
    if faults:
        raise Refused(faults)
    return batches


def _rows(data: bytes, *, lenient: bool) -> list[str]:
    """The records as text, each of 120 characters."""
    body = data.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a\r\n")
    _require_bytes(body)
    lines = body.decode("cp932").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows: list[str] = []
    faults: list[Fault] = []
    for line in lines:
        short = len(line) % LENGTH
        if short and not (lenient and len(lines) > 1 and len(line) < LENGTH):
            why = f"{len(line)} バイトです（1 レコードは {LENGTH} バイト）"
            faults.append(Fault(len(rows) + 1, 1, "レコード", line[:10], why))
        whole = line.ljust(-(-len(line) // LENGTH) * LENGTH) if line else ""
        rows += [whole[at : at + LENGTH] for at in range(0, len(whole), LENGTH)] or [""]
    if faults:
        raise Refused(faults)
    return rows


_OTHER: Final = re.compile(rb"[^\x20-\x7E\xA1-\xDF\r\n]")


def _require_bytes(body: bytes) -> None:
    """Return if every byte is one character of JIS X 0201 or a separator."""
    other = _OTHER.search(body)
    at = other.start() if other else None
    if at is None and body:
        return
    whole = len(body[: at or 0].replace(b"\r", b"").replace(b"\n", b""))
    value = "" if at is None else f"0x{body[at]:02X}"
    why = (
        "半角カナの 1 バイトの文字ではありません（UTF-8 や全角のファイルは読めません）" if body else "空のファイルです"
    )
    raise Refused([Fault(whole // LENGTH + 1, whole % LENGTH + 1, "文字", value, why)])


def _misplaced(rows: Sequence[str]) -> list[Fault]:
    """What is wrong with the kind of the file and the order of its records."""
    head = rows[0]
    if head[:1] != "1":
        return [Fault(1, 1, "データ区分", head[:1], "ヘッダー（1）で始まるファイルではありません")]
    if head[1:3] != KIND:
        known = _OTHERS.get(head[1:3], "別の業務")
        return [Fault(1, 2, "種別コード", head[1:3], f"口座振替（91）ではなく、{known}のファイルです")]
    if head[3] != "0":
        return [Fault(1, 4, "コード区分", head[3], "JIS（0）だけを読めます（EBCDIC は読めません）")]
    return list(_disordered([row[:1] for row in rows]))


_AFTER: Final = {"": "1", "1": "28", "2": "28", "8": "19", "9": ""}


def _disordered(kinds: Sequence[str]) -> Iterator[Fault]:
    for at, (before, kind) in enumerate(zip(["", *kinds], kinds, strict=False), 1):
        if kind not in _AFTER.get(before, ""):
            wanted = "か".join(_AFTER.get(before, "")) or "何もない終わり"
            yield Fault(at, 1, "データ区分", kind, f"ここには {wanted} が来ます")
            return
    if kinds[-1] != "9":
        yield Fault(len(kinds), 1, "データ区分", kinds[-1], "エンド（9）がありません。ファイルが途中で切れています")


Parsed = dict[str, str]


def _parsed(at: int, row: str, faults: list[Fault]) -> Parsed:
    """The fields of a record by name, stripped; faults where digits are missing or are none."""
    found: Parsed = {}
    for column in RECORDS[row[0]]:
        raw = row[column.start - 1 : column.start - 1 + column.length]
        value = raw.strip()
        if column.kind == "N" and column.name != CUSTOMER and not raw.isdigit() and (value or column.required):
            faults.append(Fault(at, column.start, column.name, raw, "数字ではありません"))
        found[column.name] = value
    return found


def _batches(parsed: Sequence[Parsed], near: date, faults: list[Fault]) -> Iterator[Batch]:
    start = 0
    for at, row in enumerate(parsed):
        if row["データ区分"] == "8":
            yield _whole(parsed[start : at + 1], start, near, faults)
            start = at + 1


def _whole(rows: Sequence[Parsed], start: int, near: date, faults: list[Fault]) -> Batch:
    """The batch of these records, its sums compared with what its trailer says."""
    head, *middle, trailer = rows
    debits = tuple(_read_debit(row, start + at, faults) for at, row in enumerate(middle, 2))
    told = [int(trailer[column.name]) for column in TRAILER[1:-1]]
    answered = any(told[2:]) or any(debit.result for debit in debits)
    on = _day(head["引落日"], near)
    if on is None:
        faults.append(Fault(start + 1, 55, "引落日", head["引落日"], "暦にない日です"))
    batch = Batch(collector=_read_collector(head), on=on or near, debits=debits, answered=answered)
    for column, said, right in zip(TRAILER[1:-1], told, _sums(batch), strict=True):
        if said != right:
            at = start + len(rows)
            faults.append(Fault(at, column.start, column.name, str(said), f"明細から数えると {right} です"))
    return batch


def _read_collector(row: Parsed) -> Collector:
    return Collector(
        code=row["委託者コード"],
        name=row["委託者名"],
        bank=row["取引銀行番号"],
        branch=row["取引支店番号"],
        bank_name=row["取引銀行名"],
        branch_name=row["取引支店名"],
        deposit=_word(DEPOSITS, row["預金種目"]),
        number=row["口座番号"],
    )


def _read_debit(row: Parsed, at: int, faults: list[Fault]) -> Debit:
    for name, start, known in (
        ("振替結果コード", 112, RESULTS),
        ("新規コード", 91, (0, 1, 2)),
        ("預金種目", 43, (1, 2, 3, 9)),
    ):
        if int(row[name]) not in known:
            faults.append(Fault(at, start, name, row[name], "この業務にない値です"))
    return Debit(
        bank=row["引落銀行番号"],
        branch=row["引落支店番号"],
        deposit=_word(DEPOSITS, row["預金種目"]),
        number=row["口座番号"],
        holder=row["預金者名"],
        amount=int(row["引落金額"]),
        customer=plain_customer(row[CUSTOMER]),
        change=_word(CHANGES, row["新規コード"]),
        bank_name=row["引落銀行名"],
        branch_name=row["引落支店名"],
        result=int(row["振替結果コード"]),
    )


def _word(words: dict[str, str], code: str) -> str:
    return next((word for word, known in words.items() if known == code), code)


def plain_customer(text: str) -> str:
    """The customer number (顧客番号) as it is compared: without the spaces and zeros that fill it up.

    >>> plain_customer("00000000000000000101"), plain_customer("P-7      "), plain_customer("0000")
    ('101', 'P-7', '0')
    """
    short = text.strip().lstrip("0")
    return short or text.strip()[:1]


def _day(text: str, near: date) -> date | None:
    """The day of a month and day (MMDD) that is closest to the other; None where the calendar has no such day.

    >>> _day("0105", date(2026, 12, 28)), _day("0229", date(2026, 3, 1)), _day("0431", date(2026, 4, 30))
    (datetime.date(2027, 1, 5), None, None)
    """
    found = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            found.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue
    return min(found, key=lambda day: abs(day - near), default=None)


# --- the result beside the request ---------------------------------------------------------------------------------


def differences(request: Batch, result: Batch) -> list[str]:
    """How a result is not one of the request, in Japanese; empty where it answers every debit of it once.

    Compared: collector, day, and of every debit its customer number and amount. Only then is it taken.
    """
    found = []
    if result.collector.code != request.collector.code:
        found.append(f"委託者コードが違います（依頼 {request.collector.code}、結果 {result.collector.code}）")
    if result.on != request.on:
        found.append(f"引落日が違います（依頼 {request.on}、結果 {result.on}）")
    if not result.answered:
        found.append("振替結果のないファイルです（依頼したファイルではありませんか）")
    asked, told = _counted(request), _counted(result)
    for key in sorted(asked.keys() | told.keys()):
        if asked.get(key, 0) != told.get(key, 0):
            customer, amount = key
            counts = f"依頼 {asked.get(key, 0)}件、結果 {told.get(key, 0)}件"
            found.append(f"顧客番号 {customer} の {amount:,}円 が合いません（{counts}）")
    return found


def _counted(batch: Batch) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for debit in batch.debits:
        key = (plain_customer(debit.customer), debit.amount)
        found[key] = found.get(key, 0) + 1
    return found
