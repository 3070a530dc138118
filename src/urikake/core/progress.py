"""What of a job performed over time is revenue by what it has cost (進捗度), and what stands in the balance sheet for it.

Source: 企業会計基準第29号 第41項–第45項, 適用指針第30号 第20項–第22項 (インプット法), 第90項–第91項 (工事損失引当金);
IFRS 15 paragraphs 39–45 and B18–B19.
"""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from .money import Rounding, divide, wide

Method = Literal["cost_to_cost", "cost_recovery"]
METHODS: Final[tuple[Method, ...]] = ("cost_to_cost", "cost_recovery")

PLACES: Final = 12
"""Progress is in billionths of a thousandth: ``progress`` ÷ 10^12 is the share performed."""
_WHOLE: Final = 10**PLACES


def performed(steps: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The steps with ``progress``, ``revenue_to_date``, ``revenue`` (of this step) and ``loss_provision``.

    ``cost_to_cost`` (原価比例法): progress is cost to date ÷ total cost expected, never above 1; revenue to date is the
    price × progress, rounded once. ``uninstalled`` materials (据え付けていない資材: bought in, costly, handed over long
    before they are built in) count on neither side of the progress and bring revenue of just their cost. Where ``places``
    is not null, progress is first rounded to as many places, as it is published.
    ``cost_recovery`` (原価回収基準): progress cannot be measured and is null; revenue is the cost to date, up to the price.
    The revenue of a step is the difference to the step before: a new price or cost catches up where it is estimated.
    ``loss_provision`` (工事損失引当金): of the whole loss expected, what is not yet in revenue less cost; never negative.

    ``steps``: ``job`` (steps of one follow each other in the order of the frame), ``price``, ``total_cost`` (null where
    unknown, which only ``cost_recovery`` bears), ``cost`` (to date, materials included), ``uninstalled`` (those in
    ``cost``), minor units; ``method``; ``places``. ``progress`` comes in units of 10^-12.

    A building of 1,000,000 that will cost 700,000; changed to 1,350,000 and 820,000 after 420,000 (IFRS 15 IE37–IE41):

    >>> step = {"job": 1, "method": "cost_to_cost", "places": 3, "uninstalled": 0, "cost": 420_000}
    >>> steps = [step | {"price": 1_000_000, "total_cost": 700_000}, step | {"price": 1_350_000, "total_cost": 820_000}]
    >>> performed(pl.DataFrame(steps), "floor").select("revenue_to_date", "revenue").rows()
    [(600000, 600000), (691200, 91200)]
    """
    by_cost = pl.col("method") == "cost_to_cost"
    done, whole = (pl.col(name) - pl.col("uninstalled") for name in ("cost", "total_cost"))
    rows = steps.with_columns(done=pl.min_horizontal(done, whole), whole=whole).with_columns(_published(rounding))
    margin_price = wide("price") - wide("uninstalled")
    exact = divide(margin_price * wide("done"), pl.col("whole"), rounding)
    published = divide(margin_price * wide("progress"), _WHOLE, rounding)
    earned = pl.when(pl.col("places").is_null()).then(exact).otherwise(published) + pl.col("uninstalled")
    recovered = pl.min_horizontal("cost", "price")
    rows = rows.with_columns(
        revenue_to_date=pl.when(by_cost).then(earned).otherwise(recovered),
        progress=pl.when(by_cost).then("progress"),
    )
    before = pl.col("revenue_to_date").shift(1).over("job").fill_null(0)
    loss = (pl.col("total_cost") - pl.col("price")) - (pl.col("cost") - pl.col("revenue_to_date"))
    losing = pl.col("total_cost") > pl.col("price")
    return rows.with_columns(
        revenue=pl.col("revenue_to_date") - before,
        loss_provision=pl.when(losing).then(loss.clip(lower_bound=0)).otherwise(0),
    ).drop("done", "whole")


def _published(rounding: Rounding) -> pl.Expr:
    """The progress in units of 10^-12, rounded to its ``places``."""
    fine = divide(wide("done") * _WHOLE, pl.col("whole"), "floor")
    unit = pl.lit(10, dtype=pl.Int64).pow(pl.lit(PLACES) - pl.col("places").cast(pl.Int64)).cast(pl.Int64)
    rounded = divide(wide("done") * (_WHOLE // unit), pl.col("whole"), rounding) * unit
    return pl.when(pl.col("places").is_null()).then(fine).otherwise(rounded).alias("progress")
