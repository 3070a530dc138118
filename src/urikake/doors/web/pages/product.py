"""商品: one product with its prices over time, what a quantity costs, and running contracts moved to a new price."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse
from django.shortcuts import render

from urikake.base import runs
from urikake.base.company import policies
from urikake.base.errors import FileRefusal, Refusal
from urikake.core import cells, pricing, written
from urikake.core.money import MICRO, Rounding, divide
from urikake.doors import revision
from urikake.rooms.catalog.queries import option_rules, products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.contracts.actions.reprice import MOVES
from urikake.rooms.intake.queries import Column, Kind, given

from .. import forms, shown
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted, today
from ..forms import Field, Group
from ..timelines import window_of
from .masters import MODELS, REVENUES

REPRICING: Final = Kind(
    "reprice",
    (
        Column("since", "新しい料金にする最初の日", cells.day, required=True),
        Column("at", "いつ移すか", required=True),
        Column("notice", "知らせる日", cells.day),
        Column("own", "個別の単価の契約"),
        Column("contracts", "契約番号"),
    ),
)
OWN: Final = (("", "そのままにする"), ("yes", "新しい料金にする"))
MOST: Final = 100
RULES: Final = {
    "needs": "{product} は、{other} と（ほかに相手があればそのどれかと）一緒に契約します",
    "excludes": "{product} と {other} は、一緒に契約できません",
    "alone": "{product} は、単独で契約します",
}


@page("product", "products/<path:code>", permission="products.read", title="商品")
def one(desk: Desk, code: str) -> Shown:
    """The product's versions on a time axis, a calculator for the one of the day, and revisions of running contracts."""
    versions = _versions(desk, code)
    held = [row for row in versions if row["valid_from_on"] <= desk.on] or versions[:1]
    quantity = written.number(desk.ask("quantity", "1"))
    return {
        "code": code,
        "product": held[-1] | {"model": MODELS[held[-1]["price_model"]], "pattern": REVENUES[held[-1]["revenue"]]},
        "versions": list(reversed(versions)),
        "timeline": _axis(desk, code, versions),
        "quantity": desk.ask("quantity", "1"),
        "price": _calculated(desk, held[-1], quantity),
        "rules": _rules(desk, code),
        "revisions": contracts.revisions(desk.session, code, desk.on).to_dicts(),
        "moves": len(versions) > 1,
        "page": {"title": f"{held[-1]['product_name']}", "name": "product"},
    }


def _versions(desk: Desk, code: str) -> list[dict[str, Any]]:
    """The product's versions, the oldest first, each with its last day, its price in words, and the lines that bear it."""
    found = products(desk.session).filter(pl.col("product") == code)
    if found.is_empty():
        raise Http404(code)
    held = contracts.in_force(desk.session, desk.on).filter(pl.col("product") == code)
    counts = dict(held.group_by("product_id").agg(pl.len()).iter_rows())
    until = [*found["valid_from_on"].to_list()[1:], None]
    return [
        row
        | {
            "last_on": end - timedelta(1) if end else None,
            "lines": counts.get(row["product_id"], 0),
            "words": _words(row),
            "first": row["valid_from_on"].year > 1900,
        }
        for row, end in zip(found.iter_rows(named=True), until, strict=True)
    ]


def _words(row: dict[str, Any]) -> str:
    """How a version is priced, in a few words."""
    price = f"{shown.plain(row['unit_price_micro'])}円"
    said = {
        "included": f"{price}（{shown.plain(row['included_micro'])}まで）超過 {shown.plain(row['overage_price_micro'])}円",
        "package": f"{shown.plain(row['package_size_micro'])}ごとに {price}",
        "free": "無料",
    }
    months = row["commitment_months"]
    over = f"{months}か月で" if months else ""
    bounds = [
        f"{over}{name} {row[column]:,}円"
        for column, name in (("minimum", "最低"), ("maximum", "上限"))
        if row[column] is not None
    ]
    return " ".join([shown.tiers(row["tiers"]) or said.get(row["price_model"], price), *bounds])


def _axis(desk: Desk, code: str, versions: list[dict[str, Any]]) -> dict[str, Any]:
    """The versions as `uk-timeline` draws them."""
    since, until = window_of(desk.on)
    parts, events = [], []
    for row in versions:
        begins, ends = row["valid_from_on"], (row["last_on"] + timedelta(1) if row["last_on"] else until)
        if ends <= since or begins >= until:
            continue
        parts.append({
            "from": max(begins, since).isoformat(), "to": min(ends, until).isoformat(), "note": row["words"],
            "text": f"{row['product_name']} {row['words']}", "ahead": begins > desk.on,
        })  # fmt: skip
        if begins >= since:
            events.append(
                {"on": begins.isoformat(), "label": "新しい料金", "text": row["words"], "ahead": begins > desk.on}
            )
    return {
        "label": f"商品 {code} の料金の移り変わり", "from": since.isoformat(), "to": until.isoformat(),
        "now": desk.on.isoformat(), "lanes": [{"label": code, "url": "", "parts": parts}], "more": 0, "events": events,
        "bills": [], "revenue": [], "unit": "版",
    }  # fmt: skip


def _calculated(desk: Desk, row: dict[str, Any], quantity: str) -> dict[str, Any]:
    """What the quantity costs under the version, step by step; ``error`` where it is no quantity.

    Of a product billed by usage it is the usage of one line, else how many a line takes.
    """
    rounding: Rounding = policies(desk.session)["amount_rounding"]  # type: ignore[assignment]
    sheet = pl.DataFrame({"quantity_micro": [quantity]}).select(cells.micro(pl.col("quantity_micro")))
    if sheet["quantity_micro"][0] is None or sheet["quantity_micro"][0] < 0:
        return {"error": "数量は 3 や 730.5 のように書いてください。"}
    taken = pl.lit(MICRO, dtype=pl.Int64) if row["revenue"] == "usage" else pl.col("quantity_micro")
    model = (
        pl.DataFrame([row], schema_overrides={"tier_list": pricing.TIERS}).drop("tiers").rename({"tier_list": "tiers"})
    )
    line = pl.concat([model.drop("quantity_micro", strict=False), sheet], how="horizontal").with_columns(
        taken_micro=taken
    )
    exact = pl.concat([pricing.exact(line), pricing.steps(line)["exact"]])
    yen = exact.to_frame("exact").select(divide(pl.col("exact"), pl.lit(pricing.SCALE), rounding)).to_series()
    parts = pricing.steps(line).with_columns(amount=yen[1:])
    return {"amount": yen[0], "steps": parts.select("units_micro", "unit_price_micro", "amount").to_dicts()}


def _rules(desk: Desk, code: str) -> list[dict[str, Any]]:
    """What the product may be sold with on the day, and which others say so of it."""
    day = pl.lit(desk.on)
    held = option_rules(desk.session).filter(
        (pl.col("from_on") <= day) & (pl.col("until_on").is_null() | (day < pl.col("until_on")))
    )
    mine = held.filter((pl.col("product") == code) | (pl.col("other") == code)).sort("product", "rule", "other")
    return [row | {"word": RULES[row["rule"]].format(**row)} for row in mine.iter_rows(named=True)]


def _groups() -> tuple[Group, ...]:
    return (
        Group("いつ、どの契約を移すか", (
            Field("since", hint="この日から新しい料金です。前の日までは今のままです"),
            Field("at", options=list(revision.TIMES.items())),
            Field("notice", hint="更新日に移すとき、契約ごとの通知期限に間に合う更新から移します"),
            Field("own", hint="契約で単価を決めたもの、更新時に改定するもの", options=OWN),
            Field("contracts", hint="空欄はすべて。いくつかだけなら空白で区切る", wide=True),
        )),
    )  # fmt: skip


@page("product-reprice", "products/<path:code>/reprice", permission="contracts.change", title="料金を改定",
      template="web/pages/reprice.html")  # fmt: skip
def reprice(desk: Desk, code: str) -> Shown:
    """A form for moving running contracts to a new price of the product, with what would come of it."""
    found = products(desk.session).filter(pl.col("product") == code)
    if found.is_empty():
        raise Http404(code)
    newest = found["valid_from_on"].to_list()[-1]
    first = max(newest, desk.on).isoformat() if found.height > 1 else ""
    form = forms.drawn(
        desk, REPRICING, _groups(), {"since": desk.ask("since") or first, "at": "date", "notice": desk.on.isoformat()},
        submit="料金を改定する", back=desk.link(f"products/{quoted(code)}"),
    )  # fmt: skip
    title = f"{found['product_name'].to_list()[-1]} の料金を改定"
    return {"form": form, "code": code, "page": {"title": title, "name": "product-reprice"}}


def _asked(doing: Deed, code: str) -> revision.Asked:
    """The revision that was typed in; refused at its fields where it cannot be read."""
    row = forms.row(doing, REPRICING, _groups())
    sheet = given([row], REPRICING, "料金の改定")
    sheet.accept()
    read = sheet.frame.row(0, named=True)
    numbers = tuple((read["contracts"] or "").replace("、", " ").replace(",", " ").split())
    return revision.Asked(code, read["since"], read["at"], numbers, read["own"] == "yes", read["notice"])


@deed("product-reprice-ahead", "products/<path:code>/reprice/ahead", permission="contracts.change")
def look_ahead(doing: Deed, code: str) -> HttpResponse:
    """Which contracts would move, and what that is a month; nothing is stored."""
    try:
        found = revision.revise(doing.books, _asked(doing, code), user=doing.person.name, preview=True)
    except FileRefusal as refusal:
        labels = {column.name: column.label for column in REPRICING.columns}
        told: dict[str, Any] = {"errors": forms.summary(refusal, labels)}
    except Refusal as refusal:
        told = {"cause": refusal}
    else:
        told = {"figures": revision.figures(found), "rows": _told(found), "more": max(found.height - MOST, 0)}
    return render(doing.request, "web/reprice-ahead.html", told)


def _told(found: pl.DataFrame) -> list[dict[str, Any]]:
    """The first lines, those that move before those that stay, with the difference and the fate in words."""
    ordered = found.sort(pl.col("fate") != MOVES, maintain_order=True).head(MOST)
    return [
        row | {"difference": row["after"] - row["before"], "word": revision.FATES[row["fate"]], "moves": row["fate"] == MOVES}
        for row in ordered.iter_rows(named=True)
    ]  # fmt: skip


@deed("product-reprice-save", "products/<path:code>/reprice", permission="contracts.change", form="product-reprice")
def revise(doing: Deed, code: str) -> HttpResponse:
    """Move the contracts; how many, and what that is a month, is said."""
    asked = _asked(doing, code)
    request = forms.once(doing, [forms.row(doing, REPRICING, _groups())])
    try:
        told = revision.figures(revision.revise(doing.books, asked, user=doing.person.name, request=request))
    except runs.Answered as known:
        told = json.loads(known.body)
    said = f"{told['contracts']:,}契約の料金改定を登録しました。月額は {shown.yen(told['difference'])}円変わります。"
    return doing.done(said if told["lines"] else "新しい料金に移る契約はありませんでした。", f"products/{quoted(code)}")


@deed("product-reprice-withdraw", "products/<path:code>/reprice/withdraw", permission="contracts.change")
def withdraw(doing: Deed, code: str) -> HttpResponse:
    """Take back what is reserved of a revision and has not begun."""
    try:
        since = date.fromisoformat(doing.field("since"))
    except ValueError:
        raise Refusal("bad-date", "取り消す改定の日付が読めません。", "商品の画面から選んでください。") from None
    count = revision.withdraw(doing.books, code, since, on=today(doing.company.code), user=doing.person.name)
    return doing.done(f"料金改定の予約 {count:,}件を取り消しました。今の料金のままです。", f"products/{quoted(code)}")
