"""Statements of accounts (入出金取引明細, Zengin 03): what moved on an account, between two balances, read as columns.

Records of 200 bytes. Source: 全銀協 適用業務およびレコード・フォーマット (入出金取引明細, 流動性預金), as two banks print it.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from . import bank_file, zengin
from .bank_file import BankFile
from .zengin import AT, BATCH, Fault, Records, Refused, faulty, field, layout, number, text

LENGTH: Final = 200
KIND: Final = "03"
HEADER: Final = layout(
    "データ区分:N1 種別コード:N2 コード区分:N1 作成日:N6 勘定日(自):N6 勘定日(至):N6 銀行コード:N4 銀行名:C15 支店コード:N3 支店名:C15"
    " ダミー:N3? 預金種目:N1 口座番号:N10 口座名:C40 貸越区分:N1? 通帳・証書区分:N1? 取引前残高:N14? ダミー:C71?"
)
DATA: Final = layout(
    "データ区分:N1 照会番号:N8? 勘定日:N6 預入・払出日:N6 入払区分:N1 取引区分:N2 取引金額:N12 うち他店券金額:N12 交換呈示日:N6?"
    " 不渡返還日:N6? 手形・小切手区分:N1? 手形・小切手番号:N7? 僚店番号:N3? 振込依頼人コード:N10? 振込依頼人名または契約者番号:C48?"
    " 仕向銀行名:C15? 仕向店名:C15? 摘要内容:C20? EDI情報:C20? ダミー:C1?"
)
TRAILER: Final = layout(
    "データ区分:N1 入金件数:N6 入金額合計:N13 出金件数:N6 出金額合計:N13 貸越区分:N1? 取引後残高:N14? データ・レコード件数:N7"
    " ダミー:C139?"
)
END: Final = layout("データ区分:N1 レコード総件数:N10 口座数:N5 ダミー:C184?")
LAYOUTS: Final = {"1": HEADER, "2": DATA, "8": TRAILER, "9": END}
SORTS: Final = {
    "10": "現金",
    "11": "振込",
    "12": "他店券入金",
    "13": "交換",
    "14": "振替",
    "15": "継続",
    "18": "その他",
    "19": "訂正",
}
"""What moved the money (取引区分)."""
_SUMS: Final = {
    "入金件数": "count_in",
    "入金額合計": "amount_in",
    "出金件数": "count_out",
    "出金額合計": "amount_out",
}


def read(data: bytes, latest: date, *, lenient: bool = False, western: bool = False) -> BankFile:
    """The statements of the file; days are not after ``latest``, in ``western`` years where the bank is set so.

    A correction (取引区分 19) is for a person to look at: a movement of its own, with the sign by which it moves the balance.
    Raises `Refused` for the file as a whole, with the record, the byte and the field of everything that is wrong, also where
    opening balance and movements do not come to the closing balance. How senders count all records of the file differs, so
    that is not compared.
    """
    rows = zengin.rows(data, LENGTH, lenient=lenient)
    zengin.require_kind(rows, KIND)
    found = zengin.columns(rows, LAYOUTS)
    faults = zengin.wrong(found, LAYOUTS) + _strange(found)
    if faults:
        raise Refused(faults)
    day = zengin.western_day if western else zengin.era_day
    dated = zengin.dated(found, LAYOUTS, lambda each: day(each, latest), faults, value="預入・払出日")
    if faults:
        raise Refused(faults)
    balances = dated.trailers.select(BATCH, balance_after=_balance("取引後残高"))
    heads = zengin.statements(dated.heads.with_columns(balance_before=_balance("取引前残高")))
    statements = heads.join(balances, left_on="statement", right_on=BATCH, how="left", maintain_order="left")
    read_ = bank_file.made(statements, _movements(dated.data))
    return bank_file.accepted(
        read_, zengin.missummed(bank_file.totals(_as_booked(read_)), dated, TRAILER, _SUMS) + _miscounted(dated)
    )


def _strange(found: Records) -> list[Fault]:
    """Codes that this kind of file does not have, and deposits at term, which are written in another layout."""
    kind, way, sort = field(HEADER, "預金種目"), field(DATA, "入払区分"), field(DATA, "取引区分")
    signs = [(found.heads, field(HEADER, "貸越区分")), (found.trailers, field(TRAILER, "貸越区分"))]
    return [
        *faulty(
            found.heads,
            ~pl.col(kind.name).is_in(["1", "2", "4"]),
            kind,
            "普通 1・当座 2・貯蓄 4 の口座だけを読めます（通知・定期の明細は読めません）",
        ),
        *faulty(found.data, ~pl.col(way.name).is_in(["1", "2"]), way, "入金は 1、出金は 2 です"),
        *faulty(found.data, ~pl.col(sort.name).is_in(list(SORTS)), sort, "この業務にない値です"),
        *[
            fault
            for frame, sign in signs
            for fault in faulty(
                frame, ~text(sign.name).is_in(["", "0", "1", "2"]), sign, "プラスは 1、マイナスは 2 です"
            )
        ],
    ]


def _balance(name: str) -> pl.Expr:
    """A balance with its sign (貸越区分 2 is overdrawn); null where it is not told."""
    return pl.when(text("貸越区分") == "2").then(-number(name)).otherwise(number(name))


def _movements(data: pl.DataFrame) -> pl.DataFrame:
    incoming, correction = pl.col("入払区分") == "1", pl.col("取引区分") == "19"
    who, note, amount = text("振込依頼人名または契約者番号"), text("摘要内容"), number("取引金額")
    sort = pl.col("取引区分").replace_strict(SORTS, default="", return_dtype=pl.String)
    move = pl.when(incoming).then(pl.lit(bank_file.IN)).otherwise(pl.lit(bank_file.OUT))
    return data.select(
        AT,
        statement=BATCH,
        move=pl.when(correction).then(pl.lit(bank_file.CORRECTION)).otherwise(move),
        booked_on="booked_on",
        value_on="value_on",
        amount=pl.when(correction & ~incoming).then(-amount).otherwise(amount),
        payer=pl.when(who != "").then(who).when(note != "").then(note).otherwise(sort),
        reference=text("EDI情報"),
        payer_code=zengin.code("振込依頼人コード"),
        payer_bank=text("仕向銀行名"),
        payer_branch=text("仕向店名"),
        note=note,
        inquiry=text("照会番号"),
        raw="row",
    )


def _as_booked(found: BankFile) -> BankFile:
    """The same with corrections counted by the way the bank booked them: what its trailers sum."""
    corrected = pl.col("move") == bank_file.CORRECTION
    way = (
        pl.when(corrected & (pl.col("raw").str.slice(field(DATA, "入払区分").start - 1, 1) == "1"))
        .then(pl.lit(bank_file.IN))
        .when(corrected)
        .then(pl.lit(bank_file.OUT))
        .otherwise("move")
    )
    return BankFile(found.statements, found.movements.with_columns(move=way, amount=pl.col("amount").abs()))


def _miscounted(found: Records) -> list[Fault]:
    """Trailers that tell another number of data records than there are, and an end with another number of accounts."""
    data, accounts = field(TRAILER, "データ・レコード件数"), field(END, "口座数")
    counted = found.data.group_by(BATCH).agg(there=pl.len().cast(pl.Int64))
    trailers = found.trailers.join(counted, on=BATCH, how="left", maintain_order="left").with_columns(
        pl.col("there").fill_null(0)
    )
    why = pl.format("明細から数えると {} です", pl.col("there"))
    heads = found.heads.height
    return [
        *faulty(trailers, number(data.name) != pl.col("there"), data, why),
        *faulty(found.end, number(accounts.name) != heads, accounts, f"ヘッダーから数えると {heads} です"),
    ]
