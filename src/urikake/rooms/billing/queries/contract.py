"""The charges of single contracts: those made, and those to come as events, prices and terms stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from urikake.base.bulk import Session
from urikake.core import terms

from .charges import closings, of_lines
from .due import due_stretches
from .payers import billed_on
from .rates import rated
from .scope import Scope, scope

AHEAD = timedelta(40)
"""More days than lie between two closings, so that what is billed in advance is not missed."""


def of_contracts(session: Session, contract_ids: Sequence[int], until: date) -> pl.DataFrame:
    """Every charge of the contracts' lines whose cycle begins by the day, by id."""
    lines = scope(session).lines.filter(pl.col("contract_id").is_in(contract_ids))
    return of_lines(session, lines.with_columns(last_on=pl.lit(until)))


def planned(session: Session, contract_ids: Sequence[int], until: date) -> pl.DataFrame:
    """What the contracts are to be charged at closings up to the day and were not yet: ``closing_on, amount``, by day.

    As events, prices and terms stand: neither usage that is not known yet nor a renewal that was not made is in it.
    """
    every = scope(session)
    lines = every.lines.filter(pl.col("contract_id").is_in(contract_ids))
    segments = every.segments.filter(pl.col("line_id").is_in(lines["line_id"].implode()))
    found = Scope(lines.with_columns(reach_on=pl.lit(until + AHEAD)), segments, every.moves)
    rows = on_closings(session, found, due_stretches(session, found, until + AHEAD), until + AHEAD)
    sums = rows.filter(pl.col("closing_on") <= until).group_by("closing_on").agg(pl.col("amount").sum())
    return sums.filter(pl.col("amount") != 0).sort("closing_on")


def on_closings(session: Session, found: Scope, rows: pl.DataFrame, upto: date) -> pl.DataFrame:
    """The stretches up to the day priced, each with the closing that bills it and whom: ``amount``, ``closing_on``, ``partner_id``.

    What the closing of its cycle can bill no more, as it has been run, the next one of the payer does.
    """
    if rows.is_empty():
        none = pl.lit(0, dtype=pl.Int64)
        return rows.with_columns(closing_on=pl.lit(None, dtype=pl.Date), amount=none, partner_id=none)
    priced = rated(session, found, rows, upto)
    timed = billed_on(session, found, priced).select("closing_mask", "bill_on", "bill_to_id")
    joined = timed.join(_open_on(session, timed["closing_mask"]), on="closing_mask", how="left", maintain_order="left")
    return priced.with_columns(
        joined.select(closing_on=pl.max_horizontal("bill_on", "open_on"), partner_id="bill_to_id")
    )


def _open_on(session: Session, masks: pl.Series) -> pl.DataFrame:
    """By ``closing_mask`` the first closing day after the last one that was run: ``open_on``, null where none was."""
    run, each = closings(session)["closing_on"], masks.unique()
    last = [max((day for day in run if terms.closes(mask, day)), default=None) for mask in each]
    begins = pl.DataFrame({"closing_mask": each, "last_on": pl.Series(last, dtype=pl.Date)})
    after = begins.with_columns(from_on=pl.col("last_on").dt.offset_by("1d"), timing=pl.lit("current"))
    return begins.select("closing_mask", open_on=terms.bill_on(after.with_columns(to_on="from_on")))
