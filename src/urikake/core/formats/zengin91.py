"""Direct debit (口座振替): the request file that a bank takes, and the result file that it gives back (Zengin 91).

Records of 120 bytes, JIS X 0201: batches of header, data and trailer, then one end record. Request and result share the
layout; a result has a code on every debit and its sums in the trailer. Source: 全銀協 適用業務およびレコード・フォーマット
(預金口座振替), as three banks print it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from .zengin import (
    CHANGES,
    Fault,
    Refused,
    batches_of,
    field,
    file_of,
    layout,
    month_day,
    parsed,
    record,
    require_business_day,
    require_kind,
    rows,
    word_of,
)  # fmt: skip

LENGTH: Final = 120
KIND: Final = "91"
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
HEADER: Final = layout(
    "データ区分:N1 種別コード:N2 コード区分:N1 委託者コード:N10 委託者名:C40 引落日:N4 取引銀行番号:N4 取引銀行名:C15? 取引支店番号:N3"
    " 取引支店名:C15? 預金種目:N1? 口座番号:N7? ダミー:C17?"
)
DATA: Final = layout(
    "データ区分:N1 引落銀行番号:N4 引落銀行名:C15? 引落支店番号:N3 引落支店名:C15? ダミー:C4? 預金種目:N1 口座番号:N7 預金者名:C30"
    " 引落金額:N10 新規コード:N1 顧客番号:N20? 振替結果コード:N1 ダミー:C8?"
)
TRAILER: Final = layout(
    "データ区分:N1 合計件数:N6 合計金額:N12 振替済件数:N6 振替済金額:N12 振替不能件数:N6 振替不能金額:N12 ダミー:C65?"
)
END: Final = layout("データ区分:N1 ダミー:C119?")
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
    made: list[str] = []
    for batch in batches:
        made += _batch(batch, len(made), faults)
    return file_of([*made, "9".ljust(LENGTH)], separator, faults)


def _batch(batch: Batch, before: int, faults: list[Fault]) -> Iterator[str]:
    """The records of a batch; ``before`` are those that stand before it."""
    require_business_day(batch.on, before + 1, field(HEADER, "引落日"), faults)
    yield record(HEADER, _head(batch), before + 1, faults)
    spelt: dict[str, str] = {}
    for at, debit in enumerate(batch.debits, before + 2):
        if spelt.setdefault(plain_customer(debit.customer), debit.customer) != debit.customer:
            why = "頭の 0 を除くと、ほかの顧客番号と同じになります。結果を見分けられません"
            faults.append(Fault(at, 92, CUSTOMER, debit.customer, why))
        if not 0 < debit.amount < 10**10:
            faults.append(Fault(at, 81, "引落金額", str(debit.amount), "1 円から 9,999,999,999 円までです"))
        yield record(DATA, _debit(debit), at, faults, loose=LOOSE)
    sums = ["8", *(str(each) for each in _sums(batch)), ""]
    yield record(TRAILER, sums, before + 2 + len(batch.debits), faults)


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


CUSTOMER: Final = "顧客番号"
"""The one number that may also be a text: the standard says digits, banks take both, and give it back unchanged."""
LOOSE: Final = frozenset({CUSTOMER})


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes, near: date, *, lenient: bool = False) -> list[Batch]:
    """The batches of a request or result file; the year of the day is the one that puts it closest to ``near``.

    Records may be followed by any separator or none, the file by 0x1A. With ``lenient`` lines whose spaces at the end were
    stripped are filled up. Raises `Refused` for the file as a whole, with the record, the byte and the field of everything
    that is wrong: another kind of file, another length, order, digits, results that do not exist, sums that are not those of
    the records.
    """
    found = rows(data, LENGTH, lenient=lenient)
    require_kind(found, KIND)
    faults: list[Fault] = []
    records = [parsed(row, RECORDS[row[0]], at, faults, loose=LOOSE) for at, row in enumerate(found, 1)]
    if faults:
        raise Refused(faults)
    batches = [_whole(part, start, near, faults) for start, part in batches_of(records)]
    if faults:
        raise Refused(faults)
    return batches


Parsed = dict[str, str]


def _whole(part: Sequence[Parsed], start: int, near: date, faults: list[Fault]) -> Batch:
    """The batch of these records, its sums compared with what its trailer says."""
    head, *middle, trailer = part
    debits = tuple(_read_debit(row, start + at, faults) for at, row in enumerate(middle, 2))
    told = [int(trailer[column.name]) for column in TRAILER[1:-1]]
    answered = any(told[2:]) or any(debit.result for debit in debits)
    on = month_day(head["引落日"], near)
    if on is None:
        faults.append(Fault(start + 1, 55, "引落日", head["引落日"], "暦にない日です"))
    batch = Batch(collector=_read_collector(head), on=on or near, debits=debits, answered=answered)
    for column, said, right in zip(TRAILER[1:-1], told, _sums(batch), strict=True):
        if said != right:
            at = start + len(part)
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
        deposit=word_of(DEPOSITS, row["預金種目"]),
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
        deposit=word_of(DEPOSITS, row["預金種目"]),
        number=row["口座番号"],
        holder=row["預金者名"],
        amount=int(row["引落金額"]),
        customer=plain_customer(row[CUSTOMER]),
        change=word_of(CHANGES, row["新規コード"]),
        bank_name=row["引落銀行名"],
        branch_name=row["引落支店名"],
        result=int(row["振替結果コード"]),
    )


def plain_customer(text: str) -> str:
    """The customer number (顧客番号) as it is compared: without the spaces and zeros that fill it up.

    >>> plain_customer("00000000000000000101"), plain_customer("P-7      "), plain_customer("0000")
    ('101', 'P-7', '0')
    """
    short = text.strip().lstrip("0")
    return short or text.strip()[:1]


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
