"""もしも計算: what months would come to with other prices, contracts or rates of tax; kept, put away, or reserved."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone

from urikake.base.errors import Refusal
from urikake.doors import simulation
from urikake.doors.simulation import Cancel, Changes, Price, Rate
from urikake.doors.simulation.changes import EVERY, TAXES, day, percent
from urikake.doors.simulation.playing import MEASURES, MONTHS, MOST, RUN
from urikake.doors.simulation.reserving import RESERVE
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts

from .. import forms, jobs, pictures, shown
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..models import Job, Simulation
from ..pictures import Picture, Series
from ..table import Choice, Column, Empty, listed_as, table

WORDS: Final = {"billing": "請求", "tax": "消費税", "revenue": "収益", "cash": "入金予定"}
NOW, IF = "いまの計画", "もしも"
ROWS: Final = 2  # of each kind of change in the form; more of them stand in a file
LARGEST: Final = 5_000_000
STATES: Final = {
    "waiting": "待機中",
    "running": "計算中",
    "failed": "中止",
    "cancelled": "取りやめ",
    "done": "結果あり",
    "reserved": "予約済み",
}
TONES: Final = {
    "結果あり": "good",
    "予約済み": "good",
    "計算中": "warn",
    "待機中": "warn",
    "中止": "bad",
    "取りやめ": "bad",
}


@page("simulations", "simulations", permission=RUN, title="もしも計算")
def listed(desk: Desk) -> Shown:
    """Every simulation that is kept, and the work that makes others."""
    kept = Simulation.objects.filter(company=desk.company.code).order_by("-id")
    going = Job.objects.filter(company=desk.company.code, kind=jobs.SIMULATE).exclude(state=Job.State.DONE)
    rows = [*map(_row, kept.defer("changes")), *map(_pending, going.defer("content"))]
    names = {"number": pl.Int64, "title": pl.String, "months": pl.Int64, "state": pl.String, "change": pl.Int64,
             "actor": pl.String, "made_at": pl.Datetime("us", "UTC")}  # fmt: skip
    columns = [
        Column("number", "番号", "number", url=lambda row: desk.link(f"simulations/{row['number']}")),
        Column("title", "もしも", url=lambda row: desk.link(f"simulations/{row['number']}")),
        Column("months", "月数", "number"),
        Column("change", "請求の差(円)", "yen"),
        Column("state", "状態", "state", tone=TONES),
        Column("actor", "担当"),
        Column("made_at", "計算した時", "instant"),
    ]
    empty = Empty("まだ計算していません。", "もしもを計算する", desk.link("simulations/new"))
    return listed_as(
        table(
            desk,
            pl.DataFrame(rows, schema=names, orient="row").sort("number", descending=True),
            columns,
            key="number",
            name="simulations",
            filters=[Choice("state", "状態"), Choice("actor", "担当")],
            find=["title", "actor"],
            empty=empty,
        )
    )


def _row(kept: Simulation) -> tuple[Any, ...]:
    months = kept.result["months"]
    change = sum(row["billing_after"] - row["billing_before"] for row in months)
    state = STATES["reserved" if kept.reserved_at else "done"]
    return (kept.id, kept.title, kept.months, state, change, kept.actor, kept.made_at)


def _pending(job: Job) -> tuple[Any, ...]:
    return (job.pk, job.subject, job.options["months"], STATES[job.state], None, job.actor, job.asked_at)


@page("simulation-new", "simulations/new", permission=RUN, title="もしもを計算する")
def new(desk: Desk) -> Shown:
    """The form: prices, contracts that end, rates of tax, a file of changes, and how many months."""
    typed = desk.request.POST
    every = products(desk.session).unique("product", keep="last", maintain_order=True)
    names = (
        "price_product",
        "price_percent",
        "price_since",
        "cancel_contract",
        "cancel_on",
        "tax",
        "tax_percent",
        "tax_since",
    )
    held = {name: (typed.getlist(name) + [""] * ROWS)[:ROWS] for name in names}
    return {
        "refusal": desk.refusal,
        "products": every.filter(~pl.col("product").str.starts_with("解約金"))
        .select("product", "product_name")
        .to_dicts(),
        "contracts": contracts(desk.session)["contract_no"].head(forms.MOST).to_list(),
        "every": EVERY,
        "taxes": TAXES,
        "prices": _typed(held, ("price_product", "price_percent", "price_since")),
        "cancels": _typed(held, ("cancel_contract", "cancel_on")),
        "rates": _typed(held, ("tax", "tax_percent", "tax_since"))[:1],
        "months": typed.get("months") or MONTHS,
        "most": MOST,
    }


def _typed(held: dict[str, list[str]], names: tuple[str, ...]) -> list[dict[str, str]]:
    return [{name: held[name][at] for name in names} for at in range(ROWS)]


@deed("simulation-ask", "simulations/new", permission=RUN, form="simulation-new")
def ask(doing: Deed) -> HttpResponse:
    """Ask for the months to be played with what is supposed."""
    changes, months = _changes(doing), doing.field("months")
    if not months.isdecimal() or not 1 <= int(months) <= MOST:
        raise Refusal("bad-months", f"月数が「{months}」です。", f"1〜{MOST} で書いてください。")
    if not changes.words:
        raise Refusal(
            "nothing-supposed",
            "変えることが何も書かれていません。",
            "価格・解約・税率・ファイルのどれかを書いてください。",
        )
    job = jobs.ask(
        doing.company.code, jobs.SIMULATE, subject="・".join(changes.words)[:200], actor=doing.person.name,
        options={"changes": changes.kept(), "months": int(months)}, key=doing.field("key"),
    )  # fmt: skip
    return redirect(f"/{doing.company.code}/simulations/{job.pk}")


def _changes(doing: Deed) -> Changes:
    """What the form supposes; a row of which only a part is filled in is refused."""
    prices = [Price(p, percent(share, low=-100), day(since))
              for p, share, since in _filled(doing, "価格", "price_product", "price_percent", "price_since")]  # fmt: skip
    cancels = [Cancel(no, day(on)) for no, on in _filled(doing, "解約", "cancel_contract", "cancel_on")]
    rates = [Rate.read(f"{tax}={share}%@{since}")
             for tax, share, since in _filled(doing, "税率", "tax", "tax_percent", "tax_since")]  # fmt: skip
    return Changes(tuple(prices), tuple(cancels), tuple(rates), file=_file(doing))


def _filled(doing: Deed, what: str, *names: str) -> list[tuple[str, ...]]:
    """The rows of these fields in which anything is typed."""
    columns = [[text.replace("\0", "").strip() for text in doing.request.POST.getlist(name)] for name in names]
    rows = [row for row in zip(*columns, strict=False) if any(row)]
    if any(not all(row) for row in rows):
        raise Refusal(
            "half-filled", f"{what}の行に書かれていない欄があります。", "行のすべての欄を書くか、空にしてください。"
        )
    return rows


def _file(doing: Deed) -> tuple[str, bytes] | None:
    brought = doing.request.FILES.get("file")
    if brought is None:
        return None
    if (brought.size or 0) > LARGEST:
        raise Refusal("too-large", "ファイルが大きすぎます。", f"{LARGEST // 1_000_000} MB までにしてください。")
    return (str(brought.name), brought.read())


@page("simulation", "simulations/<int:number>", permission=RUN, title="もしも計算")
def one(desk: Desk, number: int) -> Shown:
    """What came of a simulation beside the present plan; while it is being made, how far it is."""
    kept = Simulation.objects.filter(company=desk.company.code, id=number).first()
    if kept is None:
        return _progress(desk, number)
    if "application/json" in desk.request.headers.get("Accept", ""):
        return JsonResponse({"ended": True, "done": 1, "total": 1, "step": "", "state_label": ""})
    listing = _differing(desk, kept)
    if isinstance(listing, HttpResponse):
        return listing
    changes, measure = Changes.of(kept.changes), desk.ask("measure") if desk.ask("measure") in WORDS else "billing"
    return {
        "kept": kept,
        "words": changes.words,
        "table": listing,
        "measure": measure,
        "measures": [{"name": name, "title": word, "url": _here(desk, number, measure=name)} for name, word in WORDS.items()],
        "figures": _figures(desk, kept, number),
        "picture": _picture(desk, kept, number, measure),
        "months": _months(desk, kept, number),
        "shown": len({row["contract_no"] for row in kept.result["contracts"]}),
        "reservable": not changes.rates,
        "own": kept.actor == desk.person.name,
        "page": {"title": kept.title, "name": "simulation"},
    }  # fmt: skip


def _progress(desk: Desk, number: int) -> Shown:
    """The work that makes the simulation."""
    job = (
        Job.objects.filter(company=desk.company.code, kind=jobs.SIMULATE, pk=number)
        .exclude(state=Job.State.DONE)
        .first()
    )
    if job is None:
        raise Http404(str(number))
    ended = job.state not in (Job.State.WAITING, Job.State.RUNNING)
    told = {
        "ended": ended,
        "done": job.done,
        "total": job.total,
        "step": job.step,
        "state_label": str(Job.State(job.state).label),
    }
    if "application/json" in desk.request.headers.get("Accept", ""):
        return JsonResponse(told)
    return {"job": job, "told": told, "page": {"title": job.subject, "name": "simulation"}}


def _here(desk: Desk, number: int, **params: str) -> str:
    return desk.link(f"simulations/{number}", **params)


def _figures(desk: Desk, kept: Simulation, number: int) -> list[dict[str, Any]]:
    """Each measure over all months: what it would be, and what it differs by."""
    found = []
    for name, word in WORDS.items():
        now, then = (sum(row[f"{name}_{plan}"] for row in kept.result["months"]) for plan in ("before", "after"))
        note = f"{NOW} {shown.yen(now)}円 差 {pictures.signed(then - now)}円"
        found.append(
            {"title": f"{word}(円)", "text": shown.yen(then), "note": note, "url": _here(desk, number, measure=name)}
        )
    return found


def _picture(desk: Desk, kept: Simulation, number: int, measure: str) -> Picture:
    """Both plans side by side, each month leading to the contracts that differ in it."""
    rows = kept.result["months"]
    labels = [f"{row['month'][2:4]}年{int(row['month'][5:])}月" for row in rows]
    urls = [_here(desk, number, month=row["month"], measure=measure) + "#list" for row in rows]
    plans = [Series(word, [row[f"{measure}_{plan}"] for row in rows], urls=urls)
             for word, plan in ((NOW, "before"), (IF, "after"))]  # fmt: skip
    return pictures.beside(labels, (plans[0], plans[1]), label=f"月ごとの{WORDS[measure]}、{NOW}と{IF}", width=1040)


def _months(desk: Desk, kept: Simulation, number: int) -> list[dict[str, Any]]:
    """The months with each measure of both plans."""
    return [
        {
            "on": date.fromisoformat(f"{row['month']}-01"),
            "url": _here(desk, number, month=row["month"]) + "#list",
            "cells": [{"after": row[f"{m}_after"], "change": row[f"{m}_after"] - row[f"{m}_before"]} for m in MEASURES],
        }
        for row in kept.result["months"]
    ]


def _differing(desk: Desk, kept: Simulation) -> Any:
    """The contracts and months that differ, as a list."""
    text, whole = dict.fromkeys(("contract_no", "partner", "partner_name", "month"), pl.String), pl.Int64
    names = [f"{m}_{plan}" for m in MEASURES[:3] for plan in ("before", "after")]
    frame = pl.DataFrame(kept.result["contracts"], schema={**text, **dict.fromkeys(names, whole)}, orient="row")
    made = frame.with_columns(
        key=pl.concat_str("contract_no", "month", separator=" "),
        **{m: pl.col(f"{m}_after") - pl.col(f"{m}_before") for m in MEASURES[:3]},
    )
    columns = [
        Column("contract_no", "契約番号", url=lambda row: desk.link(f"contracts/{quoted(row['contract_no'])}")),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("month", "月"),
        Column("billing_before", f"請求 {NOW}(円)", "yen", summed=True),
        Column("billing_after", f"請求 {IF}(円)", "yen", summed=True),
        *[Column(m, f"{WORDS[m]}の差(円)", "yen", summed=True) for m in MEASURES[:3]],
    ]
    return table(
        desk, made, columns, key="key", name=f"simulation-{kept.id}", filters=[Choice("month", "月")], sort="",
        find=["contract_no", "partner_name", "partner"], empty=Empty("違ってくる契約はありません。"),
    )  # fmt: skip


def _own(doing: Deed, number: int) -> Simulation:
    kept = Simulation.objects.filter(company=doing.company.code, id=number).first()
    if kept is None:
        raise Http404(str(number))
    return kept


@deed("simulation-reserve", "simulations/<int:number>/reserve", permission=RESERVE)
def reserve(doing: Deed, number: int) -> HttpResponse:
    """Take the changes on the company's own books, all or none, once."""
    kept = _own(doing, number)
    if kept.reserved_at:
        raise Refusal("reserved", "このもしも計算は、もう予約してあります。", "契約のページで予約を確かめてください。")
    found = simulation.reserve(doing.books, Changes.of(kept.changes), user=doing.person.name)
    Simulation.objects.filter(pk=kept.pk).update(reserved_at=timezone.now(), reserved_by=doing.person.name)
    said = (
        f"予約しました（料金 {found['products']:,}・契約の変更 {found['events']:,}・改定する明細 {found['lines']:,}）。"
    )
    return doing.done(said, f"simulations/{number}")


@deed("simulation-discard", "simulations/<int:number>/discard", permission=RUN)
def discard(doing: Deed, number: int) -> HttpResponse:
    """Put one's own simulation away, or stop the work that makes it; nothing of the company changes."""
    job = Job.objects.filter(company=doing.company.code, kind=jobs.SIMULATE, pk=number).first()
    kept = Simulation.objects.filter(company=doing.company.code, id=number).first()
    if doing.person.name not in {found.actor for found in (job, kept) if found}:
        raise Refusal("not-own", "破棄できるのは、計算した本人だけです。", "計算した人に頼んでください。")
    if job:
        jobs.stop(job)
    if kept:
        kept.delete()
    else:
        Job.objects.filter(pk=number, state__in=(Job.State.FAILED, Job.State.CANCELLED)).delete()
    return doing.done("もしも計算を破棄しました。会社の記録は変わっていません。", "simulations")
