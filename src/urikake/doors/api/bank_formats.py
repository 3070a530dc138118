"""The company's own layouts of banks' CSV files (銀行の形式): listed, saved, withdrawn."""

from __future__ import annotations

from typing import Annotated, Any, Final

from ninja import Path, Schema
from pydantic import Field

from urikake.base.bulk import Session
from urikake.core.formats.bank_layout import LABELS
from urikake.doors import bank_formats as door
from urikake.rooms.receipts import actions

from .once import writes
from .operation import Call, Text, reads
from .verbs import Strict

GROUP: Final = "入金"
Heading = Annotated[str, Field(max_length=100)]
Headings = Annotated[list[Heading], Field(max_length=30)]


def _heading(key: str) -> Any:
    return Field("", description=LABELS[key])


def _headings(key: str) -> Any:
    return Field([], description=LABELS[key])


class Layout(Strict):
    """How a bank's CSV is read: the headings of its columns. What is empty is not in the file."""

    day: Headings = Field([], description="日付の列の見出し。年・月・日が別の列なら三つ")
    payer: Headings = Field([], description="振込名義（摘要）の列の見出し。三つまで、はじめの空でないもの")
    incoming: Heading = _heading("incoming")
    outgoing: Heading = _heading("outgoing")
    signed: Heading = _heading("signed")
    amount: Heading = _heading("amount")
    way: Heading = _heading("way")
    way_in: Headings = _headings("way_in")
    way_out: Headings = _headings("way_out")
    balance: Heading = _heading("balance")
    note: Heading = _heading("note")
    reference: Heading = _heading("reference")
    payer_code: Heading = _heading("payer_code")
    account: Heading = _heading("account")
    bank: Heading = _heading("bank")
    branch: Heading = _heading("branch")
    inquiry: Heading = _heading("inquiry")
    code: Heading = _heading("code")
    prefixes: Headings = _headings("prefixes")
    skip: Headings = _headings("skip")
    headless: bool = Field(False, description="true なら見出しの行のないファイル。列は 1列目 のように書く")


class Format(Schema):
    """A layout under its name."""

    name: str
    title: str = Field(description="銀行の名前（はじめからある形式だけ）")
    own: bool = Field(description="true なら自社で作った形式")
    layout: Layout


class Saving(Strict):
    """A layout to save under a name."""

    name: str = Field(min_length=1, max_length=30, description="形式の名前。同じ名前があれば置き換える")
    layout: Layout


class Saved(Schema):
    """What came of saving."""

    changed: bool = Field(description="false なら、もう同じ内容だった")
    dry_run: bool


class Withdrawn(Schema):
    """What came of withdrawing."""

    name: str
    dry_run: bool


@reads("bank-formats", permission=door.READ, summary="銀行の CSV の形式の一覧", group=GROUP, response=list[Format],
       description="receipts/files の format に書ける形式のうち、CSV のもの。自社で作ったものから並べる。")  # fmt: skip
def listed(session: Session, call: Call) -> list[dict[str, Any]]:
    """Every layout, the company's own first."""
    return [
        {
            "name": row["name"],
            "title": row["bank"],
            "own": row["own"],
            "layout": _full(door.told(session, row["name"])),
        }
        for row in door.listed(session)
    ]


def _full(told: dict[str, Any]) -> dict[str, Any]:
    return Layout(**told).model_dump()


@writes("bank-formats", verb=door.SAVE, permission=door.WRITE, summary="銀行の CSV の形式を保存", group=GROUP, body=Saving,
        response=Saved, subject=lambda call: call.body.name,
        example={"name": "みほん信金", "layout": {"day": ["取引日"], "incoming": "入金額", "outgoing": "出金額", "payer": ["摘要"]}},
        description="保存すると receipts/files の format にその名前を書ける。列の見出しは全角・半角と空白を問わない。")  # fmt: skip
def save(session: Session, call: Call) -> dict[str, Any]:
    """A layout saved under a name."""
    asked = call.body
    layout = {key: value for key, value in asked.layout.model_dump().items() if value}
    return {
        "changed": actions.save_layout(session, name=asked.name, told=layout),
        "dry_run": call.options.dry_run,
    }


@writes("bank-formats/{key}/withdraw", verb=door.WITHDRAW, permission=door.WRITE, summary="銀行の CSV の形式を使うのをやめる",
        group=GROUP, body=Strict, key=Annotated[Text, Path(..., description="形式の名前")], response=Withdrawn,
        subject=lambda call: call.key, example={})  # fmt: skip
def withdraw(session: Session, call: Call) -> dict[str, Any]:
    """A layout offered no longer; what was taken by it stays."""
    actions.withdraw_layout(session, name=call.key)
    return {"name": call.key, "dry_run": call.options.dry_run}
