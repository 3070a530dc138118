"""Transfer files (総合振込): all refunds of a day that no file holds yet, in one; and the withdrawal of a file."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core.formats import zengin21
from urikake.rooms.intake.queries import made

from .. import queries
from ..models import Line, Transfer, Withdrawal
from .masters import LINE_ENDS
from .paying import LONGEST


@dataclass(frozen=True, slots=True)
class Made:
    """A file, whether it is new, and its bytes."""

    transfer: dict[str, Any]
    new: bool
    file: bytes


@action("refunds.transfer")
def transfer(session: Session, *, account: str, on: date) -> Made:
    """The file of all refunds of the day from our account that no file holds yet; without any, the last one made for the day.

    Refused where there is neither, or where the bank's number of us (振込依頼人コード) is not known.
    """
    head = _sender(session, account)
    mine = queries.standing(session).filter(
        (pl.col("bank_account_id") == head["bank_account_id"]) & (pl.col("pay_on") == on)
    )
    rows = mine.filter(pl.col("state") == "unfiled").sort("code", "refund_id", maintain_order=True)
    same = (pl.col("bank_account_id") == head["bank_account_id"]) & (pl.col("pay_on") == on)
    before = queries.transfers(session).filter(same)
    if rows.is_empty():
        return _made_before(session, before, on)
    lines = _changed(session, rows, head["bank_account_id"])
    file = _written(session, head, on, lines)
    row = {
        "bank_account_id": head["bank_account_id"], "pay_on": on, "attempt": before.height + 1,
        "transfer_count": lines.height, "amount": int(lines["amount"].sum()),
        "digest": hashlib.sha256(file).hexdigest(), "file_deflated": zlib.compress(file),
    }  # fmt: skip
    transfer_id = facts.record(session, Transfer, pl.DataFrame([row]))["id"][0]
    facts.record(session, Line, lines.select("refund_id", "change", transfer_id=pl.lit(transfer_id, dtype=pl.Int64)))
    return Made(row | {"transfer_id": transfer_id}, True, file)


def _sender(session: Session, account: str) -> dict[str, Any]:
    """Who we are at the bank of the account; refused where it is not told."""
    found = queries.senders(session).filter(pl.col("code") == account)
    if found.is_empty():
        raise Refusal(
            "unknown-bank-account", f"銀行口座「{account}」はありません。", "登録済みの口座を指定してください。"
        )
    if found["client_code"][0] is None:
        raise Refusal(
            "no-sender",
            f"銀行口座「{account}」の振込依頼人コードがありません。",
            "urikake import senders で登録してください。",
        )
    return found.row(0, named=True)


def _made_before(session: Session, before: pl.DataFrame, on: date) -> Made:
    """The last file made for the day that stands; refused where there is none."""
    stands = before.filter(pl.col("why").is_null())
    if stands.is_empty():
        raise Refusal(
            "no-refunds",
            f"{on:%Y-%m-%d} に振り込む返金はありません。",
            "report refunds で支払日と承認を確かめてください。",
        )
    row = stands.row(-1, named=True)
    if back := _came_back(session, row["transfer_id"]):
        number = row["transfer_id"] - session.low
        raise Refusal(
            "transfer-sent",
            f"振込ファイル {number} の返金 {back[0]} は銀行から戻っています。ファイルは送ってあるので、もう一度は出しません。",
            "記録は仕訳と返金の画面で確かめてください。",
        )
    return Made(row, False, queries.file_of(session, row["transfer_id"]))


def _changed(session: Session, rows: pl.DataFrame, bank_account_id: int) -> pl.DataFrame:
    """The refunds with ``change``: whether our bank pays the account for the first time, or another one than last time."""
    before = queries.last_accounts(session, bank_account_id)
    joined = rows.join(before, on="partner_id", how="left", suffix="_before", maintain_order="left")
    other = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_before") for name in queries.ACCOUNT)
    first = pl.col("bank_before").is_null()
    return joined.with_columns(
        change=pl.when(first).then(pl.lit("first")).when(other).then(pl.lit("changed")).otherwise(pl.lit("other"))
    )


def _written(session: Session, head: dict[str, Any], on: date, lines: pl.DataFrame) -> bytes:
    """The bytes of the file; refused with what cannot stand in it."""
    ours = zengin21.Sender(
        code=head["client_code"], name=head["client_name"], bank=head["bank"], branch=head["branch"],
        bank_name=head["bank_name"], branch_name=head["branch_name"], deposit=head["deposit"], number=head["bank_number"],
    )  # fmt: skip
    names = {"number": "bank_number", "holder": "holder_kana"}
    same = ["bank", "bank_name", "branch", "branch_name", "deposit", "amount", "change"]
    customer = (pl.col("refund_id") - session.low).cast(pl.String)
    rows = lines.select(*same, **names, customer=customer).iter_rows(named=True)
    batch = zengin21.Batch(sender=ours, on=on, transfers=tuple(zengin21.Transfer(**row) for row in rows))
    return made(lambda: zengin21.written([batch], LINE_ENDS[head["line_end"]]), "transfer-file", "総合振込")


@action("refunds.transfer")
def withdraw_transfer(session: Session, *, transfer_id: int, why: str) -> dict[str, Any]:
    """Tell that a file was not sent to the bank: its refunds go into the next one. Returns the file."""
    if not why.strip() or len(why.strip()) > LONGEST:
        raise Refusal(
            "no-reason", "ファイルを取り下げる理由がないか、長すぎます。", f"{LONGEST}字までで書いてください。"
        )
    found = queries.transfers(session).filter(pl.col("transfer_id") == transfer_id)
    number = transfer_id - session.low
    if found.is_empty():
        raise Refusal(
            "no-transfer", f"振込ファイル「{number}」はありません。", "report refunds で番号を確かめてください。"
        )
    if found["why"][0] is not None:
        raise Refusal(
            "transfer-withdrawn",
            f"振込ファイル「{number}」はもう取り下げてあります。",
            "作り直したものを送ってください。",
        )
    if back := _came_back(session, transfer_id):
        raise Refusal(
            "transfer-sent",
            f"振込ファイル「{number}」の返金 {back[0]} は銀行から戻っています。送ったファイルは取り下げられません。",
            "戻った返金だけを、もう一度申請してください。",
        )
    facts.record(session, Withdrawal, pl.DataFrame([{"transfer_id": transfer_id, "why": why.strip()}]))
    return found.row(0, named=True)


def _came_back(session: Session, transfer_id: int) -> list[int]:
    """The numbers of the refunds of the file that came back: the bank had it."""
    held = queries.lines(session, transfer_id)["refund_id"].implode()
    every = queries.standing(session)
    back = every.filter(pl.col("refund_id").is_in(held) & (pl.col("state") == "came_back"))
    return (back["refund_id"] - session.low).to_list()
