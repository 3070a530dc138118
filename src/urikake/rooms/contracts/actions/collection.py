"""Collection terms (回収条件) that a contract line has of its own, apart from those of whom it is billed to."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.intake.queries import Column, Sheet
from urikake.rooms.parties import actions as parties_pen
from urikake.rooms.parties import queries as parties

_NAMES: Final = ("closing_day", "payment_months", "payment_day", "holiday_shift", "method", "split")
COLUMNS: Final[tuple[Column, ...]] = tuple(column for column in parties_pen.PARTNERS.columns if column.name in _NAMES)
"""The columns of a contract's own terms, as partners have them."""


def check(sheet: Sheet) -> None:
    """Note what is wrong with them; a closing day and a bill day of the line's own would say two things."""
    parties_pen.check_terms(sheet)
    both = pl.col("bill_day").is_not_null() & pl.col("closing_day").is_not_null()
    sheet.check(both, "bill_day", "契約の締日か請求日の、どちらか一つだけ書いてください")


def ids(session: Session, frame: pl.DataFrame) -> pl.Series:
    """The id of each row's own terms, null where it has none; what it leaves empty is as its payer's terms are now."""
    told = frame.select("partner", *_NAMES, at=pl.int_range(pl.len()))
    own = told.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in _NAMES))
    if own.is_empty():
        return pl.Series("collection_terms_id", [None] * frame.height, dtype=pl.Int64)
    names = [name for name in parties_pen.TERMS if name != "closing_mask"]
    bills = parties.codes(session).join(parties.closing_masks(session), on="partner_id").select("code", "bill_to_id")
    terms = parties.payers(session).select("closing_mask", *names, bill_to_id="partner_id")
    usual = own.join(bills, left_on="partner", right_on="code", how="left", maintain_order="left")
    usual = usual.join(terms, on="bill_to_id", how="left", maintain_order="left", suffix="_usual")
    mask = pl.when(pl.col("closing_day").is_null()).then("closing_mask").otherwise("own_mask")
    whole = usual.with_columns(own_mask=parties_pen.closing_masks(usual["closing_day"])).select(
        "at", closing_mask=mask, **{name: pl.coalesce(name, f"{name}_usual") for name in names}
    )
    named = whole.select("at", collection_terms_id=parties_pen.terms_ids(session, whole))
    return told.select("at").join(named, on="at", how="left", maintain_order="left")["collection_terms_id"]
