"""What people judge of a contract's obligations (収益認識の判断)."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from urikake.base.bulk import Session
from urikake.doors.judging import JUDGE
from urikake.rooms.obligations import actions

from .once import writes
from .operation import Call, Text
from .verbs import Strict

GROUP: Final = "収益認識の判断"


class Judging(Strict):
    """What is judged of a contract, and why."""

    contract: Text = Field(description="契約番号")
    kind: Literal["treatment", "bundle", "estimate", "noncash", "payable", "discount", "combine", "financing"] = Field(
        description="treatment: 直近の契約変更の扱い、bundle: 別個でない明細、estimate: 変動対価の見積り、"
        "noncash: 現金以外の対価、payable: 顧客に支払われる対価、discount: 一部の明細だけの値引、combine: 契約の結合、"
        "financing: 重要な金融要素"
    )
    treatment: Literal["", "separate", "prospective", "catch_up", "mixed"] = Field(
        "", description="treatment の扱い: 独立した契約、将来に向けて、累積的影響を一時に、両方"
    )
    line: str = Field(
        "", max_length=500, description="明細の商品コード。discount では、対象のものを , で区切って並べる"
    )
    with_line: str = Field("", max_length=60, description="bundle で一つにする相手の商品コード。空なら別個に戻す")
    with_contract: str = Field("", max_length=60, description="combine で結合する相手の契約番号。空なら結合をやめる")
    amount: int = Field(
        0, description="estimate・noncash・payable・discount の額（税抜・円）。payable は負の数、0 ならなくす"
    )
    rate: str = Field(
        "", max_length=20, description='financing の割引率（契約の初めの年利・%、"4.5" のように）。0 なら判断をやめる'
    )
    why: str = Field(min_length=1, max_length=500, description="理由。承認する人に示し、記録に残る")


class Judged(Strict):
    """What came of judging."""

    proposal: int | None = Field(description="承認を待つ申請の番号。null なら済んだ")
    dry_run: bool


@writes("judgements", verb=JUDGE, permission="revenue.judge", summary="収益認識の判断を申請", group=GROUP, body=Judging,
        response=Judged, subject=lambda call: f"{call.body.contract} {call.body.kind}"[:60],
        example={"contract": "C-0001", "kind": "bundle", "line": "SETUP", "with_line": "PLAN", "why": "設定だけでは使えない"},
        description="別の人の承認（proposals）を待つ。会社が承認を求めないときは、すぐに効く。次の収益認識で反映する。")  # fmt: skip
def judge(session: Session, call: Call) -> dict[str, Any]:
    """A judgement asked for or made."""
    asked = call.body
    number = actions.judge(
        session, contract=asked.contract, kind=asked.kind, why=asked.why, treatment=asked.treatment, line=asked.line,
        with_line=asked.with_line, with_contract=asked.with_contract, amount=asked.amount,
        rate=asked.rate,
    )  # fmt: skip
    return {"proposal": number, "dry_run": call.options.dry_run}
