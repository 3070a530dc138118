"""Refunds (返金): asked for, sent to the bank as a file, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.http import HttpResponse
from pydantic import Field

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.doors import refunds as door
from urikake.rooms.closing import actions as steps
from urikake.rooms.refunds import actions
from urikake.rooms.refunds import queries as refunds

from .once import writes
from .operation import Call, Day, Known, Text, filed, reads
from .resources import Number
from .verbs import Strict, Target

GROUP: Final = "返金"
MEDIA: Final = "application/octet-stream"


class Asking(Strict):
    """What is to be paid back, to whom and when."""

    partner: Text = Field(description="取引先コード")
    of: list[Target] = Field(
        min_length=1,
        max_length=1000,
        description="返すもの: 前受金（帳票 advances の advance）か、マイナスの残高のある請求書",
    )
    on: Day = Field(description="支払日（銀行の営業日）")
    why: str = Field(min_length=1, max_length=500, description="理由。承認する人に示す")
    account: Text = Field("main", description="支払う銀行口座")


class Asked(Strict):
    """What came of asking."""

    amount: int = Field(description="返す額（円）")
    proposal: int | None = Field(description="承認を待つ申請の番号。null なら計上した")
    dry_run: bool


class Filing(Strict):
    """The day whose refunds go into a file."""

    on: Day = Field(description="支払日（取組日）")
    account: Text = Field("main", description="支払う銀行口座")


class Filed(Strict):
    """What came of making a file."""

    transfer: int = Field(description="振込ファイルの番号")
    pay_on: date = Field(description="支払日")
    new: bool = Field(description="false なら、前に作ったファイル")
    transfers: int = Field(description="件数")
    amount: int = Field(description="合計（円）")
    digest: str = Field(description="ファイルの SHA-256")
    dry_run: bool


class Why(Strict):
    """Why a file is withdrawn."""

    why: str = Field(min_length=1, max_length=500, description="理由")


class Withdrawn(Strict):
    """The file that was withdrawn."""

    transfers: int = Field(description="件数")
    amount: int = Field(description="合計（円）")
    dry_run: bool


class Returning(Why):
    """Why a refund came back, and when."""

    date: Day | None = Field(None, description="戻った日。なければ支払日（締め済みなら次の月）")


class Returned(Strict):
    """The refund that was taken back."""

    refund: int = Field(description="返金の番号")
    amount: int = Field(description="額（円）")
    on: date = Field(description="取り消した日付")
    dry_run: bool


def _tried(figures: Mapping[str, Any], call: Call) -> dict[str, Any]:
    return {**figures, "dry_run": call.options.dry_run}


@writes("refunds", verb=door.ASK, permission="refunds.ask", summary="返金を申請", group=GROUP, body=Asking, response=Asked,
        subject=lambda call: call.body.partner,
        example={"partner": "P001", "of": [{"item": "application-12", "amount": 5000}], "on": "2026-06-15", "why": "二重のご入金"},
        description="別の人の承認（proposals）を待って計上する。会社が返金に承認を求めないときは、すぐに計上する。")  # fmt: skip
def ask(session: Session, call: Call) -> dict[str, Any]:
    """Advances and credits of a partner asked to be paid back."""
    asked = call.body
    of = [target.item if target.amount is None else f"{target.item}={target.amount}" for target in asked.of]
    figures = steps.ask_refund(session, partner=asked.partner, of=of, on=asked.on, account=asked.account, why=asked.why)
    return _tried(figures, call)


@writes("refunds/{int:key}/return", verb=door.RETURN, permission="refunds.ask", summary="戻った返金を取り消す", group=GROUP,
        body=Returning, key=Number, response=Returned, subject=lambda call: str(call.key),
        example={"why": "口座名義の相違で振込不能"})  # fmt: skip
def take_back(session: Session, call: Call) -> dict[str, Any]:
    """A refund whose money did not go taken back."""
    back = steps.take_refund_back(
        session, refund_id=session.low + int(call.key or 0), why=call.body.why, on=call.body.date
    )
    return _tried(back, call)


@writes("refund-files", verb=door.FILE, permission="refunds.transfer", summary="返金の振込ファイルを作る", group=GROUP, body=Filing,
        response=Filed, subject=lambda call: f"{call.body.account} {call.body.on}", example={"on": "2026-06-15"},
        description="支払日の返金のうち、ファイルにまだないものを一つの総合振込ファイルにする。なければ前のものを返す。")  # fmt: skip
def make(session: Session, call: Call) -> dict[str, Any]:
    """The refunds of a day in one file."""
    return _tried(door.figures(session, actions.transfer(session, account=call.body.account, on=call.body.on)), call)


@reads("refund-files/{int:key}/file", permission="refunds.transfer", summary="返金の振込ファイル", group=GROUP, response=str,
       options=Known, media=MEDIA, key=Number,
       description="銀行に送るファイル（全銀協 総合振込 120 バイト）を、作ったときのまま返す。")  # fmt: skip
def file(session: Session, call: Call) -> HttpResponse:
    """A file, 304 where the caller has it already."""
    number = int(call.key or 0)
    if session.low + number not in refunds.transfers(session)["transfer_id"]:
        raise Refusal(
            "no-transfer", f"振込ファイル「{number}」はありません。", "refund-files で番号を確かめてください。"
        )
    kept = refunds.file_of(session, session.low + number)
    return filed(call.request, kept, f"refund-{number}.txt", MEDIA, kept=True)


@writes("refund-files/{int:key}/withdraw", verb=door.WITHDRAW, permission="refunds.transfer", summary="振込ファイルを取り下げる",
        group=GROUP, body=Why, key=Number, response=Withdrawn, subject=lambda call: str(call.key),
        example={"why": "銀行に送る前に口座の誤りを見つけた"})  # fmt: skip
def withdraw(session: Session, call: Call) -> dict[str, Any]:
    """A file that was not sent withdrawn."""
    gone = actions.withdraw_transfer(session, transfer_id=session.low + int(call.key or 0), why=call.body.why)
    return _tried({"transfers": gone["transfer_count"], "amount": gone["amount"]}, call)
