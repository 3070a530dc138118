"""入金消込: the workbench for receipts that wait, laid out by what each asks for; and what is done there.

It works with plain forms; a script (`uk-match`) makes the same deeds by `fetch` and is answered in JSON.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse, JsonResponse

from urikake.base import periods, runs
from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.base.errors import Refusal
from urikake.core.search import searchable, searched
from urikake.doors import month
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.matching import queries as matching
from urikake.rooms.matching.actions import Seen
from urikake.rooms.parties import queries as parties
from urikake.rooms.receivables import queries as receivables

from .. import workbench
from ..book import Deed, Shown, Undo, deed, page
from ..desk import Desk, quoted, today

TABS: Final = (("todo", "未処理"), ("none", "候補なし"), ("hold", "保留"), ("done", "確定済み"))
PICKED: Final = 20
ENTRY_OF: Final = 20
"""Of so many applications at most an undo says the entry; of more, how many and how much."""


@page("matching", "matching", permission="matching.read", title="入金消込")
def matching_page(desk: Desk) -> Shown:
    """How far the work is, the queue by kind of decision, and the receipt that is looked at with all it is decided by."""
    found = workbench.queue(desk)
    parts = workbench.progress(desk, found)
    current = _current(desk, _listed(desk, found))
    if desk.ask("receipt") and current is None:
        raise Http404(desk.ask("receipt"))
    waiting = [part for part in parts if part["key"] in ("todo", "none", "hold")]
    return {
        "parts": parts,
        "whole": max(sum(part["count"] for part in parts), 1),
        "count": sum(part["count"] for part in waiting),
        "sum": sum(part["sum"] for part in waiting),
        "tabs": _tabs(desk, parts),
        "q": desk.ask("q"),
        "groups": workbench.groups(_listed(desk, found)) if desk.ask("tab", "todo") in ("todo", "none") else [],
        "listed": _flat(desk, found),
        "current": current,
        "next": _after(_listed(desk, found), current),
        "differences": workbench.DIFFERENCES,
        "data": {
            "queue": workbench.packed(found),
            "parts": parts,
            "newest": matching.newest(desk.session),
            "first": current,
            "tab": desk.ask("tab", "todo"),
            **workbench.settings(desk),
        },
    }


def _listed(desk: Desk, found: pl.DataFrame) -> pl.DataFrame:
    """The rows of the queue that the tab and the text of the address leave."""
    tab, wanted = desk.ask("tab", "todo"), searched(desk.ask("q"))
    none = pl.col("kind").is_in(workbench.UNOFFERED)
    held = pl.col("state") != ""
    rows = found.filter({"none": none & ~held, "hold": held}.get(tab, ~held))
    if not wanted:
        return rows
    words = (pl.col(name).cast(pl.String).fill_null("") for name in ("payer", "partner_name", "kana", "unapplied"))
    return rows.filter(pl.any_horizontal(searchable(word).str.contains(wanted, literal=True) for word in words))


def _flat(desk: Desk, found: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of a tab that is not grouped by kind."""
    tab = desk.ask("tab", "todo")
    if tab == "done":
        return workbench.confirmed(desk)
    return _listed(desk, found).to_dicts() if tab == "hold" else []


def _tabs(desk: Desk, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = {part["key"]: part["count"] for part in parts}
    shown = {
        "todo": counts["todo"] + counts["none"],
        "none": counts["none"],
        "hold": counts["hold"],
        "done": counts["auto"] + counts["hand"],
    }
    chosen = desk.ask("tab", "todo")
    return [
        {
            "key": key,
            "label": label,
            "count": shown[key],
            "url": desk.link("matching", tab=key),
            "current": key == chosen,
        }
        for key, label in TABS
    ]


def _current(desk: Desk, rows: pl.DataFrame) -> dict[str, Any] | None:
    """The receipt that the address names, else the first of the list, laid open."""
    wanted = desk.ask("receipt")
    number = int(wanted) if wanted.isdigit() else 0 if wanted or rows.is_empty() else int(rows["number"][0])
    return workbench.laid_open(desk, number, desk.ask("partner")) if number else None


def _after(rows: pl.DataFrame, current: dict[str, Any] | None) -> int | None:
    order = rows["number"].to_list()
    at = order.index(current["number"]) + 1 if current and current["number"] in order else 0
    return order[at] if at < len(order) else None


# --- for the script ------------------------------------------------------------------------------------------------


@page("matching-receipt", "matching/receipts/<int:number>", permission="matching.read", title="入金消込")
def receipt(desk: Desk, number: int) -> Shown:
    """A receipt laid open, as JSON."""
    laid = workbench.laid_open(desk, number, desk.ask("partner"))
    if laid is None:
        raise Http404(str(number))
    return JsonResponse(laid)


@page("matching-queue", "matching/queue", permission="matching.read", title="入金消込")
def queue(desk: Desk) -> Shown:
    """The queue anew, or what was confirmed, as JSON."""
    if desk.ask("tab") == "done":
        return JsonResponse({"done": workbench.confirmed(desk)})
    found = workbench.queue(desk)
    parts = workbench.progress(desk, found)
    return JsonResponse({"queue": workbench.packed(found), "parts": parts, "newest": matching.newest(desk.session)})


@page("matching-found", "matching/found", permission="matching.read", title="入金消込")
def found(desk: Desk) -> Shown:
    """The documents that a text means, open or not, as JSON."""
    return JsonResponse({"items": workbench.found(desk, desk.ask("q")) if desk.ask("q") else []})


@page("matching-partners", "matching/partners", permission="matching.read", title="入金消込")
def partners(desk: Desk) -> Shown:
    """The partners that a text means, with what they owe, as JSON."""
    wanted = searched(desk.ask("q"))
    names = parties.profiles(desk.session, "name, kana")
    words = (searchable(pl.col(name).fill_null("")) for name in ("code", "name", "kana"))
    hits = (
        names.filter(pl.any_horizontal(word.str.contains(wanted, literal=True) for word in words)) if wanted else names
    )
    owed = receivables.open_items(desk.session).group_by("partner_id").agg(open=pl.col("balance").sum())
    rows = hits.join(owed, on="partner_id", how="left", maintain_order="left").with_columns(pl.col("open").fill_null(0))
    ordered = rows.sort(pl.col("open") > 0, descending=True, maintain_order=True)
    return JsonResponse({"partners": ordered.head(PICKED).select("code", "name", "kana", "open").to_dicts()})


@deed("matching-here", "matching/here", permission="matching.read")
def here(doing: Deed) -> HttpResponse:
    """Say on which receipt one is, and hear who else is on which, and what was done to receipts meanwhile."""
    number = doing.field("receipt")
    shown = doing.person.shown or doing.person.name
    workbench.sit(doing.company.code, doing.person.name, shown, int(number) if number.isdigit() else 0)
    applications, _, holds = doing.field("newest").partition(",")
    after = [int(part) if part.isdigit() else 0 for part in (applications, holds)]
    with runs.reading(doing.books, doing.person.name) as session:
        done = matching.touched(session, *after)
        touched = [
            {"receipt": row["receipt_id"] - session.low, "actor": row["actor"]} for row in done.iter_rows(named=True)
        ]
        newest = matching.newest(session)
    others = workbench.others(doing.company.code, doing.person.name)
    return JsonResponse({"others": others, "touched": touched, "newest": newest})


# --- deeds ---------------------------------------------------------------------------------------------------------


def _answered(doing: Deed, text: str, to: str, undo: Undo | None, **more: Any) -> HttpResponse:
    """What was done: the next page for a form, JSON for the script."""
    if "application/json" not in doing.request.headers.get("Accept", ""):
        return doing.done(text, to, undo)
    return JsonResponse({"text": text, "says": undo.says if undo else "", **more})


@deed("apply", "matching/apply", permission="matching.apply")
def apply(doing: Deed) -> HttpResponse:
    """Apply one receipt or several to the documents that are ticked, and go on to the next one."""
    ticked = doing.request.POST.getlist("target")  # a proposal names all its documents; one may be ticked below as well
    targets = list(dict.fromkeys(target for names in ticked for target in names.split(",")))
    if not targets:
        raise Refusal("no-target", "消し込む請求が選ばれていません。", "提案か、下の請求を選んでください。")
    refs = [text.strip() for text in doing.request.POST.getlist("receipt")]
    seen = {
        ref: int(amount)
        for ref, amount in zip(refs, doing.request.POST.getlist("seen"), strict=False)
        if amount.isdigit()
    }
    figures = month.apply_together(
        doing.books,
        refs,
        targets,
        difference=doing.field("difference", "remain"),
        on=_day(doing.field("on")),
        seen=seen,
        learning=doing.field("learn", "1") == "1",
        user=doing.person.name,
    )
    after = doing.field("next")
    if figures.get("proposal"):
        text = f"貸倒を申請しました（申請 {figures['proposal']}）。別の人が承認すると消し込まれます。"
        return _answered(doing, text, "matching", None, proposal=figures["proposal"])
    undo = _undo(doing, figures["applications"], refs[0])
    return _answered(
        doing,
        f"{figures['amount']:,}円を消し込みました。",
        f"matching?receipt={quoted(after)}" if after else "matching",
        undo,
        applications=figures["applications"],
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refusal(
            "bad-date", f"消込日「{text}」は日付ではありません。", "2026-11-30 の形で書いてください。"
        ) from None


@deed("matching-confirm", "matching/confirm", permission="matching.apply")
def confirm(doing: Deed) -> HttpResponse:
    """Confirm the proposals of a whole kind: those that are still as they were seen."""
    looked = _seen(doing.field("seen"))
    figures = month.confirm(doing.books, looked, on=today(doing.company.code), user=doing.person.name)
    refused = figures["refused"]
    told = f"{figures['applied']:,}件 {figures['amount']:,}円を確定しました。"
    if refused:
        told = f"{figures['applied']:,}件を確定、{len(refused):,}件は確定できません。"
        told += "".join(f"\n入金 {one['receipt']}: {one['why']}" for one in refused[:5])
    undo = _undo(doing, figures["applications"], "") if figures["applications"] else None
    return _answered(doing, told, "matching", undo, applications=figures["applications"], refused=refused)


def _seen(text: str) -> list[Seen]:
    try:
        return [
            Seen(int(number), int(left), tuple(map(str, documents))) for number, left, documents in json.loads(text)
        ]
    except (ValueError, TypeError):
        raise Refusal(
            "bad-seen", "確定する入金の一覧が読めません。", "画面を開き直してから、もう一度確定してください。"
        ) from None


@deed("unapply", "matching/unapply", permission="matching.apply")
def unapply(doing: Deed) -> HttpResponse:
    """Reverse applications, all of them or none; the receipts wait again."""
    numbers = [int(text) for text in doing.field("application").split(",") if text.isdigit()]
    undo = _again(doing, numbers[0]) if len(numbers) == 1 else None
    month.unapply_together(doing.books, numbers, user=doing.person.name)
    told = "消込を取り消しました。" if len(numbers) == 1 else f"{len(numbers):,}件の消込を取り消しました。"
    receipt = doing.field("receipt")
    return _answered(doing, told, f"matching?receipt={quoted(receipt)}" if receipt else "matching", undo)


@deed("hold-receipt", "matching/hold", permission="matching.apply")
def hold(doing: Deed) -> HttpResponse:
    """Hold a receipt back for a reason, set it aside, or release it."""
    ref, release, aside = doing.field("receipt"), bool(doing.field("release")), bool(doing.field("aside"))
    month.hold_receipt(doing.books, ref, why=doing.field("why"), aside=aside, release=release, user=doing.person.name)
    told = "保留をやめました。" if release else "対象外にしました。" if aside else "保留しました。"
    undo = None if release else Undo("matching/hold", {"receipt": ref, "release": "1"})
    after = doing.field("next") if not release else ref
    to = f"matching?receipt={quoted(after)}" if after else "matching"
    return _answered(doing, f"入金 {ref} {'の' if release else 'を'}{told}", to, undo)


@deed("matching-note", "matching/note", permission="matching.apply")
def note(doing: Deed) -> HttpResponse:
    """Leave a note on the partner or on the receipt."""
    partner, ref, text = doing.field("partner"), doing.field("about"), doing.field("text")
    month.note(doing.books, text, partner=partner, receipt="" if partner else ref, user=doing.person.name)
    told = "メモを残しました。" if text else "メモを消しました。"
    return _answered(doing, told, f"matching?receipt={quoted(doing.field('receipt') or ref)}", None)


def _undo(doing: Deed, numbers: list[int], receipt: str) -> Undo:
    """The reversal of what was applied, with the entry that it will post."""
    fields = {"application": ",".join(map(str, numbers)), "receipt": receipt}
    with runs.reading(doing.books, doing.person.name) as session:
        ids = [session.low + number for number in numbers[:ENTRY_OF]]
        made = _applications(session, ids)
        if len(numbers) > ENTRY_OF:
            return Undo("matching/unapply", fields, f"元に戻すと、{len(numbers):,}件を取り消す仕訳を計上します。")
        days = {day: periods.open_date(session, day) for day in made["applied_on"].unique()}
        return Undo("matching/unapply", fields, _entry(session, made, days, back=True))


def _applications(session: Session, ids: list[int]) -> pl.DataFrame:
    marks = ", ".join("?" * len(ids))
    return matching.applications(session, f"id IN ({marks})" if ids else "1 = 0", tuple(ids))


def _again(doing: Deed, number: int) -> Undo | None:
    """The application once more, as it was, with its entry; None for one that is not there."""
    with runs.reading(doing.books, doing.person.name) as session:
        application_id = session.low + number
        found = _applications(session, [application_id])
        if found.is_empty():
            return None
        was = found.row(0, named=True)
        moved = receivables.movements(session, "source_id = ? AND kind = 'applied'", (application_id,))
        on = periods.open_date(session, was["applied_on"])
        fields = {
            "receipt": was["receipt_id"] - session.low,
            "target": [f"#{item - session.low}={-amount}" for item, amount in moved.select("item_id", "moved").rows()],
            "difference": was["difference_kind"] or "remain",
            "on": on.isoformat(),
        }
        return Undo("matching/apply", fields, _entry(session, found, {was["applied_on"]: on}, back=False))


def _entry(session: Session, made: pl.DataFrame, days: dict[date, date], *, back: bool) -> str:
    """What the entries of applications, or of their reversals, will be together, in words."""
    turn = -1 if back else 1
    mine = (pl.col("source") == "application") & pl.col("source_id").is_in(made["application_id"].implode())
    posted = [ledger.entries(session, day, day).filter(mine) for day in days]
    lines = ledger.lines(session, pl.concat(posted))
    sums = (
        lines.group_by("account_id", maintain_order=True)
        .agg(amount=turn * pl.col("amount").sum())
        .rename({"account_id": "id"})
    )
    named = sums.join(accounts(session).select("id", "name"), on="id", maintain_order="left")
    sides = [(side, named.filter(pl.col("amount") * sign > 0)) for side, sign in (("借方", 1), ("貸方", -1))]
    text = "　".join(
        f"{side} {name} {abs(amount):,}円"
        for side, part in sides
        for name, amount in part.select("name", "amount").rows()
    )
    on = "・".join(f"{day:%Y/%m/%d}" for day in sorted(set(days.values())))
    return f"元に戻すと、{on} 付で次の仕訳を計上します: {text}"
