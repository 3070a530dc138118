"""The contract lines that a run looks at, with all it needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import charging, terms, timeline
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.parties.queries import TABLES as PARTIES
from urikake.rooms.parties.queries import closing_masks


@dataclass(frozen=True, slots=True)
class Scope:
    """The lines a run looks at, with ends, terms, payer and closing days, and their stretches of constant state."""

    lines: pl.DataFrame
    segments: pl.DataFrame


TABLES: Final = (*contracts.TABLES, "contracts_terms", *PARTIES, "catalog_product")


def scope(session: Session, closing_on: date | None = None) -> Scope:
    """The lines whose payer (or own bill day) closes on that day; every line where no closing is named."""
    whole = session.derived("scope", TABLES, lambda: _every(session))
    if closing_on is None:
        return whole
    lines = whole.lines.filter(terms.is_closing(pl.col("closing_mask"), closing_on))
    segments = whole.segments.join(lines.select("line_id"), on="line_id", how="semi", maintain_order="left")
    return Scope(lines, segments)


def _every(session: Session) -> Scope:
    lines, events = contracts.folded(session)
    lines = lines.join(closing_masks(session), on="partner_id", maintain_order="left")
    lines = lines.join(contracts.terms(session), on="contract_terms_id", maintain_order="left")
    metered = pl.col("product_id").is_in(metered_products(session).implode())
    own = pl.lit(2, dtype=pl.Int64).pow(pl.col("bill_day").fill_null(0))
    lines = lines.with_columns(
        metered=metered,
        touched=pl.col("line_id").is_in(contracts.touched(session).implode()),
        closing_mask=pl.when(pl.col("bill_day").is_null()).then("closing_mask").otherwise(own),
    )
    return Scope(lines, charging.based(timeline.segments(lines, events), lines))


def metered_products(session: Session) -> pl.Series:
    """The products that are billed by usage (従量), always in arrears."""
    return products(session).filter(pl.col("revenue") == "usage")["product_id"]


def reach(lines: pl.DataFrame, closing_on: date) -> pl.Series:
    """The last day on which a cycle may begin that this closing bills: beyond the closing only for advance billing."""
    tomorrow = closing_on + timedelta(1)
    asked = lines.select("closing_mask", timing=pl.lit("current"), from_on=pl.lit(tomorrow), to_on=pl.lit(tomorrow))
    ahead = terms.bill_on(asked)
    usage_only = pl.col("metered") & ~pl.col("touched")
    advance = (pl.col("timing") == "advance") & ~usage_only
    return lines.select(pl.when(advance).then(ahead).otherwise(pl.lit(closing_on))).to_series()
