"""Contracts before they change: what a change does to the next bills, and running contracts moved to a new price."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Schema
from pydantic import ConfigDict, Field

from urikake.base.bulk import Session
from urikake.doors import ahead, revision
from urikake.doors.web.desk import today
from urikake.rooms.contracts.actions import EVENTS

from .examples import ROWS
from .once import writes
from .operation import Call, Day, Options, Text, add, called, text
from .verbs import Cell, Strict, row_of
from .work import near

Name = Annotated[str, Path(..., max_length=200)]
MOST: Final = 1_000
"""How many rows an answer shows at most."""


class Looking(Strict):
    """Changes of a contract to look at."""

    events: list[dict[str, Cell]] = Field(
        min_length=1, max_length=100, description="変更（1〜100。events の列から契約番号を除いたもの）",
        json_schema_extra={"items": row_of(EVENTS, without="contract_no")},
    )  # fmt: skip
    since: Day | None = Field(None, description="この日以降の締めを比べる。なければ今日から")


class Bill(Schema):
    """What a closing bills of the contract, as it stands and as it would stand."""

    closing: date = Field(description="締日")
    before: int = Field(description="いまのままの請求（円。商品の単価が税抜なら税抜）")
    after: int = Field(description="変えたあとの請求（円）")
    difference: int = Field(description="差（円）")


class Earned(Schema):
    """What the bills are in a month's revenue before and after the change."""

    month: date = Field(description="収益になる月")
    before: int = Field(description="いまのままの収益（円。商品の単価が税抜なら税抜）")
    after: int = Field(description="変えたあとの収益（円）")
    difference: int = Field(description="差（円）")


class Seen(Schema):
    """The next three bills before and after, the months in which they are revenue, and the lines that would be new."""

    bills: list[Bill]
    revenue: list[Earned]
    lines: list[dict[str, Any]] = Field(description="違ってくる請求明細")


LINE: Final = ("closing_on", "product_name", "from_on", "last_on", "numerator", "denominator", "amount")


def _look(request: HttpRequest, **given: Any) -> HttpResponse:
    call = called(request, given, Options)
    near(call)
    asked: Looking = call.body
    since = asked.since or today(call.caller.company)
    rows = [{**event, "contract_no": call.key} for event in asked.events]
    found = ahead.look(call.caller.books, call.key, rows, since=since, user=call.caller.name)
    names = {name: name.removesuffix("_on") for name in LINE}
    lines = [{names[name]: row[name] for name in LINE} for row in found.changed()]
    return HttpResponse(
        text({"bills": found.bills(), "revenue": found.revenue(), "lines": lines}), content_type="application/json"
    )


_event: Final = {name: value for name, value in ROWS["events"].items() if name != "contract_no"}
add("POST", "contracts/{path:key}/preview", _look, permission="contracts.change", summary="契約の変更で請求がどう変わるか",
    group="契約", response={200: Seen}, options=Options, body=Looking, key=Name, example={"events": [_event]},
    description="変更を加えたときの、次の3回の請求を、いまのままと比べる。本番の請求と同じ計算をする。"
    "何も保存しないので Idempotency-Key は要らない。")  # fmt: skip


class Repricing(Strict):
    """A price revision of running contracts."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    since: Day = Field(alias="from", description="新しい料金にする最初の日")
    at: Literal["date", "renewal"] = Field("date", description="date は決めた日に、renewal は契約ごとの更新日に")
    contracts: list[Text] = Field([], max_length=10_000, description="この契約だけ。なければすべて")
    own: bool = Field(False, description="true なら個別に決めた単価の契約も新しい料金にする")
    notice: Day | None = Field(None, description="知らせる日。通知期限に間に合う更新から改定する")


class Repriced(Schema):
    """What came of a price revision."""

    contracts: int = Field(description="改定する契約の数")
    lines: int = Field(description="改定する明細の数")
    before: int = Field(description="いまの月額（円）")
    after: int = Field(description="改定後の月額（円）")
    difference: int = Field(description="月額の差（円）")
    kept_own: int = Field(description="個別の単価のため据え置く明細の数")
    kept_unrenewed: int = Field(description="更新がないため据え置く明細の数")
    rows: list[dict[str, Any]] = Field(description="明細ごとの内容（dry_run のとき。はじめの1,000行）")
    dry_run: bool


@writes("products/{path:key}/reprice", verb="reprice", permission="contracts.change", summary="動いている契約の料金改定",
        group="商品", body=Repricing, key=Name, response=Repriced, subject=lambda call: f"{call.key} {call.body.since}",
        example={"from": "2026-10-01", "at": "renewal", "notice": "2026-08-01"},
        description="動いている契約を、その日の料金の版に移す変更を予約する。二度行っても、移った契約はもう移らない。")  # fmt: skip
def reprice(session: Session, call: Call) -> dict[str, Any]:
    """Running contracts moved to a product's new price."""
    near(call)
    asked: Repricing = call.body
    found = revision.Asked(call.key, asked.since, asked.at, asked.contracts, asked.own, asked.notice).do(session)
    shown = revision.rows(found.head(MOST)) if call.options.dry_run else []
    return {**revision.figures(found), "rows": shown, "dry_run": call.options.dry_run}
