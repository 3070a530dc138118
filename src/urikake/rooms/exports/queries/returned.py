"""Journals that a package gave out, read: in its own layout, or by columns that a person has chosen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from urikake.base.errors import FileRefusal, Refusal, RowError
from urikake.core import cells
from urikake.core.formats import journals
from urikake.rooms.intake.queries import LINE, Column, Kind, Mapping, Sheet, options, raw, read

JOURNAL: Final = Kind(
    "ledger-journal",
    (
        options("target", "会計ソフト", *journals.TARGETS),
        Column("date", "日付", cells.day, required=True),
        Column("slip", "伝票番号"),
        Column("debit_account", "借方勘定科目"),
        Column("debit_amount", "借方金額", cells.amount),
        Column("debit_tax_amount", "借方消費税額", cells.amount),
        Column("credit_account", "貸方勘定科目"),
        Column("credit_amount", "貸方金額", cells.amount),
        Column("credit_tax_amount", "貸方消費税額", cells.amount),
        Column("tax", "税区分"),
        Column("account", "勘定科目"),
        Column("debit", "借方", cells.amount),
        Column("credit", "貸方", cells.amount),
        Column("text", "摘要"),
    ),
)
"""A journal with both sides in a row (借方勘定科目…), or a ledger with an account a row (勘定科目, 借方, 貸方)."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A journal as it came: its sides (`journals.LINES`), whether rows are of slips, and whether it is a ledger of some accounts."""

    sides: pl.DataFrame
    name: str
    sha256: str
    grouped: bool = True
    partial: bool = False


def journal(data: bytes, name: str, target: str, mapping: Mapping | None = None) -> Returned:
    """The file in the layout of the package, else in that of `JOURNAL`, by a ``mapping``; refused whole if any row is wrong."""
    if mapping is None and target in journals.TARGETS and journals.is_of(target, data):
        return _own(data, name, target)
    found = raw(data, name)
    known = {word for column in JOURNAL.columns for word in (column.name, column.japanese)}
    if mapping is None and not known & set(found.headers):
        title = journals.TARGETS[target].title if target in journals.TARGETS else target
        raise Refusal(
            "unknown-journal",
            f"{name} は、{title}の仕訳の形ではありません。",
            "取込の画面（会計ソフトの仕訳帳）で、どの列が何かを選んでください。",
        )
    return listed(read(found, JOURNAL, mapping))


def _own(data: bytes, name: str, target: str) -> Returned:
    """The file in the layout of the package."""
    problems: list[journals.Problem] = []
    rows = [
        (one.row, one.slip, one.on, one.account, one.tax, one.amount if one.debit else -one.amount,
         one.tax_amount if one.debit else -one.tax_amount, one.text)
        for one in journals.sides(target, data, problems, returned=True)
    ]  # fmt: skip
    if problems:
        raise FileRefusal(name, [RowError(each.row, each.column, each.value, each.why) for each in problems])
    sides = pl.DataFrame(rows, schema=journals.LINES, orient="row")
    return Returned(_told_apart(sides), name, hashlib.sha256(data).hexdigest())


def _told_apart(sides: pl.DataFrame) -> pl.DataFrame:
    """The sides with numbers of slips as we write them; a row without one that balances by itself is a slip of its own."""
    alone = (pl.col("slip") == "") & (pl.col("amount").sum().over("row") == 0)
    own = pl.concat_str(pl.lit("#"), pl.col("row").cast(pl.String))
    plain = pl.col("slip").str.replace(r"^0+([0-9])", "$1")
    return sides.with_columns(slip=pl.when(alone).then(own).otherwise(plain))


def listed(sheet: Sheet) -> Returned:
    """The rows of a sheet of `JOURNAL`; refused whole if any row is wrong."""
    both = pl.any_horizontal(pl.col(f"{side}_account").is_not_null() for side in ("debit", "credit"))
    one = pl.col("account").is_not_null()
    sheet.check(~both & ~one, "account", "科目を、借方勘定科目・貸方勘定科目か、勘定科目に書いてください")
    sheet.check(both & one, "account", "科目は、借方・貸方の列か、勘定科目の列の、どちらかだけに書いてください")
    for side in ("debit", "credit"):
        account, amount = pl.col(f"{side}_account").is_not_null(), pl.col(f"{side}_amount").is_not_null()
        sheet.check(account & ~amount, f"{side}_amount", "科目のある側に金額を書いてください")
        sheet.check(
            ~account & (pl.col(f"{side}_amount").fill_null(0) != 0),
            f"{side}_account",
            "金額のある側に科目を書いてください",
        )
    sheet.check(
        one & pl.col("debit").is_null() & pl.col("credit").is_null(), "debit", "借方か貸方に金額を書いてください"
    )
    grouped = bool(sheet.frame["slip"].is_not_null().any())
    sheet.check(
        pl.col("slip").is_null() & grouped, "slip", "伝票番号を、すべての行に書くか、どの行にも書かないでください"
    )
    sheet.accept()
    rows = sheet.frame
    sides = [_side(rows, side, sign) for side, sign in (("debit", 1), ("credit", -1))]
    ledger = rows.filter(pl.col("account").is_not_null())
    amount = pl.col("debit").fill_null(0) - pl.col("credit").fill_null(0)
    alone = _shown(ledger, pl.col("account"), amount, pl.lit(0, dtype=pl.Int64))
    found = pl.concat([*sides, alone]).sort("row", maintain_order=True)
    found = _told_apart(found) if grouped else found
    return Returned(found, sheet.name, sheet.sha256, grouped, partial=ledger.height > 0)


def _side(rows: pl.DataFrame, side: str, sign: int) -> pl.DataFrame:
    """One side of the rows that have it."""
    there = rows.filter(pl.col(f"{side}_account").is_not_null())
    tax = pl.col(f"{side}_tax_amount").fill_null(0) * sign
    return _shown(there, pl.col(f"{side}_account"), pl.col(f"{side}_amount") * sign, tax)


def _shown(rows: pl.DataFrame, account: pl.Expr, amount: pl.Expr, tax_amount: pl.Expr) -> pl.DataFrame:
    texts = {name: pl.col(name).fill_null("") for name in ("slip", "tax", "text")}
    return rows.select(
        row=pl.col(LINE), on="date", account=account, amount=amount, tax_amount=tax_amount, **texts
    ).select(*journals.LINES)


def months_of(came: Returned) -> tuple[date, date]:
    """From the first day of the first month in a journal to the last day of the last; refused where it has no row."""
    if came.sides.is_empty():
        raise empty(came.name)
    on = pl.col("on")
    first, last = came.sides.select(since=on.min().dt.month_start(), until=on.max().dt.month_end()).row(0)
    return first, last


def empty(name: str) -> Refusal:
    """The refusal of a file without rows."""
    return Refusal("empty-file", f"{name} に仕訳がありません。", "期間を確かめて、もう一度書き出してください。")
