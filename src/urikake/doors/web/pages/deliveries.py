"""送付: how the documents reach the customer, what came back, and what waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.doors import deliver
from urikake.rooms.deliveries import queries as deliveries
from urikake.rooms.invoices import queries as invoices

from .. import jobs
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, listed_as, table

METHODS: Final = {"email": "メール", "paper": "紙", "peppol": "デジタルインボイス"}
STATES: Final = {
    "waiting": "未送付", "no_address": "宛先なし",
    "taken_back": "取消のため送らない", "sending": "送信中", "sent": "送信済み", "partial": "一部の宛先に不達",
    "failed": "失敗", "bounced": "不達", "printed": "印刷に回した", "handed": "書き出した",
    "accepted": "受領", "refused": "受領拒否",
}  # fmt: skip
DONE: Final = ("sent", "printed", "handed", "accepted")
FIRST: Final = 5
CLOSINGS: Final = 6
SHOWN: Final = 100
TONES: Final = {STATES[state]: "good" if state in DONE else "wait" if state == "waiting" else "bad" for state in STATES}


SENDS: Final = {
    "email": "会社の送信サーバーから、PDF をメールで送ります",
    "paper": "封筒の順に並べた PDF を作ります。終わったら実行の画面から開いて印刷します",
    "peppol": "JP PINT の XML を作ります。終わったら実行の画面から受け取り、アクセスポイントへ渡します",
}


@page("deliveries", "deliveries", permission="invoices.read", title="請求書の送付")
def listed(desk: Desk) -> Shown:
    """Every document issued by the day with how it goes to the customer and how that stands now."""
    found = deliveries.deliveries(desk.session, invoices.invoices(desk.session, "issue_on <= ?", (desk.on,)))
    used = pl.coalesce("sent_by", "method")
    shown = found.with_columns(
        method_name=used.replace_strict(METHODS, default=used),
        state_name=pl.col("state").replace_strict(STATES, return_dtype=pl.String),
        sent_to=pl.when(used == "email").then(pl.coalesce("recipients", "to")).otherwise(pl.lit("")),
        cause=pl.concat_str("said", "why", separator=" ").str.strip_chars(),
    )
    columns = [
        Column("number", "請求書番号"),
        Column("name", "請求先", url=lambda row: desk.link(f"partners/{quoted(row['code'])}")),
        Column("closing_on", "締日", "date"),
        Column("total", "税込合計(円)", "yen", summed=True, ref=lambda row: row["number"]),
        Column("method_name", "送り方"),
        Column("sent_to", "宛先"),
        Column("state_name", "状態", "state", tone=TONES),
        Column("cause", "わけ"),
        Column("attempt", "回数", "number"),
        Column("message_id", "メールの番号", hidden=True),
        Column("digest", "送ったファイルの SHA-256", hidden=True),
    ]
    listing = listed_as(
        table(
            desk, shown, columns, key="number", name="deliveries",
            url=lambda row: desk.link(f"invoices/{quoted(row['number'])}"),
            filters=[
                Choice("waits", "送付", (("open", "済んでいないもの"),), {"open": ~pl.col("state").is_in(DONE)}),
                Choice("state_name", "状態"), Choice("method_name", "送り方"), Choice("closing_on", "締日"),
            ],
            find=["number", "name", "code", "sent_to", "total"], sort="-closing_on",
            empty=Empty("まだ発行した請求書がありません。", "請求を計算する", desk.link("billing")),
        )
    )  # fmt: skip
    return listing if isinstance(listing, HttpResponse) else listing | {"closings": _waiting(desk, found)}


def _waiting(desk: Desk, found: pl.DataFrame) -> list[dict[str, Any]]:
    """The closings that have documents which wait, newest first: how many go, and of how many a person has to decide."""
    open_ = pl.col("state").is_in(deliveries.OPEN)
    counted = found.group_by("closing_on").agg(open=open_.sum(), stuck=pl.col("state").is_in(list(deliver.WORDS)).sum())
    left = counted.filter(pl.col("open") + pl.col("stuck") > 0).sort("closing_on", descending=True).head(CLOSINGS)
    return [row | {"url": desk.link(f"deliveries/{row['closing_on']}")} for row in left.iter_rows(named=True)]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404(text) from None


@page("delivery-send", "deliveries/<slug:closing>", permission=deliver.PERMISSION, title="請求書を送る")
def ready(desk: Desk, closing: str) -> Shown:
    """What of a closing goes out by which way, and what does not, with what to do; one button sends it."""
    day = _day(closing)
    going, stuck = deliver.plan(desk.session, day)
    ways = going.group_by("method").agg(count=pl.len(), total=pl.col("total").sum(), first=pl.col("number").head(FIRST))
    by = {row["method"]: row for row in ways.iter_rows(named=True)}
    state = pl.col("state").replace_strict(STATES, return_dtype=pl.String)
    return {
        "closing": day,
        "ways": [
            by[method] | {"name": name, "does": SENDS[method]} for method, name in METHODS.items() if method in by
        ],
        "count": going.height,
        "total": int(going["total"].sum()),
        "stuck": stuck.with_columns(state_name=state).head(SHOWN).to_dicts(),
        "stuck_count": stuck.height,
        "page": {"title": f"{day:%Y/%m/%d} 締めの請求書を送る", "name": "delivery-send"},
    }


@deed("deliver", "deliveries/send", permission=deliver.PERMISSION)
def send(doing: Deed) -> HttpResponse:
    """Ask for the delivery of a closing by the ways that are chosen."""
    closing = _day(doing.field("closing"))
    methods = [method for method in doing.request.POST.getlist("method") if method in METHODS]
    if not methods:
        raise Refusal("no-method", "送り方が選ばれていません。", "送るものに印を付けてください。")
    subject = f"{closing:%Y/%m/%d} 締めの請求書の送付（{'・'.join(METHODS[method] for method in methods)}）"
    return _asked(doing, subject, lambda session: deliver.sending(session, closing, methods))


@deed("deliver-again", "deliveries/resend", permission=deliver.PERMISSION)
def resend(doing: Deed) -> HttpResponse:
    """Ask for one document to be sent again, for a reason."""
    number = doing.field("number")
    why = doing.field("why")
    return _asked(doing, f"{number} の送り直し", lambda session: deliver.again(session, number, why))


def _asked(doing: Deed, subject: str, told: Callable[[Session], dict[str, Any]]) -> HttpResponse:
    """To the run that sends: the one that this form asked for before, or a new one."""
    key = doing.field("key")
    job = jobs.known(doing.company.code, key)
    if job is None:
        with runs.reading(doing.books, doing.person.name) as session:
            options = told(session)
        job = jobs.ask(
            doing.company.code, jobs.DELIVER, subject=subject, actor=doing.person.name, options=options, key=key
        )
    return redirect(f"/{doing.company.code}/runs/{job.pk}")


@deed("bounce", "deliveries/bounce", permission="invoices.deliver")
def bounce(doing: Deed) -> HttpResponse:
    """Note that what was sent came back."""
    number = doing.field("number")
    deliver.bounce(doing.books, number, doing.field("why"), user=doing.person.name)
    return doing.done(f"{number} を不達と記録しました。宛先を直して送り直してください。", f"invoices/{quoted(number)}")


@deed("withdraw-link", "deliveries/withdraw", permission=deliver.PERMISSION)
def withdraw(doing: Deed) -> HttpResponse:
    """Take back the links to a document."""
    number = doing.field("number")
    deliver.withdraw(doing.books, number, doing.field("why"), user=doing.person.name)
    return doing.done(f"{number} のリンクを取り消しました。", f"invoices/{quoted(number)}")
