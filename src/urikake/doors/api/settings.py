"""The company's policies and what waits for a second person: read, proposed, decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from ninja import Schema
from pydantic import Field

from urikake.base import policies, proposals
from urikake.base.bulk import Session

from .once import writes
from .operation import Call, Text, reads
from .resources import Number
from .verbs import Strict

GROUP: Final = "設定"


class PolicyShown(Schema):
    """A policy as it stands."""

    key: str
    title: str = Field(description="名前")
    value: str = Field(description="今の値")
    word: str = Field(description="今の値を言葉で")
    effect: str = Field(description="何を決めるか")
    changeable: bool = Field(description="変えられるか")


class ProposalShown(Schema):
    """Something that waits for a second person."""

    number: int
    kind: str
    title: str = Field(description="種類")
    text: str = Field(description="内容")
    why: str = Field(description="理由")
    actor: str = Field(description="申請者")
    recorded_at: datetime


class Changing(Strict):
    """Other values of policies."""

    values: dict[str, Text] = Field(min_length=1, max_length=20, description="方針の値（key: value）")
    why: str = Field("", max_length=500, description="理由（承認する人が読む）")


class Proposed(Schema):
    """What came of it: the proposal's number, 0 where it was done at once."""

    proposal: int
    dry_run: bool


class Deciding(Strict):
    """A word to the decision."""

    note: str = Field("", max_length=500, description="添える言葉")


class Decided(Schema):
    """What was decided."""

    text: str = Field(description="内容")
    dry_run: bool


@reads("policies", permission="settings.read", summary="方針の一覧", group=GROUP, response=list[PolicyShown])
def listed(session: Session, call: Call) -> list[dict[str, Any]]:
    """Every policy as it stands."""
    return policies.listed(session)


@writes("policies", verb="propose policies", permission="settings.change", summary="方針の変更を申請", group=GROUP, body=Changing,
        response=Proposed, subject=lambda call: "・".join(call.body.values),
        example={"values": {"fee_tolerance": "660"}, "why": "銀行の手数料が上がったため"})  # fmt: skip
def change(session: Session, call: Call) -> dict[str, Any]:
    """Other values asked for; done at once where nobody else need agree."""
    number = policies.propose(session, call.body.values, call.body.why)
    return {"proposal": number or 0, "dry_run": call.options.dry_run}


@reads("approvals", permission="settings.read", summary="承認を待つ申請", group=GROUP, response=list[ProposalShown])
def waiting(session: Session, call: Call) -> list[dict[str, Any]]:
    """What waits for a second person, oldest first."""
    return proposals.waiting(session).drop("content").to_dicts()


def _deciding(word: str, verdict: proposals.Verdict, summary: str) -> None:
    @writes(f"approvals/{{int:key}}/{word}", verb=f"{verdict} proposal", permission="settings.read", summary=summary,
            group=GROUP, body=Deciding, key=Number, response=Decided, subject=lambda call: str(call.key),
            description="誰ができるかは、申請の種類が決める。自分の申請は取り下げだけができる。", example={})  # fmt: skip
    def decided(session: Session, call: Call) -> dict[str, Any]:
        text = proposals.decide(session, call.key, verdict, call.body.note)
        return {"text": text, "dry_run": call.options.dry_run}


for _word, _verdict, _summary in (
    ("approve", "approved", "申請を承認"), ("return", "returned", "申請を差戻し"), ("withdraw", "withdrawn", "申請を取下げ"),
):  # fmt: skip
    _deciding(_word, _verdict, _summary)  # type: ignore[arg-type]
