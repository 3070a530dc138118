"""What was performed of lines whose revenue goes by it (進捗度・検収), taken from a file."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.core import cells
from urikake.core.money import MICRO, divide, wide
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet

from .. import queries
from ..models import Progress
from .arranging import PROGRESS

PERFORMED: Final = Kind(
    "progress",
    (
        Column("contract_no", "契約番号", required=True),
        Column("product", "商品コード", required=True),
        Column("date", "日付", cells.day, required=True),
        Column("percent", "進捗率", cells.micro),
        Column("cost", "発生原価", cells.amount),
        Column("total_cost", "見積総原価", cells.amount),
        Column("used", "使われた数", cells.amount),
        Column("expected", "見込みの総数", cells.amount),
        Column("note", "摘要"),
    ),
)
LONGEST: Final = 200
KEY: Final = ["contract_no", "product", "date"]
PARTS: Final = (("cost", "total_cost"), ("used", "expected"))
"""What is told as a part of a whole."""
NAMES: Final = {column.name: column.label for column in PERFORMED.columns}


@action("revenue.recognize")
def import_progress(session: Session, *, sheet: Sheet) -> int:
    """Take what was performed in all by each day and return how many rows say something new; refused whole if any is wrong.

    A share is told in percent (100 where the customer has accepted it, 検収), by costs (those incurred of those expected), or
    of rights (重要な権利・ポイント) by how many were used of those expected to be: what is never used becomes revenue with them
    (適用指針54項). A day told anew is corrected; the next recognition catches up.
    """
    sheet.check(pl.struct(KEY).is_duplicated(), "date", "同じ契約・商品・日付の行が二つあります")
    ways = [pl.any_horizontal(pl.col(name).is_not_null() for name in way) for way in (("percent",), *PARTS)]
    sheet.check(
        pl.sum_horizontal(ways) != 1, "percent",
        "進捗率、発生原価と見積総原価、使われた数と見込みの総数の、どれか一つだけを書いてください",
    )  # fmt: skip
    sheet.check(~pl.col("percent").is_between(0, 100 * MICRO), "percent", "0 から 100 までで書いてください")
    for told, (part, whole) in zip(ways[1:], PARTS, strict=True):
        name = NAMES[whole]
        sheet.check(told & ~(pl.col(whole) > 0).fill_null(False), whole, f"{name}（正の整数）が必要です")
        inside = (pl.col(part) >= 0) & (pl.col(part) <= pl.col(whole))
        sheet.check(told & ~inside.fill_null(False), part, f"0 から{name}までで書いてください")
    sheet.frame = sheet.frame.join(_lines(session), on=["contract_no", "product"], how="left", maintain_order="left")
    sheet.check(pl.col("line_id").is_null(), "product", "契約に、収益認識が progress のこの商品の明細がありません")
    sheet.check(pl.col("date") < pl.col("start_on"), "date", "明細の開始日より前です")
    sheet.check(pl.col("note").str.len_chars() > LONGEST, "note", f"{LONGEST}字までで書いてください")
    sheet.accept()
    done = pl.coalesce("percent", *(name for name, _ in PARTS))
    of = pl.when(pl.col("percent").is_not_null()).then(100 * MICRO).otherwise(pl.coalesce(*(name for _, name in PARTS)))
    rows = sheet.frame.select(
        "contract_id", "line_id", measured_on="date", part=done, whole=of, note=pl.col("note").fill_null("")
    ).with_columns(share_micro=divide(wide("part") * MICRO, pl.col("whole"), "floor"))
    known = queries.progress(session).select("line_id", "measured_on", "part", "whole")
    both = rows.join(known, on=["line_id", "measured_on"], how="left", suffix="_known", maintain_order="left")
    same = wide("part") * wide("whole_known") == wide("part_known") * wide("whole")
    fresh = both.filter(~same.fill_null(value=False)).select(rows.columns)
    if fresh.height:
        record_file(session, sheet=sheet)
        facts.record(session, Progress, fresh.rename({"part": "share_part", "whole": "share_whole"}))
    return fresh.height


def _lines(session: Session) -> pl.DataFrame:
    """The lines that go by their progress: ``contract_no, product, line_id, contract_id, start_on``, one of each product."""
    model = products(session).filter(pl.col("revenue") == PROGRESS).select("product_id", "product")
    numbers = contracts.contracts(session).select("contract_id", "contract_no")
    own = (
        contracts.first_lines(session)
        .join(model, on="product_id", maintain_order="left")
        .join(numbers, on="contract_id")
    )
    names = ["contract_no", "product", "line_id", "contract_id", "start_on"]
    return own.select(names).sort("line_id").unique(["contract_no", "product"], keep="first", maintain_order=True)
