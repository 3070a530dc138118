"""Long work: asked for, answered at once with 202 and the address of its run, watched and stopped there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import polars as pl
from django.db import IntegrityError
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Schema
from pydantic import Field

from urikake.base import requests, runs
from urikake.base.bulk import Session
from urikake.doors import deliver
from urikake.doors import month as steps
from urikake.doors.web import jobs
from urikake.doors.web.models import Job, Output

from .once import fingerprint, key_of, replayed, reused, work_key
from .operation import Call, Day, Month, Options, Text, Trial, add, called, filed, reads, text
from .problems import Problem
from .resources import MOST, Number, after, cursor
from .verbs import Strict

GROUP: Final = "実行"
DELIVERIES: Final = "請求書の送付"
PRINT: Final = "fingerprint"
YEARS: Final = 5
"""How many years ahead work may be asked for: a month far off is a slip of the hand that would keep the worker busy."""
STATES: Final = dict(Job.State.choices)
OUTPUTS: Final = Prefetch("outputs", queryset=Output.objects.defer("content"))


class Asked(Schema):
    """Work that was asked for."""

    id: int = Field(description="実行の番号")
    kind: str = Field(description="種類")
    subject: str = Field(description="対象")
    href: str = Field(description="進みと結果を見るアドレス")


class RunFile(Schema):
    """A file that work made."""

    name: str
    href: str = Field(description="受け取るアドレス（30日のあいだ）")


class Run(Schema):
    """A piece of running work (実行): what, by whom, how far, what came of it."""

    id: int
    kind: str
    title: str = Field(description="何をするか")
    subject: str = Field(description="対象")
    actor: str = Field(description="頼んだ人")
    state: str = Field(description="waiting・running・done・failed・cancelled")
    state_label: str
    step: str = Field(description="いま行っていること")
    done: int = Field(description="済んだ手順の数")
    total: int = Field(description="手順の数")
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    figures: dict[str, Any] = Field(description="結果")
    cause: str = Field(description="止まった理由")
    next: str = Field(description="どうすればよいか")
    rows: list[str] = Field(description="行ごとの誤り・人に知らせること")
    files: list[RunFile] = Field(description="作ったファイル")


class RunPage(Options):
    """The parameters of the list of runs."""

    limit: int = Field(100, ge=1, le=MOST, description="一度に受け取る件数")
    cursor: str = Field("", max_length=40, description="前の答えの next。空なら最初から")


class Runs(Schema):
    """A list of runs, oldest first."""

    items: list[Run]
    next: str | None


class Billing(Strict):
    """A closing to bill."""

    closing: Day = Field(description="締日")
    issue: bool = Field(False, description="true なら採番・発行・計上まで行う")
    partners: list[Text] = Field([], max_length=1000, description="この請求先（取引先コード）だけ。空なら全員")
    groups: list[Text] = Field([], max_length=100, description="この管理グループの契約の請求先だけ")


class BillingForward(Strict):
    """Cycles of contracts to bill before their closings."""

    contracts: list[Text] = Field(min_length=1, max_length=1000, description="契約番号")
    closing: Day = Field(description="請求日（請求書の日付）")
    until: Day = Field(description="この日までに始まる期間を請求する")
    issue: bool = Field(False, description="true なら採番・発行・計上まで行う")


class Matching(Strict):
    """Automatic matching."""

    date: Day | None = Field(None, description="この日までの入金と債権だけを照合する")


class Recognizing(Strict):
    """Recognition of revenue."""

    month: Month = Field(description="この月まで")


class Delivering(Strict):
    """A closing to deliver."""

    closing: Day = Field(description="締日")
    methods: list[Literal["email", "paper", "peppol"]] = Field(
        list(deliver.METHODS), min_length=1, max_length=3, description="この送り方のものだけ"
    )


class Again(Strict):
    """Why a document is sent again."""

    why: str = Field(min_length=1, max_length=500, description="理由")


class Nothing(Strict):
    """A body without fields."""


def _shown(job: Job) -> dict[str, Any]:
    kind = jobs.KINDS.get(job.kind)
    plain = {name: getattr(job, name) for name in ("id", "kind", "subject", "actor", "state", "step", "done", "total")}
    times = {name: getattr(job, name) for name in ("asked_at", "started_at", "ended_at")}
    came = {"figures": job.figures, "cause": job.cause, "next": job.remedy, "rows": [str(row) for row in job.rows]}
    came["files"] = [
        {"name": name, "href": f"/api/v1/{job.company}/run-files/{number}"}
        for number, name in sorted((each.pk, each.name) for each in job.outputs.all())
    ]
    return {**plain, "title": kind.title if kind else job.kind, "state_label": str(STATES[job.state]), **times, **came}


Told = dict[str, Any] | Callable[[], dict[str, Any]]
"""What the work is told, or what finds it out once it is known that the work is new."""


def ask(call: Call, kind: str, subject: str, options: Told) -> HttpResponse:
    """Ask for the work once: the same key gives the same work, and with another content it is refused."""
    asked = runs.Request(key_of(call.request), fingerprint(call.request))
    company, key = call.caller.company, work_key(asked.key)
    known = Job.objects.filter(company=company, key=key).first()
    job = known or _new(call, kind, subject, options, asked)
    if job.options.get(PRINT) != asked.fingerprint:
        raise reused()
    answer = _asked(job)
    return answer if known is None else replayed(answer)


def _new(call: Call, kind: str, subject: str, options: Told, asked: runs.Request) -> Job:
    """The work, asked for now; the one that came first where the same key came at the same moment."""
    company, key = call.caller.company, work_key(asked.key)
    with runs.reading(call.caller.books, call.caller.name) as session:
        requests.look_up(session, asked)  # refused where the key was given to something that was done at once
    try:
        told = {**(options() if callable(options) else options), PRINT: asked.fingerprint}
        return jobs.ask(company, kind, subject=subject, actor=call.caller.name, options=told, key=key)
    except IntegrityError:
        return Job.objects.get(company=company, key=key)


def _asked(job: Job) -> HttpResponse:
    href = f"/api/v1/{job.company}/runs/{job.pk}"
    body = text({"id": job.pk, "kind": job.kind, "subject": job.subject, "href": href})
    return HttpResponse(body, status=202, content_type="application/json", headers={"Location": href})


def near(call: Call) -> None:
    """Return if the day or month that is asked for is no further than the books may be carried at once; else refuse."""
    far = f"{timezone.localdate().year + YEARS:04}"
    named = [
        str(getattr(call.body, name))
        for name in ("closing", "month", "date", "since", "notice")
        if getattr(call.body, name, None)
    ]
    if any(day[:4].isdigit() and day[:4] > far for day in [*named, str(call.key)] if "-" in day):
        raise Problem(422, "too-far", f"{far}年より先は指定できません。", "近い日付か月を指定してください。")


def asks(
    route: str,
    *,
    permission: str,
    summary: str,
    group: str,
    body: Any,
    key: Any = None,
    trial: Callable[[Call], dict[str, Any]] | None = None,
    example: dict[str, Any] | None = None,
) -> Callable[[Callable[[Call], HttpResponse]], Callable[[Call], HttpResponse]]:
    """Enter ``POST /{company}/{route}``, which asks for work; with ``trial`` a dry run answers at once what it would do."""
    options = Trial if trial else Options

    def enter(do: Callable[[Call], HttpResponse]) -> Callable[[Call], HttpResponse]:
        def view(request: HttpRequest, **given: Any) -> HttpResponse:
            call = called(request, given, options)
            key_of(request)
            near(call)
            if trial is not None and call.options.dry_run:
                return HttpResponse(text({**trial(call), "dry_run": True}), content_type="application/json")
            return do(call)

        response = {202: Asked, **({200: dict[str, Any]} if trial else {})}
        add("POST", route, view, permission=permission, summary=summary, group=group, response=response, options=options,
            body=body, key=key, example=example)  # fmt: skip
        return do

    return enter


def _try_bill(call: Call) -> dict[str, Any]:
    asked: Billing = call.body
    return steps.bill(
        call.caller.books, asked.closing, issue=asked.issue, partners=asked.partners, groups=asked.groups,
        user=call.caller.name, preview=True,
    )  # fmt: skip


def _try_bill_forward(call: Call) -> dict[str, Any]:
    asked: BillingForward = call.body
    return steps.bill_forward(
        call.caller.books,
        asked.contracts,
        asked.closing,
        asked.until,
        issue=asked.issue,
        user=call.caller.name,
        preview=True,
    )


def _try_match(call: Call) -> dict[str, Any]:
    return steps.match(call.caller.books, on=call.body.date, user=call.caller.name, preview=True)


@asks("billing-runs", permission="billing.run", summary="締日の請求を計算", group="請求書", body=Billing, trial=_try_bill,
      example={"closing": "2026-04-30", "issue": True})  # fmt: skip
def bill(call: Call) -> HttpResponse:
    """A closing billed."""
    asked: Billing = call.body
    subject = f"{asked.closing} の請求" + ("と発行" if asked.issue else "")
    options = {"closing": asked.closing.isoformat(), "issue": asked.issue}
    only = {name: list(named) for name in ("partners", "groups") if (named := getattr(asked, name))}
    return ask(call, "bill", jobs.of_some(subject, only), options | only)


@asks("forward-billing-runs", permission="billing.run", summary="契約の先の期間を前もって請求", group="請求書",
      body=BillingForward, trial=_try_bill_forward,
      example={"contracts": ["C1"], "closing": "2026-04-30", "until": "2026-06-30"})  # fmt: skip
def bill_forward(call: Call) -> HttpResponse:
    """Cycles to come billed."""
    asked: BillingForward = call.body
    options = {
        "closing": asked.closing.isoformat(),
        "until": asked.until.isoformat(),
        "contracts": list(asked.contracts),
    }
    subject = jobs.of_some(f"{asked.closing} の前もっての請求", {"contracts": list(asked.contracts)})
    return ask(call, "bill", subject, options | {"issue": asked.issue})


@asks("matching-runs", permission="matching.apply", summary="自動消込", group="消込", body=Matching, trial=_try_match,
      example={"date": "2026-05-31"})  # fmt: skip
def match(call: Call) -> HttpResponse:
    """All that waits matched by itself."""
    on: date | None = call.body.date
    return ask(call, "match", "自動消込", {"date": on.isoformat()} if on else {})


@asks("recognition-runs", permission="revenue.recognize", summary="収益を認識", group=GROUP, body=Recognizing,
      example={"month": "2026-05"})  # fmt: skip
def recognize(call: Call) -> HttpResponse:
    """Revenue recognised up to a month."""
    month: str = call.body.month
    return ask(call, "recognize", f"{month} までの収益認識", {"month": month})


@asks("periods/{key}/close", permission="closing.close", summary="月を締める", group="会計期間", body=Nothing,
      key=Annotated[Month, Path(..., description="月")], example={})  # fmt: skip
def close(call: Call) -> HttpResponse:
    """What is open of the month done in order, proved, and locked."""
    return ask(call, "close", f"{call.key} の締め", {"month": call.key})


def _try_delivery(call: Call) -> dict[str, Any]:
    with runs.reading(call.caller.books, call.caller.name) as session:
        going, stuck = deliver.plan(session, call.body.closing)
    named = going.filter(pl.col("method").is_in(call.body.methods))
    kept = [{"number": row["number"], "state": row["state"], "why": row["cause"]} for row in stuck.to_dicts()]
    return {"going": dict(named.group_by("method").len().sort("method").iter_rows()), "stuck": kept}


@asks("delivery-runs", permission=deliver.PERMISSION, summary="締日の請求書を送付", group=DELIVERIES, body=Delivering,
      trial=_try_delivery, example={"closing": "2026-04-30", "methods": ["email"]})  # fmt: skip
def send(call: Call) -> HttpResponse:
    """The documents of a closing sent; what was sent before is not sent again."""
    asked: Delivering = call.body

    def told() -> dict[str, Any]:
        with runs.reading(call.caller.books, call.caller.name) as session:
            return deliver.sending(session, asked.closing, asked.methods)

    return ask(call, jobs.DELIVER, f"{asked.closing} 締めの請求書の送付", told)


@asks("deliveries/{key}/resend", permission=deliver.PERMISSION, summary="請求書をもう一度送付", group=DELIVERIES, body=Again,
      key=Annotated[Text, Path(..., description="請求書番号")], example={"why": "新しいアドレスへ"})  # fmt: skip
def resend(call: Call) -> HttpResponse:
    """One document sent again, for a reason."""

    def told() -> dict[str, Any]:
        with runs.reading(call.caller.books, call.caller.name) as session:
            return deliver.again(session, call.key, call.body.why)

    return ask(call, jobs.DELIVER, f"{call.key} の送り直し", told)


@asks(
    "verifications",
    permission="audit.read",
    summary="すべての不変条件とハッシュ連鎖を照合",
    group=GROUP,
    body=Nothing,
    example={},
)
def verify(call: Call) -> HttpResponse:
    """Every invariant and the hash chain checked."""
    return ask(call, "verify", "照合", {})


@reads("runs", permission="runs.read", summary="実行の一覧", group=GROUP, response=Runs, options=RunPage)
def several(session: Session, call: Call) -> dict[str, Any]:
    """Running work of the company, oldest first."""
    mine = (
        Job.objects.filter(company=call.caller.company, pk__gt=after(call.options.cursor))
        .defer("content")
        .prefetch_related(OUTPUTS)
        .order_by("pk")
    )
    found = list(mine[: call.options.limit + 1])
    here = found[: call.options.limit]
    more = len(found) > len(here)
    return {"items": [_shown(job) for job in here], "next": cursor(here[-1].pk) if more else None}


def _job(call: Call) -> Job:
    found = (
        Job.objects.filter(company=call.caller.company, pk=call.key).defer("content").prefetch_related(OUTPUTS).first()
    )
    if found is None:
        raise Problem(404, "not-found", f"実行 {call.key} はありません。", "実行の一覧で番号を確かめてください。")
    return found


@reads(
    "runs/{int:key}",
    permission="runs.read",
    summary="実行の進みと結果",
    group=GROUP,
    response=Run,
    options=Options,
    key=Number,
)
def single(session: Session, call: Call) -> dict[str, Any]:
    """One piece of running work."""
    return _shown(_job(call))


@asks(
    "runs/{int:key}/cancel",
    permission="runs.read",
    summary="実行を取りやめる",
    group=GROUP,
    body=Nothing,
    key=Number,
    example={},
)
def cancel(call: Call) -> HttpResponse:
    """The work stops at its next step and nothing of it is stored; it takes the permission of the work itself."""
    job = _job(call)
    needed = jobs.KINDS[job.kind].permission
    if not call.caller.may(needed):
        raise Problem(
            403, "not-permitted", f"取りやめるには権限「{needed}」が要ります。", "実行を頼んだ人に頼んでください。"
        )
    jobs.stop(job)
    return _asked(job)


@reads("run-files/{int:key}", permission="runs.read", summary="実行が作ったファイル", group=GROUP, response=bytes, options=Options,
       key=Number, bounded=False, media="application/octet-stream")  # fmt: skip
def output(session: Session, call: Call) -> HttpResponse:
    """A file that work made; it takes the permission of the work itself."""
    found = jobs.output(call.caller.company, call.key)
    if found is None or not call.caller.may(jobs.KINDS[found.job.kind].permission):
        raise Problem(404, "not-found", f"ファイル {call.key} はありません。", "実行の結果で番号を確かめてください。")
    return filed(call.request, bytes(found.content), found.name, "application/octet-stream", kept=True)
