"""Bills carried on to a later closing: those below the minimum for an invoice (少額繰越), and those a person left to it."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import terms
from urikake.rooms.contracts.queries import ended
from urikake.rooms.parties.queries import payers

from .charges import charges, waiting
from .holds import held_bills
from .scope import scope

KEYS = ["partner_id", "closing_on"]


def minimums(session: Session) -> pl.DataFrame:
    """The partners that have a minimum for an invoice, their own or the company's: ``partner_id``, ``minimum``."""
    usual = pl.lit(policies(session).number("minimum_invoice"), dtype=pl.Int64)
    found = payers(session).select("partner_id", minimum=pl.coalesce("minimum_invoice", usual))
    return found.filter(pl.col("minimum") > 0)


def carried(session: Session, before: date = date.max) -> pl.DataFrame:
    """The charges of closings before the day that were carried on and are on no invoice yet, by id."""
    told = session.table("billing_carry", "id, partner_id, closing_on, through_id")
    if told.is_empty():
        return charges(session, [])
    newest = told.group_by(KEYS).agg(pl.col("through_id").max())
    mine = waiting(session).filter(pl.col("closing_on") < before)
    return (
        mine.join(newest, on=KEYS, maintain_order="left")
        .filter(pl.col("id") <= pl.col("through_id"))
        .drop("through_id")
    )


def left_to_next(session: Session, closing_on: date) -> pl.DataFrame:
    """The partners whose bill of the closing a person has left to the next one: ``partner_id``, ``through_id``, ``reason``."""
    told = session.table("billing_carry", "id, partner_id, closing_on, through_id, minimum, why")
    mine = told.filter((pl.col("closing_on") == closing_on) & (pl.col("minimum") == 0))
    return mine.unique("partner_id", keep="last", maintain_order=True).select("partner_id", "through_id", reason="why")


def carried_to(session: Session, closing_on: date) -> pl.DataFrame:
    """The charges carried on that are to be billed at the closing, if only it comes to enough.

    Those of partners whose next closing it is, or was since they were carried on; not those that are held back.
    """
    found = carried(session, closing_on)
    if found.is_empty():
        return found
    masks = payers(session).select("partner_id", "closing_mask")
    asked = found.join(masks, on="partner_id", how="left", maintain_order="left")
    since = asked.select("closing_mask", timing=pl.lit("current"), from_on=pl.col("closing_on").dt.offset_by("1d"))
    next_on = terms.bill_on(since.with_columns(to_on="from_on"))
    due = found.filter(next_on <= closing_on)
    return due.join(held_bills(session), on=KEYS, how="anti", maintain_order="left")


def staying(session: Session, closing_on: date, partners: pl.Series) -> pl.Series:
    """Those of the partners to whom cycles to come are billed after the closing; for the others it is the last bill.

    A line bills the payer last named for it. One that is suspended bills nobody until it is resumed.
    """
    found = scope(session)
    named = found.moves.sort("since_on").unique("line_id", keep="last").select("line_id", named_id="bill_to_id")
    lines = found.lines.join(named, on="line_id", how="left").with_columns(
        payer_id=pl.coalesce("named_id", "bill_to_id")
    )
    mine = lines.filter(pl.col("payer_id").is_in(partners.implode()) & (pl.col("cycle_months") > 0))
    day = pl.col("to_on")
    last = found.segments.group_by("line_id").agg(goes_on=day.is_null().any(), last_on=day.max())
    beyond = pl.col("goes_on") | (pl.col("last_on") > closing_on + timedelta(1))
    used = mine.join(last, on="line_id", how="left").filter(beyond | (pl.col("last_on") == pl.col("end_on")))
    left = ended(session, closing_on + timedelta(1))
    return used.filter(~pl.col("line_id").is_in(left.implode()))["payer_id"].unique()
