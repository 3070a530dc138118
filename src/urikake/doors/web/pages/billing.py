"""請求: closing days with their state, and the review of one: the bridge from last month, and what changed and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from urikake.base import letterhead, periods, runs
from urikake.base.company import dimensions, policies
from urikake.base.errors import Refusal
from urikake.core import search
from urikake.core.search import meant
from urikake.doors import month as steps
from urikake.doors.documents.asked import parts
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import products
from urikake.rooms.closing.queries import billed_in_parts, closing_dates, stale
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties.queries import profiles
from urikake.rooms.reports.queries import report
from urikake.rooms.reports.queries.alarms import KINDS
from urikake.rooms.reports.queries.billing import compared_with

from .. import forms, jobs
from ..book import Deed, Shown, deed, page
from ..bridge import bridge
from ..desk import Desk, quoted
from ..frame import month_before
from ..pictures import Part
from ..table import Choice, Column, Empty, table

FIRST: Final = 8
"""How many of a kind of alarm are named on the page; the report has them all."""
SHOWN: Final = 12
"""How many partners' drafts stand on the page; the others are searched for."""
REASONS: Final = ("新規・周期", "契約変更", "使用量", "日割り・単価", "請求なし")


@page("billing", "billing", permission="billing.read", title="請求")
def listed(desk: Desk) -> Shown:
    """The closing days of this month and the two before, newest first, each with what was billed and what waits."""
    month = desk.on.replace(day=1)
    months = [month, month_before(month), month_before(month_before(month))]
    drafts = billing.waiting(desk.session)
    rows = [_closing(desk, day, drafts) for each in months for day in reversed(closing_dates(desk.session, each))]
    return {"closings": rows, "locked": month in periods.locked_months(desk.session)}


def _closing(desk: Desk, day: date, drafts: pl.DataFrame) -> dict[str, Any]:
    made = billing.at_closing(desk.session, day)
    every = drafts.filter(pl.col("closing_on") == day)
    small = billing.carried(desk.session).filter(pl.col("closing_on") == day) if every.height else every
    mine = every.join(small.select("id"), on="id", how="anti")
    state = (
        "未到来"
        if day > desk.on
        else "一部のみ"
        if made.height and mine.is_empty() and billed_in_parts(desk.session, day)
        else "発行済"
        if made.height and mine.is_empty()
        else "下書き"
        if mine.height
        else "未計算"
    )
    return {
        "on": day,
        "partners": made["partner_id"].n_unique(),
        "charges": made.height,
        "amount": int(made["amount"].sum()),
        "drafts": mine.height,
        "draft_amount": int(mine["amount"].sum()),
        "carried": small["partner_id"].n_unique(),
        "held": int(billing.drafts(desk.session, day)["held"].sum()) if mine.height else 0,
        "state": state,
        "fresh": not stale(desk.session, "bill", day.isoformat()),
        "url": desk.link(f"billing/{day}"),
    }


@page("billing-review", "billing/<slug:closing>", permission="billing.read", title="請求の確認")
def review(desk: Desk, closing: str) -> Shown:
    """One closing: last month to this month by reason to the yen, and the lines behind each reason."""
    day = _day(closing)
    made = billing.at_closing(desk.session, day)
    drafts = billing.waiting(desk.session).filter(pl.col("closing_on") == day)
    changes = _changes(desk, day, made)
    columns = [
        Column("contract_no", "契約番号", url=lambda row: desk.link(f"contracts/{quoted(row['contract_no'])}")),
        Column("partner_name", "取引先"),
        Column("product_name", "商品"),
        Column("previous", "先月(円)", "yen", summed=True),
        Column("current", "今月(円)", "yen", summed=True, ref=lambda row: row["ref"]),
        Column("difference", "差(円)", "yen", summed=True),
        Column("reason", "理由"),
    ]
    listing = table(
        desk, changes, columns, key="key", name=f"billing-{closing}", filters=[Choice("reason", "理由")],
        find=["contract_no", "partner_name", "product_name"], sort="",
        empty=Empty("先月と違う明細はありません。"),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    return {
        "closing": day,
        "table": listing,
        "bridge": _bridge(desk, day, changes, made),
        "drafts": {"count": drafts.height, "amount": int(drafts["amount"].sum())},
        "bills": _bills(desk, day),
        "groups": [name for name in dimensions(desk.session)["management_group"].unique().sort() if name],
        "picks": forms.picks(partners=forms.partners(desk.session)),
        "partners": made["partner_id"].n_unique(),
        "missing": _missing(desk, day),
        "lacking": _lacking(desk, day),
        "nowhere": _nowhere(desk, day),
        "alarms": _alarms(desk, day),
        "approves": policies(desk.session).needs_second_person("invoices"),
        "papers": _papers(desk, day),
        "page": {"title": f"{day:%Y/%m/%d} 締めの請求", "name": "billing-review"},
    }


def _bills(desk: Desk, day: date) -> dict[str, Any]:
    """The drafts by partner, those held back first: how many, how many of them are held, and those that are searched for."""
    names = profiles(desk.session, "name, kana").select("partner_id", "code", "name", "kana")
    left = billing.left_to_next(desk.session, day)
    drafts = billing.drafts(desk.session, day).join(left, on="partner_id", how="left", maintain_order="left")
    every = drafts.join(names, on="partner_id", how="left", maintain_order="left")
    asked = desk.ask("draft")
    wanted = search.searched(asked)
    texts = (search.searchable(pl.col(name)).str.contains(wanted, literal=True) for name in ("code", "name", "kana"))
    found = every.filter(pl.any_horizontal(texts)) if wanted else every
    shown = found.sort(~pl.col("held"), "code").head(SHOWN)
    held = every.filter("held")
    return {
        "count": every.height, "held": held.height, "held_amount": int(held["amount"].sum()), "asked": asked,
        "rows": shown.to_dicts(), "more": found.height - shown.height,
    }  # fmt: skip


def _alarms(desk: Desk, day: date) -> list[dict[str, Any]]:
    """What stands out of the closing, by kind: its name, how many, and the first of them; usage has a panel of its own."""
    found = report(desk.session, "billing-alarms", closing=day).frame.filter(pl.col("kind") != "usage")
    names = profiles(desk.session, "name").select(partner="code", partner_name="name")
    named = found.join(names, on="partner", how="left", maintain_order="left")
    return [
        {"name": KINDS[kind[0]], "kind": kind[0], "count": part.height, "rows": part.head(FIRST).to_dicts()}
        for kind, part in named.group_by("kind", maintain_order=True)
    ]


def _papers(desk: Desk, day: date) -> list[dict[str, str]]:
    """The files of the closing's invoices, in the order of their envelopes: each what it is called, and its address."""
    count = invoices.at_closing(desk.session, day).height
    last = parts(count)
    named = {
        part: f"請求書 PDF {count:,}通" if last == 1 else f"請求書 PDF {part}/{last}" for part in range(1, last + 1)
    }
    return [{"title": title, "url": desk.link(f"billing/{day}.pdf", part=part)} for part, title in named.items()]


def _missing(desk: Desk, day: date) -> dict[str, Any]:
    """The metered lines of the closing without any usage since the one before: how many, and the first of them."""
    found = billing.unmeasured(desk.session, compared_with(desk.session, day) + timedelta(1), day)
    named = found.join(contracts(desk.session), on="contract_id").sort("contract_no")
    first = named["contract_no"].unique(maintain_order=True).head(10)
    links = [{"contract_no": no, "url": desk.link(f"contracts/{quoted(no)}")} for no in first]
    return {"count": found.height, "links": links, "url": desk.link("usage")}


def _lacking(desk: Desk, day: date) -> list[str]:
    """What customers would look for on an invoice and the company has not told yet."""
    told = letterhead.held(desk.session, day)
    wanted = {"自社の住所": told["address"], "お振込先の銀行名": told["bank"] or told["virtual_bank"],
              "登録番号": policies(desk.session)["registration_number"]}  # fmt: skip
    return [name for name, value in wanted.items() if not value]


def _nowhere(desk: Desk, day: date) -> dict[str, Any]:
    """The payers with drafts whose invoices go on paper and who have no address: how many, and the first of them."""
    told = profiles(desk.session, "name, address, delivery").filter(
        pl.col("delivery") == "paper", pl.col("address") == ""
    )
    mine = billing.drafts(desk.session, day).join(told, on="partner_id").sort("code")
    return {"count": mine.height, "first": mine.select("code", "name").head(FIRST).to_dicts()}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404(text) from None


def _changes(desk: Desk, day: date, made: pl.DataFrame) -> pl.DataFrame:
    """What each contract line is billed that differs from a month before."""
    frame = report(desk.session, "billing-diff", closing=day).frame
    owner = contracts(desk.session).join(
        profiles(desk.session, "name").select("partner_id", partner_name="name"), on="partner_id", how="left"
    )
    titles = products(desk.session).select("product", "product_name").unique("product", keep="last")
    first = made.group_by("contract_id").agg(charge=pl.col("id").min() - desk.session.low)
    return (
        frame.join(owner, on="contract_no", how="left", maintain_order="left")
        .join(titles, on="product", how="left", maintain_order="left")
        .join(first, on="contract_id", how="left", maintain_order="left")
        .with_columns(
            difference=pl.col("current") - pl.col("previous"),
            key=pl.concat_str("contract_no", pl.lit("/"), "product"),
            ref=pl.concat_str(pl.lit("charge-"), pl.col("charge").cast(pl.String)),
        )
    )


def _bridge(desk: Desk, day: date, changes: pl.DataFrame, made: pl.DataFrame) -> dict[str, Any]:
    """先月 + each reason = 今月; both ends are the sums of all that was billed, the parts those of the lines that differ."""
    sums = changes.group_by("reason").agg(pl.col("difference").sum(), count=pl.len())
    by_reason = {row["reason"]: row for row in sums.iter_rows(named=True)}
    parts = [
        Part(name, by_reason[name]["difference"], desk.link(f"billing/{day}", reason=name), f"{by_reason[name]['count']:,}件")
        for name in REASONS if name in by_reason
    ]  # fmt: skip
    before = int(billing.at_closing(desk.session, compared_with(desk.session, day))["amount"].sum())
    return bridge(
        Part("先月", before), parts, Part("今月", int(made["amount"].sum())), label="先月から今月への請求の差"
    )


@deed("approve-invoices", "billing/approve", permission="invoices.approve")
def approve(doing: Deed) -> HttpResponse:
    """Issue the drafts of a closing as they stand, as another person than who calculated them."""
    closing = _day(doing.field("closing"))
    told = steps.approve_invoices(doing.books, [closing], user=doing.person.name)
    return doing.done(f"{told['invoices']:,}件の請求書（{told['total']:,}円）を発行しました。", f"billing/{closing}")


@deed("bill", "billing/run", permission="billing.run")
def run(doing: Deed) -> HttpResponse:
    """Ask for the billing of a closing day, as drafts or issued."""
    closing = _day(doing.field("closing"))
    issue = doing.field("issue") == "1"
    only = _only(doing)
    subject = jobs.of_some(f"{closing:%Y/%m/%d} 締めの請求の{'発行' if issue else '計算'}", only)
    job = jobs.ask(
        doing.company.code, "bill", subject=subject, actor=doing.person.name,
        options={"closing": closing.isoformat(), "issue": issue} | only, key=doing.field("key"),
    )  # fmt: skip
    return redirect(f"/{doing.company.code}/runs/{job.pk}")


@deed("bill-forward", "billing/forward", permission="billing.run")
def forward(doing: Deed) -> HttpResponse:
    """Ask for a contract's cycles to come to be billed before their closings, as drafts or issued."""
    number, on, until = doing.field("contract"), _asked_day(doing, "on"), _asked_day(doing, "until")
    with runs.reading(doing.books, doing.person.name) as session:
        billing.forward(session, [number], on, until)
    subject = jobs.of_some(f"{on:%Y/%m/%d} の前もっての請求", {"contracts": [number]})
    options = {
        "closing": on.isoformat(),
        "until": until.isoformat(),
        "contracts": [number],
        "issue": doing.field("issue") == "1",
    }
    job = jobs.ask(
        doing.company.code, "bill", subject=subject, actor=doing.person.name, options=options, key=doing.field("key")
    )
    return redirect(f"/{doing.company.code}/runs/{job.pk}")


def _asked_day(doing: Deed, name: str) -> date:
    """The day in a field; refused where it is none."""
    text = doing.field(name)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad-date", f"「{text}」は日付ではありません。", "日付を選んでください。") from None


def _only(doing: Deed) -> dict[str, list[str]]:
    """The payers and the management groups that are asked for alone; none of either is everybody. Refused if unknown."""
    with runs.reading(doing.books, doing.person.name) as session:
        code, group = meant(forms.partners(session), doing.field("partner")), doing.field("group")
        only = {"partners": [code] if code else [], "groups": [group] if group else []}
        billing.chosen(session, **only)
    if doing.field("some") == "1" and not (code or group):
        raise Refusal("no-payer", "請求先が選ばれていません。", "請求先か管理グループを選んでください。")
    return {name: named for name, named in only.items() if named}


@deed("hold-billing", "billing/hold", permission="billing.run")
def hold(doing: Deed) -> HttpResponse:
    """Hold a partner's bill of a closing back from issue, release it, or leave it to the next closing."""
    closing, code, release = _day(doing.field("closing")), doing.field("partner"), doing.field("release") == "1"
    to_next = doing.field("next") == "1"
    told = steps.hold_billing(
        doing.books,
        closing,
        partner=code,
        why=doing.field("why"),
        release=release,
        to_next=to_next,
        user=doing.person.name,
    )
    if to_next:
        return doing.done(f"取引先 {code} の請求を、次の締めに回しました。", f"billing/{closing}")
    what = "の保留をやめました。次の発行で出ます" if release else "を保留しました。発行・承認をしても出ません"
    return doing.done(f"取引先 {code} の請求{what}（保留 {told['held']:,}件）。", f"billing/{closing}")
