"""What others collect for us: requests for debits and their files, results, settlements."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.http import HttpResponse
from pydantic import Field

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.doors import collecting as door
from urikake.rooms.closing import actions as steps
from urikake.rooms.collecting import actions
from urikake.rooms.collecting import queries as collecting
from urikake.rooms.intake.queries import given

from .examples import ROWS
from .once import writes
from .operation import Call, Day, Known, Text, Trial, filed, reads
from .resources import Number
from .verbs import SENT, Strict, body_of

GROUP: Final = "口座振替・収納代行"
MEDIA: Final = "application/octet-stream"


class Asking(Strict):
    """Whom to ask for debits, and for which day."""

    collector: Text = Field(description="収納機関の取引先コード")
    on: Day = Field(description="引落日")
    due: Day | None = Field(None, description="この日までに回収予定の債権。なければ引落日まで")


class Asked(Strict):
    """What came of asking."""

    request: int | None = Field(None, description="振替依頼の番号。依頼する債権がなければ null")
    debit_on: date | None = Field(None, description="引落日")
    new: bool = Field(description="false なら、前に作った依頼（か、依頼する債権がない）")
    debits: int = Field(description="件数")
    amount: int = Field(description="依頼の合計（円）")
    digest: str = Field("", description="依頼ファイルの SHA-256")
    left_out: int = Field(description="依頼しない取引先の数")
    left_amount: int = Field(description="依頼しない債権の合計（円）")
    reasons: list[str] = Field(description="依頼しない取引先と理由")
    dry_run: bool


class Withdrawing(Strict):
    """Why a request is withdrawn."""

    why: str = Field(min_length=1, max_length=500, description="理由")


class Withdrawn(Strict):
    """The request that was withdrawn."""

    debits: int = Field(description="件数")
    amount: int = Field(description="合計（円）")
    dry_run: bool


class Answering(Strict):
    """A result file."""

    file: str = Field(min_length=1, max_length=40_000_000, description="結果ファイルを Base64 にしたもの")
    fee: int = Field(0, ge=0, lt=1 << 53, description="収納機関が差し引く手数料の合計（税込、円）")
    payout_on: Day | None = Field(None, description="入金予定日。なければ収納機関の登録による")


class Settled(Strict):
    """What came of what was collected."""

    fee: int = Field(0, description="手数料（円）")
    owed: int = Field(0, description="収納機関の未収入金（円）")
    overpaid: int = Field(0, description="債権を超えて集めたため前受金にした額（円）")
    amount: int = Field(description="集めた額（円）")
    dry_run: bool


class Answered(Settled):
    """What came of a result file."""

    debits: int = Field(description="結果の件数。0 なら取り込み済み")
    paid: int = Field(description="振替済の件数")
    unpaid: int = Field(0, description="振替不能の件数")
    unpaid_amount: int = Field(0, description="振替不能の額（円）")
    stopped: int = Field(0, description="止めた口座の登録の数")


class Collector(Trial):
    """Whose settlement it is."""

    collector: Text = Field(description="収納機関の取引先コード")


class Lines(Settled):
    """What came of a settlement."""

    lines: int = Field(description="新しい明細の数")


def _tried(figures: Mapping[str, Any], call: Call) -> dict[str, Any]:
    return {**figures, "dry_run": call.options.dry_run}


@writes("debit-requests", verb=door.REQUEST, permission="collecting.request", summary="口座振替を依頼", group=GROUP, body=Asking,
        response=Asked, subject=lambda call: f"{call.body.collector} {call.body.on}",
        example={"collector": "P900", "on": "2026-05-27"},
        description="引落日までの口座振替の債権を一つの依頼にする。もう一度行うと同じ依頼を返す。ファイルは別に取り出す。")  # fmt: skip
def request(session: Session, call: Call) -> dict[str, Any]:
    """What is due asked for, once."""
    asked = actions.request_debits(session, collector=call.body.collector, on=call.body.on, due=call.body.due)
    return _tried(door.figures(session, asked) | {"reasons": door.told(asked.left_out)}, call)


@reads("debit-requests/{int:key}/file", permission="collecting.request", summary="振替依頼のファイル", group=GROUP, response=str,
       options=Known, media=MEDIA, key=Number,
       description="収納機関に送るファイル（全銀協 口座振替 120 バイト）を、作ったときのまま返す。")  # fmt: skip
def file(session: Session, call: Call) -> HttpResponse:
    """The file of a request, 304 where the caller has it already."""
    number = int(call.key or 0)
    known = collecting.requests(session)["request_id"]
    if session.low + number not in known:
        raise Refusal(
            "no-request", f"振替依頼「{number}」はありません。", "urikake report debits で番号を確かめてください。"
        )
    kept = collecting.file_of(session, session.low + number)
    return filed(call.request, kept, f"debit-{number}.txt", MEDIA, kept=True)


@writes("debit-requests/{int:key}/withdraw", verb=door.WITHDRAW, permission="collecting.request", summary="振替依頼を取り下げる",
        group=GROUP, body=Withdrawing, key=Number, response=Withdrawn, subject=lambda call: str(call.key),
        example={"why": "口座の誤り"})  # fmt: skip
def withdraw(session: Session, call: Call) -> dict[str, Any]:
    """A request that is not answered yet withdrawn."""
    gone = actions.withdraw_request(session, request_id=session.low + int(call.key or 0), why=call.body.why)
    return _tried({"debits": gone["debit_count"], "amount": gone["amount"]}, call)


@writes("debit-results", verb=door.RESULT, permission="collecting.settle", summary="振替結果を取り込む", group=GROUP, body=Answering,
        response=Answered, subject=lambda call: "API", example={"file": "MTkxMDEyMzQ1Njc4OTA=", "fee": 110},
        description="依頼と一件ずつ照らし、合えばすべてを取り込んで消し込む。同じ結果をもう一度送っても変わらない。")  # fmt: skip
def result(session: Session, call: Call) -> dict[str, Any]:
    """A result file taken whole."""
    try:
        content = base64.b64decode(call.body.file, validate=True)
    except ValueError:
        raise Refusal(
            "not-base64", "file が Base64 ではありません。", "ファイルのバイト列を Base64 にしてください。"
        ) from None
    told = steps.take_debit_result(session, file=content, fee=call.body.fee, payout_on=call.body.payout_on)
    return _tried(told, call)


@writes("settlements", verb=door.SETTLEMENT, permission="collecting.settle", summary="カード・代引の精算明細を取り込む", group=GROUP,
        body=body_of(actions.SETTLEMENT), response=Lines, options=Collector, subject=lambda call: call.options.collector,
        example={"rows": [ROWS["settlements"]]},
        description="取引番号ごとに一度だけ、請求書を消し込む。一つでも誤りがあれば1行も取り込まない。")  # fmt: skip
def settle(session: Session, call: Call) -> dict[str, Any]:
    """The lines of a settlement taken whole."""
    sheet = given(call.body.rows, actions.SETTLEMENT, SENT)
    return _tried(steps.take_settlement(session, sheet=sheet, collector=call.options.collector), call)
