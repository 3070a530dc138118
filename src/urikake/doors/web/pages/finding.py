"""証跡・根拠・検索: why an amount is what it is, what is provable, and the way to anything."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect

from urikake.base import access, facts
from urikake.core.search import searchable, searched
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties.queries import profiles

from .. import jobs
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..frame import NAV
from ..table import Column, Empty, table

MOST = 6


@page("search", "search", permission="home.read", title="検索")
def search(desk: Desk) -> Shown:
    """What the text may mean: screens, partners, contracts, invoices; JSON to the palette, else a page."""
    text = desk.ask("q")
    groups = [group for group in (_screens(desk, text), *_things(desk, text)) if group["items"]] if text else []
    if "application/json" in desk.request.headers.get("Accept", ""):
        return JsonResponse({"groups": groups})
    return {"groups": groups, "q": text}


def _screens(desk: Desk, text: str) -> dict[str, Any]:
    wanted = searched(text)
    items = [
        {"title": entry.title, "hint": "画面", "url": desk.link(entry.path)}
        for _, entries in NAV
        for entry in entries
        if wanted in searched(entry.title) and access.may(desk.person.role, entry.permission)
    ]
    return {"title": "画面", "items": items[:MOST]}


def _things(desk: Desk, text: str) -> list[dict[str, Any]]:
    names = profiles(desk.session, "name, kana")
    partners = _hit(names, text, "code", "name", "kana")
    every = contracts(desk.session).join(names.select("partner_id", "name"), on="partner_id", how="left")
    found = _hit(every, text, "contract_no", "name")
    papers = invoices.invoices(desk.session).join(names.select("partner_id", "name"), on="partner_id", how="left")
    docs = _hit(papers.reverse(), text, "number", "total", "name")
    groups = [
        _group("取引先", partners, lambda r: (r["name"], r["code"], f"partners/{quoted(r['code'])}"), desk),
        _group("契約", found, lambda r: (r["contract_no"], r["name"], f"contracts/{quoted(r['contract_no'])}"), desk),
        _group(
            "請求書", docs, lambda r: (r["number"], f"{r['name']} {r['total']:,}円", f"invoices/{r['number']}"), desk
        ),
    ]
    needs = ("partners.read", "contracts.read", "invoices.read")
    return [group for group, need in zip(groups, needs, strict=True) if access.may(desk.person.role, need)]


def _hit(frame: pl.DataFrame, text: str, *names: str) -> pl.DataFrame:
    wanted = searched(text)
    if not wanted:
        return frame.clear()
    any_ = pl.any_horizontal(searchable(pl.col(n).cast(pl.String)).str.contains(wanted, literal=True) for n in names)
    return frame.filter(any_.fill_null(False)).head(MOST)


def _group(title: str, frame: pl.DataFrame, shape: Any, desk: Desk) -> dict[str, Any]:
    items = []
    for row in frame.iter_rows(named=True):
        name, hint, path = shape(row)
        items.append({"title": name, "hint": hint, "url": desk.link(path)})
    return {"title": title, "items": items}


@page("audit", "audit", permission="audit.read", title="証跡")
def audit(desk: Desk) -> Shown:
    """The links of the chain, newest first, and the last proof."""
    if ref := desk.ask("ref"):
        return redirect(desk.link(f"explain/{quoted(ref)}"))
    found = desk.session.rows("base_link", "id, run_id, relation, first_id, count, head").reverse()
    who = desk.session.rows("base_run", "id, action, actor, recorded_at").rename({"id": "run_id"})
    shaped = found.join(who, on="run_id", how="left", maintain_order="left").with_columns(
        number=pl.col("id") - desk.session.low, short=pl.col("head").str.slice(0, 16)
    )
    columns = [
        Column("number", "番号", "number"),
        Column("recorded_at", "記録時点", "instant"),
        Column("relation", "表"),
        Column("count", "行", "number", summed=True),
        Column("actor", "担当"),
        Column("short", "ハッシュ"),
    ]
    listing = table(desk, shaped, columns, key="number", name="chain", find=["relation", "actor", "short"],
                    empty=Empty("まだ記録がありません。"))  # fmt: skip
    return listing if isinstance(listing, HttpResponse) else {"table": listing, "head": facts.head(desk.session)}


@deed("verify", "audit/verify", permission="audit.read")
def verify(doing: Deed) -> HttpResponse:
    """Ask for the proof of everything: chain, numbers, balances, documents."""
    job = jobs.ask(
        doing.company.code, "verify", subject="すべての照合", actor=doing.person.name, key=doing.field("key")
    )
    return redirect(f"/{doing.company.code}/runs/{job.pk}")
