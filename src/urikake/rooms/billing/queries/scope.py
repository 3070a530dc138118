"""The contract lines that a run looks at, with all it needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from urikake.base.bulk import Session
from urikake.core import charging, terms, timeline
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.parties.queries import closing_masks


@dataclass(frozen=True, slots=True)
class Scope:
    """The lines a run looks at: with ends, terms, payer and closing days; their events; and which ever changed."""

    lines: pl.DataFrame
    events: pl.DataFrame
    segments: pl.DataFrame

    @property
    def changed(self) -> pl.DataFrame:
        """The lines that anything but a renewal ever happened to."""
        return self.lines.filter("touched")


def scope(session: Session, closing_on: date | None = None) -> Scope:
    """The lines whose payer (or own bill day) closes on that day; every line where no closing is named."""
    if closing_on is None:
        if "scope" not in session.cache:
            session.cache["scope"] = _scope(session, None)
        found: Scope = session.cache["scope"]
        return found
    return _scope(session, closing_on)


def _scope(session: Session, closing_on: date | None) -> Scope:
    lines, events = contracts.folded(session)
    lines = lines.join(closing_masks(session), on="partner_id", maintain_order="left")
    lines = lines.join(contracts.terms(session), on="contract_terms_id", maintain_order="left").with_columns(
        metered=pl.col("product_id").is_in(_metered(session).implode()),
        touched=pl.col("line_id").is_in(contracts.touched(session, lines).implode()),
        closing_mask=pl.when(pl.col("bill_day").is_null())
        .then("closing_mask")
        .otherwise(pl.lit(2, dtype=pl.Int64).pow(pl.col("bill_day").fill_null(0))),
    )
    if closing_on is not None:
        lines = lines.filter(terms.is_closing(pl.col("closing_mask"), closing_on))
    timing = pl.when("metered").then(pl.lit("arrears")).otherwise("timing")
    lines = lines.with_columns(timing=timing)
    segments = charging.based(timeline.segments(lines, events), lines)
    return Scope(lines, events, segments)


def _metered(session: Session) -> pl.Series:
    return products(session).filter(pl.col("revenue") == "usage")["product_id"]


def reach(lines: pl.DataFrame, closing_on: date) -> pl.Series:
    """The last day on which a cycle may begin that this closing bills: beyond the closing only for advance billing."""
    tomorrow = closing_on + timedelta(1)
    asked = lines.select("closing_mask", timing=pl.lit("current"), from_on=pl.lit(tomorrow), to_on=pl.lit(tomorrow))
    ahead = terms.bill_on(asked)
    return lines.select(pl.when(pl.col("timing") == "advance").then(ahead).otherwise(pl.lit(closing_on))).to_series()
