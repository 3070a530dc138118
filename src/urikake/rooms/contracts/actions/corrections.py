"""Corrections (訂正): an earlier event named and put right; the new one takes its place, and both stay on record."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.intake.queries import LINE as AT
from urikake.rooms.intake.queries import Sheet

from .. import queries
from . import effects

VALUES: Final = ("product_id", "quantity_micro", "unit_price_micro", "discount_rate", "discount_cut", "bill_to_id")
FIXED: Final = ("add_option", "renew", "decline_renewal")
"""What cannot be corrected: an option is removed and added anew, a renewal declined before it takes hold."""


def named(session: Session) -> pl.DataFrame:
    """The standing events as files name them: ``contract_id, event_id, code, day``; a correction by what it corrects."""
    found = session.table("contracts_event", queries.EVENT).rename({"id": "event_id"})
    standing = queries.events(session)
    heirs = found.filter((pl.col("kind") != "withdraw") & pl.col("target_id").is_not_null())
    codes = dict(found.select("event_id", "event_code").iter_rows())
    for made, corrected in heirs.select(
        "event_id", "target_id"
    ).iter_rows():  # oldest first: a chain keeps its first name
        codes[made] = codes[corrected]
    code = pl.col("event_id").replace_strict(codes, default="", return_dtype=pl.String)
    return standing.select("contract_id", "event_id", code=code, day="effective_on")


def placed(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, those of ``correct`` with the kind and line of what they correct and the values that they leave as they were.

    Adds ``line_id`` (null but for corrections) and ``corrects_id``.
    """
    none = pl.lit(None, dtype=pl.Int64)
    rows = rows.with_columns(line_id=none, corrects_id=none)
    mine = rows.filter(pl.col("kind") == "correct")
    if mine.is_empty():
        return rows
    standing = named(session).rename({"event_id": "target"})
    by_id = mine.filter(pl.col("target_code") != "").join(
        standing, left_on=["contract_id", "target_code"], right_on=["contract_id", "code"]
    )
    by_day = mine.filter(pl.col("target_code") == "").join(
        standing.select("contract_id", "target", "day"),
        left_on=["contract_id", "effective_on"],
        right_on=["contract_id", "day"],
    )
    hits = pl.concat([part.select(AT, "target") for part in (by_id, by_day)])
    counted = hits.group_by(AT).agg(pl.col("target").first(), hits=pl.len())
    old = queries.events(session).rename({name: f"old_{name}" for name in (*VALUES, "kind", "line_id")})
    whole = mine.drop("line_id", "corrects_id").join(counted, on=AT, how="left", maintain_order="left")
    whole = whole.join(
        old.select(*[f"old_{name}" for name in (*VALUES, "kind", "line_id")], target="event_id"),
        on="target", how="left", maintain_order="left",
    )  # fmt: skip
    sheet.frame = whole
    lacking = "訂正する変更が見つかりません（変更ID か適用日を確かめてください）"
    given = pl.col("target_code") != ""
    sheet.check(pl.col("hits").is_null() & given, "event_id", lacking)
    effects.check_day(sheet, pl.col("hits").is_null() & ~given, lacking)
    effects.check_day(sheet, pl.col("hits") > 1, "この日の変更が二つ以上あります。変更ID で指定してください")
    fixed = pl.col("old_kind").is_in(FIXED)
    sheet.check(fixed, "type", "この変更は訂正できません（オプションは解除して追加し直してください）")
    whole = sheet.sift()
    given = pl.col("discount").is_not_null()
    values = {
        name: pl.when(given).then(name).otherwise(f"old_{name}")
        if name.startswith("discount")
        else pl.coalesce(name, f"old_{name}")
        for name in VALUES
    }
    corrected = whole.with_columns(kind="old_kind", line_id="old_line_id", corrects_id="target", **values)
    both = pl.concat([rows.filter(pl.col("kind") != "correct"), corrected.select(rows.columns)]).sort(AT)
    return sheet.sift(both)
