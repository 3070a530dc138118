"""Documents as PDF, and the letterhead that stands on them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from django.http import HttpResponse
from ninja import Path, Schema
from pydantic import Field

from urikake.base import letterhead, runs
from urikake.base.bulk import Session
from urikake.doors import letterhead as door
from urikake.doors.documents import asked, typesetting

from .once import writes
from .operation import Call, Day, Known, Month, Text, filed, reads
from .verbs import Strict

GROUP: Final = "帳票の PDF"
PDF: Final = "application/pdf"
Language = Annotated[str, Field(pattern="^(ja|en)$", examples=["ja"])]
Reference = Annotated[str, Path(..., max_length=200, description="番号かコード")]


class Lang(Known):
    """The parameters of a document."""

    lang: Language = Field("ja", description="言語（ja 日本語・en 英語）")


class Part(Lang):
    """The parameters of a closing's invoices."""

    part: int = Field(1, ge=1, le=100_000, description=f"{asked.PART}通ずつに分けた何番目か")


class Span(Lang):
    """The parameters of a statement."""

    since: Day = Field(..., description="この日から", alias="from")
    until: Day = Field(..., description="この日まで", alias="to")


class Given(Lang):
    """The parameters of a receipt."""

    purpose: Text = Field("", description="但し書き")
    paper: bool = Field(False, description="紙で渡すか（収入印紙の欄を付ける）")
    partner: Text = Field("", description="何社分かの入金のうち、この取引先の分（コード）")


class Noted(Lang):
    """The parameters of the notes on revenue."""

    span: Text = Field("year", description="期間の取り方（year 期首から・quarter 四半期・month 月）")
    exempt: Text = Field("", description="残存履行義務から除くもの（one-year・as-invoiced。カンマで並べる）")


def _enter(kind: str, route: str, summary: str, options: type[Known], key: Any = Reference, named: str = "ref") -> None:
    """Enter the operation that answers one kind of document."""

    @reads(f"{route}.pdf", permission=asked.READING[kind], summary=summary, group=GROUP, response=bytes, options=options, media=PDF,
           key=key, description="PDF/A-2b。同じ帳簿からは、いつも同じファイルになる。")  # fmt: skip
    def made(session: Session, call: Call) -> HttpResponse:
        own = {name: getattr(call.options, name) for name in options.model_fields if name != "known_at"}
        book = asked.book(session, kind, **{named: call.key}, **own)
        return filed(call.request, typesetting.pdf(book), f"{kind}.pdf", PDF)


_enter("invoice", "documents/invoices/{key}", "請求書・修正請求書・返還請求書の PDF", Lang)
_enter("delivery", "documents/deliveries/{key}", "納品書の PDF", Lang)
_enter("statement", "documents/statements/{path:key}", "取引明細書の PDF", Span)
_enter("receipt", "documents/receipts/{path:key}", "領収書の PDF", Given)
_enter("reduction", "documents/reductions/{key}", "消込で売上値引にした分の返還請求書の PDF", Lang)
_enter("notes", "documents/notes/{key}", "収益認識に関する注記の PDF", Noted,
       Annotated[Day, Path(..., description="期末・四半期末・月末の日")], "on")  # fmt: skip
_enter("invoices", "documents/closings/{key}", "締日の請求書をまとめた PDF（郵便番号・取引先コードの順）", Part,
       Annotated[Day, Path(..., description="締日")], "on")  # fmt: skip


@reads("documents/closes/{key}.pdf", permission=asked.READING["close"], summary="締めの報告書の PDF", group=GROUP, response=bytes,
       options=Known, media=PDF, key=Annotated[Month, Path(..., description="締めた月")],
       description="締めたときに分かっていたことから作る。いつ作っても同じファイルになる。")  # fmt: skip
def close(session: Session, call: Call) -> HttpResponse:
    """The report of a month's close, from what was known when it was closed."""
    book = asked.found(call.caller.books, "close", user=call.caller.name, known_at=call.known_at, ref=call.key)
    return filed(call.request, typesetting.pdf(book), f"close-{call.key}.pdf", PDF)


class LetterheadEntry(Schema):
    """An entry of the letterhead as it stands."""

    key: str
    title: str = Field(description="名前")
    value: str = Field(description="今の値。画像は PNG の Base64")
    effect: str = Field(description="何に使うか")
    kind: str = Field(description="text・lines・colour・choice・mm・image")


class OnDay(Known):
    """The parameters of the letterhead."""

    on: Day | None = Field(None, description="この日の帳票に使うもの（既定は今日）")


class LetterheadChanging(Strict):
    """Other entries of the letterhead."""

    values: dict[Text, str] = Field(
        min_length=1, max_length=20, description="項目と値（画像は PNG の Base64、空なら外す）"
    )
    since: Day | None = Field(None, description="この日からの帳票に使う（既定は今日）")
    why: str = Field("", max_length=500, description="理由（お振込先の変更を承認する人が読む）")


class LetterheadChanged(Schema):
    """What came of it: the proposal's number, 0 where it was done at once."""

    proposal: int
    dry_run: bool


@reads("letterhead", permission=door.READ, summary="帳票に印字する自社の情報", group=GROUP, response=list[LetterheadEntry],
       options=OnDay)  # fmt: skip
def listed(session: Session, call: Call) -> list[dict[str, Any]]:
    """Every entry of the letterhead as it stands."""
    on: date = call.options.on or runs.day(session)
    return letterhead.listed(session, on)


@writes("letterhead", verb="change letterhead", permission=door.CHANGE, summary="帳票に印字する自社の情報を変更", group=GROUP,
        body=LetterheadChanging, response=LetterheadChanged, subject=lambda call: "・".join(call.body.values),
        description="お振込先の変更は、方針により、別の人の承認を待つ。",
        example={"values": {"tel": "03-0000-0000"}, "since": "2026-12-01"})  # fmt: skip
def change(session: Session, call: Call) -> dict[str, Any]:
    """Other entries for documents of a day and later."""
    number = door.changed(session, call.body.values, call.body.since, call.body.why)
    return {"proposal": number or 0, "dry_run": call.options.dry_run}


_enter("ruler", "documents/rulers/{key}", "封筒の窓に合わせる紙の PDF（その日の帳票の宛名の位置で）", Lang,
       Annotated[Day, Path(..., description="いつの帳票か")], "on")  # fmt: skip
