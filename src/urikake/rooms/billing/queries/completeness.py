"""Where usage is missing and where it came late (使用量のそろい方): metered lines by month or day.

Usage that is missing holds up no fixed charge; it is told, so that somebody may ask for it. Usage that comes after the
bill of its cycle goes on the next one as a line of its own.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Literal

import polars as pl

from urikake.base.bulk import Session
from urikake.core import calendar, charging, terms
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.usage import queries as usage

from .charges import closings
from .scope import Scope, metered_products, scope

Step = Literal["month", "day"]
PRESENT: Final = "present"
MISSING: Final = "missing"
LATE: Final = "late"
KEY: Final = ["line_id", "product", "period_on"]


def completeness(session: Session, first_on: date, last_on: date, step: Step = "month") -> pl.DataFrame:
    """The state of the usage of every metered line in every month or day of the span in which it bears its product.

    Columns: ``line_id, contract_no, position, product, period_on`` (first day) and ``state``: ``present``, ``missing``
    where there is none, ``late`` where some of it came after the bill of its cycle had been run. Days on which the line is
    suspended or not in force ask for no usage. By contract, line and period.
    """
    pieces = _pieces(session, scope(session), first_on, last_on)
    cut = _by_period(pieces, first_on, last_on + timedelta(1), step)
    known = usage.newest_runs(session, cut)
    late = (pl.col("newest_run_id") > pl.col("bill_run_id")).fill_null(False)
    states = known.group_by(KEY).agg(
        state=pl.when(late.any()).then(pl.lit(LATE))
        .when(pl.col("newest_run_id").is_not_null().any()).then(pl.lit(PRESENT))
        .otherwise(pl.lit(MISSING))
    )  # fmt: skip
    numbers = contracts(session).select("contract_id", "contract_no")
    owner = scope(session).lines.select("line_id", "contract_id", "position").join(numbers, on="contract_id")
    named = states.join(owner.drop("contract_id"), on="line_id")
    order = ["contract_no", "position", "product", "period_on"]
    return named.select("line_id", *order, "state").sort(order)


def _pieces(session: Session, found: Scope, first_on: date, last_on: date) -> pl.DataFrame:
    """The metered stretches of the span with ``product`` and ``bill_run_id``, the first run that billed their closing."""
    lines = found.lines.filter("metered").with_columns(
        after_on=pl.lit(None, dtype=pl.Date), until_on=pl.lit(last_on + timedelta(1))
    )
    cycles = calendar.cycles(lines).filter(pl.col("to_on") > first_on)
    metered = pl.col("product_id").is_in(metered_products(session).implode())
    borne = charging.stretches(cycles, found.segments).filter(metered)
    asked = borne.join(lines.select("line_id", "closing_mask"), on="line_id", maintain_order="left").select(
        "closing_mask", timing=pl.lit("arrears"), from_on="cycle_from_on", to_on="cycle_to_on"
    )
    first = closings(session).rename({"run_id": "bill_run_id"})
    codes = products(session).select("product_id", "product")
    placed = borne.with_columns(closing_on=terms.bill_on(asked)).join(first, on="closing_on", how="left")
    return placed.join(codes, on="product_id").select("line_id", "product", "from_on", "to_on", "bill_run_id")


def _by_period(pieces: pl.DataFrame, first_on: date, until_on: date, step: Step) -> pl.DataFrame:
    """The pieces cut at the first day of each month, or at each day, of the span."""
    every = pl.date_range(first_on, until_on, "1d", closed="left", eager=True).alias("period_on").to_frame()
    begins = every if step == "day" else every.select(calendar.month_of(pl.col("period_on")).unique().sort())
    periods = begins.with_columns(
        next_on=pl.col("period_on").dt.offset_by("1d") if step == "day" else calendar.next_month(pl.col("period_on"))
    )
    cut = pieces.join(periods, how="cross").with_columns(
        from_on=pl.max_horizontal("from_on", "period_on", pl.lit(first_on)),
        to_on=pl.min_horizontal("to_on", "next_on", pl.lit(until_on)),
    )
    return cut.filter(pl.col("from_on") < pl.col("to_on")).drop("next_on")
