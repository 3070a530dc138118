"""Discounts (値引) as they are written in files, and those that a contract begins with."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import calendar, cells
from urikake.core.calendar import add_months
from urikake.core.timeline import WHOLE
from urikake.rooms.intake.queries import LINE as AT
from urikake.rooms.intake.queries import Sheet

from .. import queries
from ..models import Event

FREE: Final = "無料期間"
AGREED: Final = "契約時の値引"
MONTHS: Final = "0（一回だけ）〜600 の整数で書いてください"
"""What the column of a discount's months wants."""


def rate() -> pl.Expr:
    """The discount of the cell as a rate in `WHOLE`; null where it is an amount or empty."""
    return cells.percent(pl.col("discount")) * WHOLE // (100 * 1_000_000)


def cut() -> pl.Expr:
    """The discount of the cell as an amount in `WHOLE`; null where it is a percentage or empty."""
    return cells.amount(pl.col("discount").str.strip_suffix("円")) * WHOLE


def check(sheet: Sheet) -> None:
    """Note what is wrong with the discount of a row."""
    given = pl.col("discount").is_not_null()
    sheet.check(given & rate().is_null() & cut().is_null(), "discount", "10% か 500 のように書いてください")
    sheet.check(rate() > WHOLE, "discount", "100% を超える値引はできません")
    sheet.check(cut() < 0, "discount", "0 以上で書いてください")
    sheet.check(cut() > 10**10 * WHOLE, "discount", "値引の額が大きすぎます")
    sheet.check(~pl.col("discount_months").is_between(0, 600), "discount_months")
    sheet.check(pl.col("discount_months").is_not_null() & ~given, "discount_months", "値引も書いてください")


def agreed(lines: pl.DataFrame) -> pl.DataFrame:
    """The discounts that new lines begin with, as events on their first day: the free months, then the discount agreed."""
    free = lines.filter(pl.col("free_months").is_not_null())
    given = lines.filter(pl.col("discount").is_not_null())
    every = [_events(free, pl.lit(WHOLE), None, "free_months", FREE)] if free.height else []
    every += [_events(given, rate(), cut(), "discount_months", AGREED)] if given.height else []
    return pl.concat(every) if every else pl.DataFrame()


def _events(lines: pl.DataFrame, rate_: pl.Expr, cut_: pl.Expr | None, months: str, reason: str) -> pl.DataFrame:
    ended = _ending(lines.with_columns(key="line_id", effective_on="start_on"), months)
    none = pl.lit(None, dtype=pl.Int64)
    return ended.select(
        "contract_id",
        "line_id",
        "recorded_at",
        kind=pl.lit("discount"),
        effective_on="start_on",
        until_on="until_on",
        event_code=pl.lit(""),
        content="agreed",
        reason=pl.lit(reason),
        discount_rate=rate_.cast(pl.Int64),
        discount_cut=none if cut_ is None else cut_,
    )


def words(session: Session) -> pl.DataFrame:
    """What each line that has any was agreed on with, as `agree` spells it: ``line_id, agreed``."""
    name = Event._meta.db_table
    found = session.rows(name, "id, line_id, content", "kind = 'discount' AND event_code = '' AND content <> ''")
    return found.select("line_id", agreed="content").unique("line_id")


def ending(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, discounts with the day on which they end: after so many months, or with the cycle of their first day.

    An amount is off one line: where the row names none, the contract may have only one in force.
    """
    mine = rows.filter(pl.col("kind") == "discount")
    if mine.is_empty():
        return rows
    lines, _ = queries.folded(session)
    held = lines.join(queries.terms(session), on="contract_terms_id").filter(~pl.col("leaving"))
    of_line = mine.select(AT, "line_id", "contract_id", "effective_on").with_columns(
        any_line=pl.col("line_id").is_null()
    )
    every = held.select("contract_id", own="line_id")
    spread = of_line.join(every, on="contract_id").filter(pl.col("any_line") | (pl.col("line_id") == pl.col("own")))
    counted = spread.group_by(AT, maintain_order=True).agg(pl.col("own").first(), lines=pl.len())
    placed = mine.join(counted, on=AT, how="left", maintain_order="left")
    sheet.frame = placed
    several = pl.col("discount_cut").is_not_null() & (pl.col("discount_cut") > 0) & (pl.col("lines") > 1)
    sheet.check(several, "line", "明細が二つ以上ある契約の定額の値引は、明細商品コードで一つに決めてください")
    placed = sheet.sift()
    asked = placed.select("effective_on", "discount_months", key=AT, line_id="own")
    ends = _ending(asked.join(held, on="line_id", maintain_order="left"), "discount_months")
    dated = placed.drop("until_on").join(
        ends.select("until_on", pl.col("key").alias(AT)), on=AT, how="left", maintain_order="left"
    )
    whole = pl.concat([rows.filter(pl.col("kind") != "discount"), dated.select(rows.columns)]).sort(AT)
    return sheet.sift(whole)


def _ending(lines: pl.DataFrame, months: str) -> pl.DataFrame:
    """The lines with ``until_on``: so many ``months`` after ``effective_on``, for 0 the end of the cycle that it lies in.

    ``lines`` are as `calendar.cycles` takes them, known by their ``key``.
    """
    first, none = pl.col("effective_on"), pl.lit(None, dtype=pl.Date)
    once = lines.filter(pl.col(months) == 0)
    asked = once.with_columns(line_id="key", after_on=none, until_on=first.dt.offset_by("1d"))
    cycles = calendar.cycles(asked).group_by(key="line_id").agg(cycle_end_on=pl.col("to_on").max())
    joined = lines.join(cycles, on="key", how="left", maintain_order="left")
    after = add_months(first, pl.col(months), first.dt.day())
    return joined.with_columns(until_on=pl.when(pl.col(months) == 0).then("cycle_end_on").otherwise(after))
