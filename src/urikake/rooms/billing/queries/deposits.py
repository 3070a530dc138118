"""Deposits (預り保証金): what is to be held of each line by its events, less what was billed of it.

A deposit is no price of days: it is taken once, with the line's first bill, and given back when the line ends for good. So
what is wanted is a level, quantity × unit price as the events stand, that moves in steps: up where the line begins or more
is agreed on, down where less is, to nothing where it ends. A step is billed as its difference to the one before, the first
one to what was billed. A pause, a discount and the uplift of a renewal leave a deposit as it is.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import charging, timeline
from urikake.core.money import Rounding
from urikake.rooms.catalog.queries import by_cycle

from .charges import of_lines

KINDS: Final = charging.KINDS | {
    "sign": pl.Int64(), "revision": pl.Int64(), "moved": pl.Int64(), "lowers": pl.Boolean(), "step_on": pl.Date()
}  # fmt: skip
KEY: Final = ["line_id", "turn", "product_id", "unit_price_micro"]
NONE: Final = pl.lit(0, dtype=pl.Int64)


def due(
    session: Session, lines: pl.DataFrame, segments: pl.DataFrame, closing_on: date, *, served: bool = False
) -> pl.DataFrame:
    """What the closing is to bill of the deposits among the lines, columns `KINDS`: days of one, ``moved`` yen each.

    What is taken is billed as its line's cycles are by the ``timing`` (後払 as 当月), what is given back by the first closing
    on or after the last day for which it was held. With ``served``, every step by the line's ``reach_on``. ``step_on`` is the
    day from which less (``lowers``) or more is to be held.
    """
    if lines.is_empty():
        return pl.DataFrame(schema=KINDS)
    billed = of_lines(session, lines)
    lowered = pl.col("day") <= (pl.col("reach_on") if served else pl.lit(closing_on + timedelta(1)))
    falls = pl.when("lowers").then(lowered).otherwise(pl.col("day") <= pl.col("reach_on"))
    named = steps(session, lines, segments).join(
        lines.select("line_id", "reach_on"), on="line_id", maintain_order="left"
    )
    return _placed(_moved(_turns(named, billed, falls), billed), lines, billed)


def _placed(moved: pl.DataFrame, lines: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """What moves as stretches: the first day of more, the last day of less, in the next round of the line's one cycle."""
    cycle = billed.group_by("line_id").agg(pl.col("cycle_from_on").min(), revision=pl.col("revision").max() + 1)
    named = moved.join(cycle, on="line_id", how="left", maintain_order="left").join(
        lines.select("line_id", "start_on"), on="line_id", maintain_order="left"
    )
    back = pl.col("moved") < 0
    from_on = pl.when(back).then(pl.col("day").dt.offset_by("-1d")).otherwise("day")
    days = dict.fromkeys(("to_on", "cycle_to_on", "whole_to_on", "lasts_to_on"), from_on.dt.offset_by("1d"))
    placed = named.with_columns(
        pl.coalesce("cycle_from_on", "start_on").alias("cycle_from_on"),
        pl.col("quantity_micro").abs(),
        sign=pl.when(back).then(-1).otherwise(1).cast(pl.Int64),
        from_on=from_on,
        whole_from_on=from_on,
        **days,
        discount_rate=NONE,
        discount_cut=NONE,
        basis=pl.lit(""),
        step_on="day",
    )
    again = pl.int_range(pl.len(), dtype=pl.Int64).over("line_id", "from_on", "sign")
    return placed.with_columns(revision=pl.col("revision").fill_null(0) + again).select(list(KINDS))


def steps(session: Session, lines: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """The steps of each line by day: what is held from then on (no product: nothing), its ``amount``, whether it ``lowers``."""
    own = segments.join(lines.select("line_id"), on="line_id", how="semi", maintain_order="left")
    states = own.select("line_id", *timeline.OWN, day="from_on")
    goes_on = (pl.col("end_on") == pl.col("term_end_on")) & ~pl.col("declined") & pl.col("auto_renew").is_not_null()
    over = lines.filter(pl.col("end_on").is_not_null() & ~goes_on).select("line_id", day="end_on")
    every = pl.concat([_priced(session, states), over.with_columns(amount=NONE)], how="diagonal")
    every = every.sort("line_id", "day")
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in ("line_id", *timeline.OWN))
    before = pl.col("amount").shift(1).over("line_id").fill_null(0)
    return every.filter(~same).with_columns(lowers=pl.col("amount") < before)


def _priced(session: Session, states: pl.DataFrame) -> pl.DataFrame:
    """The states with their ``amount``: quantity × unit price, rounded once."""
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    one = pl.lit(1, dtype=pl.Int64)
    days = dict.fromkeys(("from_on", "to_on", "whole_from_on", "whole_to_on", "lasts_to_on"), pl.col("day"))
    whole = states.with_columns(
        **days,
        discount_rate=NONE,
        discount_cut=NONE,
        basis=pl.lit(""),
        sign=one,
        usage_micro=pl.lit(None, dtype=pl.Int64),
    )
    return charging.priced(whole, by_cycle(session), rounding).select(*states.columns, "amount")


def _turns(found: pl.DataFrame, billed: pl.DataFrame, falls: pl.Expr) -> pl.DataFrame:
    """The steps that fall due and follow on what was billed, counted from 1 by ``turn``.

    Of those up to the last that was billed only the last counts, due or not: it tells what should be held by now.
    """
    told = pl.when(pl.col("nature") > 0).then("from_on").otherwise("to_on")
    through = billed.group_by("line_id").agg(through_on=told.max())
    placed = found.join(through, on="line_id", how="left", maintain_order="left")
    past = (pl.col("day") <= pl.col("through_on")).fill_null(False)
    last = pl.col("day") == pl.col("day").filter(past).max().over("line_id")
    kept = placed.filter((falls & ~past) | last).sort("line_id", "day")
    return kept.with_columns(turn=pl.int_range(1, pl.len() + 1).over("line_id")).drop("through_on")


def _moved(found: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """What each step moves of each product and price: ``line_id, day, lowers``, the state, ``quantity_micro`` and ``moved`` signed."""
    sums = ["quantity_micro", "amount"]
    before = billed.select(
        "line_id", "product_id", "unit_price_micro", "amount", turn=NONE,
        quantity_micro=pl.col("quantity_micro") * pl.col("nature"),
    ).group_by(KEY).agg(pl.col(sums).sum())  # fmt: skip
    held = pl.concat([before, found.filter(pl.col("product_id").is_not_null()).select(before.columns)])
    gone = held.with_columns(pl.col("turn") + 1, *(-pl.col(name) for name in sums))
    both = pl.concat([held, gone]).join(found.select("line_id", "turn", "day", "lowers"), on=["line_id", "turn"])
    sums_ = both.group_by(*KEY, "day", "lowers").agg(pl.col(sums).sum()).filter(pl.col("amount") != 0)
    return sums_.rename({"amount": "moved"}).sort("line_id", "day", "moved", "product_id", "unit_price_micro")
