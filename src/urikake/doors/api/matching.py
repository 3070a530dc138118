"""Matching for other programs: what waits and what it asks for, many at once, holds, notes, payer names, returns (組戻)."""

from __future__ import annotations

from typing import Annotated, Any, Final

import polars as pl
from ninja import Schema
from pydantic import Field

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.doors import names
from urikake.doors.month import HOLD_RECEIPT, NOTE, TAKE_BACK
from urikake.doors.revision import today
from urikake.rooms.closing import actions
from urikake.rooms.matching import actions as pen
from urikake.rooms.matching import queries as matching
from urikake.rooms.matching.actions import Seen
from urikake.rooms.parties import queries as parties

from .once import writes
from .operation import Call, Day, Known, Text, reads
from .problems import Problem
from .resources import Number
from .verbs import Difference, Strict, Target

GROUP: Final = "消込"
MOST: Final = 10_000


class Candidate(Schema):
    """What a receipt may pay."""

    items: list[str] = Field(description="請求書番号など")
    amount: int = Field(description="未回収の合計（円）")
    score: float = Field(description="確からしさ")
    why: str = Field(description="根拠")


class Candidates(Schema):
    """What a receipt may pay, best first."""

    items: list[Candidate]


class Waiting(Schema):
    """A receipt that waits and what it asks for."""

    receipt: int = Field(description="入金番号")
    date: Day = Field(description="入金日")
    partner: str | None = Field(description="名義が指す取引先コード")
    unapplied: int = Field(description="未消込（円）")
    kind: str = Field(
        description="判断の種類（exact・fee・sum・parts・misc・withheld・part・over・duplicate・ambiguous・none・unknown）"
    )
    difference: int | None = Field(description="入金 − 請求（円）。候補が一つに決まらなければ null")
    candidates: int = Field(description="候補の数")
    items: list[str] = Field(description="一つに決まる候補の請求書番号など")


class Queue(Schema):
    """Every receipt that waits and that nobody holds."""

    items: list[Waiting]


class QueueOptions(Known):
    """The parameters of the queue."""

    date: Day | None = Field(None, description="この日までの入金と債権。なければ今日")


class Several(Strict):
    """A receipt, and what of it was unapplied when the caller decided."""

    receipt: Text = Field(description="入金の番号か取引番号")
    unapplied: int | None = Field(None, ge=0, lt=1 << 53, description="見ていた未消込（円）。いまと違えば断る")


class Together(Strict):
    """Receipts to apply to items, all or nothing."""

    receipts: list[Several] = Field(min_length=1, max_length=100, description="入金。この順に充てる")
    items: list[Target] = Field(min_length=1, max_length=1000)
    difference: Difference = Field("remain", description="差額の扱い")
    date: Day | None = Field(None, description="消込日。なければ、それぞれの入金と債権のそろった日")
    learn: bool = Field(True, description="これらの振込名義を、取引先のものと覚えるか")


class Proposal(Strict):
    """A proposal as it was seen."""

    receipt: int = Field(ge=1, lt=1 << 40, description="入金番号")
    unapplied: int = Field(ge=0, lt=1 << 53, description="見ていた未消込（円）")
    items: list[Text] = Field(min_length=1, description="見ていた候補の請求書番号など")


class Confirming(Strict):
    """Proposals to confirm, each if it is still as it was seen."""

    proposals: list[Proposal] = Field(min_length=1, max_length=MOST, description="確定する候補")
    date: Day | None = Field(None, description="この日までの入金と債権で候補を出す。なければ今日")


class Left(Schema):
    """A receipt that was not confirmed, and why."""

    receipt: int
    why: str


class Confirmed(Schema):
    """What came of applying many."""

    applied: int = Field(description="消込の数")
    amount: int = Field(description="入金から使った額（円）")
    outcomes: dict[str, int] = Field(description="結果ごとの数")
    applications: list[int] = Field(description="消込番号")
    proposal: int | None = Field(None, description="貸倒の承認を待つ申請の番号。待つあいだは何も消し込まない")
    refused: list[Left] = Field([], description="確定できなかった入金と理由")
    dry_run: bool


class ReversingAll(Strict):
    """Applications to take back, all or nothing."""

    applications: list[Annotated[int, Field(ge=1, lt=1 << 40)]] = Field(
        min_length=1, max_length=MOST, description="消込番号"
    )
    date: Day | None = Field(None, description="取消日。なければそれぞれの消込日")


class Reversed(Schema):
    """What came of taking back."""

    applied: int = Field(description="取り消した数")
    amount: int = Field(description="入金に戻した額（円。負の数）")
    outcomes: dict[str, int] = Field(description="結果ごとの数")
    dry_run: bool


class HoldingReceipt(Strict):
    """A receipt to leave alone, and why."""

    receipt: Text = Field(description="入金の番号か取引番号")
    why: str = Field(min_length=1, max_length=500, description="理由")
    aside: bool = Field(False, description="true なら、保留ではなく対象外（消し込む入金ではない）にする")


class ReleasingReceipt(Strict):
    """A receipt to leave alone no longer."""

    receipt: Text = Field(description="入金の番号か取引番号")
    why: str = Field("", max_length=500, description="理由")


class HeldReceipt(Schema):
    """The receipt that was held or released."""

    receipt: int = Field(description="入金番号")
    dry_run: bool


class Noting(Strict):
    """A note on a partner or on a receipt."""

    text: str = Field(max_length=500, description="メモ。空なら消す")
    partner: Text = Field("", description="取引先コード")
    receipt: Text = Field("", description="入金の番号か取引番号")


class Noted(Schema):
    """Whether the note is new."""

    new: bool
    dry_run: bool


def _tried(figures: dict[str, Any], call: Call) -> dict[str, Any]:
    return {**figures, "dry_run": call.options.dry_run}


@reads("receipts/{int:key}/candidates", permission="matching.read", summary="入金の消込候補", group=GROUP, key=Number,
       response=Candidates)  # fmt: skip
def candidates(session: Session, call: Call) -> dict[str, Any]:
    """What the receipt may pay, best first, with the reasons."""
    if session.value("SELECT id FROM receipts_receipt WHERE id = ?", (session.low + call.key,)) is None:
        raise Problem(404, "not-found", f"入金「{call.key}」はありません。", "一覧で番号を確かめてください。")
    found = matching.candidates(session, str(call.key))
    return {"items": [one | {"items": list(dict.fromkeys(one["items"]))} for one in found]}


@reads("matching-queue", permission="matching.read", summary="消込を待つ入金と判断の種類", group=GROUP, response=Queue,
       options=QueueOptions, description="保留・対象外の入金は含まない。exact・fee・sum はまとめて確定できる。")  # fmt: skip
def queue(session: Session, call: Call) -> dict[str, Any]:
    """Every receipt that waits and what it asks for."""
    rows = matching.judged(session, call.options.date or today()).rows
    named = rows.join(parties.codes(session), on="partner_id", how="left", maintain_order="left")
    told = named.select(
        "unapplied",
        "kind",
        "difference",
        "candidates",
        receipt=pl.col("receipt_id") - session.low,
        date="received_on",
        partner="code",
        items="documents",
    )
    return {"items": told.to_dicts()}


@writes("applications/together", verb="apply", permission="matching.apply", summary="複数の入金を複数の明細に消し込む", group=GROUP,
        body=Together, response=Confirmed, subject=lambda call: " ".join(one.receipt for one in call.body.receipts),
        example={"receipts": [{"receipt": "R-20260529-1"}, {"receipt": "R-20260529-2"}], "items": [{"item": "INV-2026-00001"}]},
        description="一つの取引で、すべて行うか、何も行わない。入金は書いた順に、明細は書いた順に充てる。")  # fmt: skip
def together(session: Session, call: Call) -> dict[str, Any]:
    """Receipts applied to items, all or nothing."""
    asked = call.body
    targets = [target.item if target.amount is None else f"{target.item}={target.amount}" for target in asked.items]
    figures = actions.apply_together(
        session,
        refs=[one.receipt for one in asked.receipts],
        targets=targets,
        difference=asked.difference,
        on=asked.date,
        seen={one.receipt: one.unapplied for one in asked.receipts if one.unapplied is not None},
        learning=asked.learn,
    )
    return _tried(figures | {"refused": []}, call)


@writes("applications/confirm", verb="confirm", permission="matching.apply", summary="候補をまとめて確定", group=GROUP,
        body=Confirming, response=Confirmed, subject=lambda call: f"{len(call.body.proposals)}件",
        example={"proposals": [{"receipt": 1, "unapplied": 109560, "items": ["INV-2026-00001"]}]},
        description="見ていた候補と変わらないものだけを、一つの取引で消し込む。残りは理由とともに refused に返す。")  # fmt: skip
def confirm(session: Session, call: Call) -> dict[str, Any]:
    """The proposals that are still as they were seen."""
    seen = [Seen(one.receipt, one.unapplied, tuple(one.items)) for one in call.body.proposals]
    return _tried(actions.confirm(session, seen=seen, on=call.body.date or today()), call)


@writes("applications/reverse", verb="unapply", permission="matching.apply", summary="消込をまとめて取り消す", group=GROUP,
        body=ReversingAll, response=Reversed, subject=lambda call: f"{len(call.body.applications)}件",
        example={"applications": [1, 2]}, description="一つの取引で、すべて取り消すか、何も取り消さない。")  # fmt: skip
def reverse(session: Session, call: Call) -> dict[str, Any]:
    """Applications taken back, all or nothing."""
    ids = [session.low + number for number in call.body.applications]
    if any(not session.low < id_ < session.high for id_ in ids):
        raise Refusal("no-application", "消込の番号が使えません。", "番号を確かめてください。")
    return _tried(actions.unapply_together(session, application_ids=ids, on=call.body.date), call)


@writes("receipt-holds", verb=HOLD_RECEIPT, permission="matching.apply", summary="入金を保留・対象外にする", group=GROUP,
        body=HoldingReceipt, response=HeldReceipt, subject=lambda call: call.body.receipt,
        example={"receipt": "R-20260529-1", "why": "先方へ確認中"})  # fmt: skip
def hold(session: Session, call: Call) -> dict[str, Any]:
    """A receipt left alone for a reason."""
    asked = call.body
    return _tried({"receipt": pen.hold(session, receipt=asked.receipt, why=asked.why, aside=asked.aside)}, call)


@writes("receipt-holds/release", verb=HOLD_RECEIPT, permission="matching.apply", summary="入金の保留をやめる", group=GROUP,
        body=ReleasingReceipt, response=HeldReceipt, subject=lambda call: call.body.receipt,
        example={"receipt": "R-20260529-1"})  # fmt: skip
def release(session: Session, call: Call) -> dict[str, Any]:
    """A receipt left alone no longer."""
    return _tried({"receipt": pen.release(session, receipt=call.body.receipt, why=call.body.why)}, call)


@writes("matching-notes", verb=NOTE, permission="matching.apply", summary="消込のメモを残す", group=GROUP, body=Noting,
        response=Noted, subject=lambda call: call.body.partner or call.body.receipt,
        example={"text": "毎月、支店分と合わせて振り込む", "partner": "P001"})  # fmt: skip
def note(session: Session, call: Call) -> dict[str, Any]:
    """A note for whoever matches next."""
    asked = call.body
    return _tried({"new": pen.note(session, text=asked.text, partner=asked.partner, receipt=asked.receipt)}, call)


class Naming(Strict):
    """A payer name of a partner."""

    partner: Text = Field(description="取引先コード")
    name: Text = Field(description="振込名義（全角・半角や法人格の略し方は問わない）")


class Named(Schema):
    """What came of it."""

    names: int = Field(description="新しく使う、または使うのをやめた名義の数")
    dry_run: bool


class TakingBack(Strict):
    """A receipt that the bank returned to its payer."""

    receipt: Text = Field(description="入金の番号か取引番号")
    date: Day = Field(description="銀行が返した日")
    why: str = Field("", max_length=500, description="理由")


class TakenBack(Schema):
    """What came of it."""

    receipt: int = Field(description="取り消した入金を表す、マイナスの入金の番号")
    amount: int = Field(description="金額（円）")
    dry_run: bool


@writes("receipts/take-back", verb=TAKE_BACK, permission="receipts.import", summary="入金を組み戻す", group="入金", body=TakingBack,
        response=TakenBack, subject=lambda call: f"{call.body.receipt} {call.body.why}".strip(),
        example={"receipt": "N-0529-2", "date": "2026-06-01", "why": "振込人の誤り"})  # fmt: skip
def take_back(session: Session, call: Call) -> dict[str, Any]:
    """A receipt that the bank returned, taken back; none of it may be applied."""
    return _tried(actions.take_back(session, receipt=call.body.receipt, on=call.body.date), call)


def _name_of(call: Call) -> str:
    return f"{call.body.partner} {call.body.name}"


@writes("payer-names", verb=names.ADD, permission="partners.import", summary="取引先の振込名義を登録", group=GROUP, body=Naming,
        response=Named, subject=_name_of, example={"partner": "P001", "name": "ｶ)ﾐﾎﾝ"})  # fmt: skip
def add_name(session: Session, call: Call) -> dict[str, Any]:
    """A payer name registered by hand."""
    return _tried({"names": pen.add_name(session, partner=call.body.partner, name=call.body.name)}, call)


@writes("payer-names/release", verb=names.RELEASE, permission="matching.release", summary="覚えた名義を自動消込に使う", group=GROUP,
        body=Naming, response=Named, subject=_name_of, example={"partner": "P001", "name": "ｶ)ﾐﾎﾝ"})  # fmt: skip
def release_name(session: Session, call: Call) -> dict[str, Any]:
    """A learned name released by somebody who did not teach it."""
    return _tried({"names": pen.release_name(session, partner=call.body.partner, name=call.body.name)}, call)


@writes("payer-names/revoke", verb=names.REVOKE, permission="matching.release", summary="覚えた名義を使わない", group=GROUP,
        body=Naming, response=Named, subject=_name_of, example={"partner": "P001", "name": "ｶ)ﾐﾎﾝ"})  # fmt: skip
def revoke_name(session: Session, call: Call) -> dict[str, Any]:
    """A learned name used no longer."""
    return _tried({"names": pen.revoke_name(session, partner=call.body.partner, name=call.body.name)}, call)


class Ruling(Strict):
    """A rule of automatic matching that a company may release for itself."""

    rule: Text = Field(description="決まり（oldest 同額は古いほうから・over 過入金・part 一部入金）")
    why: str = Field("", max_length=500, description="理由（当てた結果が足りないか、違うものがあるときは要る）")


class Ruled(Schema):
    """What came of it."""

    rules: int = Field(description="新しく使う、または使うのをやめた決まりの数")
    dry_run: bool


@writes("matching-rules/release", verb=names.RELEASE_RULE, permission="matching.release", summary="消込の決まりを自動消込に使う",
        group=GROUP, body=Ruling, response=Ruled, subject=lambda call: call.body.rule,
        example={"rule": "oldest", "why": "三か月の消込ですべて合った"})  # fmt: skip
def release_rule(session: Session, call: Call) -> dict[str, Any]:
    """A rule released by somebody other than who alone confirmed what speaks for it."""
    return _tried({"rules": pen.release_rule(session, rule=call.body.rule, why=call.body.why)}, call)


@writes("matching-rules/revoke", verb=names.REVOKE_RULE, permission="matching.release", summary="消込の決まりを使わない", group=GROUP,
        body=Ruling, response=Ruled, subject=lambda call: call.body.rule, example={"rule": "oldest"})  # fmt: skip
def revoke_rule(session: Session, call: Call) -> dict[str, Any]:
    """A rule used no longer, at once."""
    return _tried({"rules": pen.revoke_rule(session, rule=call.body.rule, why=call.body.why)}, call)
