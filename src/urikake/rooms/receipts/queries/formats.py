"""The files of banks (銀行データ) that are taken, each read by its format into one sheet of receipts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal, Refusal, RowError
from urikake.core import cells
from urikake.core.formats import bank_csv, bank_file, camt, zengin01, zengin03
from urikake.core.formats.bank_file import BankFile
from urikake.core.formats.bank_layout import PROFILES, Profile
from urikake.core.formats.zengin import Fault, Refused
from urikake.rooms.intake.queries import LINE, Column, Kind, Raw, Sheet, decoded, typed

from .layouts import layouts

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
    """A format of banks: the name under which it is asked for, its title, what reads it, how its faults call a place.

    ``read`` takes the bytes, the file's name, the last day that may stand in it, and whether lines whose spaces at the end
    were stripped are taken; ``own`` is a layout that the company made itself.
    """

    name: str
    title: str
    read: Callable[[bytes, str, date, bool], BankFile]
    place: str = "桁目"
    own: bool = False


def _fixed(name: str, title: str, read: Callable[..., BankFile], *, western: bool = False) -> Format:
    return Format(name, title, lambda data, _, latest, lenient: read(data, latest, western=western, lenient=lenient))


def listed(name: str, profile: Profile) -> Format:
    """The format of a bank's CSV of that layout."""
    title = profile.title if profile.own else f"{profile.title}の CSV"
    read = lambda data, file, latest, _: bank_csv.read(decoded(data, file), profile, latest)  # noqa: E731
    return Format(name, title, read, "列目", profile.own)


FORMATS: Final[dict[str, Format]] = {
    each.name: each
    for each in (
        _fixed("zengin-deposit", "全銀 振込入金通知", zengin01.read),
        _fixed("zengin-statement", "全銀 入出金取引明細", zengin03.read),
        _fixed("zengin-deposit-western", "全銀 振込入金通知（西暦の年）", zengin01.read, western=True),
        _fixed("zengin-statement-western", "全銀 入出金取引明細（西暦の年）", zengin03.read, western=True),
        Format("camt", "ISO 20022 camt.052・053・054", lambda data, _, latest, lenient: camt.read(data, latest), "行"),
        *[listed(name, profile) for name, profile in PROFILES.items()],
    )
}
"""The formats that are shipped, by the name under which they are asked for."""


def formats(session: Session) -> dict[str, Format]:
    """Every format that the company may ask for: those that are shipped, and its own layouts."""
    return FORMATS | {name: listed(name, profile) for name, profile in layouts(session).items()}


def format_of(session: Session, name: str) -> Format:
    """The format of that name; refused where there is none."""
    every = formats(session)
    if name not in every:
        raise Refusal(
            "unknown-format",
            f"入金の形式「{name}」には対応していません。",
            f"{'・'.join([*every, CSV])} から指定してください。ほかの銀行の CSV は、画面の [取込] の「銀行の形式」で作れます。",
        )
    return every[name]


@dataclass(frozen=True, slots=True)
class Brought:
    """A bank's file that was read: in which format, what it tells, and its movements as a sheet of receipts.

    The sheet has every movement, with ``statement`` and ``move``; what the bank took back has an amount below zero.
    """

    format: Format
    file: BankFile
    sheet: Sheet


def brought(data: bytes, name: str, format_: Format, today: date, *, lenient: bool = False) -> Brought:
    """The file read in that format; refused whole where it is another, or anything is wrong with it.

    A ``lenient`` reading fills up the lines of a Zengin file whose spaces at the end were stripped.
    """
    try:
        found = format_.read(data, name, today + AHEAD, lenient)
    except Refused as refused:
        raise FileRefusal(name, [told(fault, format_) for fault in refused.faults]) from None
    return Brought(format_, found, _sheet(found, Raw(name, data, pl.DataFrame(), format_.title)))


def told(fault: Fault, format_: Format) -> RowError:
    """What is wrong, as refusals tell it."""
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
    return Raw(found.sheet.name, b"", frame, found.format.title)
