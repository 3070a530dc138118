"""What `uk-timeline` draws: the lines of some contracts over time, their events, bills and revenue, and what is reserved."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from urikake.base import access
from urikake.core import timeline as kernel
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.reports.queries.contracts import by_month
from urikake.rooms.revenue import queries as revenue

from . import shown
from .desk import Desk, quoted

MOST: Final = 40  # lanes in one picture
Window = tuple[date, date]


def timeline(
    desk: Desk, chosen: pl.DataFrame, history: pl.DataFrame, *, label: str, named: bool = False
) -> dict[str, Any]:
    """The picture's data for the contracts (``contract_id, contract_no``) and their history.

    With ``named`` every lane and event names its contract. What is after the day looked at is a reservation or a plan; what
    the reader may not see of billing and revenue is not in it.
    """
    window = since, until = window_of(desk.on)
    ids, numbers = chosen["contract_id"].to_list(), chosen["contract_no"].to_list()
    lanes = _lanes(desk, chosen, window, named)
    return {
        "label": label,
        "from": since.isoformat(),
        "to": until.isoformat(),
        "now": desk.on.isoformat(),
        "lanes": lanes[:MOST],
        "more": max(len(lanes) - MOST, 0),
        "events": _events(history.filter(pl.col("contract_no").is_in(numbers)), desk.on, window, named),
        "bills": _bills(desk, ids, numbers, window) if _may(desk, "billing.read") else [],
        "revenue": _revenue(desk, ids, numbers, window) if _may(desk, "revenue.read") else [],
    }


def _may(desk: Desk, permission: str) -> bool:
    return access.may(desk.person.role, permission)


def window_of(on: date) -> Window:
    """From a year before the day's month to half a year after it."""
    return (on - timedelta(365)).replace(day=1), (on + timedelta(180)).replace(day=1)


def _lanes(desk: Desk, chosen: pl.DataFrame, window: Window, named: bool) -> list[dict[str, Any]]:
    """One lane a line: its states with what they say, cut to the window, and the renewal that comes by itself."""
    lines, events = contracts.folded(desk.session)
    mine = lines.filter(pl.col("contract_id").is_in(chosen["contract_id"].implode()))
    segments = kernel.segments(mine, events.filter(pl.col("line_id").is_in(mine["line_id"].implode())))
    stretches = segments.join(
        products(desk.session).select("product_id", "product_name"), on="product_id", maintain_order="left"
    )
    owners = mine.join(chosen, on="contract_id").join(contracts.terms(desk.session), on="contract_terms_id")
    parts: dict[int, list[dict[str, Any]]] = {}
    for row in stretches.iter_rows(named=True):
        parts.setdefault(row["line_id"], []).append(row)
    found = []
    for line in owners.sort("contract_no", "position").iter_rows(named=True):
        lane = _lane(desk, line, parts.get(line["line_id"], []), window, named)
        found += [lane] if lane["parts"] else []
    return found


def _lane(desk: Desk, line: dict[str, Any], rows: list[dict[str, Any]], window: Window, named: bool) -> dict[str, Any]:
    parts = [_part(row, window, desk.on) for row in rows if _inside(row["from_on"], row["to_on"], window)]
    last = [{"from_on": line["end_on"] or window[1]}] if rows else []
    parts += _pauses([*rows, *last], window, desk.on)
    renews = line["end_on"] is not None and line["end_on"] == line["term_end_on"] and not line["declined"]
    if rows and renews and line["auto_renew"] and _inside(line["end_on"], None, window):
        again = rows[-1] | {"from_on": line["end_on"], "to_on": None}
        parts.append(_part(again, window, desk.on) | {"ahead": True, "note": "自動更新の予定"})
    name = rows[-1]["product_name"] if rows else ""
    return {
        "label": f"{line['contract_no']} {name}" if named else name,
        "url": desk.way("contracts.read", f"contracts/{quoted(line['contract_no'])}") if named else "",
        "parts": parts,
    }


def _inside(begins: date, ends: date | None, window: Window) -> bool:
    return begins < window[1] and (ends is None or ends > window[0])


def _part(row: dict[str, Any], window: Window, on: date) -> dict[str, Any]:
    """A stretch of constant state; ``ahead`` where it begins after the day, ``cut`` where it bears a discount."""
    begins, ends = row["from_on"], row["to_on"]
    price = f"{shown.plain(row['quantity_micro'])} @{shown.plain(row['unit_price_micro'])}"
    last = f"{ends - timedelta(1):%Y/%m/%d}" if ends else "継続"
    cut = contracts.discount_words(row["discount_rate"], row["discount_cut"])
    return {
        "from": max(begins, window[0]).isoformat(),
        "to": min(ends or window[1], window[1]).isoformat(),
        "text": f"{row['product_name']} {price}円{f' 値引 {cut}' if cut else ''} {begins:%Y/%m/%d}〜{last}",
        "note": f"{price} {'無料' if cut == '100%' else '△' + cut}" if cut else price,
        "ahead": begins > on,
        "cut": bool(cut),
    }


def _pauses(rows: list[dict[str, Any]], window: Window, on: date) -> list[dict[str, Any]]:
    """The gaps between the stretches of a line: while it was at rest (休止)."""
    found = []
    for before, after in itertools.pairwise(rows):
        begins, ends = before["to_on"], after["from_on"]
        if begins and begins < ends and _inside(begins, ends, window):
            found.append({
                "from": max(begins, window[0]).isoformat(), "to": min(ends, window[1]).isoformat(), "note": "休止",
                "text": f"休止 {begins:%Y/%m/%d}〜{ends - timedelta(1):%Y/%m/%d}", "ahead": begins > on, "rest": True,
            })  # fmt: skip
    return found


def _events(history: pl.DataFrame, on: date, window: Window, named: bool) -> list[dict[str, Any]]:
    """What happened or is reserved, one mark for each day and kind."""
    inside = history.filter(pl.col("effective_on").is_between(*window, closed="left"))
    days = inside.group_by("effective_on", "kind", maintain_order=True).agg(
        what=pl.col("product").drop_nulls().unique(maintain_order=True),
        contract=pl.col("contract_no").unique(maintain_order=True),
    )
    return [
        {
            "on": row["effective_on"].isoformat(),
            "label": contracts.WORDS.get(row["kind"], row["kind"]) + ("予約" if row["effective_on"] > on else ""),
            "text": "・".join([*(row["contract"] if named else []), *row["what"]]),
            "ahead": row["effective_on"] > on,
        }
        for row in days.iter_rows(named=True)
    ]


def _bills(desk: Desk, ids: Sequence[int], numbers: Sequence[str], window: Window) -> list[dict[str, Any]]:
    """What was charged at each closing, drafts apart, and what is to be charged at those to come."""
    since, until = window
    made = billing.of_contracts(desk.session, ids, until).filter(pl.col("closing_on").is_between(since, until))
    drafts = billing.waiting(desk.session)["id"]
    state = pl.when(pl.col("closing_on") > desk.on).then(pl.lit("予定")).when(pl.col("id").is_in(drafts.implode()))
    states = made.with_columns(state=state.then(pl.lit("下書き")).otherwise(pl.lit("請求済み")))
    sums = states.group_by("closing_on", "state").agg(pl.col("amount").sum(), first=pl.col("id").min(), count=pl.len())
    rows = [
        _bill(row["closing_on"], row["amount"], row["state"], _bill_url(desk, row, numbers))
        for row in sums.sort("closing_on", "state").iter_rows(named=True)
    ]
    coming = billing.planned(desk.session, ids, until)
    return rows + [_bill(max(on, desk.on), amount, "予定", "") for on, amount in coming.iter_rows()]


def _bill(on: date, amount: int, state: str, url: str) -> dict[str, Any]:
    return {"on": on.isoformat(), "amount": amount, "state": state, "url": url}


def _bill_url(desk: Desk, row: dict[str, Any], numbers: Sequence[str]) -> str:
    """Where the amount is explained: the charge, or where there are several, all that the contract was charged."""
    if row["count"] == 1:
        return desk.link(f"explain/charge-{row['first'] - desk.session.low}")
    return desk.link("explain/" + quoted(f"contract:{numbers[0]}")) if len(numbers) == 1 else ""


def _revenue(desk: Desk, ids: Sequence[int], numbers: Sequence[str], window: Window) -> list[dict[str, Any]]:
    """Revenue by month: recognised up to the cutoff, as the schedules say after it."""
    found = by_month(desk.session, pl.Series(ids, dtype=pl.Int64))
    inside = found.filter(pl.col("month").is_between(*window, closed="left"))
    sums = inside.group_by("month").agg(pl.col("amount").sum()).sort("month")
    cut = revenue.cutoff(desk.session)
    only = numbers[0] if len(numbers) == 1 else None
    rows = []
    for month, amount in sums.iter_rows():
        ahead = cut is None or month > cut
        url = "" if ahead or only is None else desk.link("explain/" + quoted(f"revenue:{only}:{month:%Y-%m}"))
        rows.append({"month": f"{month:%Y-%m}", "amount": amount, "ahead": ahead, "url": url})
    return rows
