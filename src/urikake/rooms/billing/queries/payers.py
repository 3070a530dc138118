"""Who is billed for a cycle: the payer of the contract's holder, or the one that the contract names from a day on."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session
from urikake.core import charging, terms

from .charges import of_cycles
from .scope import Scope, metered_products


def payers(session: Session, found: Scope, rows: pl.DataFrame) -> pl.DataFrame:
    """Who is billed for the cycle of each row, and when they close: ``bill_to_id`` and ``closing_mask``, in their order.

    A cycle that was billed stays with whom it was billed to, so that its credits go there; another goes to the payer last
    named for its first day or before, else to the holder's own.
    """
    own = found.lines.select("line_id", "bill_to_id", "closing_mask")
    asked = rows.select(charging.KEYS).join(own, on="line_id", how="left", maintain_order="left")
    moved = asked.filter(pl.col("line_id").is_in(found.moves["line_id"].implode())).unique(charging.KEYS)
    if moved.is_empty():
        return asked.select("bill_to_id", "closing_mask")
    named = asked.join(_moved(session, found, moved), on=charging.KEYS, how="left", maintain_order="left")
    return named.select(
        bill_to_id=pl.coalesce("other_id", "bill_to_id"), closing_mask=pl.coalesce("other_mask", "closing_mask")
    )


def _moved(session: Session, found: Scope, cycles: pl.DataFrame) -> pl.DataFrame:
    """The other payer of the cycles, null where they have none: ``line_id, cycle_from_on, other_id, other_mask``."""
    said = found.moves.select("line_id", since_on="since_on", said_id="bill_to_id", said_mask="closing_mask")
    placed = cycles.sort("cycle_from_on").join_asof(
        said.sort("since_on"), left_on="cycle_from_on", right_on="since_on", by="line_id", check_sortedness=False
    )
    billed = of_cycles(session, cycles).group_by(charging.KEYS).agg(payer_id=pl.col("partner_id").first())
    every = [found.moves, found.lines.join(found.moves, on="line_id", how="semi")]
    known = pl.concat([part.select("line_id", "bill_to_id", "closing_mask") for part in every])
    masks = known.unique(["line_id", "bill_to_id"]).rename({"bill_to_id": "payer_id", "closing_mask": "payer_mask"})
    named = placed.join(billed, on=charging.KEYS, how="left").join(masks, on=["line_id", "payer_id"], how="left")
    return named.select(
        *charging.KEYS,
        other_id=pl.coalesce("payer_id", "said_id"),
        other_mask=pl.coalesce("payer_mask", "said_mask"),
    )


def at_payer(session: Session, found: Scope, rows: pl.DataFrame, closing_on: date) -> pl.DataFrame:
    """The rows that the closing is to bill: of lines with other payers only those of cycles whose payer closes then."""
    moved = pl.col("line_id").is_in(found.moves["line_id"].implode())
    if not rows.select(moved.any()).item():
        return rows
    timed = billed_on(session, found, rows)
    closes = terms.is_closing(pl.col("closing_mask"), closing_on)
    return rows.filter(timed.select(~moved | (closes & (pl.col("bill_on") <= closing_on))).to_series())


def billed_on(session: Session, found: Scope, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows' ``line_id``, the ``bill_to_id`` and ``closing_mask`` of their payer, and ``bill_on``, when they close."""
    by_usage = pl.col("product_id").is_in(metered_products(session).implode())
    held = pl.col("moved").is_not_null()
    last = pl.when("lowers").then(pl.col("step_on").dt.offset_by("-1d")).otherwise("step_on")
    own = rows.select(
        "line_id", "product_id", "moved", "lowers", from_on=pl.coalesce(last, "cycle_from_on"), to_on="cycle_to_on"
    ).join(found.lines.select("line_id", "timing"), on="line_id", how="left", maintain_order="left")
    now = held & (pl.col("lowers") | (pl.col("timing") == "arrears"))
    told = pl.when(by_usage).then(pl.lit("arrears")).when(now).then(pl.lit("current")).otherwise("timing")
    timed = own.with_columns(timing=told)
    both = pl.concat([timed, payers(session, found, rows)], how="horizontal")
    return both.select("line_id", "bill_to_id", "closing_mask", bill_on=terms.bill_on(both))
