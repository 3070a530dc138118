"""Price revision (料金改定): running contracts moved to a product's new version, on a day or at their renewals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Literal

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.core import calendar, charging, timeline
from urikake.core.money import Rounding, divide
from urikake.rooms.catalog.queries import by_cycle, products
from urikake.rooms.parties.queries import codes

from .. import queries
from ..models import Event
from . import commitments, ours

When = Literal["date", "renewal"]
MOVES: Final = "moves"
OWN: Final = "own"
"""Stays, because its price was agreed on by itself, or rises at renewals as agreed."""
UNRENEWED: Final = "unrenewed"
"""Stays, because it has no renewal at which it could move."""
TERMS: Final = ("cycle_months", "auto_renew", "anchor_on", "notice_days", "uplift_micro")
COLUMNS: Final = (
    "contract_id", "contract_no", "partner", "line_id", "effective_on", "quantity_micro", "unit_price_micro",
    "new_price_micro", "before", "after", "notice_by_on", "fate",
)  # fmt: skip


@action("contracts.change")
def reprice(
    session: Session,
    *,
    product: str,
    since: date,
    at: When = "date",
    contracts: Sequence[str] = (),
    own: bool = False,
    noticed_on: date | None = None,
) -> pl.DataFrame:
    """Move the lines of older versions to the version of that day and return every line looked at, with its ``fate``.

    They move ``at`` the date, or at their first renewal from it on of which customers, told on ``noticed_on``, hear in
    time. Only those of ``contracts``, where any are named. A price of its own stays, unless ``own`` ones are to move too.
    Columns: `COLUMNS`; ``before`` and ``after`` are yen a month without usage. A line that has moved does not move again.
    """
    new = _version(session, product, since)
    found = _chosen(session, _reached(session, product, new, since, at, noticed_on), contracts)
    told = _priced(session, _fated(found, own), new).select(COLUMNS)
    moving = told.filter(pl.col("fate") == MOVES)
    _require_fit(session, moving, new)
    facts.record(session, Event, _events(session, moving, product, new, since))
    return told


def _require_fit(session: Session, moving: pl.DataFrame, new: dict[str, Any]) -> None:
    """Refuse a move of lines whose cycles do not make up the months for which the new version has a commitment."""
    lines = queries.first_lines(session).select("line_id", "contract_terms_id")
    cycles = queries.terms(session).select("contract_terms_id", "cycle_months")
    named = moving.select("line_id", "contract_no").join(lines, on="line_id").join(cycles, on="contract_terms_id")
    bad = commitments.unfit(session, named.with_columns(product_id=pl.lit(new["product_id"], dtype=pl.Int64)))
    if bad.height:
        row = bad.row(0, named=True)
        why = f"契約「{row['contract_no']}」: 新しい料金の約束期間 {row['commitment_months']} か月は、"
        why += f"請求サイクル {row['cycle_months']} か月で割り切れません。"
        raise Refusal("unfit-commitment", why, "約束期間を直すか、その契約を除いて移してください。")


def _version(session: Session, product: str, since: date) -> dict[str, Any]:
    """The version of the product that holds on the day; refused where there is none before it that lines could leave."""
    every = products(session).filter(pl.col("product") == product)
    if every.is_empty():
        raise Refusal("unknown-product", f"商品「{product}」はありません。", "商品コードを確かめてください。")
    if every["revenue"][0] == "deposit":
        why = f"商品「{product}」は預り保証金です。契約ごとに決めた額のまま預かります。"
        raise Refusal("deposit-price", why, "変えるときは、契約ごとに単価の変更（change_price）を登録してください。")
    held = every.filter(pl.col("valid_from_on") <= since)
    if held.height < 2:
        why = f"商品「{product}」には、{since} に切り替わっている新しい料金がありません。"
        raise Refusal("no-revision", why, "適用開始日とともに新しい料金を登録してから行ってください。")
    return held.row(held.height - 1, named=True)


def _reached(
    session: Session, product: str, new: dict[str, Any], since: date, at: When, noticed_on: date | None
) -> pl.DataFrame:
    """The stretches of the product's older versions from when each line may move (``reach_on``), with names and terms.

    Lines that go on by themselves are looked at beyond the end of their term, those at rest as if they were not.
    """
    lines, events = queries.folded(session)
    terms = queries.terms(session).select("contract_terms_id", *TERMS)
    named = lines.join(terms, on="contract_terms_id", maintain_order="left")
    named = named.filter(~pl.col("leaving") & (pl.col("cycle_months") > 0))
    goes_on = (pl.col("end_on") == pl.col("term_end_on")) & ~pl.col("declined") & pl.col("auto_renew").is_not_null()
    named = named.with_columns(goes_on=goes_on.fill_null(False))
    reach = pl.lit(since) if at == "date" else _renewal_on(named, since, noticed_on)
    named = named.with_columns(reach_on=reach, end_on=pl.when(~pl.col("goes_on")).then("end_on"))
    held = timeline.segments(named, events.filter(~pl.col("kind").is_in(timeline.PAUSES)))
    versions = products(session).select("product_id", "product", "valid_from_on", list_price_micro="unit_price_micro")
    held = held.join(versions, on="product_id", maintain_order="left").with_columns(
        old=(pl.col("product") == product) & (pl.col("valid_from_on") < new["valid_from_on"])
    )
    wanted = [
        "line_id",
        "contract_id",
        "partner_id",
        "reach_on",
        "goes_on",
        "cycle_months",
        "notice_days",
        "uplift_micro",
    ]
    placed = held.join(named.select(wanted), on="line_id", maintain_order="left")
    from_then = pl.coalesce("reach_on", pl.lit(since))
    return placed.filter(pl.col("to_on").is_null() | (pl.col("to_on") > from_then)).with_columns(
        effective_on=pl.max_horizontal("from_on", from_then)
    )


def _renewal_on(lines: pl.DataFrame, since: date, noticed_on: date | None) -> pl.Series:
    """The day of each line's first renewal from the day on of which notice is in time; null where it does not renew."""
    told = pl.lit(noticed_on, dtype=pl.Date) + pl.duration(days=pl.col("notice_days").fill_null(0) + 1)
    months, end = pl.col("auto_renew"), pl.col("term_end_on")
    mine = lines.filter("goes_on").with_columns(need_on=pl.max_horizontal(pl.lit(since), told))
    behind = calendar.month_number(pl.col("need_on")) - calendar.month_number(end)
    last = pl.max_horizontal(behind, pl.lit(0)) // months + 2
    spelled = (
        mine.with_columns(times=pl.int_ranges(0, last))
        .explode("times")
        .with_columns(renewed_on=timeline.carried(end, pl.coalesce("anchor_on", "start_on"), pl.col("times") * months))
    )
    first = (
        spelled.filter(pl.col("renewed_on") >= pl.col("need_on")).group_by("line_id").agg(pl.col("renewed_on").min())
    )
    return lines.join(first, on="line_id", how="left", maintain_order="left")["renewed_on"]


def _chosen(session: Session, found: pl.DataFrame, numbers: Sequence[str]) -> pl.DataFrame:
    """The stretches of the contracts of those numbers, or all; named. Refused where there is no such contract."""
    known = queries.contracts(session).select("contract_id", "contract_no")
    named = found.join(known, on="contract_id", maintain_order="left").join(
        codes(session).rename({"code": "partner"}), on="partner_id", how="left", maintain_order="left"
    )
    if not numbers:
        return named
    missing = [number for number in numbers if number not in known["contract_no"]]
    if missing:
        raise Refusal("unknown-contract", f"契約「{missing[0]}」はありません。", "契約番号を確かめてください。")
    return named.filter(pl.col("contract_no").is_in(list(numbers)))


def _fated(found: pl.DataFrame, own: bool) -> pl.DataFrame:
    """The stretches of older versions with what becomes of them; one that goes on as the one before it is no other."""
    agreed = (pl.col("unit_price_micro") != pl.col("list_price_micro")) | pl.col("uplift_micro").is_not_null()
    fate = (
        pl.when(pl.col("reach_on").is_null()).then(pl.lit(UNRENEWED))
        .when(agreed & ~pl.lit(own)).then(pl.lit(OWN)).otherwise(pl.lit(MOVES))
    )  # fmt: skip
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift(1).over("line_id"))
        for name in ("product_id", "unit_price_micro", "fate")
    )
    ordered = found.sort("contract_no", "line_id", "from_on").with_columns(fate=fate)
    return ordered.filter(pl.col("old") & ~same)


def _priced(session: Session, found: pl.DataFrame, new: dict[str, Any]) -> pl.DataFrame:
    """The stretches with their price, and yen a month, as they are and as they will be."""
    moves = pl.col("fate") == MOVES
    price = pl.when(moves).then(pl.lit(new["unit_price_micro"])).otherwise("unit_price_micro")
    after = found.with_columns(
        unit_price_micro=price, product_id=pl.when(moves).then(pl.lit(new["product_id"])).otherwise("product_id")
    )
    notice = pl.col("effective_on") - pl.duration(days=pl.col("notice_days").fill_null(0) + 1)
    return found.with_columns(
        new_price_micro=after["unit_price_micro"],
        before=_monthly(session, found),
        after=_monthly(session, after),
        notice_by_on=pl.when(moves).then(notice),
    )


def _monthly(session: Session, states: pl.DataFrame) -> pl.Series:
    """What a whole cycle of each state costs with its discounts and without usage, a month."""
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    metered = products(session).filter(pl.col("revenue") == "usage")["product_id"]
    none = pl.when(pl.col("product_id").is_in(metered.implode())).then(pl.lit(0, dtype=pl.Int64))
    first, last = pl.lit(date(2000, 1, 1)), pl.lit(date(2000, 1, 31))
    whole = {
        "whole_from_on": first, "whole_to_on": last, "from_on": first, "to_on": last, "lasts_to_on": last,
    }  # fmt: skip
    rows = states.select(
        "product_id", "quantity_micro", "unit_price_micro", "discount_rate", "discount_cut", "cycle_months",
        usage_micro=none, basis=pl.lit(""), sign=pl.lit(1, dtype=pl.Int64), **whole,
    )  # fmt: skip
    bounds = products(session).select("product_id", "minimum", "commitment_months")
    full = charging.priced(rows, by_cycle(session), rounding).join(bounds, on="product_id", maintain_order="left")
    least = divide(pl.col("minimum"), pl.col("commitment_months"), rounding)
    return full.select(pl.max_horizontal(divide(pl.col("amount"), pl.col("cycle_months"), rounding), least)).to_series()


def _mark(product: str, since: date) -> str:
    """What the events of one revision bear, so that they are found again."""
    return f"{queries.REVISION}|{product}|{since.isoformat()}"


def _events(session: Session, moving: pl.DataFrame, product: str, new: dict[str, Any], since: date) -> pl.DataFrame:
    """The moves as events of the contracts."""
    moved = moving.select(
        "contract_id",
        "line_id",
        "effective_on",
        product_id=pl.lit(new["product_id"], dtype=pl.Int64),
        unit_price_micro="new_price_micro",
    )
    reason = f"料金改定（{new['valid_from_on']:%Y/%m/%d} からの料金）"
    return ours.told(session, moved, "change_price", reason, _mark(product, since))


@action("contracts.change")
def withdraw_reprice(session: Session, *, product: str, since: date, on: date) -> int:
    """Take back what `reprice` reserved for that product and day and has not begun on the day ``on``; return how many.

    Refused where nothing of it is left to be taken back.
    """
    standing = queries.events(session)
    mine = standing.filter((pl.col("content") == _mark(product, since)) & (pl.col("effective_on") > on))
    if mine.is_empty():
        why = f"商品「{product}」の {since} からの料金改定に、まだ始まっていない予約はありません。"
        raise Refusal(
            "nothing-reserved", why, "商品コードと日付を確かめてください。始まった改定は、改めて単価を変えてください。"
        )
    taken = mine.select("contract_id", "line_id", "effective_on", target_id="event_id")
    return facts.record(session, Event, ours.told(session, taken, "withdraw", "料金改定の取消")).height
