"""Automatic renewal (自動更新): terms that end are carried on, each once, however long nobody looked."""

from __future__ import annotations

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.core import renewal

from .. import queries
from ..models import Event
from . import ours


@action("billing.run")
def renew_due(session: Session, *, lines: pl.DataFrame) -> pl.DataFrame:
    """Renew every line whose term ends on or before its ``horizon_on``, as often as it takes; return the new events.

    ``lines`` are as `renewal.due` takes them. Each renewal is an event on the first day of its term.
    """
    if lines["auto_renew"].null_count() == lines.height:
        return pl.DataFrame()
    due = renewal.due(lines)
    if due.is_empty():
        return pl.DataFrame()
    renewed = due.select("contract_id", "line_id", "effective_on", "until_on")
    return facts.record(session, Event, ours.told(session, renewed, "renew", "自動更新"))


@action("contracts.change")
def renew_upto(session: Session, *, reached: pl.DataFrame) -> None:
    """Renew the contracts that go on by themselves up to the newest ``day`` that a file names of each ``contract_id``."""
    newest = reached.group_by("contract_id").agg(horizon_on=pl.col("day").max())
    lines, _ = queries.folded(session)
    terms = queries.terms(session).select("contract_terms_id", "auto_renew", "anchor_on")
    named = lines.join(terms, on="contract_terms_id", maintain_order="left").join(newest, on="contract_id")
    renew_due(session, lines=named.sort("line_id"))
