"""Automatic renewal (自動更新): terms that end are carried on, each once, however long nobody looked."""

from __future__ import annotations

import polars as pl

from urikake.base import facts, runs
from urikake.base.access import action
from urikake.base.bulk import INSTANT, Session
from urikake.core import calendar, timeline

from .. import queries
from ..models import Event


@action("billing.run")
def renew_due(session: Session, *, lines: pl.DataFrame) -> pl.DataFrame:
    """Renew every line whose term ends on or before its ``horizon_on``, as often as it takes; return the new events.

    ``lines`` are as `timeline.ends` gives them, with ``auto_renew``, ``anchor_on`` and ``horizon_on``. A term keeps the day
    of the contract's start, also that of an option begun later, however often it was clipped on the way. A line renews that has a renewal
    term, was not declined, and was not left before its term ends. Each renewal is an event on the first day of its term.
    """
    horizon = pl.col("horizon_on")
    stays = (pl.col("end_on") == pl.col("term_end_on")) & ~pl.col("declined") & pl.col("auto_renew").is_not_null()
    due = lines.filter((pl.col("term_end_on") <= horizon) & stays)
    if due.is_empty():
        return pl.DataFrame()
    months = pl.col("auto_renew")
    behind = calendar.month_number(horizon) - calendar.month_number(pl.col("term_end_on"))
    counted = due.with_columns(times=pl.int_ranges(0, behind // months + 2)).explode("times")
    end, start = pl.col("term_end_on"), pl.coalesce("anchor_on", "start_on")
    spelled = counted.with_columns(
        effective_on=timeline.carried(end, start, pl.col("times") * months),
        until_on=timeline.carried(end, start, (pl.col("times") + 1) * months),
    )
    renewed = spelled.filter(pl.col("effective_on") <= horizon).select(
        "contract_id",
        "line_id",
        "effective_on",
        "until_on",
        kind=pl.lit("renew"),
        recorded_at=pl.lit(runs.instant(session), dtype=INSTANT),
        event_code=pl.lit(""),
        content=pl.lit(""),
        reason=pl.lit("自動更新"),
    )
    return facts.record(session, Event, renewed)


@action("contracts.change")
def renew_upto(session: Session, *, reached: pl.DataFrame) -> None:
    """Renew the contracts that go on by themselves up to the newest ``day`` that a file names of each ``contract_id``."""
    newest = reached.group_by("contract_id").agg(horizon_on=pl.col("day").max())
    lines, _ = queries.folded(session)
    terms = queries.terms(session).select("contract_terms_id", "auto_renew", "anchor_on")
    named = lines.join(terms, on="contract_terms_id", maintain_order="left").join(newest, on="contract_id")
    renew_due(session, lines=named.sort("line_id"))
