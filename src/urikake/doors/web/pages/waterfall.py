"""ウォーターフォール: how what was billed in each month becomes revenue, as a picture and a heat table, proved by the ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from math import ceil, sqrt
from typing import Any, Final

import polars as pl
from django.http import Http404

from urikake.base import periods
from urikake.doors import notes
from urikake.rooms.reports.queries import waterfall
from urikake.rooms.reports.queries.sales import following_months

from .. import pictures
from ..book import Shown, page
from ..desk import Desk
from ..frame import last_day, month_before
from ..pictures import Month, Picture, Series
from ..table import Column, export

MONTHS: Final = 24
BACK: Final = 11
"""How many months before the day's the table begins, unless the address says otherwise."""
SHADES: Final = 5
FLOW: Final = ("before", "unbilled")
"""What stands in rows of its own beside the months of billing."""


@page("waterfall", "revenue/waterfall", permission="revenue.read", title="収益のウォーターフォール")
def shown(desk: Desk) -> Shown:
    """Two years of revenue by the month of billing: recognised by the day looked at, and planned."""
    first = _first(desk)
    months = following_months(first, MONTHS)
    every = waterfall.flows(desk.session, desk.on)
    inside = every.filter(pl.col("month").is_between(months[0], months[-1]))
    named = inside.with_columns(billed=waterfall.cohort_name("billed_on", first))
    sums = named.group_by("billed", "month").agg(pl.col("posted", "planned").sum())
    wide = _wide(sums, months)
    if desk.ask("format") in ("csv", "xlsx"):
        return export(desk, wide, _columns(months), f"waterfall-{first:%Y-%m}")
    heads = [{"month": f"{m:%Y-%m}", "ahead": _ahead(sums, m)} for m in months]
    rows = _rows(wide, heads)
    upto = min(last_day(months[-1]), desk.on)
    return {
        "months": heads, "rows": rows, "posted": int(sums["posted"].sum()), "planned": int(sums["planned"].sum()),
        "totals": [{"amount": int(wide[head["month"]].sum()), "ahead": head["ahead"]} for head in heads],
        "total": int(wide["total"].sum()), "picture": _picture(rows, heads) if rows else None,
        "tie": waterfall.tie(desk.session, every, first, upto), "tabs": _tabs(desk, first),
        "csv": desk.link("revenue/waterfall", **{"from": f"{first:%Y-%m}"}, format="csv"),
        "xlsx": desk.link("revenue/waterfall", **{"from": f"{first:%Y-%m}"}, format="xlsx"),
    }  # fmt: skip


def _first(desk: Desk) -> date:
    """The month in which the table begins."""
    text = desk.ask("from")
    if text and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise Http404(text)
    return periods.first_day(text) if text else _back(desk.on.replace(day=1), BACK)


def _back(month: date, count: int) -> date:
    for _ in range(count):
        month = month_before(month)
    return month


def _tabs(desk: Desk, first: date) -> list[dict[str, Any]]:
    """The beginnings that are offered: a year and half a year back, the month itself."""
    month = desk.on.replace(day=1)
    return [
        {"title": f"{begin:%Y年%-m月}から", "current": begin == first,
         "url": desk.link("revenue/waterfall", **{"from": f"{begin:%Y-%m}"})}
        for begin in (_back(month, 23), _back(month, BACK), _back(month, 5), month)
    ]  # fmt: skip


def _ahead(sums: pl.DataFrame, month: date) -> bool:
    """Whether what falls on the month is planned rather than posted."""
    mine = sums.filter(pl.col("month") == month)
    return bool((mine["planned"] != 0).any())


def _wide(sums: pl.DataFrame, months: Sequence[date]) -> pl.DataFrame:
    """A row for each month of billing, a column for each month of revenue: null where nothing of it is revenue."""
    names = [f"{month:%Y-%m}" for month in months]
    cells = sums.select(
        "billed", month=pl.col("month").dt.strftime("%Y-%m"), amount=pl.col("posted") + pl.col("planned")
    )
    wide = cells.filter(pl.col("amount") != 0).pivot("month", index="billed", values="amount")
    wide = wide.with_columns(pl.lit(None, dtype=pl.Int64).alias(name) for name in names if name not in wide.columns)
    label = pl.col("billed").replace(notes.COHORTS)
    placed = wide.with_columns(label=label, order=pl.col("billed").replace({"before": "0", "unbilled": "9999"}))
    return placed.sort("order").select("billed", "label", *names, total=pl.sum_horizontal(names))


def _columns(months: Sequence[date]) -> list[Column]:
    """The columns of the files."""
    falls = [Column(f"{m:%Y-%m}", f"{m:%Y年}{m.month}月(円)", "yen") for m in months]
    return [Column("label", "請求した月"), *falls, Column("total", "合計(円)", "yen")]


def _rows(wide: pl.DataFrame, heads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows as the heat table draws them: the larger the amount, the deeper its shade."""
    names = [head["month"] for head in heads]
    most = max((amount for name in names for amount in wide[name].drop_nulls()), default=0)
    found = []
    for row in wide.iter_rows(named=True):
        billed = row["billed"]
        cells = [{"amount": row[head["month"]], "shade": _shade(row[head["month"]], most), "ahead": head["ahead"]}
                 for head in heads]  # fmt: skip
        text = row["label"] if billed in FLOW else f"{billed[:4]}年{int(billed[5:])}月"
        found.append({"label": text, "billed": billed, "cells": cells, "total": row["total"]})
    return found


def _shade(amount: int | None, most: int) -> int:
    return ceil(SHADES * sqrt(amount / most)) if amount and amount > 0 and most else 0


def _picture(rows: list[dict[str, Any]], heads: list[dict[str, Any]]) -> Picture:
    """The revenue of each month stacked by the year in which it was billed; at most five of them."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        name = row["label"] if row["billed"] in FLOW else f"{row['billed'][:4]}年の請求"
        mine = sums.setdefault(name, [0] * len(heads))
        for at, cell in enumerate(row["cells"]):
            mine[at] += cell["amount"] or 0
    series = [Series(name, amounts, "#table") for name, amounts in sums.items()]
    months = [Month(f"{head['month'][2:4]}/{int(head['month'][5:])}", head["ahead"]) for head in heads]
    return pictures.stacked(months, series[:6], label="請求した年ごとの、月々の収益")
