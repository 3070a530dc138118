"""The verbs that answer at once: rows taken like files, applying and undoing, approval, reopening."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, cast

from ninja import Path, Schema
from pydantic import ConfigDict, Field, create_model

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.doors.files import TAKERS
from urikake.doors.month import HOLD
from urikake.doors.revision import today
from urikake.rooms.closing import actions
from urikake.rooms.intake.queries import Kind, Sheet, given, named
from urikake.rooms.receipts.queries import FORMATS, RECEIPTS, brought, format_of

from . import signed
from .examples import FILE, ROWS
from .kept import BY_NAME
from .once import writes
from .operation import Call, Day, Month, Text, Trial
from .resources import Number

MOST: Final = 10_000
Cell = Annotated[str, Field(max_length=2000)] | int | float | bool | None
Difference = Literal["fee", "discount", "withheld", "write-off", "misc", "advance", "remain"]
SENT: Final = "送られた行"
TITLES: Final = {
    "openings": "移行残高",
    "receivables": "債権伝票",
    "option-rules": "オプションの決まり",
    "holidays": "会社カレンダー",
    "collectors": "収納機関",
    "mandates": "口座振替の登録",
    "export-mappings": "会計ソフトでの名前",
    "ledger-balances": "会計ソフトの試算表",
    "ledger-journal": "会計ソフトの仕訳帳・元帳",
    "progress": "進捗度・検収",
    "payees": "返金先口座",
    "senders": "振込依頼人",
}


class Strict(Schema):
    """A body whose fields are all known."""

    model_config = ConfigDict(extra="forbid")


class Taken(Schema):
    """What came of rows."""

    rows: int = Field(description="送られた行の数")
    new: int = Field(description="新しく登録した数（登録済みの行は数えない）")
    dry_run: bool = Field(description="true なら何も保存していない")


class BankFile(Strict):
    """A file of a bank."""

    name: str = Field(min_length=1, max_length=200, description="ファイルの名前")
    format: str = Field(
        min_length=1,
        max_length=30,
        description=f"銀行のファイルの形式: {'・'.join(FORMATS)} か、自社で作った銀行の形式の名前（bank-formats）",
    )
    lenient: bool = Field(False, description="true なら、行末の空白が落ちた全銀のファイルも受け取る")
    content: str = Field(max_length=1 << 25, description="ファイルの中身（Base64）")


class BankFileTaken(Schema):
    """What came of a bank's file."""

    receipts: int = Field(description="新しい入金の数")
    amount: int = Field(description="新しい入金の合計（円。銀行が取り消した分を引く）")
    cancelled: int = Field(description="銀行が取り消した入金の数")
    corrected: int = Field(description="人が確かめる訂正の数")
    known: int = Field(description="取込済みだった記録の数")
    out: int = Field(description="出金の数（取り込まない）")
    others: int = Field(description="ほかの口座の記録の数（取り込まない）")
    gaps: int = Field(description="前のファイルとの間に抜けのある明細の数（帳票 bank-files）")
    dry_run: bool = Field(description="true なら何も保存していない")


class AccountOptions(Trial):
    """The account of a bank's file."""

    account: Text = Field(description="銀行口座コード")


class Received(Taken):
    """What came of receipts."""

    amount: int = Field(description="新しい入金の合計（円）")


class RowOptions(Trial):
    """The parameters of rows."""

    mapping: Text = Field("", description="保存した列の対応づけの名前。行の項目を、その対応づけで読み替える")


class ReceiptOptions(RowOptions):
    """The parameters of receipts."""

    account: Text = Field(description="銀行口座コード")


class Target(Strict):
    """An item to settle, and how much of it."""

    item: Text = Field(description="請求書番号か債権明細の番号（INVOICE/ORDER も可）")
    amount: int | None = Field(None, gt=0, lt=1 << 53, description="充てる額（円）。なければ残高まで")


class Applying(Strict):
    """A receipt to apply by hand."""

    receipt: Text = Field(description="入金の番号か取引番号")
    items: list[Target] = Field(min_length=1, max_length=1000)
    difference: Difference = Field("remain", description="差額の扱い")
    date: Day | None = Field(None, description="消込日。なければ、入金と債権のそろった日")
    learn: bool = Field(True, description="この振込名義を、取引先のものと覚えるか")


class Reversing(Strict):
    """When an application is taken back."""

    date: Day | None = Field(None, description="取消日。なければ元の消込日")


class Applied(Schema):
    """What came of applying."""

    applied: int = Field(description="消込の数")
    amount: int = Field(description="入金から使った額（円）")
    outcomes: dict[str, int] = Field(description="結果ごとの数")
    proposal: int | None = Field(None, description="貸倒の承認を待つ申請の番号。待つあいだは何も消し込まない")
    dry_run: bool


class Approving(Strict):
    """Slips to approve."""

    slips: list[Text] = Field(min_length=1, max_length=MOST, description="伝票番号")


class Approved(Schema):
    """What came of approval."""

    approved: int = Field(description="承認した数")
    amount: int = Field(description="合計（円）")
    dry_run: bool


class Cancelling(Strict):
    """Why an invoice is taken back, and whether it is issued again."""

    why: str = Field(min_length=1, max_length=500, description="理由")
    reissue: bool = Field(False, description="true なら、いまの契約で計算し直した修正請求書を、あわせて発行する")
    date: Day | None = Field(None, description="取消日。なければ発行日（締めた月なら、最初の締めていない月）")


class Cancelled(Schema):
    """What came of taking an invoice back."""

    returned: str = Field(description="返還請求書の番号")
    total: int = Field(description="返還請求書の合計（円。負の数）")
    revised: list[str] = Field(description="修正請求書の番号")
    total_revised: int = Field(0, description="修正請求書の合計（円）")
    dry_run: bool


class Issuing(Strict):
    """Closings whose drafts are approved."""

    closings: list[Day] = Field(min_length=1, max_length=1, description="締日")


class Issued(Schema):
    """What was issued."""

    invoices: int = Field(description="発行した請求書の数")
    total: int = Field(description="請求額の合計（円）")
    held: int = Field(0, description="保留している請求先の数")
    dry_run: bool


class Holding(Strict):
    """A partner's bill of a closing held back."""

    closing: Day = Field(description="締日")
    partner: Text = Field(description="請求先の取引先コード")
    why: str = Field(min_length=1, max_length=500, description="理由")
    to_next: bool = Field(False, description="true なら、保留せずに、この請求先の次の締めに回す")


class Releasing(Strict):
    """A partner's bill of a closing held back no longer."""

    closing: Day = Field(description="締日")
    partner: Text = Field(description="請求先の取引先コード")
    why: str = Field("", max_length=500, description="理由")


class Held(Schema):
    """What came of holding or releasing."""

    new: bool = Field(description="false なら、前からそうなっていた")
    held: int = Field(description="この締めで保留している請求先の数")
    dry_run: bool


class Reopening(Strict):
    """Why a month is opened again."""

    why: str = Field(min_length=1, max_length=1000, description="理由")


class Reopened(Schema):
    """The month as it stands."""

    locked: bool = Field(description="まだ締まっているか（承認を待つあいだは true）")
    proposal: int = Field(0, description="承認を待つ申請の番号。0 なら、すぐに解除した")
    dry_run: bool


def row_of(kind: Kind, *, without: str = "") -> dict[str, Any]:
    """What a row of a kind looks like: an object whose fields are the columns of its file, but for the one left out."""
    cell = {"type": ["string", "number", "boolean", "null"]}
    columns = [column for column in kind.columns if column.name != without]
    return {
        "type": "object",
        "properties": {c.name: {**cell, "description": c.japanese or c.name} for c in columns},
        "required": [column.name for column in columns if column.required],
        "patternProperties": {"^x_": cell},
        "additionalProperties": False,
    }


def body_of(kind: Kind) -> type[Schema]:
    """What rows of a kind look like: a list of them."""
    rows = Field(
        min_length=1, max_length=MOST, description="行（1〜10,000）", json_schema_extra={"items": row_of(kind)}
    )
    name = f"{kind.name.title().replace('-', '')}Rows"
    return create_model(name, __base__=Strict, rows=(list[dict[str, Cell]], cast(Any, rows)))


def _sheet(session: Session, call: Call, kind: Kind) -> Sheet:
    name = call.options.mapping
    return given(call.body.rows, kind, SENT, named(session, kind.name, name) if name else None)


def _subject(call: Call) -> str:
    return f"API {len(call.body.rows)}行"


def _enter_rows(name: str) -> None:
    kind, take, permission = TAKERS[name]
    title = TITLES.get(name) or BY_NAME[name].title

    @writes(name, verb=f"import {name}", permission=permission, summary=f"{title}を登録", group=_group(name), body=body_of(kind),
            response=Taken, options=RowOptions, subject=_subject, example={"rows": [ROWS[name]]}, description=_ABOUT)  # fmt: skip
    def taken(session: Session, call: Call) -> dict[str, Any]:
        count = take(session, sheet=_sheet(session, call, kind))
        return {"rows": len(call.body.rows), "new": count, "dry_run": call.options.dry_run}


_ABOUT: Final = (
    "ファイルの取込と同じ列・同じ検査で受け取る。一つでも誤りがあれば1行も登録せず、行ごとの理由を rows に返す。"
    "登録済みの行をもう一度送っても増えない。"
)


def _group(name: str) -> str:
    return BY_NAME[name].title if name in BY_NAME else TITLES[name]


for _name in TAKERS:
    _enter_rows(_name)


@writes("webhooks/usage", verb="import usage", permission="usage.import", summary="署名した使用量を受け取る（Webhook）",
        group=_group("usage"), body=body_of(TAKERS["usage"][0]), response=Taken, options=RowOptions, subject=_subject,
        example={"rows": [ROWS["usage"]]}, named=signed.id_of, headers=signed.HEADERS,
        description=f"{_ABOUT}usage.import の権限を持つトークンで署名する。名前（Webhook-Id）ごとに一度だけ行う。")  # fmt: skip
def pushed(session: Session, call: Call) -> dict[str, Any]:
    """Usage that another program sent by itself, signed."""
    _, take, _ = TAKERS["usage"]
    count = take(session, sheet=_sheet(session, call, TAKERS["usage"][0]))
    return {"rows": len(call.body.rows), "new": count, "dry_run": call.options.dry_run}


@writes("receipts", verb="receipts", permission="receipts.import", summary="入金を登録", group="入金", body=body_of(RECEIPTS),
        response=Received, options=ReceiptOptions, subject=_subject, example={"rows": [ROWS["receipts"]]},
        description=_ABOUT)  # fmt: skip
def receive(session: Session, call: Call) -> dict[str, Any]:
    """Receipts, posted to suspense."""
    figures = actions.receive(session, sheet=_sheet(session, call, RECEIPTS), account=call.options.account)
    return {
        "rows": len(call.body.rows),
        "new": figures["receipts"],
        "amount": figures["amount"],
        "dry_run": call.options.dry_run,
    }


@writes("receipts/files", verb="receipts", permission="receipts.import", summary="銀行のファイルを取り込む", group="入金",
        body=BankFile, response=BankFileTaken, options=AccountOptions, subject=lambda call: call.body.name[-120:],
        example=FILE,
        description="画面の取込と同じ検査で受け取る。誤りがあれば何も登録せず、レコードごとの理由を rows に返す。")  # fmt: skip
def receive_file(session: Session, call: Call) -> dict[str, Any]:
    """A bank's file, its receipts posted to suspense."""
    asked = call.body
    try:
        data = base64.b64decode(asked.content, validate=True)
    except ValueError:
        raise Refusal(
            "bad-base64", "content が Base64 ではありません。", "ファイルの中身を Base64 にしてください。"
        ) from None
    found = brought(data, asked.name, format_of(session, asked.format), today(), lenient=asked.lenient)
    return _tried(actions.receive_bank_file(session, brought=found, account=call.options.account), call)


@writes("applications", verb="apply", permission="matching.apply", summary="入金を手で消し込む", group="消込", body=Applying,
        response=Applied, subject=lambda call: call.body.receipt,
        example={"receipt": "R-20260529-1", "items": [{"item": "INV-2026-00001"}], "difference": "fee"})  # fmt: skip
def apply(session: Session, call: Call) -> dict[str, Any]:
    """A receipt applied to items."""
    asked = call.body
    targets = [target.item if target.amount is None else f"{target.item}={target.amount}" for target in asked.items]
    figures = actions.apply(
        session,
        receipt=asked.receipt,
        targets=targets,
        difference=asked.difference,
        on=asked.date,
        learning=asked.learn,
    )
    return _tried(figures, call)


@writes("applications/{int:key}/reverse", verb="unapply", permission="matching.apply", summary="消込を取り消す", group="消込",
        body=Reversing, key=Number, response=Applied, subject=lambda call: str(call.key), example={"date": "2026-05-31"})  # fmt: skip
def reverse(session: Session, call: Call) -> dict[str, Any]:
    """An application taken back by its reversal."""
    return _tried(actions.unapply(session, application_id=session.low + call.key, on=call.body.date), call)


@writes("receivables/approve", verb="approve", permission="receivables.approve", summary="債権伝票を承認", group="債権明細",
        body=Approving, response=Approved, subject=lambda call: "receivables", example={"slips": ["S-0001"]})  # fmt: skip
def approve(session: Session, call: Call) -> dict[str, Any]:
    """Slips approved by another person than their maker, and posted."""
    return _tried(actions.approve_slips(session, numbers=call.body.slips), call)


@writes("invoices/{key}/cancel", verb="cancel-invoice", permission="invoices.cancel", summary="請求書を取り消す・出し直す",
        group="請求書", body=Cancelling, key=Annotated[Text, Path(..., description="請求書番号")], response=Cancelled,
        subject=lambda call: call.key,
        example={"why": "宛先の誤り", "reissue": True})  # fmt: skip
def cancel(session: Session, call: Call) -> dict[str, Any]:
    """An issued invoice taken back by a return invoice, and a revised one in its place where asked for."""
    asked = call.body
    figures = actions.cancel_invoice(session, number=call.key, why=asked.why, on=asked.date, reissue=asked.reissue)
    return _tried(figures, call)


@writes("billing-runs/approve", verb="bill", permission="invoices.approve", summary="下書きの請求書を承認して発行",
        group="請求書", body=Issuing, response=Issued, subject=lambda call: call.body.closings[0].isoformat(),
        example={"closings": ["2026-04-30"]})  # fmt: skip
def issue(session: Session, call: Call) -> dict[str, Any]:
    """The drafts of a closing issued by another person than who calculated them."""
    return _tried(actions.approve_invoices(session, closing_on=call.body.closings[0]), call)


def _bill_of(call: Call) -> str:
    return f"{call.body.closing.isoformat()} {call.body.partner}"


@writes("billing-holds", verb=HOLD, permission="billing.run", summary="取引先の請求を保留", group="請求書", body=Holding,
        response=Held, subject=_bill_of, example={"closing": "2026-04-30", "partner": "P001", "why": "検収待ち"})  # fmt: skip
def hold(session: Session, call: Call) -> dict[str, Any]:
    """A partner's bill of a closing held back from issue."""
    asked = call.body
    figures = actions.hold_billing(
        session, closing_on=asked.closing, partner=asked.partner, why=asked.why, to_next=asked.to_next
    )
    return _tried(figures, call)


@writes("billing-holds/release", verb=HOLD, permission="billing.run", summary="取引先の請求の保留をやめる", group="請求書",
        body=Releasing, response=Held, subject=_bill_of, example={"closing": "2026-04-30", "partner": "P001"})  # fmt: skip
def release(session: Session, call: Call) -> dict[str, Any]:
    """A partner's bill of a closing released; the next issue of the closing takes it."""
    asked = call.body
    figures = actions.hold_billing(
        session, closing_on=asked.closing, partner=asked.partner, why=asked.why, release=True
    )
    return _tried(figures, call)


@writes("periods/{key}/reopen", verb="reopen", permission="closing.reopen", summary="締めを解除", group="会計期間", body=Reopening,
        key=Annotated[Month, Path(..., description="月")], response=Reopened, subject=lambda call: call.key,
        description="承認者でない人と締めた本人は申請になり、別の人が承認すると解除される。",
        example={"why": "請求書の訂正のため"})  # fmt: skip
def reopen(session: Session, call: Call) -> dict[str, Any]:
    """A locked month opened again, with the reason; or asked for, where a second person must agree."""
    return _tried(actions.reopen(session, month=periods.first_day(call.key), why=call.body.why), call)


def _tried(figures: Mapping[str, Any], call: Call) -> dict[str, Any]:
    return {**figures, "dry_run": call.options.dry_run}
