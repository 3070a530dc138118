"""もしも計算: what is supposed, played as running work; what came of it, reserved or put away."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Schema
from pydantic import Field

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.doors.simulation import Cancel, Changes, Price, Rate
from urikake.doors.simulation.playing import MONTHS, MOST, RUN
from urikake.doors.simulation.reserving import RESERVE, VERB, take
from urikake.doors.web import jobs
from urikake.doors.web.models import Job, Simulation
from urikake.rooms.contracts.actions import EVENTS

from .once import done, fingerprint, key_of
from .operation import Call, Day, Month, Options, Trial, add, called, reads, text
from .problems import Problem
from .resources import Number, after, cursor
from .verbs import Cell, Strict, row_of
from .work import Nothing, RunPage, ask, asks

GROUP: Final = "もしも計算"
Share = Annotated[Decimal, Field(le=1_000, decimal_places=6, max_digits=10)]
Words = Annotated[str, Field(min_length=1, max_length=120)]


class Priced(Strict):
    """A price that changes."""

    product: Words = Field(description="商品コード。すべての商品は *")
    percent: Share = Field(ge=-100, description="割合（%）。負なら値下げ")
    since: Day = Field(description="いつから")


class Cancelled(Strict):
    """A contract that ends."""

    contract: Words = Field(description="契約番号")
    on: Day = Field(description="最終利用日")


class Rated(Strict):
    """A rate of tax that changes."""

    tax: Literal["standard", "reduced"] = Field(description="税区分")
    percent: Share = Field(ge=0, description="税率（%）")
    since: Day = Field(description="いつから")


class Supposed(Strict):
    """What is supposed, and for how many months."""

    prices: list[Priced] = Field([], max_length=1_000, description="料金の変更")
    cancels: list[Cancelled] = Field([], max_length=1_000, description="解約")
    rates: list[Rated] = Field([], max_length=20, description="税率の変更")
    events: list[dict[str, Cell]] = Field(
        [], max_length=10_000, description="契約の変更（events の列）", json_schema_extra={"items": row_of(EVENTS)}
    )
    months: int = Field(MONTHS, ge=1, le=MOST, description="何か月進めるか")
    first: Month | None = Field(None, description="最初の月。なければ締めた月の次から")

    def changes(self) -> Changes:
        """The changes as the simulation takes them."""
        return Changes(
            tuple(Price(p.product, p.percent, p.since) for p in self.prices),
            tuple(Cancel(c.contract, c.on) for c in self.cancels),
            tuple(Rate(r.tax, r.percent, r.since) for r in self.rates),
            tuple(self.events),
        )


class Kept(Schema):
    """A simulation that is kept; ``…_before`` is the present plan, ``…_after`` what is supposed."""

    id: int = Field(description="番号。計算した実行の番号と同じ")
    title: str = Field(description="何を変えたか")
    changes: list[str] = Field(description="変えたことを一つずつ")
    actor: str = Field(description="計算した人")
    made_at: datetime = Field(description="計算した時")
    reserved_at: datetime | None = Field(description="予約した時")
    reserved_by: str = Field(description="予約した人")
    months: list[dict[str, Any]] = Field(description="月ごとの請求・消費税・収益・入金予定（円）")
    differing: int = Field(description="違ってくる契約の数")


class Whole(Kept):
    """A simulation with the contracts that differ."""

    contracts: list[dict[str, Any]] = Field(description="違ってくる契約と月。請求の差が大きい契約から5,000行まで")


class Several(Schema):
    """A list of simulations, oldest first."""

    items: list[Kept]
    next: str | None


class Reserved(Schema):
    """What was reserved."""

    products: int = Field(description="新しい料金の数")
    events: int = Field(description="契約の変更の数")
    lines: int = Field(description="新しい料金に移る明細の数")


EXAMPLE: Final = {"prices": [{"product": "*", "percent": 5, "since": "2027-04-01"}], "months": 12}


class Gone(Schema):
    """The simulation that was put away."""

    id: int


@asks("simulations", permission=RUN, summary="もしもを計算", group=GROUP, body=Supposed, example=EXAMPLE)
def play(call: Call) -> HttpResponse:
    """The months played on copies with what is supposed; the result is at ``simulations/{id}`` of the work's number."""
    asked: Supposed = call.body
    changes, first = asked.changes(), f"{asked.first}-01" if asked.first else None
    subject = "・".join(changes.words)[:200] or "変更なし"
    return ask(call, jobs.SIMULATE, subject, {"changes": changes.kept(), "months": asked.months, "first": first})


def _shown(kept: Simulation) -> dict[str, Any]:
    plain = {name: getattr(kept, name) for name in ("id", "title", "actor", "made_at", "reserved_at", "reserved_by")}
    found = {name: kept.result[name] for name in ("months", "differing")}
    return {**plain, "changes": Changes.of(kept.changes).words, **found}


@reads("simulations", permission=RUN, summary="もしも計算の一覧", group=GROUP, response=Several, options=RunPage)
def several(session: Session, call: Call) -> dict[str, Any]:
    """The simulations that are kept, oldest first."""
    mine = Simulation.objects.filter(company=call.caller.company, pk__gt=after(call.options.cursor)).order_by("pk")
    found = list(mine[: call.options.limit + 1])
    here = found[: call.options.limit]
    return {"items": [_shown(kept) for kept in here], "next": cursor(here[-1].pk) if len(found) > len(here) else None}


def _kept(call: Call) -> Simulation:
    found = Simulation.objects.filter(company=call.caller.company, pk=call.key).first()
    if found is None:
        why = f"もしも計算 {call.key} はありません。"
        raise Problem(404, "not-found", why, "計算の途中なら、実行のページで終わるのを待ってください。")
    return found


@reads("simulations/{int:key}", permission=RUN, summary="もしも計算の結果", group=GROUP, response=Whole, options=Options,
       key=Number)  # fmt: skip
def single(session: Session, call: Call) -> dict[str, Any]:
    """What came of a simulation, with the contracts that differ."""
    kept = _kept(call)
    return {**_shown(kept), "contracts": kept.result["contracts"]}


def _reserve(request: HttpRequest, **given: Any) -> HttpResponse:
    call = called(request, given, Trial)
    asked, kept = runs.Request(key_of(request), fingerprint(request)), _kept(call)

    def do(session: Session, call: Call) -> dict[str, Any]:
        if kept.reserved_at:
            raise Refusal("reserved", "このもしも計算は、もう予約してあります。", "契約で予約を確かめてください。")
        return {**take(session, Changes.of(kept.changes))}

    answer = done(call, asked, VERB, RESERVE, kept.title, do)
    if not call.options.dry_run:
        fresh = Simulation.objects.filter(pk=kept.pk, reserved_at=None)
        fresh.update(reserved_at=timezone.now(), reserved_by=call.caller.name)
    return answer


add("POST", "simulations/{int:key}/reserve", _reserve, permission=RESERVE, summary="もしも計算の変更を予約", group=GROUP,
    response={200: Reserved}, options=Trial, body=Nothing, key=Number, example={},
    description="料金と契約の変更をまとめて予約する。一つでも受け付けられなければ、どれも予約しない。"
    "料金の変更には権限 products.import も要る。税率の変更は予約できない。")  # fmt: skip


def _discard(request: HttpRequest, **given: Any) -> HttpResponse:
    call = called(request, given, Options)
    key_of(request)
    mine = {"company": call.caller.company, "pk": call.key}
    made = Job.objects.filter(**mine, kind=jobs.SIMULATE).first()
    if made is None:
        raise Problem(404, "not-found", f"もしも計算 {call.key} はありません。", "一覧で番号を確かめてください。")
    if made.actor != call.caller.name:
        raise Problem(403, "not-own", "破棄できるのは、計算した本人だけです。", "計算した人に頼んでください。")
    jobs.stop(made)
    Simulation.objects.filter(**mine).delete()  # sent again, it is gone all the same
    return HttpResponse(text({"id": call.key}), content_type="application/json")


add("POST", "simulations/{int:key}/discard", _discard, permission=RUN, summary="もしも計算を破棄", group=GROUP,
    response={200: Gone}, options=Options, body=Nothing, key=Number, example={})  # fmt: skip
