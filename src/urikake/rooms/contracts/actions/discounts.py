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
    every = [_events(lines.filter(pl.col("free_months").is_not_null()), pl.lit(WHOLE), None, "free_months", FREE)]
    given = lines.filter(pl.col("discount").is_not_null())
    every.append(_events(given, rate(), cut(), "discount_months", AGREED))
    return pl.concat(every)


def _events(lines: pl.DataFrame, rate_: pl.Expr, cut_: pl.Expr | None, months: str, reason: str) -> pl.DataFrame:
    first = pl.col("start_on")
    once = pl.col(months) == 0
    until = add_months(
        first, pl.when(once).then(pl.max_horizontal("cycle_months", 1)).otherwise(months), first.dt.day()
    )
    none = pl.lit(None, dtype=pl.Int64)
    return lines.select(
        "contract_id",
        "line_id",
        "recorded_at",
        kind=pl.lit("discount"),
        effective_on="start_on",
        until_on=until,
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
    first = pl.col("effective_on")
    months = add_months(first, pl.col("discount_months"), first.dt.day())
    once = placed.filter(pl.col("discount_months") == 0)
    ends = _cycle_ends(held, once)
    dated = placed.join(ends, on=AT, how="left", maintain_order="left").with_columns(
        until_on=pl.when(pl.col("discount_months") == 0).then("cycle_end_on").otherwise(months)
    )
    whole = pl.concat([rows.filter(pl.col("kind") != "discount"), dated.select(rows.columns)]).sort(AT)
    return sheet.sift(whole)


def _cycle_ends(held: pl.DataFrame, once: pl.DataFrame) -> pl.DataFrame:
    """The end of the cycle in which each discount's first day lies: ``file_line, cycle_end_on``."""
    asked = once.select(AT, "effective_on", line_id="own").join(held, on="line_id", maintain_order="left")
    none = pl.lit(None, dtype=pl.Date)
    lines = asked.with_columns(line_id=AT, after_on=none, until_on=pl.col("effective_on").dt.offset_by("1d"))
    cycles = calendar.cycles(lines).group_by("line_id").agg(pl.col("to_on").max())
    return cycles.select(pl.col("line_id").alias(AT), cycle_end_on="to_on")
