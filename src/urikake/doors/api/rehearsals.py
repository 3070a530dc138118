"""The first bill rehearsed: a closing held against the old system's last bill; it stores nothing."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import Field

from urikake.doors import rehearsal as door
from urikake.rooms.closing.actions import OLD_BILLS
from urikake.rooms.intake.queries import given

from .operation import Call, Day, Options, Text, add, called, text
from .verbs import Strict
from .work import near

GROUP: Final = "請求書"
MOST: Final = 100_000


class OldBill(Strict):
    """What the old system billed, with tax."""

    partner: Text = Field(description="取引先コード")
    billed: int = Field(description="請求額（税込・円）")
    contract_no: Text | None = Field(None, description="契約番号。書くならすべての行に")
    product: Text | None = Field(None, description="商品コード。書くならすべての行に")


class Rehearsing(Strict):
    """A closing and the bills it is held against."""

    closing: Day = Field(description="締日")
    rows: list[OldBill] = Field(min_length=1, max_length=MOST, description="旧システムの請求")


class Row(Schema):
    """What both bill of one partner (and contract, product)."""

    partner: str
    contract_no: str | None = None
    product: str | None = None
    ours: int | None = Field(description="当社の請求（税込・円）。なければ null")
    theirs: int | None = Field(description="旧システムの請求（税込・円）。なければ null")
    difference: int = Field(description="差（円）")
    state: str = Field(description="equal・different・ours_only・theirs_only")
    why: str = Field(description="違う理由として帳簿から分かること")


class Rehearsed(Schema):
    """Both bills held against each other."""

    equal: int
    different: int
    ours_only: int
    theirs_only: int
    ours: int = Field(description="当社の合計（円）")
    theirs: int = Field(description="旧システムの合計（円）")
    difference: int = Field(description="差（円）")
    rows: list[Row]


def _rehearse(request: HttpRequest, **given_: Any) -> HttpResponse:
    call: Call = called(request, given_, Options)
    near(call)
    asked: Rehearsing = call.body
    sheet = given([row.model_dump(exclude_none=True) for row in asked.rows], OLD_BILLS, "JSON")
    found = door.rehearse(call.caller.books, sheet, asked.closing, user=call.caller.name)
    return HttpResponse(text({**door.figures(found), "rows": found.to_dicts()}), content_type="application/json")


add("POST", "rehearsals", _rehearse, permission=door.PERMISSION, summary="初回請求のリハーサル", group=GROUP,
    response={200: Rehearsed}, options=Options, body=Rehearsing,
    example={"closing": "2026-04-30", "rows": [{"partner": "P001", "billed": 11_000}]},
    description="締日の請求を計算し、旧システムの請求と比べる。何も保存しないので Idempotency-Key は要らない。")  # fmt: skip
