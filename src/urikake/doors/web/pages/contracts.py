"""Contracts: the list of lines in force, one contract with its timeline, renewals."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.http import Http404

from urikake.base.company import policies
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.contracts.queries import contracts as every_contract
from urikake.rooms.intake.queries.words import WORDS
from urikake.rooms.parties.queries import profiles
from urikake.rooms.parties.queries import terms as collection_terms

from ..book import Shown, page
from ..desk import Desk, quoted
from ..frame import last_day
from ..table import Choice, Column, Empty, listed_as, table
from ..timelines import timeline
from ..views import Shipped
from .obligations import panel
from .partners import METHODS, closing_words, pay_words

POINTS: Final = WORDS["tax_point"]
TIMINGS: Final = {"advance": "前払", "current": "当月", "arrears": "後払"}
STAGES: Final = {"started": "今月開始", "left": "今月解約", "ahead": "変更予約"}
SHIPPED: Final = tuple(Shipped(title, f"stage={name}") for name, title in STAGES.items())


@page("contracts", "contracts", permission="contracts.read", title="契約")
def listed(desk: Desk) -> Shown:
    """The contract lines in force on the day looked at; those that came or left in its month where the address asks for them."""
    month = (desk.on.replace(day=1), last_day(desk.on))
    whole = desk.ask("stage") in ("started", "left")
    found = _with_terms(desk, contracts.in_span(desk.session, *month) if whole else _held(desk))
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
        filters=[Choice("product_name", "商品"), Choice("cycle", "請求"), _stages(desk, *month)], shipped=SHIPPED,
        find=["contract_no", "partner_name", "partner", "product_name"], sort="contract_no",
        empty=Empty("この日に有効な契約はありません。", "契約を取り込む", desk.link("imports")),
    )  # fmt: skip
    return listed_as(listing)


def _stages(desk: Desk, first: date, last: date) -> Choice:
    """The filter that finds what begins, ends or changes."""
    gone = contracts.ended(desk.session, last + timedelta(1))
    return Choice(
        "stage", "動き", tuple(STAGES.items()),
        where={
            "started": pl.col("start_on").is_between(first, last),
            "left": pl.col("line_id").is_in(gone.implode()) & pl.col("last_on").is_between(first, last),
            "ahead": pl.col("line_id").is_in(contracts.reserved(desk.session, desk.on).implode()),
        },
    )  # fmt: skip


def _held(desk: Desk) -> pl.DataFrame:
    return contracts.in_force(desk.session, desk.on)


def _with_terms(desk: Desk, held: pl.DataFrame) -> pl.DataFrame:
    """The lines with names and terms in words."""
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
    """The terms that end within the days asked for, or those of which the last day of notice is near."""
    days = int(desk.ask("days", "60")) if desk.ask("days", "60").isdecimal() else 60
    near = desk.ask("notice") == "near"
    names = profiles(desk.session, "name").select(partner="code", partner_name="name")
    asked = contracts.to_notify(desk.session, desk.on) if near else contracts.renewals(desk.session, desk.on, days)
    days_left = (pl.col("notice_by") - pl.lit(desk.on)).dt.total_days()
    left = pl.when(days_left >= 0).then(pl.format("あと {} 日", days_left)).otherwise(pl.lit("過ぎました"))
    found = asked.with_columns(left=left).join(names, on="partner", how="left", maintain_order="left")
    none = "通知の期限が近い契約はありません。" if near else f"{days}日以内に満了する契約はありません。"
    columns = [
        Column("contract_no", "契約番号", url=lambda row: desk.link(f"contracts/{quoted(row['contract_no'])}")),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("ends", "満了日", "date"),
        Column("notice_by", "通知期限", "date"),
        Column("left", "通知期限まで"),
        Column("renews_to", "更新後の満了日", "date"),
    ]
    return listed_as(
        table(desk, found, columns, key="contract_no", name="renewals", find=["contract_no", "partner_name"],
              sort="notice_by" if near else "ends", empty=Empty(none))
    )  # fmt: skip


@page("contract", "contracts/<path:contract_no>", permission="contracts.read", title="契約")
def one(desk: Desk, contract_no: str) -> Shown:
    """One contract: its lanes over time, what happened to it, what it will be billed."""
    found = every_contract(desk.session).filter(pl.col("contract_no") == contract_no)
    if found.is_empty():
        raise Http404(contract_no)
    partner_id = found["partner_id"][0]
    partner = profiles(desk.session, "name").filter(pl.col("partner_id") == partner_id).row(0, named=True)
    history = contracts.history(desk.session, partner_id).filter(pl.col("contract_no") == contract_no)
    lines = _with_terms(desk, _held(desk)).filter(pl.col("contract_no") == contract_no)
    return {
        "contract_no": contract_no,
        "partner": partner,
        "on": desk.on,
        "approves": policies(desk.session).needs_second_person("invoices"),
        "apart": _paid_apart(desk, found["contract_id"][0]),
        "lines": lines.to_dicts(),
        "obligations": panel(desk, found["contract_id"][0]),
        "events": [_event(row, desk.on) for row in reversed(history.to_dicts())],
        "timeline": timeline(desk, found, history, label=f"契約 {contract_no} の時間軸"),
        "page": {"title": f"契約 {contract_no}", "name": "contract"},
    }


def _paid_apart(desk: Desk, contract_id: int) -> list[str]:
    """The collection terms, days of tax and protection that lines of the contract have of their own, in words, each once."""
    lines = contracts.first_lines(desk.session).filter(pl.col("contract_id") == contract_id)
    own = (
        lines.join(contracts.terms(desk.session), on="contract_terms_id")
        .select("collection_terms_id", "tax_point", "commissioned")
        .unique()
    )
    every = own.join(
        collection_terms(desk.session).rename({"terms_id": "collection_terms_id"}), on="collection_terms_id", how="left"
    )
    told = []
    for row in every.sort("collection_terms_id", "tax_point", "commissioned").iter_rows(named=True):
        if row["collection_terms_id"] is not None:
            days = (
                f"{closing_words(row['closing_mask'])}締め {pay_words(row['payment_months'], row['payment_day'])}払い"
            )
            told.append(
                f"{days}・{METHODS.get(row['method'], row['method'])}" + (f"（{row['split']}）" if row["split"] else "")
            )
        if row["tax_point"]:
            told.append(f"税率は{POINTS[row['tax_point']]}")
        if row["commissioned"]:
            told.append("取適法の対象")
    return list(dict.fromkeys(told))


def _event(row: dict[str, Any], on: date) -> dict[str, Any]:
    label, day = contracts.WORDS.get(row["kind"], row["kind"]), row["effective_on"].isoformat()
    cut = contracts.discount_words(row["discount_rate"], row["discount_cut"])
    label = f"{label} {cut or 'の終わり'}" if row["kind"] == "discount" else label
    return row | {"label": label, "day": day, "ahead": row["effective_on"] > on}
