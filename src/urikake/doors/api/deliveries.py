"""Deliveries as they stand: what came back, links taken back and opened; and how mail is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from ninja import Path, Schema
from pydantic import Field

from urikake.base import mail
from urikake.base.bulk import Session
from urikake.rooms.deliveries import actions, queries
from urikake.rooms.invoices import queries as invoices

from .once import writes
from .operation import Call, Text, reads
from .verbs import Strict
from .work import DELIVERIES as GROUP

Number = Annotated[Text, Path(..., description="請求書番号")]
PERMISSION: Final = "invoices.deliver"


class Reasoning(Strict):
    """Why."""

    why: str = Field(min_length=1, max_length=500, description="理由")


class Noted(Schema):
    """The document of which it was noted."""

    number: str = Field(description="請求書番号")
    dry_run: bool


class OpeningShown(Schema):
    """An opening of a link to a document."""

    attempt: int = Field(description="何回目の送付のリンクか")
    part: str = Field(description="page ページ・pdf PDF")
    opened_at: datetime = Field(description="開いた日時")
    address: str = Field(description="接続元")
    agent: str = Field(description="使われたソフトの名乗り")
    digest: str = Field(description="渡したファイルの SHA-256")


class MailEntry(Schema):
    """An entry of how mail is sent, as it stands."""

    key: str
    title: str = Field(description="名前")
    value: str = Field(description="今の値")
    effect: str = Field(description="何に使うか")


class MailChanging(Strict):
    """Other entries of how mail is sent."""

    values: dict[Text, str] = Field(min_length=1, max_length=len(mail.ENTRIES), description="項目と値")


class MailChanged(Schema):
    """What came of it."""

    changed: int = Field(description="変わった項目の数")
    dry_run: bool


@writes("deliveries/{key}/bounce", verb="bounce", permission=PERMISSION, summary="請求書が不達で戻ったと記録", group=GROUP,
        body=Reasoning, key=Number, response=Noted, subject=lambda call: call.key, example={"why": "転居先不明"})  # fmt: skip
def bounce(session: Session, call: Call) -> dict[str, Any]:
    """A document that was sent and came back."""
    actions.bounce(session, number=call.key, why=call.body.why)
    return {"number": call.key, "dry_run": call.options.dry_run}


@writes("deliveries/{key}/withdraw-link", verb="withdraw link", permission=PERMISSION, summary="請求書のリンクを取り消す",
        group=GROUP, body=Reasoning, key=Number, response=Noted, subject=lambda call: call.key,
        example={"why": "宛先の誤り"})  # fmt: skip
def withdraw(session: Session, call: Call) -> dict[str, Any]:
    """The links to a document open no more."""
    actions.withdraw(session, number=call.key, why=call.body.why)
    return {"number": call.key, "dry_run": call.options.dry_run}


@reads("deliveries/{key}/openings", permission="invoices.read", summary="請求書のリンクの開封", group=GROUP,
       response=list[OpeningShown], key=Number)  # fmt: skip
def openings(session: Session, call: Call) -> list[dict[str, Any]]:
    """Every opening of the links to a document, newest first."""
    found = invoices.by_number(session, call.key)
    if found.is_empty():
        raise actions.unknown(call.key)
    names = OpeningShown.model_fields
    rows = queries.opened(session, int(found["invoice_id"][0]))
    return [{name: row[name] for name in names} for row in rows]


@reads("mail", permission="settings.read", summary="メールの設定", group=GROUP, response=list[MailEntry],
       description="サーバーのパスワードは帳簿にないので、ここにも出ない。")  # fmt: skip
def listed(session: Session, call: Call) -> list[dict[str, Any]]:
    """How mail is sent, entry by entry."""
    told = mail.held(session)
    return [
        {"key": key, "title": entry.title, "value": told[key], "effect": entry.effect}
        for key, entry in mail.ENTRIES.items()
    ]


@writes("mail", verb="change mail", permission="settings.change", summary="メールの設定を変更", group=GROUP, body=MailChanging,
        response=MailChanged, subject=lambda call: "・".join(call.body.values),
        example={"values": {"reply_to": "keiri@example.jp"}})  # fmt: skip
def change(session: Session, call: Call) -> dict[str, Any]:
    """Other entries of how mail is sent."""
    return {"changed": mail.change(session, call.body.values), "dry_run": call.options.dry_run}
