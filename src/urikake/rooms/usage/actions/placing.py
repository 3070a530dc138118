"""The rows of a file of usage placed on the contract lines that they measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal, RowError
from urikake.base.progress import step
from urikake.core import cells, timeline
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.contracts.actions import renew_upto
from urikake.rooms.intake.queries import LINE, Column, Kind, Parts, Sheet

USAGE: Final = Kind(
    "usage",
    (
        Column("event_id", "使用量ID", required=True),
        Column("contract_no", "契約番号", required=True),
        Column("product", "商品コード", required=True),
        Column("timestamp", "日時", cells.instant, required=True),
        Column("quantity", "数量", cells.micro, required=True),
        Column("subject", "対象"),
    ),
)
WORDS: Final = ["event_code", "line_id", "used_at", "quantity_micro", "subject"]
JAPAN: Final = "9h"  # Japan has kept one offset since 1952
MOST_ERRORS: Final = 100_000
CLASH: Final = "この使用量ID は別の内容で使われています（先に登録した内容と、この行の内容が違います）"


@dataclass
class Gathered:
    """What the parts of a file give one after the other, how many rows they had, and what is wrong with any of them."""

    rows: int = 0
    errors: list[RowError] = field(default_factory=list)

    def each(self, parts: Parts, take: Callable[[Sheet], pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """What ``take`` makes of every part; parts that it refuses are left out, and after `MOST_ERRORS` all others."""
        for sheet in parts.sheets:
            self.rows += sheet.frame.height
            try:
                found = take(sheet)
            except FileRefusal as refusal:
                self.errors += refusal.errors
                if len(self.errors) >= MOST_ERRORS:
                    return
                continue
            yield found
            step(f"使用量 {self.rows:,}行")


def day_in_japan() -> pl.Expr:
    """The day in Japan of the instant."""
    return pl.col("timestamp").dt.offset_by(JAPAN).dt.date()


def placed(session: Session, sheet: Sheet) -> pl.DataFrame:
    """The rows with the contract line that each measures."""
    rows = sheet.frame.with_columns(
        used_on=day_in_japan(),
        event_code="event_id",
        used_at="timestamp",
        quantity_micro="quantity",
        subject=pl.col("subject").fill_null(""),
    )
    newest = rows.group_by("contract_no").agg(day=pl.col("used_on").max())
    renew_upto(session, reached=newest.join(contracts.contracts(session), on="contract_no"))
    known = contracts.contracts(session)["contract_no"].implode()
    sheet.frame = rows
    sheet.check(~pl.col("contract_no").is_in(known), "contract_no", "この契約はありません")
    chosen = _borne(rows, _spans(session))
    rows = rows.join(chosen, on=LINE, how="left", maintain_order="left")
    readable = pl.col("used_on").is_not_null() & pl.col("product").is_not_null()
    missing = pl.col("line_id").is_null() & readable & pl.col("contract_no").is_in(known)
    sheet.frame = rows
    sheet.check(missing, "product", "この日に、契約にこの商品の明細がありません")
    sheet.check(pl.col("revenue") != "usage", "product", "使用量で課金する商品（収益認識 usage）ではありません")
    whose = (pl.col("meter") == "unique") & (pl.col("subject") == "")
    sheet.check(whose, "subject", "対象の数で課金する商品です。対象（利用者や機器の番号など）を書いてください")
    return rows


def _spans(session: Session) -> pl.DataFrame:
    """The days on which each line bears each product: with its ``revenue`` and ``meter``."""

    def find() -> pl.DataFrame:
        lines, found = contracts.folded(session)
        held = timeline.segments(lines, found).join(lines.select("line_id", "contract_id", "position"), on="line_id")
        numbers = contracts.contracts(session).select("contract_id", "contract_no")
        code = products(session).select("product_id", "product", "revenue", "meter")
        named = held.join(numbers, on="contract_id").join(code, on="product_id")
        return named.select("contract_no", "product", "line_id", "position", "revenue", "meter", "from_on", "to_on")

    return session.derived("usage_spans", (*contracts.TABLES, "contracts_terms", "catalog_product"), find)


def _borne(rows: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The line of each row: ``file_line, line_id, revenue, meter``; of several the one that stands first in its contract."""
    names = ["contract_no", "product"]
    asked = rows.lazy().select(LINE, *names, "used_on").join(spans.lazy(), on=names)
    open_ended = pl.col("to_on").is_null() | (pl.col("used_on") < pl.col("to_on"))
    within = asked.filter((pl.col("from_on") <= pl.col("used_on")) & open_ended)
    found = within.select(LINE, "line_id", "revenue", "meter", "position").collect()
    if found[LINE].n_unique() < found.height:
        found = found.sort("position").unique(LINE, keep="first")
    return found.drop("position")
