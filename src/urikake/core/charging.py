"""What to bill: the stretches of constant state that each cycle holds, less what was billed of them, priced.

One idea serves first bills, mid-cycle changes, cancellations and backdated corrections: **what is wanted less what was
billed**, both as intervals of days of one state. Where nothing was billed yet, the difference is the stretches
themselves; where it was, it is the unused part of the old state (a credit) and the same days of the new one (a charge).
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from . import pricing, proration
from .money import Rounding, divide, wide
from .timeline import CUTS, WHOLE
from .timeline import STATE as ON_A_DAY

KEYS: Final = ["line_id", "cycle_from_on"]
STATE: Final = list(ON_A_DAY)
DAYS: Final = ["cycle_to_on", "whole_from_on", "whole_to_on", "from_on", "to_on", "lasts_to_on"]
STRETCH: Final = [*KEYS, *DAYS, *STATE, "basis"]
KINDS: Final = {
    name: pl.Date() if name.endswith("_on") else pl.String() if name == "basis" else pl.Int64() for name in STRETCH
}
EXACT: Final = 10**12
KEPT: Final = ("full_month", "free")


def based(segments: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Segments with the proration policy of each of their ends: ``left_basis`` and ``right_basis`` (日割り).

    The first segment begins under ``proration_start``, the last ends under ``proration_end``, and so do those beside a
    suspension; between two that touch, the change is an increase (``proration_up``) where what is to pay rises, else a
    decrease (``proration_down``). ``left_alone`` tells the segments that end under ``proration_end``.
    """
    names = ["proration_start", "proration_end", "proration_up", "proration_down"]
    joined = segments.join(lines.select("line_id", *names), on="line_id", maintain_order="left")
    full = wide("unit_price_micro") * wide("quantity_micro")
    worth = full * wide(WHOLE - pl.col("discount_rate")) - wide("discount_cut") * EXACT
    touches = pl.col("to_on").shift(1) == pl.col("from_on")
    same_before = (pl.col("line_id").shift(1) == pl.col("line_id")) & touches
    same_after = (pl.col("line_id").shift(-1) == pl.col("line_id")) & touches.shift(-1)
    rose, rises = worth > worth.shift(1), worth.shift(-1) > worth
    left = pl.when(rose).then("proration_up").otherwise("proration_down")
    right = pl.when(rises).then("proration_up").otherwise("proration_down")
    return joined.with_columns(
        changed=same_before.fill_null(False),
        left_basis=pl.when(same_before).then(left).otherwise("proration_start"),
        right_basis=pl.when(same_after).then(right).otherwise("proration_end"),
        left_alone=~same_after.fill_null(False),
    ).drop(names)


def stretches(cycles: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """The parts of every cycle under one state, with the policy that prorates each: one row per (cycle, segment).

    In: cycles as `calendar.cycles` gives them, segments as `based` does. A change under ``full_month`` or ``free`` leaves
    the cycle in which it falls as it was: the new state begins with the next cycle.
    Out: ``line_id, cycle_from_on, cycle_to_on, whole_from_on, whole_to_on, from_on, to_on``, the state, ``basis``, and
    ``lasts_to_on``, until when the line is in use in the cycle without a break, whatever its price.
    """
    named = cycles.lazy().rename({"from_on": "cycle_from_on", "to_on": "cycle_to_on"})
    joined = named.join(segments.lazy(), on="line_id", maintain_order="left")
    inside = joined.filter(
        (pl.col("from_on") < pl.col("cycle_to_on"))
        & (pl.col("to_on").is_null() | (pl.col("to_on") > pl.col("cycle_from_on")))
    ).with_columns(
        from_on=pl.max_horizontal("from_on", "cycle_from_on"),
        to_on=pl.min_horizontal("to_on", "cycle_to_on"),
        waits=pl.col("changed") & (pl.col("from_on") > pl.col("cycle_from_on")) & pl.col("left_basis").is_in(KEPT),
    )
    found = inside.collect()
    kept = _kept(found) if found["waits"].any() else found
    basis = pl.when(pl.col("from_on") > pl.col("whole_from_on")).then("left_basis").otherwise("right_basis")
    last = pl.col("line_id").shift(-1).ne_missing(pl.col("line_id")) | (pl.col("from_on").shift(-1) != pl.col("to_on"))
    borders = last | (pl.col("to_on") == pl.col("cycle_to_on"))
    lasts = pl.when(borders).then("to_on").backward_fill()
    return kept.with_columns(basis=basis, lasts_to_on=lasts).select(STRETCH)


def lasting(days: pl.DataFrame, wanted: pl.DataFrame) -> pl.Series:
    """Until when the use goes on after each of the days that differ, by the stretches wanted; their own end where it stops.

    In: ``line_id, cycle_from_on, to_on``, in any order; out: ``lasts_to_on``, in theirs.
    """
    uses = wanted.select(*KEYS, "from_on", ends_on="to_on", last_on="lasts_to_on").sort("from_on")
    asked = days.select(*KEYS, "to_on", at=pl.int_range(pl.len())).sort("to_on")
    found = asked.join_asof(uses, left_on="to_on", right_on="from_on", by=KEYS, check_sortedness=False)
    used = pl.when(pl.col("ends_on") > pl.col("to_on")).then("last_on").otherwise("to_on")
    return found.sort("at").select(lasts_to_on=used).to_series()


def _kept(inside: pl.DataFrame) -> pl.DataFrame:
    """The stretches without those whose change waits for the next cycle: the one before takes in their days and end."""
    placed = inside.sort("line_id", "cycle_from_on", "from_on").with_columns(group=(~pl.col("waits")).cum_sum())
    reach = placed.group_by("group", maintain_order=True).agg(pl.col("to_on", "right_basis").last())
    return (
        placed.unique("group", keep="first", maintain_order=True)
        .with_columns(to_on=reach["to_on"], right_basis=reach["right_basis"])
        .drop("group")
    )


def so_far(stretches: pl.DataFrame, until: date) -> pl.DataFrame:
    """The stretches of metered days up to the day ``until`` (exclusive), later ones cut there by their days.

    What was used by then is earned by then, also in the middle of a cycle; the base price of a cut one goes by its days.
    """
    beyond = pl.col("to_on") > until
    return stretches.filter(pl.col("from_on") < until).with_columns(
        to_on=pl.min_horizontal("to_on", pl.lit(until)), basis=pl.when(beyond).then(pl.lit("daily")).otherwise("basis")
    )


def outstanding(wanted: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """Wanted less billed: per cycle and state the days still to charge (``sign`` 1) or to credit (``sign`` −1).

    In: ``line_id, cycle_from_on, from_on, to_on`` and the state; ``billed`` also ``sign`` (−1 for a credit).
    Out: the same columns with ``sign``, by line, cycle, first day, credits first.

    >>> from datetime import date
    >>> key = {"line_id": 1, "cycle_from_on": date(2026, 5, 1)}
    >>> same = {"quantity_micro": 1, "unit_price_micro": 1, "discount_rate": 0, "discount_cut": 0}
    >>> old, new = ({"product_id": p} | same for p in (1, 2))
    >>> may, august, next_may = date(2026, 5, 1), date(2026, 8, 1), date(2027, 5, 1)
    >>> wanted = pl.DataFrame([key | old | {"from_on": may, "to_on": august}, key | new | {"from_on": august, "to_on": next_may}])
    >>> billed = pl.DataFrame([key | old | {"from_on": may, "to_on": next_may, "sign": 1}])
    >>> for row in outstanding(wanted, billed).select("product_id", "from_on", "to_on", "sign").rows():
    ...     print(*row)
    1 2026-08-01 2027-05-01 -1
    2 2026-08-01 2027-05-01 1
    """
    names = [*KEYS, *STATE]
    plus = wanted.select(*names, "from_on", "to_on", sign=pl.lit(1, dtype=pl.Int64))
    minus = billed.select(*names, "from_on", "to_on", sign=-pl.col("sign").cast(pl.Int64))
    every = pl.concat([plus, minus])
    steps = pl.concat(
        [
            every.select(*names, day="from_on", step="sign"),
            every.select(*names, day="to_on", step=-pl.col("sign")),
        ]
    )
    levels = steps.group_by(*names, "day").agg(pl.col("step").sum()).sort(*names, "day")
    levels = levels.filter(pl.col("step") != 0)
    spans = levels.with_columns(sign=pl.col("step").cum_sum().over(names), to_on=pl.col("day").shift(-1).over(names))
    left = spans.filter((pl.col("sign") != 0) & pl.col("to_on").is_not_null()).rename({"day": "from_on"})
    return left.select(*KEYS, "from_on", "to_on", *STATE, "sign").sort(*KEYS, "from_on", "sign", "product_id")


def priced(rows: pl.DataFrame, products: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The rows with ``amount``, ``numerator`` and ``denominator``: price × quantity × proration, rounded once.

    In: stretches with ``basis``, ``sign`` and, on metered rows (従量), ``usage_micro`` (null elsewhere); ``products`` gives
    the price model. Usage is priced as a whole and not prorated; the base price and minimum beneath it are. Under
    ``included`` a metered line of quantity 0 counts as one plan. Discounts come off before the one rounding: the rate off
    all of it, the cut, as agreed for a whole cycle, off with the days; nothing is left below zero.
    """
    if rows.is_empty():
        none = pl.lit(0, dtype=pl.Int64)
        return rows.with_columns(amount=none, numerator=none, denominator=none)
    model = products.select(
        "product_id",
        "price_model",
        "included_micro",
        "overage_price_micro",
        "package_size_micro",
        "minimum",
        "maximum",
        "tier_list",
    ).rename({"tier_list": "tiers"})
    joined = rows.join(model, on="product_id", maintain_order="left")
    metered = pl.col("usage_micro").is_not_null()
    one = pl.when(metered & (pl.col("quantity_micro") == 0)).then(1_000_000).otherwise("quantity_micro")
    quantity = pl.coalesce("usage_micro", "quantity_micro")
    parts = fractions(joined).with_columns(taken_micro=one)
    full = pricing.exact(parts.with_columns(quantity_micro=quantity))
    base = full
    if parts["usage_micro"].null_count() < parts.height:
        base = pricing.exact(parts.with_columns(quantity_micro=pl.when(metered).then(0).otherwise(quantity)))
    exact = parts.with_columns(base=base, over=full - base)
    above = pl.col("base") * wide("numerator") + pl.col("over") * wide("denominator")
    below = wide("denominator") * EXACT
    amount = divide(above * wide("sign"), below, rounding)
    if exact.select(pl.any_horizontal(pl.col(CUTS) != 0).any()).item():
        amount = pl.when(pl.any_horizontal(pl.col(CUTS) != 0)).then(reduced(above, below, rounding)).otherwise(amount)
    return exact.with_columns(amount=amount).select(*rows.columns, "amount", "numerator", "denominator")


ROUND: Final = 1_000_000


def reduced(above: pl.Expr, below: pl.Expr, rounding: Rounding) -> pl.Expr:
    """The amount ``above`` ÷ ``below`` × ``sign`` with the row's discounts off; ``numerator`` is the share of the cut.

    A rate of whole hundredths, as nearly all are, is taken in hundredths: then a price of 10^15 yen stays far inside 128
    bits also over ten years of days. A finer one has that room up to 10^10 yen.
    """
    plain = pl.col("discount_rate") % ROUND == 0
    unit = pl.when(plain).then(pl.lit(WHOLE // ROUND)).otherwise(pl.lit(WHOLE)).cast(pl.Int128)
    keep = unit - wide("discount_rate") // pl.when(plain).then(pl.lit(ROUND)).otherwise(pl.lit(1)).cast(pl.Int128)
    cut = wide("discount_cut") * wide("numerator") * (EXACT // WHOLE)
    left = above * keep - cut * unit
    return divide(pl.when(left > 0).then(left).otherwise(0) * wide("sign"), below * unit, rounding)


def fractions(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``numerator`` and ``denominator`` of the whole cycle that each takes; a whole one is 1/1.

    In: ``from_on, to_on, lasts_to_on`` within ``whole_from_on, whole_to_on``, and ``basis``, emptied where it had no part.
    """
    whole = (pl.col("from_on") == pl.col("whole_from_on")) & (pl.col("to_on") == pl.col("whole_to_on"))
    placed = rows.with_columns(whole=whole, at=pl.int_range(pl.len()))
    cut = placed.filter(~pl.col("whole"))
    parts = proration.fractions(
        cut.select(
            "basis",
            whole_from="whole_from_on",
            whole_to="whole_to_on",
            used_from="from_on",
            used_to="to_on",
            lasts_to="lasts_to_on",
        )
    )
    joined = placed.join(cut.select("at").hstack(parts), on="at", how="left", maintain_order="left")
    return joined.with_columns(
        pl.col("numerator", "denominator").fill_null(1), basis=pl.when("whole").then(pl.lit("")).otherwise("basis")
    ).drop("whole", "at")
