"""Deposit notices (振込入金通知, Zengin 01): what a bank tells of transfers that arrived, read as columns.

Records of 200 bytes in two forms: A, and B for amounts of more than 10 digits. Source: 全銀協 適用業務およびレコード・フォーマット
(振込入金通知), as two banks print it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from . import bank_file, zengin
from .bank_file import BankFile
from .zengin import AT, BATCH, Fault, Field, Records, Refused, faulty, field, layout, number, text

LENGTH: Final = 200
KIND: Final = "01"
HEADER: Final = layout(
    "データ区分:N1 種別コード:N2 コード区分:N1 作成日:N6 勘定日(自):N6 勘定日(至):N6 銀行コード:N4 銀行名:C15 支店コード:N3 支店名:C15"
    " 預金種目:N1 口座番号:N7 口座名:C40 ダミー:C93?"
)
_PAYER: Final = "振込依頼人コード:N10? 振込依頼人名:C48 仕向銀行名:C15? 仕向店名:C15? 取消区分:N1?"
DATA_A: Final = layout(
    f"データ区分:N1 照会番号:N6? 勘定日:N6 起算日:N6 金額:N10 うち他店券金額:N10 {_PAYER} EDI情報:C20? ダミー:C52?"
)
DATA_B: Final = layout(
    f"データ区分:N1 照会番号:N6? 勘定日:N6 起算日:N6 金額(1):N10 うち他店券金額(1):N10 {_PAYER} 金額(2):N12 うち他店券金額(2):N12"
    " EDI情報:C20? ダミー:C28?"
)
TRAILER: Final = layout(
    "データ区分:N1 振込合計件数:N6 振込合計金額:N12 取消合計件数:N6? 取消合計金額:N12? ダミー:C163?"
)
END: Final = layout("データ区分:N1 ダミー:C199?")
_SECOND: Final = slice(128, 152)
"""Where form B has its second pair of amounts, 24 digits."""
_SUMS: Final = {
    "振込合計件数": "count_in",
    "振込合計金額": "amount_in",
    "取消合計件数": "count_cancelled",
    "取消合計金額": "amount_cancelled",
}


def read(data: bytes, latest: date, *, lenient: bool = False, western: bool = False) -> BankFile:
    """The notices of the file; days are not after ``latest``, in ``western`` years where the bank is set so.

    A record that cancels an earlier credit (取消区分 1) is a movement of its own, with the amount that it takes back. Raises
    `Refused` for the file as a whole, with the record, the byte and the field of everything that is wrong: another kind of
    file, its length, its order, digits, days, codes, sums that are not those of the records.
    """
    rows = zengin.rows(data, LENGTH, lenient=lenient)
    zengin.require_kind(rows, KIND)
    fields = DATA_B if _is_b(rows) else DATA_A
    layouts = {"1": HEADER, "2": fields, "8": TRAILER, "9": END}
    found = zengin.columns(rows, layouts)
    faults = zengin.wrong(found, layouts) + _strange(found, fields)
    if faults:
        raise Refused(faults)
    day = zengin.western_day if western else zengin.era_day
    dated = zengin.dated(found, layouts, lambda each: day(each, latest), faults, value="起算日")
    if faults:
        raise Refused(faults)
    read_ = bank_file.made(zengin.statements(dated.heads), _movements(dated.data, fields))
    return bank_file.accepted(read_, zengin.missummed(bank_file.totals(read_), dated, TRAILER, _SUMS))


def _is_b(rows: Sequence[str]) -> bool:
    """Whether any record has the 24 digits of form B; there the text of form A is never so long."""
    return any(row[_SECOND].isdigit() for row in rows if row[:1] == "2")


def _strange(found: Records, fields: Sequence[Field]) -> list[Fault]:
    """Codes that this kind of file does not have, and another account than one of ready money."""
    kind, cancelled = field(HEADER, "預金種目"), field(fields, "取消区分")
    return [
        *faulty(found.heads, ~pl.col(kind.name).is_in(["1", "2", "4"]), kind, "普通 1・当座 2・貯蓄 4 のどれかです"),
        *faulty(
            found.data, ~text(cancelled.name).is_in(["", "0", "1"]), cancelled, "取消は 1、そうでなければ 0 か空白です"
        ),
    ]


def _movements(data: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    two = "金額(2)" in {each.name for each in fields}
    amount = (
        pl.when(number("金額(1)") > 0).then(number("金額(1)")).otherwise(number("金額(2)")) if two else number("金額")
    )
    return data.select(
        AT,
        statement=BATCH,
        move=pl.when(text("取消区分") == "1").then(pl.lit(bank_file.CANCEL)).otherwise(pl.lit(bank_file.IN)),
        booked_on="booked_on",
        value_on="value_on",
        amount=amount,
        payer=text("振込依頼人名"),
        reference=text("EDI情報"),
        payer_code=zengin.code("振込依頼人コード"),
        payer_bank=text("仕向銀行名"),
        payer_branch=text("仕向店名"),
        inquiry=text("照会番号"),
        raw="row",
    )
