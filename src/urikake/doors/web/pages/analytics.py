"""分析: the bridge of MRR, its course, services, cohorts, who pays late; and what is to come."""

from __future__ import annotations

import re
from datetime import date
from math import ceil
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base import periods
from urikake.base.company import dimensions
from urikake.core import recurring
from urikake.rooms.catalog.queries import products
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.reports.queries import sales

from .. import ages, pictures, shown
from ..book import Shown, page
from ..bridge import bridge
from ..desk import Desk, quoted
from ..frame import last_day, month_before
from ..pictures import Month, Part, Picture, Series
from ..table import Choice, Column, Empty, listed_as, table
from .revenue import NO_SERVICE

KINDS: Final = {"new": "新規", "expansion": "増加", "reactivation": "再開", "contraction": "減少", "churn": "解約"}
TONES: Final = {
    KINDS[kind]: "good" if kind in recurring.RISES else "bad" if kind == "churn" else "warn" for kind in KINDS
}
COURSE: Final = 13  # months shown, so that the same month a year ago stands beside this one
AHEAD: Final = 12
STATES: Final = ("実績", "見込み")
COLOURS: Final = 4  # services in colours of their own
LATE: Final = 10
SHADES: Final = 5
CUTS: Final = {
    "service": "サービス", "product": "商品", "partner": "取引先", "group": "グループ", "management_group": "管理グループ",
    "project": "プロジェクト", "department": "部門",
}  # fmt: skip
"""The ways to split (切り口), as `sales.CUTS` has them."""
MEASURES: Final = {"revenue": "収益", "billing": "請求"}
CHANCES: Final = (100, 95, 90, 80, 50, 0)


@page("analytics", "analytics", permission="reports.read", title="分析")
def overview(desk: Desk) -> Shown:
    """The month of the day looked at: MRR from last month to this, thirteen months, services, cohorts, and late payers."""
    month = desk.on.replace(day=1)
    course = _course(desk, month)
    listing = _trend(desk, course)
    if isinstance(listing, HttpResponse):
        return listing
    now = course.row(-1, named=True)
    return {
        "month": month,
        "figures": _figures(desk, now),
        "bridge": _bridge(desk, month, now),
        "course": _stacked(desk, course) if now["mrr"] or now["previous"] else None,
        "table": listing,
        "split": _split(desk, month),
        "cohorts": _cohorts(desk, month),
        "late": _late(desk),
    }


def _course(desk: Desk, month: date) -> pl.DataFrame:
    """The thirteen months up to the month, as `recurring.bridges` gives them, with their first days as ``on``."""
    last = sales.number(month)
    found = recurring.bridges(sales.moved(desk.session, month), last - COURSE + 1, last)
    net = pl.col("mrr") - pl.col("previous")
    before = pl.when(pl.col("customers_before") > 0).then("customers_before")
    return found.with_columns(
        sales.numbered("month").alias("on"), net=net, churn_rate=pl.col("churned_customers") / before
    ).with_columns(key=pl.col("on").dt.strftime("%Y-%m"))


def _figures(desk: Desk, now: dict[str, Any]) -> list[dict[str, Any]]:
    """MRR, ARR, customers, ARPA and the two rates of churn, with where each leads."""
    found = sales.figures(desk.session, now)
    lines = desk.link("analytics/lines", month=now["key"])
    gone = desk.link("analytics/movements", month=now["key"], kind="churn")
    share = sales.rate(now["net"], now["previous"])
    rows = [
        ("MRR(円)", shown.yen(found["mrr"]), f"先月 {shown.yen(now['previous'])}円 {shown.percent(share)}", lines),
        ("ARR(円)", shown.yen(found["arr"]), "MRR × 12", lines),
        ("客数", f"{found['customers']:,}", f"新しく {now['new_customers']:,}・解約 {now['churned_customers']:,}", lines),
        ("ARPA(円)", shown.yen(found["arpa"]), "MRR ÷ 客数", lines),
        ("客数の解約率", shown.percent(found["customer_churn_rate"]), f"先月の {now['customers_before']:,}客に対して", gone),
        ("金額の解約率", shown.percent(found["revenue_churn_rate"]), "解約と減少 ÷ 先月の MRR", gone),
    ]  # fmt: skip
    return [{"title": title, "text": text, "note": note, "url": url} for title, text, note, url in rows]


def _bridge(desk: Desk, month: date, now: dict[str, Any]) -> dict[str, Any]:
    """Last month's MRR, each movement, this month's."""
    counts = {"new": "new_customers", "reactivation": "returned_customers", "churn": "churned_customers"}
    parts = [
        Part(word, now[kind] if kind in recurring.RISES else -now[kind], _way(desk, now["key"], kind),
             f"{now[counts[kind]]:,}客" if kind in counts else "")
        for kind, word in KINDS.items() if now[kind]
    ]  # fmt: skip
    before = f"{month_before(month):%Y-%m}"
    return bridge(
        Part("先月の MRR", now["previous"], desk.link("analytics/lines", month=before)), parts,
        Part("今月の MRR", now["mrr"], desk.link("analytics/lines", month=now["key"])), label="先月から今月への MRR の差",
    )  # fmt: skip


def _way(desk: Desk, month: str, kind: str) -> str:
    """The contracts behind a movement."""
    return desk.link("analytics/movements", month=month, kind=kind)


def _stacked(desk: Desk, course: pl.DataFrame) -> Picture:
    """The movements of each month stacked: what rises above the line, what falls below it."""
    months = [
        Month(f"{day:%y}年{day.month}月", last_day(day) > desk.asof.today) for day in course["on"]
    ]  # fmt: skip
    names = [f"{day:%Y-%m}" for day in course["on"]]
    series = [
        Series(word, [amount if kind in recurring.RISES else -amount for amount in course[kind]],
               _way(desk, names[-1], kind), [_way(desk, name, kind) for name in names])
        for kind, word in KINDS.items()
    ]  # fmt: skip
    return pictures.stacked(months, series, label="月ごとの MRR の増減", states=STATES)


def _trend(desk: Desk, course: pl.DataFrame) -> Any:
    """The months as a list, each figure leading to the contracts behind it."""
    columns = [
        Column("on", "月", "month", url=lambda row: desk.link("analytics/lines", month=row["key"])),
        Column("previous", "先月の MRR(円)", "yen"),
        *[_movement(desk, kind) for kind in KINDS],
        Column("mrr", "MRR(円)", "yen"),
        Column("customers", "客数", "number"),
        Column("new_customers", "新しい客", "number", summed=True),
        Column("returned_customers", "戻った客", "number", summed=True),
        Column("churned_customers", "解約した客", "number", summed=True),
        Column("churn_rate", "客数の解約率", "percent"),
    ]
    return table(
        desk, course, columns, key="key", name="mrr", sort="-on", empty=Empty("まだ契約がありません。")
    )  # fmt: skip


def _movement(desk: Desk, kind: str) -> Column:
    """The column of a movement, whose amounts lead to the contracts behind them."""
    leads = lambda row: _way(desk, row["key"], kind) if row[kind] else None  # noqa: E731
    return Column(kind, f"{KINDS[kind]}(円)", "yen", summed=True, url=leads)


def _cut(desk: Desk) -> str:
    """The way to split that the address names."""
    return desk.ask("by") if desk.ask("by") in CUTS else "service"


def _cuts(desk: Desk) -> list[str]:
    """The ways to split of which the company's contracts have anything."""
    used = dimensions(desk.session).rename({"group_code": "group"})
    return [by for by in CUTS if by not in used.columns or (used[by] != "").any()]


def _split(desk: Desk, month: date) -> dict[str, Any]:
    """MRR by service, department, … : the largest in one bar, all of them in rows with what moved them."""
    by, text = _cut(desk), f"{month:%Y-%m}"
    found = _labelled(desk, sales.split(desk.session, month, by), by)
    whole = int(found["mrr"].sum())
    rows = [
        row | {"share": row["mrr"] / whole if whole else None, "change": row["mrr"] - row["previous"],
               "url": desk.link("analytics/lines", month=text, **_narrow(by, row))}
        for row in found.iter_rows(named=True)
    ]  # fmt: skip
    parts = [Part(row["label"], row["mrr"], row["url"]) for row in rows[:COLOURS] if row["mrr"]]
    if rest := sum(row["mrr"] for row in rows[COLOURS:]):
        parts.append(Part("ほか", rest, "#split"))
    tabs = [{"title": f"{CUTS[cut]}別", "url": f"{desk.link('analytics', by=cut)}#split", "current": cut == by}
            for cut in _cuts(desk)]  # fmt: skip
    return {
        "rows": rows, "whole": whole, "change": whole - int(found["previous"].sum()), "tabs": tabs, "title": CUTS[by],
        "picture": pictures.shares(parts, label=f"{CUTS[by]}別の MRR", width=900) if parts else None,
    }  # fmt: skip


def _labelled(desk: Desk, found: pl.DataFrame, by: str) -> pl.DataFrame:
    """The rows of a split with what each ``key`` is called: ``label``."""
    if by == "partner":
        names = profiles(desk.session, "name").select(key="code", label="name")
    elif by == "product":
        names = products(desk.session).select(key="product", label="product_name").unique("key", keep="last")
    else:
        return found.with_columns(label=_named("key", by))
    return found.join(names, on="key", how="left", maintain_order="left")


def _named(column: str, by: str) -> pl.Expr:
    """The keys of a split, those of nothing under a name."""
    none = NO_SERVICE if by == "service" else "なし"
    return pl.when(pl.col(column) == "").then(pl.lit(none)).otherwise(column)


def _lines(desk: Desk, month: date) -> pl.DataFrame:
    """The lines that count at the end of the month, with contract, partner, product, service and cohort."""
    held = recurring.at_month(sales.ranges(desk.session, month), sales.number(month))
    came = sales.moved(desk.session, month).filter(pl.col("kind") == "new")
    cohort = came.select("partner_id", cohort=sales.numbered("month").dt.strftime("%Y-%m"))
    named = sales.named(desk.session, held).join(cohort, on="partner_id", how="left")
    placed = named.join(dimensions(desk.session), on="dimension_id").rename({"group_code": "group"})
    placed = placed.with_columns(_named(by, by).alias(by) for by, of in sales.CUTS.items() if of == "dimension_id")
    return placed.with_columns(_service()).sort("amount", "line_id", descending=[True, False])


def _service() -> pl.Expr:
    return _named("service", "service").alias("service")


def _cohorts(desk: Desk, month: date) -> dict[str, Any]:
    """What is left of the customers of each month, of their number or of their MRR, by the months since."""
    last, measure = sales.number(month), "mrr" if desk.ask("measure") == "mrr" else "customers"
    found = recurring.cohorts(sales.moved(desk.session, month), last)
    found = found.filter(pl.col("cohort") > last - COURSE).with_columns(age=pl.col("month") - pl.col("cohort"))
    named = found.with_columns(sales.numbered("cohort").alias("came"), sales.numbered("month").alias("on"))
    rows = [_cohort(desk, part, measure) for part in named.partition_by("cohort", maintain_order=True)]
    return {"rows": rows, "ages": range(COURSE), "measure": measure}


def _cohort(desk: Desk, part: pl.DataFrame, measure: str) -> dict[str, Any]:
    """The customers that came in one month, month after month: the deeper the shade, the more are left."""
    first = part.row(0, named=True)
    cells = []
    for row in part.iter_rows(named=True):
        share = row[measure] / first[measure]
        month, cohort = f"{row['on']:%Y-%m}", f"{row['came']:%Y-%m}"
        url = desk.link("analytics/lines", month=month, cohort=cohort)
        amounts = f"{row['customers']:,}客 {shown.yen(row['mrr'])}円"
        cells.append({"share": share, "shade": _shade(share), "url": url, "title": amounts})
    return {"came": first["came"], "customers": first["customers"], "mrr": first["mrr"], "cells": cells}


def _shade(share: float) -> int:
    """How deep a share is shaded: nearly all that happens lies between a half and the whole."""
    return min(max(ceil((share - 0.5) * 2 * SHADES), 0), SHADES)


def _late(desk: Desk) -> dict[str, Any]:
    """Open balances by days overdue, and the partners that owe most beyond their day."""
    owed = receivables.balances(desk.session, desk.on).filter(pl.col("balance") != 0)
    days = (pl.lit(desk.on) - pl.col("due_on")).dt.total_days()
    overdue = owed.with_columns(late=days).filter(pl.col("late") > 0)
    sums = overdue.group_by("partner_id").agg(pl.col("balance").sum(), pl.col("late").max(), count=pl.len())
    names = profiles(desk.session, "name").select("partner_id", "code", "name")
    most = sums.sort("balance", "partner_id", descending=[True, False]).head(LATE)
    rows = most.join(names, on="partner_id", how="left", maintain_order="left").to_dicts()
    picture = ages.picture(desk, ages.summed(owed, days)) if owed.height else None
    return {"picture": picture, "rows": rows, "partners": sums.height, "total": int(overdue["balance"].sum())}


@page(
    "movements", "analytics/movements", permission="reports.read", title="MRR の増減", template="web/pages/lines.html"
)
def movements(desk: Desk) -> Shown:
    """The contract lines that moved MRR in the month; those of one movement sum to it."""
    month = _month(desk)
    words = pl.col("kind").replace_strict(KINDS, return_dtype=pl.String)
    found = sales.changes(desk.session, month).with_columns(_service(), kind_name=words)
    columns = [
        *_names(desk),
        Column("kind_name", "取引先の動き", "state", tone=TONES),
        Column("previous", "先月(円)", "yen", summed=True),
        Column("current", "今月(円)", "yen", summed=True),
        Column("change", "差(円)", "yen", summed=True),
    ]
    return _listed(
        desk, table(
            desk, found, columns, key="line_id", name=f"mrr-movements-{month:%Y-%m}",
            filters=[Choice("kind", "動き", tuple(KINDS.items())), Choice("service", "サービス")],
            find=["contract_no", "partner_name", "partner", "product_name"], sort="",
            empty=Empty("この月に MRR を動かした契約はありません。"),
        ), month, f"{shown.month(month)}の MRR の増減",
    )  # fmt: skip


@page("recurring", "analytics/lines", permission="reports.read", title="MRR の明細", template="web/pages/lines.html")
def lines(desk: Desk) -> Shown:
    """The contract lines that make up MRR at the end of the month."""
    month = _month(desk)
    columns = [
        *_names(desk),
        *(Column(by, CUTS[by]) for by in _cuts(desk) if sales.CUTS[by] == "dimension_id"),
        Column("amount", "MRR(円)", "yen", summed=True),
        Column("cohort", "取引の始まり", "month"),
    ]
    return _listed(
        desk, table(
            desk, _lines(desk, month), columns, key="line_id", name=f"mrr-{month:%Y-%m}",
            filters=[
                *(Choice(by, CUTS[by]) for by in _cuts(desk) if by not in {"partner", "product"}),
                Choice("cohort", "取引の始まり"),
            ],
            find=["contract_no", "partner_name", "partner", "product_name", "product"], sort="-amount",
            empty=Empty("この月末に有効な、毎月の契約はありません。", "契約を見る", desk.link("contracts")),
        ), month, f"{shown.month(month)}末の MRR",
    )  # fmt: skip


def _month(desk: Desk) -> date:
    """The month that the address names, else that of the day looked at."""
    text = desk.ask("month")
    if text and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise Http404(text)
    return periods.first_day(text) if text else desk.on.replace(day=1)


def _names(desk: Desk) -> list[Column]:
    """The columns that say which line a row is of."""
    return [
        Column("contract_no", "契約番号", url=lambda row: desk.link(f"contracts/{quoted(row['contract_no'])}")),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("product_name", "商品"),
        Column("service", "サービス"),
    ]


def _listed(desk: Desk, found: Any, month: date, title: str) -> Shown:
    answer = listed_as(found)
    around = {"month": month, "page": {"title": title, "name": "movements"}}
    return answer if isinstance(answer, HttpResponse) else answer | around


@page("forecast", "analytics/forecast", permission="reports.read", title="見通し")
def forecast(desk: Desk) -> Shown:
    """Billing or revenue of the next twelve months, split one way or another: reservations and renewals at their terms."""
    measure = desk.ask("measure") if desk.ask("measure") in MEASURES else "revenue"
    by = _cut(desk)
    chance = int(desk.ask("renewal")) if desk.ask("renewal") in {str(c) for c in CHANCES} else CHANCES[0]
    months = sales.following_months(desk.on.replace(day=1), AHEAD)
    found = sales.outlook(desk.session, months[0], AHEAD, chance, by)
    frame = _spread(desk, found, by, measure, months)
    columns = [
        Column("label", CUTS[by], url=lambda row: _narrowed(desk, by, row)),
        *[Column(f"{m:%Y-%m}", f"{m:%y}年{m.month}月(円)", "yen", summed=True) for m in months],
        Column("total", "合計(円)", "yen", summed=True),
    ]
    listing = table(
        desk, frame, columns, key="key", name=f"forecast-{measure}", find=["label", "key"], sort="-total",
        empty=Empty("これから請求する契約はありません。", "契約を見る", desk.link("contracts")),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    sums = found.select(pl.col("billing", "revenue").sum()).row(0, named=True)
    asked = {"measure": measure, "by": by, "renewal": chance}
    return {
        "table": listing, "sums": sums, "measure": MEASURES[measure], "chance": chance, "chances": CHANCES, "asked": asked,
        "tabs": _tabs(desk, asked), "picture": _hatched(desk, frame, months, by) if frame.height else None, "months": months,
    }  # fmt: skip


def _spread(desk: Desk, found: pl.DataFrame, by: str, measure: str, months: list[date]) -> pl.DataFrame:
    """A row for each service or partner, a column for each month."""
    names = [f"{month:%Y-%m}" for month in months]
    sums = found.group_by(key=pl.col(by), name=pl.col("month").dt.strftime("%Y-%m")).agg(pl.col(measure).sum())
    wide = sums.pivot("name", index="key", values=measure)
    wide = wide.with_columns(pl.lit(0, dtype=pl.Int64).alias(name) for name in names if name not in wide.columns)
    filled = wide.select("key", pl.col(names).fill_null(0)).with_columns(total=pl.sum_horizontal(names))
    return _labelled(desk, filled, by).sort("total", "key", descending=[True, False])


def _narrowed(desk: Desk, by: str, row: dict[str, Any]) -> str:
    """Where a row of the forecast leads: its contracts, or its partner."""
    if by == "partner":
        return desk.link(f"partners/{quoted(row['key'])}")
    return desk.link("analytics/lines", **_narrow(by, row))


def _narrow(by: str, row: dict[str, Any]) -> dict[str, str]:
    """What narrows the list of lines to a row of a split: partners and products are many, and looked for by their codes."""
    return {"q": row["key"]} if by in {"partner", "product"} else {by: row["label"]}


def _hatched(desk: Desk, frame: pl.DataFrame, months: list[date], by: str) -> Picture:
    """The largest rows stacked by month, the others together; what is to come is hatched."""
    names = [f"{month:%Y-%m}" for month in months]
    series = [
        Series(row["label"], [row[name] for name in names], _narrowed(desk, by, row))
        for row in frame.head(COLOURS).iter_rows(named=True)
    ]
    if frame.height > COLOURS:
        series.append(Series("ほか", list(frame.slice(COLOURS).select(pl.col(names).sum()).row(0)), "#list"))
    heads = [Month(f"{month:%y}年{month.month}月", last_day(month) > desk.asof.today) for month in months]
    return pictures.stacked(heads, series, label="12か月の見通し", states=STATES)


def _tabs(desk: Desk, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The ways to look at it, in two rows: revenue or billing, and how it is split."""
    measures = [({"measure": measure}, title) for measure, title in MEASURES.items()]
    cuts = [({"by": by}, f"{CUTS[by]}別") for by in _cuts(desk)]
    return [
        {"label": label, "tabs": [
            {"title": title, "url": desk.link("analytics/forecast", **asked | way), "current": asked | way == asked}
            for way, title in ways
        ]}
        for label, ways in (("はかるもの", measures), ("切り口", cuts))
    ]  # fmt: skip
