"""Contracts: the list of lines in force, one contract with its timeline, renewals."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.http import Http404

from urikake.core import timeline
from urikake.rooms.billing.queries import of_contract
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.contracts.queries import contracts as every_contract
from urikake.rooms.parties.queries import profiles
from urikake.rooms.reports.queries import report

from .. import shown
from ..book import Shown, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, listed_as, table

TIMINGS: Final = {"advance": "前払", "current": "当月", "arrears": "後払"}


@page("contracts", "contracts", permission="contracts.read", title="契約")
def listed(desk: Desk) -> Shown:
    """The contract lines in force on the day looked at."""
    found = _in_force(desk)
    contract = lambda row: f"contracts/{quoted(row['contract_no'])}"  # noqa: E731
    columns = [
        Column("contract_no", "契約番号", url=lambda row: desk.link(contract(row))),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("product_name", "商品"),
        Column("quantity_micro", "数量", "quantity"),
        Column("unit_price_micro", "単価(円)", "quantity"),
        Column("cycle", "請求"),
        Column("start_on", "開始日", "date"),
        Column("last_on", "終了日", "date"),
        Column("from_on", "現在の状態", "date"),
        Column("partner", "取引先コード", hidden=True),
        Column("product", "商品コード", hidden=True),
    ]
    listing = table(
        desk, found, columns, key="line_id", name="contracts", url=lambda row: desk.link(contract(row)),
        filters=[Choice("product_name", "商品"), Choice("cycle", "請求")],
        find=["contract_no", "partner_name", "partner", "product_name"], sort="contract_no",
        empty=Empty("この日に有効な契約はありません。", "契約を取り込む", desk.link("imports")),
    )  # fmt: skip
    return listed_as(listing)


def _in_force(desk: Desk) -> pl.DataFrame:
    """The lines in force with names and terms in words."""
    held = contracts.in_force(desk.session, desk.on)
    names = profiles(desk.session, "name").select(partner="code", partner_name="name")
    lines, _ = contracts.folded(desk.session)
    terms = contracts.terms(desk.session).select("contract_terms_id", "cycle_months", "timing")
    cycle = lines.select("line_id", "contract_terms_id").join(terms, on="contract_terms_id")
    every = pl.when(pl.col("cycle_months") == 0).then(pl.lit("一回"))
    every = every.when(pl.col("cycle_months") == 1).then(pl.lit("毎月"))
    every = every.when(pl.col("cycle_months") == 12).then(pl.lit("毎年"))
    words = every.otherwise(pl.concat_str("cycle_months", pl.lit("か月ごと")))
    timing = pl.col("timing").replace_strict(TIMINGS, return_dtype=pl.String)
    cycle = cycle.select("line_id", cycle=pl.concat_str(words, pl.lit(" "), timing))
    return (
        held.join(names, on="partner", how="left", maintain_order="left")
        .join(cycle, on="line_id", how="left", maintain_order="left")
        .with_columns(last_on=pl.col("end_on").dt.offset_by("-1d"))
    )


@page("renewals", "contracts/renewals", permission="contracts.read", title="更新予定")
def renewals(desk: Desk) -> Shown:
    """The terms that end within the days asked for, with the last day of notice."""
    days = int(desk.ask("days", "60")) if desk.ask("days", "60").isdecimal() else 60
    names = profiles(desk.session, "name").select(partner="code", partner_name="name")
    found = contracts.renewals(desk.session, desk.on, days).join(names, on="partner", how="left", maintain_order="left")
    columns = [
        Column("contract_no", "契約番号", url=lambda row: desk.link(f"contracts/{quoted(row['contract_no'])}")),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("ends", "満了日", "date"),
        Column("notice_by", "通知期限", "date"),
        Column("renews_to", "更新後の満了日", "date"),
    ]
    return listed_as(
        table(desk, found, columns, key="contract_no", name="renewals", find=["contract_no", "partner_name"],
              sort="ends", empty=Empty(f"{days}日以内に満了する契約はありません。"))
    )  # fmt: skip


@page("contract", "contracts/<path:contract_no>", permission="contracts.read", title="契約")
def one(desk: Desk, contract_no: str) -> Shown:
    """One contract: its lanes over time, what happened to it, what it will be billed."""
    found = every_contract(desk.session).filter(pl.col("contract_no") == contract_no)
    if found.is_empty():
        raise Http404(contract_no)
    contract_id, partner_id = found["contract_id"][0], found["partner_id"][0]
    partner = profiles(desk.session, "name").filter(pl.col("partner_id") == partner_id).row(0, named=True)
    history = contracts.history(desk.session, partner_id).filter(pl.col("contract_no") == contract_no)
    lines = _in_force(desk).filter(pl.col("contract_no") == contract_no)
    return {
        "contract_no": contract_no,
        "partner": partner,
        "lines": lines.to_dicts(),
        "events": [_event(row, desk.on) for row in reversed(history.to_dicts())],
        "timeline": _timeline(desk, contract_no, contract_id),
        "page": {"title": f"契約 {contract_no}", "name": "contract"},
    }


def _event(row: dict[str, Any], on: date) -> dict[str, Any]:
    label, day = contracts.WORDS.get(row["kind"], row["kind"]), row["effective_on"].isoformat()
    return row | {"label": label, "day": day, "ahead": row["effective_on"] > on}


def _timeline(desk: Desk, contract_no: str, contract_id: int) -> dict[str, Any]:
    """What `uk-timeline` draws: lanes of states, marks of events, bills by closing and revenue by month."""
    since, until = _window(desk.on)
    months = [
        {"month": row["month"], "amount": row["amount"]}
        for row in report(desk.session, "schedule", contract=contract_no)
        if f"{since:%Y-%m}" <= row["month"] <= f"{until:%Y-%m}"
    ]
    return {
        "from": since.isoformat(),
        "to": until.isoformat(),
        "now": desk.on.isoformat(),
        "lanes": _lanes(desk, contract_id, since, until),
        "bills": _bills(desk, contract_id, since, until),
        "revenue": months,
    }


def _window(on: date) -> tuple[date, date]:
    """From a year before to a year and a month after."""
    return (on - timedelta(365)).replace(day=1), (on + timedelta(180)).replace(day=1)


def _lanes(desk: Desk, contract_id: int, since: date, until: date) -> list[dict[str, Any]]:
    """One lane a line: its states with what they say, cut to the window."""
    lines, events = contracts.folded(desk.session)
    mine = lines.filter(pl.col("contract_id") == contract_id)
    segments = timeline.segments(mine, events.filter(pl.col("line_id").is_in(mine["line_id"].implode())))
    named = segments.join(
        products(desk.session).select("product_id", "product_name"), on="product_id", maintain_order="left"
    )
    lanes: dict[int, dict[str, Any]] = {}
    for row in named.iter_rows(named=True):
        begins, ends = row["from_on"], row["to_on"]
        if begins >= until or (ends is not None and ends <= since):
            continue
        lane = lanes.setdefault(row["line_id"], {"label": row["product_name"], "parts": []})
        text = f"{shown.plain(row['quantity_micro'])} @{shown.plain(row['unit_price_micro'])}"
        lane["parts"].append(
            {
                "from": max(begins, since).isoformat(),
                "to": min(ends or until, until).isoformat(),
                "open": ends is None or ends > until,
                "text": f"{row['product_name']} {text}",
                "note": text,
                "ahead": begins > desk.on,
            }
        )
    return list(lanes.values())


def _bills(desk: Desk, contract_id: int, since: date, until: date) -> list[dict[str, Any]]:
    """What was charged at each closing in the window."""
    found = of_contract(desk.session, contract_id, until)
    inside = found.filter(pl.col("closing_on").is_between(since, until))
    sums = inside.group_by("closing_on").agg(pl.col("amount").sum()).sort("closing_on")
    return [{"on": on.isoformat(), "amount": amount} for on, amount in sums.iter_rows()]
