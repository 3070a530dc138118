"""The files of banks (銀行データ) that are taken, each read by its format into one sheet of receipts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final

import polars as pl

from urikake.base.errors import FileRefusal, Refusal, RowError
from urikake.core import cells
from urikake.core.formats import bank_csv, bank_file, camt, zengin01, zengin03
from urikake.core.formats.bank_file import BankFile
from urikake.core.formats.zengin import Fault, Refused
from urikake.rooms.intake.queries import LINE, Column, Kind, Raw, Sheet, decoded, typed

RECEIPTS: Final = Kind(
    "receipts",
    (
        Column("date", "入金日", cells.day, required=True),
        Column("amount", "金額", cells.amount, required=True),
        Column("payer", "振込名義", required=True),
        Column("reference", "摘要"),
        Column("virtual_account", "仮想口座"),
        Column("id", "取引番号"),
    ),
)
CSV: Final = "csv"
"""The format of our own columns; every other is a bank's."""
AHEAD: Final = timedelta(weeks=6)
"""How far days may lie ahead: value dates do, by some weeks."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of banks: its name, what reads it, and what its faults call the place within a record."""

    title: str
    read: Callable[[bytes, str, date], BankFile]
    place: str = "桁目"


def _fixed(read: Callable[..., BankFile], *, western: bool = False) -> Callable[[bytes, str, date], BankFile]:
    return lambda data, name, latest: read(data, latest, western=western)


def _listed(profile: bank_csv.Profile, data: bytes, name: str, latest: date) -> BankFile:
    return bank_csv.read(decoded(data, name), profile, latest)


FORMATS: Final[dict[str, Format]] = {
    "zengin-deposit": Format("全銀 振込入金通知", _fixed(zengin01.read)),
    "zengin-statement": Format("全銀 入出金取引明細", _fixed(zengin03.read)),
    "zengin-deposit-western": Format("全銀 振込入金通知（西暦の年）", _fixed(zengin01.read, western=True)),
    "zengin-statement-western": Format("全銀 入出金取引明細（西暦の年）", _fixed(zengin03.read, western=True)),
    "camt": Format("ISO 20022 camt.052・053・054", lambda data, name, latest: camt.read(data, latest), "行"),
    **{
        name: Format(f"{profile.title}の CSV", partial(_listed, profile), "列目")
        for name, profile in bank_csv.PROFILES.items()
    },
}
"""The formats by the name under which they are asked for."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A bank's file that was read: in which format, what it tells, and its movements as a sheet of receipts.

    The sheet has every movement, with ``statement`` and ``move``; what the bank took back has an amount below zero.
    """

    format: str
    file: BankFile
    sheet: Sheet


def brought(data: bytes, name: str, format_: str, today: date) -> Brought:
    """The file read in that format; refused whole where it is another, or anything is wrong with it."""
    known = FORMATS.get(format_)
    if known is None:
        raise Refusal(
            "unknown-format",
            f"入金の形式「{format_}」には対応していません。",
            f"{'・'.join([*FORMATS, CSV])} から指定してください。",
        )
    try:
        found = known.read(data, name, today + AHEAD)
    except Refused as refused:
        raise FileRefusal(name, [_told(fault, known) for fault in refused.faults]) from None
    return Brought(format_, found, _sheet(found, Raw(name, data, pl.DataFrame(), known.title)))


def _told(fault: Fault, format_: Format) -> RowError:
    return RowError(fault.record, f"{fault.name}（{fault.at}{format_.place}）", fault.value, fault.why)


HEADERS: Final = {
    "date": "勘定日",
    "amount": "金額",
    "payer": "振込依頼人名",
    "reference": "EDI情報",
    "virtual_account": "振込依頼人コード",
    "id": "取引番号",
}


def _sheet(found: BankFile, raw: Raw) -> Sheet:
    back, own = pl.col("move") == bank_file.CANCEL, pl.col("bank_code")
    sole = (own != "") & own.is_unique()
    frame = found.movements.with_columns(
        pl.when(back).then(-pl.col("amount")).otherwise("amount").alias("amount"),
        pl.when(pl.col("payer_code").str.len_chars() <= 20).then("payer_code").alias("virtual_account"),
        pl.when(sole).then(own).alias("id"),
        pl.col("payer").str.slice(0, RECEIPTS.longest(RECEIPTS.columns[2])),
        date="booked_on",
    )
    return typed(frame.rename({"record": LINE}), RECEIPTS, raw, HEADERS)


def shown(found: Brought) -> Raw:
    """The movements of the file as a table to look at before it is taken."""
    move = pl.col("move")
    yen = pl.Series([f"{amount:,}" for amount in found.file.movements["amount"]], dtype=pl.String)
    frame = found.file.movements.select(
        pl.col("record").alias(LINE),
        pl.col("booked_on").dt.to_string("%Y/%m/%d").alias(HEADERS["date"]),
        move.replace_strict(bank_file.MOVES, return_dtype=pl.String).alias("区分"),
        yen.alias(HEADERS["amount"]),
        pl.col("payer").alias(HEADERS["payer"]),
        pl.col("payer_bank").alias("仕向銀行"),
        pl.col("payer_branch").alias("仕向支店"),
        pl.col("reference").alias(HEADERS["reference"]),
        pl.col("payer_code").alias(HEADERS["virtual_account"]),
        pl.col("note").alias("摘要"),
    )
    return Raw(found.sheet.name, b"", frame, FORMATS[found.format].title)
