"""The explanations (根拠): why any amount of the books is what it is, recomputed, with its causes and effects."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final

from ninja import Path, Schema
from pydantic import Field

from urikake.base.bulk import Session
from urikake.rooms.reports.queries.explain import explain, permission

from .caller import forbidden
from .operation import Call, Day, Known, reads

GROUP: Final = "根拠"


class Asked(Known):
    """The parameters of an explanation."""

    as_of: Day | None = Field(None, description="基準日。その日の状態を説明する（単価・未回収・消込残）")


class Recorded(Schema):
    """Who recorded it, in which run, and the link of the chain that seals it."""

    run: int
    action: str
    actor: str
    at: datetime
    link: int
    head: str
    sealed: bool = Field(description="記録した時のハッシュと一致するか")
    whole: bool = Field(description="行のすべてを比べたか（false なら行の印だけ）")


class Cause(Schema):
    """One station on the way from the contract to the entry."""

    label: str
    ref: str
    on: date | None
    amount: int | None
    by: str


class Step(Schema):
    """A part of the amount, or the formula behind it in words; ``parts`` are steps again."""

    label: str
    words: str = Field(description="式（実際の数で）")
    amount: int | None
    ref: str = Field(description="この部分の根拠の参照")
    parts: list[dict[str, Any]] = Field(description="内訳（同じ形）")
    kind: str = Field(description="sum・formula・part")


class Explained(Schema):
    """Why an amount is what it is."""

    ref: str
    title: str
    amount: int
    recomputed: int = Field(description="もとの記録から計算し直した額")
    equal: bool = Field(description="記録した額と一致するか")
    unit: str
    kind: str = Field(description="sum 内訳の合計・formula 式・sides 借方と貸方")
    as_of: date | None
    steps: list[Step]
    sources: list[list[str]] = Field(description="使ったものの名前と値")
    path: list[Cause] = Field(description="契約から仕訳までの道すじ")
    recorded: Recorded | None
    previous: int | None = Field(description="前回か前月の同じもの")
    previous_ref: str


@reads("explanations/{path:key}", permission="home.read", summary="金額の根拠", group=GROUP, response=Explained, options=Asked,
       key=Annotated[str, Path(..., max_length=200, description="参照", example="INV-2026-00001")],
       description="参照の種類ごとに、それを読む権限も要る（仕訳の根拠なら journals.read）。")  # fmt: skip
def explained(session: Session, call: Call) -> dict[str, Any]:
    """The explanation of what the reference names."""
    needed = permission(call.key)
    if not call.caller.may(needed):
        raise forbidden(call.caller, needed)
    return explain(session, call.key, call.options.as_of).as_dict()
