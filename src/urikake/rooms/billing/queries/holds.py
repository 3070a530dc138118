"""Which partners' bills are held back (保留) from the issue of their closing."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session


def holds(session: Session) -> pl.DataFrame:
    """What holds of every partner and closing that was ever held: ``partner_id, closing_on, held, why``, by closing."""
    rows = session.table("billing_hold", "id, partner_id, closing_on, held, why")
    newest = rows.sort("id").unique(["partner_id", "closing_on"], keep="last", maintain_order=True)
    return newest.drop("id").sort("closing_on", "partner_id")


def held_bills(session: Session) -> pl.DataFrame:
    """The bills that are held back now: ``partner_id``, ``closing_on``."""
    return holds(session).filter("held").select("partner_id", "closing_on")


def held(session: Session, closing_on: date) -> pl.DataFrame:
    """The partners whose bill of the closing is held back now: ``partner_id``, ``why``."""
    return holds(session).filter(pl.col("held") & (pl.col("closing_on") == closing_on)).select("partner_id", "why")
