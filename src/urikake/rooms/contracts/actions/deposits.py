"""What cannot be agreed on for a line that is a deposit (預り保証金): it is no price, so nothing lowers or raises it by itself."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.catalog.queries import deposits, products
from urikake.rooms.intake.queries import Sheet

from .. import queries

PRICED: Final = ("discount", "free_months", "uplift")
"""The columns of a contract that lower or raise a price by themselves."""
WHY: Final = "預り保証金の明細には書けません。ほかの明細に書いてください"


def held(session: Session, column: str) -> pl.Expr:
    """Whether the column of product codes names a deposit."""
    known = products(session).filter(pl.col("product_id").is_in(deposits(session).implode()))
    return pl.col(column).is_in(known["product"].unique().implode()).fill_null(False)


def check(session: Session, sheet: Sheet) -> None:
    """Note the lines of new contracts that would lower or raise a deposit by themselves."""
    for name in PRICED:
        sheet.check(held(session, "product") & pl.col(name).is_not_null(), name, WHY)


def check_changes(session: Session, sheet: Sheet, rows: pl.DataFrame) -> None:
    """Note the changes that would turn a deposit into a price or a price into a deposit, and discounts of a deposit."""
    codes = products(session).select("product_id", "product")
    own = queries.first_lines(session).select("line_id", own_id="product_id")
    own = own.join(codes, left_on="own_id", right_on="product_id").select("line_id", of="product")
    sheet.frame = rows.join(own, on="line_id", how="left", maintain_order="left")
    turned = (pl.col("kind") == "change_plan") & (held(session, "product") != held(session, "of"))
    why = "預り保証金とそれ以外の商品を、プラン変更で入れ替えることはできません。明細を解除し、オプションとして追加してください"
    sheet.check(turned, "product", why)
    sheet.check((pl.col("kind") == "discount") & held(session, "of"), "discount", WHY)
