"""Usage events taken from a file, each id once."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.core import cells, timeline
from urikake.core.money import MICRO
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.contracts.actions import renew_upto
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import LINE, Column, Kind, Sheet

from .models import UsageEvent

USAGE: Final = Kind(
    "usage",
    (
        Column("event_id", "使用量ID", required=True),
        Column("contract_no", "契約番号", required=True),
        Column("product", "商品コード", required=True),
        Column("timestamp", "日時", cells.instant, required=True),
        Column("quantity", "数量", cells.micro, required=True),
    ),
)
WORDS: Final = ["event_code", "line_id", "used_at", "quantity_micro"]


@action("usage.import")
def import_usage(session: Session, *, sheet: Sheet) -> int:
    """Take the usage events of the sheet and return how many are new; refused whole if any row is wrong."""
    rows = sheet.sift(_placed(session, sheet))
    there = _known(session, rows["event_code"])
    distinct = rows.unique(WORDS, keep="first", maintain_order=True)
    every = pl.concat([there.select(WORDS), distinct.select(WORDS)]).unique()
    clash = every.filter(pl.col("event_code").is_duplicated())["event_code"].unique()
    why = "この使用量ID は別の内容で使われています（先に登録した内容と、この行の内容が違います）"
    sheet.check(pl.col("event_id").is_in(clash.implode()), "event_id", why)
    fresh = sheet.sift(distinct.join(there, on="event_code", how="anti", maintain_order="left"))
    _check_corrections(session, sheet, fresh)
    sheet.accept()
    if fresh.height:
        facts.record(session, UsageEvent, fresh)
        record_file(session, sheet=sheet)
    return fresh.height


def _check_corrections(session: Session, sheet: Sheet, fresh: pl.DataFrame) -> None:
    """Note negative quantities (訂正) that take more than the line's usage of that day, on record and in the file."""
    keys = ["line_id", "used_on"]
    days = fresh.filter(pl.col("quantity_micro") < 0).select(keys).unique()
    if days.is_empty():
        return
    session.stage(days)
    there = session.read(
        "SELECT e.line_id, e.used_on, e.quantity_micro FROM stage s"
        " JOIN usage_event e ON e.line_id = s.line_id AND e.used_on = s.used_on"
    )
    every = pl.concat([there, fresh.select(there.columns)])
    sums = every.group_by(keys).agg(total=pl.col("quantity_micro").sum())
    names = ["contract_no", "product", "used_on"]  # where another row of that day is wrong, the sum is not known
    missing = sheet.lost().with_columns(used_on=_day()).select(*names, missing=pl.lit(True)).unique()
    joined = fresh.join(sums, on=keys, how="left", maintain_order="left")
    sheet.frame = joined.join(missing, on=names, how="left", maintain_order="left")
    below = (pl.col("quantity_micro") < 0) & (pl.col("total") < 0) & pl.col("missing").is_null()
    total = (pl.col("total") / MICRO).cast(pl.String).str.strip_suffix(".0")
    why = "訂正すると、この日のこの明細の使用量の合計が {} になります。合計が 0 を下回らない数量にしてください"
    sheet.check(below, "quantity", pl.format(why, total))


def _known(session: Session, wanted: pl.Series) -> pl.DataFrame:
    """The events already there among the wanted ids."""
    distinct = wanted.unique()
    session.stage(pl.DataFrame({"code": distinct}))
    return session.read(
        "SELECT e.event_code, e.line_id, e.used_at, e.quantity_micro FROM stage s"
        " JOIN usage_event e ON e.company_id = ? AND e.event_code = s.code",
        (session.company_id,),
    )


def _day() -> pl.Expr:
    """The day in Japan of the instant."""
    return pl.col("timestamp").dt.convert_time_zone("Asia/Tokyo").dt.date()


def _placed(session: Session, sheet: Sheet) -> pl.DataFrame:
    """The rows with the contract line that each measures."""
    days = sheet.frame.select("contract_no", day=_day())
    renew_upto(session, reached=days.join(contracts.contracts(session), on="contract_no"))
    lines, found = contracts.folded(session)
    held = timeline.segments(lines, found).join(lines.select("line_id", "contract_id", "position"), on="line_id")
    numbers = contracts.contracts(session).select("contract_id", "contract_no")
    code = products(session).select("product_id", "product", "revenue")
    spans = held.join(numbers, on="contract_id").join(code, on="product_id")
    known = numbers["contract_no"].implode()
    sheet.check(~pl.col("contract_no").is_in(known), "contract_no", "この契約はありません")
    rows = sheet.frame.with_columns(
        used_on=_day(),
        event_code="event_id",
        used_at="timestamp",
        quantity_micro="quantity",
    )
    names = ["contract_no", "product"]
    hits = rows.select(LINE, *names, "used_on").join(
        spans.select(*names, "line_id", "position", "revenue", "from_on", "to_on"), on=names
    )
    within = hits.filter(
        (pl.col("from_on") <= pl.col("used_on")) & (pl.col("to_on").is_null() | (pl.col("used_on") < pl.col("to_on")))
    )
    chosen = within.sort("position").unique(LINE, keep="first").select(LINE, "line_id", "revenue")
    rows = rows.join(chosen, on=LINE, how="left", maintain_order="left")
    readable = pl.col("used_on").is_not_null() & pl.col("product").is_not_null()
    missing = pl.col("line_id").is_null() & readable & pl.col("contract_no").is_in(known)
    sheet.frame = rows
    sheet.check(missing, "product", "この日に、契約にこの商品の明細がありません")
    sheet.check(pl.col("revenue") != "usage", "product", "使用量で課金する商品（収益認識 usage）ではありません")
    return rows
