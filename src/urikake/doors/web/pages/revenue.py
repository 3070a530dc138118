"""収益認識: the waterfall of revenue by month as a picture and a table, and the roll-forward that ties to 前受金."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.rooms.catalog.queries import products
from urikake.rooms.closing.queries import changes
from urikake.rooms.reports.queries.contracts import by_month
from urikake.rooms.revenue import queries as revenue

from .. import pictures
from ..book import Shown, page
from ..desk import Desk, quoted
from ..frame import last_day, month_before
from ..pictures import Month, Picture, Series

MOST: Final = 60  # rows; the smaller ones stand together in one
COLOURS: Final = 5  # series of the picture beside その他
SHADES: Final = 5
NO_SERVICE: Final = "その他"  # of products that belong to none


@page("revenue", "revenue", permission="revenue.read", title="収益認識")
def waterfall(desk: Desk) -> Shown:
    """Revenue by product, or by contract of one product: the months recognised, and those to come as the schedules say."""
    cut = revenue.cutoff(desk.session)
    months = _months(desk)
    heads = [{"month": name, "ahead": cut is None or name > f"{cut:%Y-%m}"} for name in months]
    found = _schedule(desk, months)
    rows = _rows(desk, found, months)
    return {
        "months": heads,
        "rows": [_row(row, heads, _most(rows)) for row in rows],
        "totals": _cells([sum(row["amounts"][at] for row in rows) for at in range(len(months))], heads, 0),
        "total": sum(sum(row["amounts"]) for row in rows),
        "picture": _picture(rows, heads) if rows else None,
        "by_contract": bool(desk.ask("product")),
        "scope": _scope(desk, found),
        "roll": _roll(desk),
        "cutoff": cut,
    }


def _months(desk: Desk) -> list[str]:
    """Two months before the day's, it, and nine after."""
    first = month_before(month_before(desk.on.replace(day=1)))
    found = []
    for _ in range(12):
        found.append(f"{first:%Y-%m}")
        first = periods.following(first)
    return found


def _schedule(desk: Desk, months: list[str]) -> pl.DataFrame:
    """Revenue by contract, product and month in the months shown, of the product or service asked for."""
    since = periods.first_day(months[0])
    every = by_month(desk.session, since=since).with_columns(pl.col("month").dt.strftime("%Y-%m"))
    found = every.filter(pl.col("month").is_in(months))
    service = pl.when(pl.col("service") == "").then(pl.lit(NO_SERVICE)).otherwise("service").fill_null(NO_SERVICE)
    named = products(desk.session).select("product", "product_name", service=service).unique("product", keep="last")
    found = found.join(named, on="product", how="left", maintain_order="left")
    for name in ("product", "service"):
        if wanted := desk.ask(name):
            found = found.filter(pl.col(name) == wanted)
    return found


def _scope(desk: Desk, found: pl.DataFrame) -> str:
    """What the page is narrowed to, in words."""
    if desk.ask("product"):
        return str(found["product_name"][0]) if found.height else desk.ask("product")
    return desk.ask("service")


def _rows(desk: Desk, found: pl.DataFrame, months: list[str]) -> list[dict[str, Any]]:
    """The amounts by product, or by contract of one product, the largest first; beyond `MOST` they stand together."""
    key, label = ("contract_no", "contract_no") if desk.ask("product") else ("product", "product_name")
    sums = found.group_by(key, pl.col(label).alias("label"), "month").agg(pl.col("amount").sum())
    wide = sums.pivot("month", index=[key, "label"], values="amount").with_columns(
        pl.lit(0).alias(month) for month in months if month not in set(sums["month"])
    )
    filled = wide.with_columns(pl.col(months).fill_null(0)).with_columns(total=pl.sum_horizontal(months))
    ordered = filled.sort("total", key, descending=[True, False])
    path = (lambda name: desk.link(f"contracts/{quoted(name)}")) if desk.ask("product") else (
        lambda name: desk.link("revenue", product=name)
    )  # fmt: skip
    rows = [
        {"label": row["label"] or row[key], "url": path(row[key]), "amounts": [row[month] for month in months]}
        for row in ordered.head(MOST).iter_rows(named=True)
    ]
    rest = ordered.slice(MOST)
    more = {"label": f"ほか {rest.height}件", "url": "", "amounts": list(rest.select(pl.col(months).sum()).row(0))}
    return [*rows, more] if rest.height else rows


def _most(rows: list[dict[str, Any]]) -> int:
    return max((amount for row in rows for amount in row["amounts"]), default=0)


def _row(row: dict[str, Any], heads: list[dict[str, Any]], most: int) -> dict[str, Any]:
    """A row as the table draws it."""
    return row | {"cells": _cells(row["amounts"], heads, most), "total": sum(row["amounts"])}


def _cells(amounts: list[int], heads: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The cells of a row: the larger the amount, the deeper its shade; months ahead are marked."""
    return [
        {
            "amount": amount,
            "shade": ceil(SHADES * sqrt(amount / most)) if most and amount > 0 else 0,
            "ahead": head["ahead"],
        }
        for amount, head in zip(amounts, heads, strict=True)
    ]


def _picture(rows: list[dict[str, Any]], heads: list[dict[str, Any]]) -> Picture:
    """The largest rows stacked by month, the others together."""
    series = [Series(row["label"], row["amounts"], row["url"]) for row in rows[:COLOURS]]
    if rows[COLOURS:]:
        rest = [sum(column) for column in zip(*(row["amounts"] for row in rows[COLOURS:]), strict=True)]
        series.append(Series("その他", rest, "#table"))
    months = [Month(f"{head['month'][2:4]}年{int(head['month'][5:])}月", head["ahead"]) for head in heads]
    return pictures.stacked(months, series, label="月ごとの収益")


def _roll(desk: Desk) -> dict[str, Any]:
    """契約負債: opening + billed − recognised = closing of the day's month, beside the ledger's accounts."""
    first = desk.on.replace(day=1)
    sums = revenue.rolled(desk.session, first, last_day(first))
    books = changes.position(desk.session, last_day(first))
    return sums | {"books": books, "off": sums["closing"] - books.net}
