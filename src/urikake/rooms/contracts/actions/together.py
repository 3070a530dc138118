"""What may be sold together (オプションの決まり), held against new contracts and against options that come and go."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import timeline
from urikake.rooms.catalog.queries import conflicts, option_rules, products
from urikake.rooms.intake.queries import LINE as AT
from urikake.rooms.intake.queries import Sheet

from .. import queries

MOVING: Final = ("add_option", "change_plan", "remove_option")


def agreed(session: Session, sheet: Sheet, fresh: pl.DataFrame) -> None:
    """Note the lines of new contracts that may not be sold with, or without, what the contract has on their first day."""
    if option_rules(session).is_empty():
        return
    rows = fresh.select("contract_no", "product", "start", "end")
    asked = fresh.select("contract_no", at=AT, day="start", own="product")
    held = asked.join(rows, on="contract_no", maintain_order="left").filter(
        (pl.col("start") <= pl.col("day")) & (pl.col("end").is_null() | (pl.col("end") >= pl.col("day")))
    )
    _note(session, sheet, held, asked.with_columns(left=pl.lit(None, dtype=pl.String)), "product")


def changed(session: Session, sheet: Sheet, rows: pl.DataFrame) -> None:
    """Note the changes after which a contract has what may not be sold together, or lacks what is needed."""
    mine = rows.filter(pl.col("kind").is_in(MOVING))
    if mine.is_empty() or option_rules(session).is_empty():
        return
    lines, found = queries.folded(session)
    touched = lines.join(mine.select("contract_id"), on="contract_id", how="semi")
    events = found.join(touched.select("line_id"), on="line_id", how="semi")
    states = timeline.segments(touched, events).join(touched.select("line_id", "contract_id"), on="line_id")
    states = states.join(products(session).select("product_id", "product"), on="product_id")
    gone = pl.when(pl.col("kind") != "add_option").then("line")
    asked = mine.select("contract_id", at=AT, day="effective_on", own="product", left=gone)
    held = asked.join(
        states.select("contract_id", "product", "from_on", "to_on"), on="contract_id", maintain_order="left"
    )
    sheet.frame = rows
    _note(session, sheet, timeline.state_on(held, pl.col("day")), asked, "type")


def _note(session: Session, sheet: Sheet, held: pl.DataFrame, asked: pl.DataFrame, column: str) -> None:
    """Note the conflicts that the row's own product is part of, or that lack the one that it takes away."""
    found = conflicts(session, held.select("at", "day", "product")).join(
        asked.select("at", "own", "left"), on="at", maintain_order="left"
    )
    needs = pl.col("rule") == "needs"
    mine = found.filter(
        (pl.col("product") == pl.col("own"))
        | (~needs & (pl.col("other") == pl.col("own")))
        | (needs & (pl.col("other") == pl.col("left")))
    )
    reasons = mine.unique(["at", "why"], maintain_order=True).group_by("at").agg(pl.col("why").str.join("。"))
    why = dict(reasons.iter_rows())
    said = pl.col(AT).replace_strict(why, default="", return_dtype=pl.String)
    sheet.check(pl.col(AT).is_in(list(why)), column, said)
