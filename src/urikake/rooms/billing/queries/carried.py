"""Bills below the minimum for an invoice (少額繰越): whose they are, and what of them waits for a later closing."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import terms
from urikake.rooms.contracts.queries import ended
from urikake.rooms.parties.queries import payers

from .charges import waiting
from .scope import scope

KEYS = ["partner_id", "closing_on"]


def minimums(session: Session) -> pl.DataFrame:
    """The partners that have a minimum for an invoice, their own or the company's: ``partner_id``, ``minimum``."""
    usual = pl.lit(policies(session).number("minimum_invoice"), dtype=pl.Int64)
    found = payers(session).select("partner_id", minimum=pl.coalesce("minimum_invoice", usual))
    return found.filter(pl.col("minimum") > 0)


def carried(session: Session, before: date = date.max) -> pl.DataFrame:
    """The charges of closings before the day that were carried on and are on no invoice yet, by id."""
    told = session.table("billing_carry", "id, partner_id, closing_on")
    if told.is_empty():
        return waiting(session).clear()
    return waiting(session).filter(pl.col("closing_on") < before).join(told, on=KEYS, how="semi", maintain_order="left")


def left_to_next(session: Session, closing_on: date) -> pl.DataFrame:
    """The partners whose bill of the closing a person has left to the next one: ``partner_id``, ``reason``."""
    told = session.table("billing_carry", "id, partner_id, closing_on, minimum, why")
    mine = told.filter((pl.col("closing_on") == closing_on) & (pl.col("minimum") == 0))
    return mine.select("partner_id", reason="why")


def carried_to(session: Session, closing_on: date) -> pl.DataFrame:
    """The charges carried on that are to be billed at the closing, if only it comes to enough: of partners that close then."""
    found = carried(session, closing_on)
    if found.is_empty():
        return found
    closes = terms.is_closing(pl.col("closing_mask"), closing_on)
    mine = payers(session).filter(closes).select("partner_id")
    return found.join(mine, on="partner_id", how="semi", maintain_order="left")


def staying(session: Session, closing_on: date, partners: pl.Series) -> pl.Series:
    """Those of the partners that go on being billed after the closing; for the others it is the last bill."""
    found = scope(session)
    mine = found.lines.filter(pl.col("bill_to_id").is_in(partners.implode()) & (pl.col("cycle_months") > 0))
    moved = found.moves.filter(pl.col("bill_to_id").is_in(partners.implode()))
    left = ended(session, closing_on + timedelta(1))
    every = pl.concat([mine.select("line_id", "bill_to_id"), moved.select("line_id", "bill_to_id")])
    return every.filter(~pl.col("line_id").is_in(left.implode()))["bill_to_id"].unique()
