"""The contract lines that a run looks at, with all it needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import charging, terms, timeline
from urikake.rooms.catalog.queries import deposits, products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.parties.queries import TABLES as PARTIES
from urikake.rooms.parties.queries import closing_masks
from urikake.rooms.parties.queries import terms as collection_terms

from .charges import reversals


@dataclass(frozen=True, slots=True)
class Scope:
    """The lines a run looks at, with ends, terms, payer and closing days, and their stretches of constant state.

    ``metered`` lines bear a product billed by usage at some time, ``mixed`` ones another at another time, or go to
    another payer: ``moves`` tells from which day on (see `payers`). ``deposit`` ones bear a deposit (預り保証金) at all times.
    """

    lines: pl.DataFrame
    segments: pl.DataFrame
    moves: pl.DataFrame


TABLES: Final = (*contracts.TABLES, "contracts_terms", *PARTIES, "catalog_product", "billing_reversal")


def scope(session: Session, closing_on: date | None = None) -> Scope:
    """The lines whose payer (or own bill day) closes on that day, with ``reach_on``; every line where none is named.

    ``reach_on`` is the last day on which a cycle may begin that this closing bills: beyond the closing only for advance
    billing, where it is the next closing.
    """
    whole = Scope(*session.derived("scope", TABLES, lambda: _every(session)))
    if closing_on is None:
        return whole
    closes = terms.is_closing(pl.col("closing_mask"), closing_on)
    other = whole.moves.filter(closes)
    lines = whole.lines.filter(closes | pl.col("line_id").is_in(other["line_id"].implode()))
    reached = lines.with_columns(reach_on=_reach(lines, closing_on))
    return Scope(_furthest(reached, other, closing_on) if other.height else reached, whole.segments, whole.moves)


def _furthest(lines: pl.DataFrame, other: pl.DataFrame, closing_on: date) -> pl.DataFrame:
    """The lines reaching as far as any of their payers that close on the day does."""
    bare = other.join(lines.select("line_id", "timing", "metered", "mixed"), on="line_id")
    far = bare.with_columns(far_on=_reach(bare, closing_on)).group_by("line_id").agg(pl.col("far_on").max())
    joined = lines.join(far, on="line_id", how="left", maintain_order="left")
    return joined.with_columns(reach_on=pl.max_horizontal("reach_on", "far_on")).drop("far_on")


def _every(session: Session) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    every = scoped(session, *contracts.folded(session))
    return every.lines, every.segments, every.moves


def scoped(session: Session, lines: pl.DataFrame, events: pl.DataFrame) -> Scope:
    """The scope of lines with their ends and events by line, as `contracts.folded` gives them."""
    lines = lines.join(closing_masks(session), on="partner_id", maintain_order="left")
    lines = lines.join(contracts.terms(session), on="contract_terms_id", maintain_order="left")
    lines = lines.join(_touched(session), on="line_id", how="left", maintain_order="left")
    segments = charging.based(timeline.segments(lines, events), lines)
    by_usage = pl.col("product_id").is_in(metered_products(session).implode())
    usage, flat = (segments.filter(kind)["line_id"].unique() for kind in (by_usage, ~by_usage))
    mixed = usage.filter(usage.is_in(flat.implode()))
    own = pl.lit(2, dtype=pl.Int64).pow(pl.col("bill_day").fill_null(0))
    lines = lines.with_columns(
        metered=pl.col("line_id").is_in(usage.implode()),
        mixed=pl.col("line_id").is_in(mixed.implode()),
        deposit=pl.col("product_id").is_in(deposits(session).implode()),
        own_mask=pl.coalesce(pl.when(pl.col("bill_day").is_not_null()).then(own), _collection_masks(session, lines)),
    ).with_columns(closing_mask=pl.coalesce("own_mask", "closing_mask"))
    moves = _moves(session, lines)
    moved = pl.col("line_id").is_in(moves["line_id"].implode())
    return Scope(lines.with_columns(mixed=pl.col("mixed") | moved), segments, moves)


def _collection_masks(session: Session, lines: pl.DataFrame) -> pl.Series:
    """The closing days by the lines' own collection terms, null where they have none."""
    if lines["collection_terms_id"].null_count() == lines.height:
        return pl.Series([None] * lines.height, dtype=pl.Int64)
    own = collection_terms(session).select(collection_terms_id="terms_id", collection_mask="closing_mask")
    joined = lines.select("collection_terms_id").join(own, on="collection_terms_id", how="left", maintain_order="left")
    return joined["collection_mask"]


def _touched(session: Session) -> pl.DataFrame:
    """The lines of which something billed may have changed: by an event, or as it was taken back (see `contracts.touched`)."""
    changed, back = contracts.touched(session), reversals(session)
    if back.is_empty():
        return changed
    day = pl.col("cycle_from_on")
    undone = back.group_by("line_id").agg(
        first_changed_on=day.min(), changed_on=day.max(), changed_run_id=pl.col("run_id").max()
    )
    both = pl.concat([changed, undone.select(changed.columns)]).group_by("line_id")
    return both.agg(pl.col("first_changed_on").min(), pl.col("changed_on", "changed_run_id").max())


def _moves(session: Session, lines: pl.DataFrame) -> pl.DataFrame:
    """The other payers of lines: ``line_id, since_on, bill_to_id, closing_mask``, by day.

    One that has its own bills paid by another has these paid by it too. A bill day or collection terms of the line's own hold
    with every payer.
    """
    masks = closing_masks(session).select(named_id="partner_id", bill_to_id="bill_to_id", their_mask="closing_mask")
    named = contracts.payers(session).rename({"bill_to_id": "named_id"})
    told = named.join(masks, on="named_id", how="left")
    own = lines.select("line_id", "contract_id", "own_mask")
    mask = pl.coalesce("own_mask", "their_mask")
    found = told.join(own, on="contract_id").sort("effective_on", "line_id")
    return found.select("line_id", "bill_to_id", since_on="effective_on", closing_mask=mask)


def metered_products(session: Session) -> pl.Series:
    """The products that are billed by usage (従量), always in arrears."""
    return products(session).filter(pl.col("revenue") == "usage")["product_id"]


def _reach(lines: pl.DataFrame, closing_on: date) -> pl.Expr:
    """The ``reach_on`` of the lines at a closing, worked out once for each set of closing days."""
    masks = lines["closing_mask"].unique()
    tomorrow = pl.lit(closing_on + timedelta(1))
    asked = pl.DataFrame({"closing_mask": masks}).with_columns(
        timing=pl.lit("current"), from_on=tomorrow, to_on=tomorrow
    )
    usage_only = pl.col("metered") & ~pl.col("mixed")
    advance = (pl.col("timing") == "advance") & ~usage_only
    ahead = pl.col("closing_mask").replace_strict(masks, terms.bill_on(asked), return_dtype=pl.Date)
    return pl.when(advance).then(ahead).otherwise(pl.lit(closing_on))
