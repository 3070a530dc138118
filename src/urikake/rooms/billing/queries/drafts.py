"""Drafts (下書き): the bills that are on no invoice yet, and those of them that are not to be issued now."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session

from .carried import carried
from .charges import charges, waiting
from .holds import held, held_bills


def drafts(session: Session, closing_on: date) -> pl.DataFrame:
    """The drafts (下書き) of the closing by partner: ``partner_id``, ``count``, ``amount``, ``carried``, ``held``, ``why`` of a hold."""
    mine = waiting(session).filter(pl.col("closing_on") == closing_on)
    small = carried(session)["id"]
    sums = mine.group_by("partner_id", maintain_order=True).agg(
        count=pl.len().cast(pl.Int64), amount=pl.col("amount").sum(), carried=pl.col("id").is_in(small.implode()).all()
    )
    told = sums.join(held(session, closing_on), on="partner_id", how="left", maintain_order="left")
    return told.with_columns(held=pl.col("why").is_not_null(), why=pl.col("why").fill_null(""))


def held_drafts(session: Session, before: date) -> pl.DataFrame:
    """The charges of closings before the day that wait on no invoice because their partner is held, by id."""
    now = held_bills(session)
    if now.is_empty():
        return charges(session, [])
    mine = waiting(session).filter(pl.col("closing_on") < before)
    return mine.join(now, on=["partner_id", "closing_on"], how="semi", maintain_order="left")
