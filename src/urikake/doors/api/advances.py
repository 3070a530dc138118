"""Advances received (前受金): a receipt kept as one, applied to invoices, taken back."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from urikake.base.bulk import Session
from urikake.doors import advances as door
from urikake.rooms.closing import actions

from .once import writes
from .operation import Call, Day, Text
from .resources import Number
from .verbs import Applied, Reversing, Strict, Target

GROUP: Final = "前受金"


class Prepaying(Strict):
    """A receipt to keep as an advance, and whose it is."""

    receipt: Text = Field(description="入金の番号か取引番号")
    partner: Text = Field(description="取引先コード")
    amount: int | None = Field(None, gt=0, lt=1 << 53, description="前受金にする額（円）。なければ未消込のすべて")
    date: Day | None = Field(None, description="計上日。なければ入金日")


class Advancing(Strict):
    """An advance to apply."""

    advance: Text = Field(description="前受金（帳票 advances の advance）")
    items: list[Target] = Field(min_length=1, max_length=1000)
    date: Day | None = Field(None, description="充当日。なければ、前受金と請求書のそろった日")


class Advanced(Strict):
    """What came of applying an advance."""

    use: int = Field(description="充当の番号")
    amount: int = Field(description="充てた額（円）。取消はマイナス")
    dry_run: bool


def _tried(figures: dict[str, Any], call: Call) -> dict[str, Any]:
    return {**figures, "dry_run": call.options.dry_run}


@writes("advances", verb=door.PREPAY, permission=door.PERMISSION, summary="入金を前受金にする", group=GROUP, body=Prepaying,
        response=Applied, subject=lambda call: call.body.receipt, example={"receipt": "R-20260410-1", "partner": "P001"},
        description="請求書のまだない入金を、取引先の前受金にする。取り消すのは applications/{番号}/reverse。")  # fmt: skip
def prepay(session: Session, call: Call) -> dict[str, Any]:
    """A receipt kept as an advance of a partner."""
    asked = call.body
    figures = actions.prepay(session, receipt=asked.receipt, partner=asked.partner, amount=asked.amount, on=asked.date)
    return _tried(figures, call)


@writes("advance-applications", verb=door.APPLY, permission=door.PERMISSION, summary="前受金を請求書に充てる", group=GROUP,
        body=Advancing, response=Advanced, subject=lambda call: call.body.advance,
        example={"advance": "application-12", "items": [{"item": "INV-2026-00001"}]})  # fmt: skip
def apply(session: Session, call: Call) -> dict[str, Any]:
    """An advance applied to items of its partner."""
    asked = call.body
    targets = [target.item if target.amount is None else f"{target.item}={target.amount}" for target in asked.items]
    return _tried(actions.apply_advance(session, advance=asked.advance, targets=targets, on=asked.date), call)


@writes("advance-applications/{int:key}/reverse", verb=door.UNAPPLY, permission=door.PERMISSION, summary="前受金の充当を取り消す",
        group=GROUP, body=Reversing, key=Number, response=Advanced, subject=lambda call: str(call.key),
        example={"date": "2026-05-31"})  # fmt: skip
def reverse(session: Session, call: Call) -> dict[str, Any]:
    """The application of an advance taken back."""
    return _tried(actions.unapply_advance(session, use_id=session.low + call.key, on=call.body.date), call)
