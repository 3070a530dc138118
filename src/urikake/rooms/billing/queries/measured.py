"""The metered stretches of a period as they are rated by themselves (従量の計算), beside what was billed of them.

What is rated is the same as what a billing run charges: the same stretches, metered and priced by the same kernels, less
what was billed before. It is told by period, whether or not a bill is due, and nothing is charged.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import calendar, charging
from urikake.rooms.catalog.queries import by_cycle, products
from urikake.rooms.contracts.queries import contracts

from .charges import last_billed, of_lines
from .metering import KEY, billed, gone
from .scope import metered_products, scope

NAMED: Final = ["contract_no", "position", "product", "meter"]
BILLED: Final = ["before_micro", "before_amount"]
SPANS: Final = [*NAMED, *charging.STRETCH, "sign", *BILLED]
RATED: Final = [
    *NAMED[:1], *NAMED[2:], "cycle_from_on", "from_on", "until_on", "quantity_micro", "amount", "billed_micro", "billed",
    "unbilled",
]  # fmt: skip


def measured_spans(session: Session, first_on: date, last_on: date) -> pl.DataFrame:
    """The metered stretches of the cycles whose last day lies between the days, both included; columns `SPANS`.

    ``before_micro`` and ``before_amount`` are what was billed of each so far. One that was billed and is wanted no more has
    ``sign`` 0. By contract, line and first day.
    """
    found = scope(session)
    lines = found.lines.filter("metered").with_columns(
        after_on=pl.lit(None, dtype=pl.Date), until_on=pl.lit(last_on + timedelta(1))
    )
    metered = pl.col("product_id").is_in(metered_products(session).implode())
    within = pl.col("cycle_to_on").is_between(first_on, last_on + timedelta(1), closed="right")
    wanted = charging.stretches(calendar.cycles(lines).filter(_ends(first_on, last_on)), found.segments).filter(metered)
    reached = last_billed(session).select("line_id", "last_on")
    asked = lines.drop("last_on", strict=False).join(reached, on="line_id", how="left", maintain_order="left")
    sums = billed(session, of_lines(session, asked))
    one = pl.lit(1, dtype=pl.Int64)
    every = wanted.with_columns(sign=one).join(sums, on=KEY, how="left", maintain_order="left")
    lost = gone(sums.join(wanted, on=KEY, how="anti")).filter(within)
    return _named(session, lines, pl.concat([every, lost.select(every.columns)]))


def _ends(first_on: date, last_on: date) -> pl.Expr:
    return pl.col("to_on").is_between(first_on, last_on + timedelta(1), closed="right")


def _named(session: Session, lines: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The stretches with their contract's number and their product's code and meter, in order."""
    numbers = lines.select("line_id", "contract_id", "position").join(
        contracts(session).select("contract_id", "contract_no"), on="contract_id", maintain_order="left"
    )
    codes = products(session).select("product_id", "product", "meter")
    named = rows.join(numbers, on="line_id", maintain_order="left").join(codes, on="product_id", maintain_order="left")
    return named.select(SPANS).sort("contract_no", "position", "cycle_from_on", "from_on", "product_id")


def price_models(session: Session) -> pl.DataFrame:
    """The price model of every version of every product, as the kernel that prices one cycle takes it."""
    return by_cycle(session).filter(pl.col("revenue") == "usage").select(
        "product_id", "price_model", "included_micro", "overage_price_micro", "package_size_micro", "minimum", "maximum",
        "tier_list",
    )  # fmt: skip


def beside_billed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rated stretches as they are told, in order: columns `RATED`, where ``unbilled`` is what is still to be billed."""
    ordered = rows.sort("contract_no", "position", "cycle_from_on", "from_on", "product_id")
    told = ordered.with_columns(
        until_on=pl.col("to_on").dt.offset_by("-1d"),
        quantity_micro="usage_micro",
        billed_micro=pl.col("before_micro").fill_null(0),
        billed=pl.col("before_amount").fill_null(0),
    )
    return told.with_columns(unbilled=pl.col("amount") - pl.col("billed")).select(RATED)
