"""How each charge becomes revenue: the range and pattern of its schedule, and the tax that goes with it."""

from __future__ import annotations

import functools
from typing import Final

import polars as pl

from . import schedule
from .calendar import add_months
from .money import Rounding, divide, wide

RULE: Final = ["amount", "from_on", "to_on", "method", "partial_month", "remainder"]


def ruled(rows: pl.DataFrame, partial_month: str, remainder: str) -> pl.DataFrame:
    """The rows with the range and pattern of their schedule: ``from_on, to_on, method, partial_month, remainder``.

    By ``revenue`` of the product: ``monthly`` and ``daily`` spread the amount over the service period · ``usage`` falls
    on the period's last day · ``point`` on its first · ``contract_start`` on the line's first (``start_on``) ·
    ``lifetime`` runs by month over ``life_months`` from the line's start (適用指針30号 57–60: an upfront fee that transfers
    nothing by itself) · ``progress`` (進捗度) falls on the period's last day, when it is delivered (消費税の引渡
    基準); what is revenue before that is told by what was performed (`core.arrangement`).

    >>> from datetime import date
    >>> row = {"revenue": "usage", "from_on": date(2026, 4, 1), "to_on": date(2026, 5, 1), "start_on": date(2026, 4, 1)}
    >>> ruled(pl.DataFrame([row | {"life_months": None}]), "daily", "cumulative").row(0)[1:3]
    (datetime.date(2026, 4, 30), datetime.date(2026, 5, 1))
    """
    return rows.with_columns(_rule(partial_month, remainder))


@functools.cache
def _rule(partial_month: str, remainder: str) -> tuple[pl.Expr, ...]:
    kind, start_on = pl.col("revenue"), pl.col("start_on")
    at_start = kind.is_in(["contract_start", "lifetime"])
    served = pl.when(kind.is_in(["usage", "progress"])).then(pl.col("to_on").dt.offset_by("-1d"))
    from_on = served.when(at_start).then(start_on).otherwise("from_on")
    at_once = pl.when(kind.is_in(["point", "contract_start"])).then(from_on.dt.offset_by("1d"))
    life = add_months(start_on, pl.col("life_months").cast(pl.Int64).fill_null(0), start_on.dt.day())
    to_on = at_once.when(kind == "lifetime").then(life).otherwise("to_on")
    daily = pl.when(kind == "daily").then(pl.lit("daily"))
    return (
        from_on.alias("from_on"),
        to_on.alias("to_on"),
        daily.otherwise(pl.lit("monthly")).alias("method"),
        pl.lit(partial_month).alias("partial_month"),
        pl.lit(remainder).alias("remainder"),
    )


def recognised(rows: pl.DataFrame, until: pl.Expr, rounding: Rounding, tax_rounding: Rounding) -> pl.DataFrame:
    """What of every schedule is revenue before the first of the month ``until``: ``done``, and its tax ``done_tax``.

    The tax follows the share recognised, cumulatively rounded to the invoice's tax (前受金の税): round(tax × done ÷ amount).
    """
    asked = rows.with_columns(until_on=until)
    done = schedule.cumulative(asked.select(*RULE, "until_on"), rounding)
    return rows.with_columns(done=done).with_columns(_tax_done(tax_rounding))


@functools.cache
def _tax_done(rounding: Rounding) -> pl.Expr:
    share = divide(wide("tax_amount") * wide("done"), pl.col("amount"), rounding)
    return pl.when(pl.col("done") == pl.col("amount")).then("tax_amount").otherwise(share).alias("done_tax")
