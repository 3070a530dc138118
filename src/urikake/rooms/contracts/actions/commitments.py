"""Whether commitments over several months (約束期間) go with the cycles under which contracts take them."""

from __future__ import annotations

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.catalog.queries import products
from urikake.rooms.intake.queries import LINE as AT
from urikake.rooms.intake.queries import Sheet

from .. import queries

WHY = "この商品の約束期間 {} か月は、請求サイクル {} か月で割り切れません。約束期間を割り切る月数の契約にしてください"


def unfit(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows (``product_id, cycle_months``) whose cycles do not make up the commitment, with its ``commitment_months``."""
    months = products(session).select("product_id", "commitment_months")
    named = rows.join(months, on="product_id", maintain_order="left")
    once = pl.col("cycle_months") < 1
    return named.filter(once | (pl.col("commitment_months") % pl.col("cycle_months") != 0))


def check(session: Session, sheet: Sheet, rows: pl.DataFrame, column: str) -> None:
    """Note the rows of the sheet (with ``product_id`` and ``cycle_months``) that `unfit` finds."""
    bad = unfit(session, rows.select(AT, "product_id", "cycle_months")).select(AT, "commitment_months", "cycle_months")
    sheet.frame = rows.join(bad, on=AT, how="left", maintain_order="left", suffix="_unfit")
    sheet.check(
        pl.col("commitment_months").is_not_null(), column, pl.format(WHY, "commitment_months", "cycle_months_unfit")
    )


def check_changes(session: Session, sheet: Sheet, rows: pl.DataFrame) -> None:
    """Note the changes of plan and the options that put such a product on a line of other cycles."""
    taking = rows.filter(pl.col("kind").is_in(["change_plan", "add_option"]))
    lines, _ = queries.folded(session)
    cycles = queries.terms(session).select("contract_terms_id", "cycle_months")
    own = lines.join(cycles, on="contract_terms_id").select("line_id", "cycle_months")
    check(session, sheet, taking.join(own, on="line_id", maintain_order="left"), "product")
