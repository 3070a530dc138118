"""Which partners' bills are held back (保留) from the issue of their closing."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session

from .carried import carried
from .charges import waiting


def holds(session: Session) -> pl.DataFrame:
    """What holds of every partner and closing that was ever held: ``partner_id, closing_on, held, why``, by closing."""
    rows = session.table("billing_hold", "id, partner_id, closing_on, held, why")
    newest = rows.sort("id").unique(["partner_id", "closing_on"], keep="last", maintain_order=True)
    return newest.drop("id").sort("closing_on", "partner_id")


def held(session: Session, closing_on: date) -> pl.DataFrame:
    """The partners whose bill of the closing is held back now: ``partner_id``, ``why``."""
    return holds(session).filter(pl.col("held") & (pl.col("closing_on") == closing_on)).select("partner_id", "why")


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
    now = holds(session).filter("held")
    keys = ["partner_id", "closing_on"]
    if now.is_empty():
        return waiting(session).clear()
    return waiting(session).filter(pl.col("closing_on") < before).join(now.select(keys), on=keys, how="semi")
