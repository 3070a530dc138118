"""Stretches with their amounts."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import charging
from urikake.core.money import Rounding
from urikake.rooms.catalog.queries import by_cycle

from ..models import Charge
from .charges import of_cycles, waiting
from .committed import true_ups
from .due import due_stretches
from .payers import payers
from .scope import Scope, scope

KEYS: Final = [*charging.KEYS, *charging.STATE]


def rated(session: Session, found: Scope, rows: pl.DataFrame, upto: date) -> pl.DataFrame:
    """The stretches with their amounts, and what settles commitments with them (``settles``; see `committed`).

    That of a deposit is what is ``moved``. A metered one billed before costs its whole usage less what was billed. ``upto``
    is the day up to which every cycle of usage that is over is among the rows or was billed.
    """
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    full = charging.priced(rows, by_cycle(session), rounding).with_columns(
        amount=pl.coalesce("moved", "amount"), late=pl.col("before_amount").is_not_null()
    )
    if full["before_amount"].null_count() < full.height:
        full = full.with_columns(
            amount=pl.col("amount") - pl.col("before_amount").fill_null(0),
            usage_micro=pl.col("usage_micro") - pl.col("before_micro").fill_null(0),
        )
    credited = _credited(session, full)
    signed = credited.with_columns(sign=pl.when(pl.col("sign") == 0).then(-1).otherwise("sign"), settles=pl.lit(False))
    settling = true_ups(session, found.lines, found.segments, signed, upto)
    return pl.concat([signed, settling.with_columns(settles=pl.lit(True))]) if settling.height else signed


def _credited(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with credits that give back no more than is left of what was charged; the last of it takes what is left."""
    priced = (pl.col("sign") < 0) & pl.col("moved").is_null()
    credits = rows.filter(priced)
    if credits.is_empty():
        return rows
    billed = of_cycles(session, credits).filter(pl.col("nature") != Charge.TRUE_UP)
    before = billed.with_columns(quantity_micro="state_micro")
    days = (pl.col("to_on") - pl.col("from_on")).dt.total_days() * pl.col("nature")
    sums = before.group_by(KEYS).agg(left=pl.col("amount").sum(), days=days.sum())
    joined = credits.join(sums, on=KEYS, how="left", maintain_order="left").with_columns(
        pl.col("left", "days").fill_null(0), taken=(pl.col("to_on") - pl.col("from_on")).dt.total_days()
    )
    gone = pl.col("taken").cum_sum().over(KEYS) >= pl.col("days")
    upto = (
        pl.when(gone)
        .then(-pl.col("left"))
        .otherwise(pl.max_horizontal(pl.col("amount").cum_sum().over(KEYS), -pl.col("left")))
    )
    settled = joined.with_columns(upto=upto)
    settled = settled.with_columns(amount=pl.col("upto") - pl.col("upto").shift(1, fill_value=0).over(KEYS))
    return pl.concat([rows.filter(~priced), settled.select(rows.columns)])


def unbilled(session: Session, last: date) -> pl.DataFrame:
    """What was served by the day and is on no invoice, priced as it will be billed: owner columns, days, ``amount``.

    Deposits are not served.
    Columns: ``contract_id, line_id, partner_id, product_id, dimension_id, cycle_from_on, from_on, to_on, start_on,
    amount``.
    """
    found = scope(session)
    lines = found.lines.filter(~pl.col("deposit")).with_columns(reach_on=pl.lit(last))
    found = Scope(lines, found.segments, found.moves)
    rows = rated(session, found, due_stretches(session, found, last, served=True), last).filter(pl.col("amount") != 0)
    rows = rows.with_columns(partner_id=payers(session, found, rows)["bill_to_id"])
    owner = lines.select("line_id", "contract_id", "dimension_id", "start_on")
    names = ["line_id", "partner_id", "product_id", "cycle_from_on", "from_on", "to_on", "amount"]
    drafts = waiting(session).select(names)
    return pl.concat([rows.select(names), drafts]).join(owner, on="line_id", maintain_order="left")
