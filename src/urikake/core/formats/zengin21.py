"""Bulk transfers (総合振込): the file that asks a bank to pay others from our account (Zengin 21).

Records of 120 bytes, JIS X 0201: header, data and trailer, then one end record. Source: 全銀協 適用業務およびレコード・フォーマット
(総合振込), as six banks print it.
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
KIND: Final = "21"
DEPOSITS: Final = {"普通": "1", "当座": "2", "貯蓄": "4", "その他": "9"}
BY_WIRE: Final = "7"
"""電信振込, the one way that banks still pay by."""
MOST: Final = 10**10
"""Transfers are below this many yen."""
HEADER: Final = layout(
    "データ区分:N1 種別コード:N2 コード区分:N1 振込依頼人コード:N10 振込依頼人名:C40 取組日:N4 仕向銀行番号:N4 仕向銀行名:C15?"
    " 仕向支店番号:N3 仕向支店名:C15? 預金種目(依頼人):N1? 口座番号(依頼人):N7? ダミー:C17?"
)
DATA: Final = layout(
    "データ区分:N1 被仕向銀行番号:N4 被仕向銀行名:C15? 被仕向支店番号:N3 被仕向支店名:C15? 手形交換所番号:N4? 預金種目:N1"
    " 口座番号:N7 受取人名:C30 振込金額:N10 新規コード:N1 顧客コード1:N10? 顧客コード2:N10? 振込指定区分:N1? 識別表示:C1?"
    " ダミー:C7?"
)
TRAILER: Final = layout("データ区分:N1 合計件数:N6 合計金額:N12 ダミー:C101?")
END: Final = layout("データ区分:N1 ダミー:C119?")
RECORDS: Final = {"1": HEADER, "2": DATA, "8": TRAILER, "9": END}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who pays (振込依頼人): the code that the bank gave, the name in kana, and the account that the money leaves."""

    code: str
    name: str
    bank: str
    branch: str
    bank_name: str = ""
    branch_name: str = ""
    deposit: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One transfer: to which account, whose, in yen, under which number of ours (``customer``, ten digits)."""

    bank: str
    branch: str
    deposit: str
    number: str
    holder: str
    amount: int
    customer: str = ""
    change: str = "other"
    bank_name: str = ""
    branch_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The transfers of one sender on one day (取組日)."""

    sender: Sender
    on: date
    transfers: tuple[Transfer, ...] = ()


def written(batches: Sequence[Batch], separator: str = "\r\n") -> bytes:
    """The file (総合振込依頼) of the batches: CP932, records of 120 bytes, each followed by the separator.

    Names are put into bank kana and cut to their bytes. Raises `Refused` with everything that cannot stand in the file:
    characters, digits or amounts that do not fit, and a day on which banks are closed.

    >>> ours = Sender(code="1234567890", name="カ)カクウショウジ", bank="9991", branch="001")
    >>> refund = Transfer(bank="9992", branch="002", deposit="普通", number="1234567", holder="アオゾラ タロウ", amount=11_000)
    >>> file = written([Batch(sender=ours, on=date(2026, 5, 27), transfers=(refund,))]).decode("cp932")
    >>> [line.rstrip() for line in file.splitlines()][2:]
    ['8000001000000011000', '9']
    """
    faults: list[Fault] = []
    made: list[str] = []
    for batch in batches:
        made += _batch(batch, len(made), faults)
    return file_of([*made, "9".ljust(LENGTH)], separator, faults)


def _batch(batch: Batch, before: int, faults: list[Fault]) -> Iterator[str]:
    """The records of a batch; ``before`` are those that stand before it."""
    require_business_day(batch.on, before + 1, field(HEADER, "取組日"), faults)
    yield record(HEADER, _head(batch), before + 1, faults)
    for at, transfer in enumerate(batch.transfers, before + 2):
        if not 0 < transfer.amount < MOST:
            faults.append(Fault(at, 81, "振込金額", str(transfer.amount), "1 円から 9,999,999,999 円までです"))
        yield record(DATA, _data(transfer), at, faults)
    sums = ["8", str(len(batch.transfers)), str(sum(each.amount for each in batch.transfers)), ""]
    yield record(TRAILER, sums, before + 2 + len(batch.transfers), faults)


def _head(batch: Batch) -> list[str]:
    ours = batch.sender
    account = [DEPOSITS.get(ours.deposit, ours.deposit), ours.number]
    names = [ours.bank, ours.bank_name, ours.branch, ours.branch_name]
    return ["1", KIND, "0", ours.code, ours.name, f"{batch.on:%m%d}", *names, *account, ""]


def _data(transfer: Transfer) -> list[str]:
    bank = [transfer.bank, transfer.bank_name, transfer.branch, transfer.branch_name, ""]
    account = [DEPOSITS.get(transfer.deposit, transfer.deposit), transfer.number, transfer.holder]
    change = CHANGES.get(transfer.change, transfer.change)
    return ["2", *bank, *account, str(transfer.amount), change, transfer.customer, "", BY_WIRE, "", ""]


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes, near: date, *, lenient: bool = False) -> list[Batch]:
    """The batches of a file; the year of the day is the one that puts it closest to ``near``.

    Records may be followed by any separator or none. With ``lenient`` lines whose spaces at the end were stripped are filled
    up. Raises `Refused` with the record, the byte and the field of everything that is wrong.
    """
    found = rows(data, LENGTH, lenient=lenient)
    require_kind(found, KIND)
    faults: list[Fault] = []
    records = [parsed(row, RECORDS[row[0]], at, faults) for at, row in enumerate(found, 1)]
    if faults:
        raise Refused(faults)
    batches = [_whole(part, start, near, faults) for start, part in batches_of(records)]
    if faults:
        raise Refused(faults)
    return batches


def _whole(part: Sequence[dict[str, str]], start: int, near: date, faults: list[Fault]) -> Batch:
    """The batch of these records, its sums compared with what its trailer says."""
    head, *middle, trailer = part
    transfers = tuple(_read(row, start + at, faults) for at, row in enumerate(middle, 2))
    on = month_day(head["取組日"], near)
    if on is None:
        faults.append(Fault(start + 1, 55, "取組日", head["取組日"], "暦にない日です"))
    sums = (len(transfers), sum(each.amount for each in transfers))
    for column, right in zip(TRAILER[1:-1], sums, strict=True):
        if int(trailer[column.name]) != right:
            at = start + len(part)
            faults.append(Fault(at, column.start, column.name, trailer[column.name], f"明細から数えると {right} です"))
    sender = Sender(
        code=head["振込依頼人コード"], name=head["振込依頼人名"], bank=head["仕向銀行番号"], branch=head["仕向支店番号"],
        bank_name=head["仕向銀行名"], branch_name=head["仕向支店名"], deposit=word_of(DEPOSITS, head["預金種目(依頼人)"]),
        number=head["口座番号(依頼人)"],
    )  # fmt: skip
    return Batch(sender=sender, on=on or near, transfers=transfers)


def _read(row: dict[str, str], at: int, faults: list[Fault]) -> Transfer:
    for name, start, known in (("預金種目", 43, DEPOSITS), ("新規コード", 91, CHANGES)):
        if row[name] not in known.values():
            faults.append(Fault(at, start, name, row[name], "この業務にない値です"))
    return Transfer(
        bank=row["被仕向銀行番号"], branch=row["被仕向支店番号"], deposit=word_of(DEPOSITS, row["預金種目"]),
        number=row["口座番号"], holder=row["受取人名"], amount=int(row["振込金額"]), customer=row["顧客コード1"],
        change=word_of(CHANGES, row["新規コード"]), bank_name=row["被仕向銀行名"], branch_name=row["被仕向支店名"],
    )  # fmt: skip
