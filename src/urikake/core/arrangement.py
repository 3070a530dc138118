"""The obligations of contracts over time (履行義務): what their selling prices are, what is recognised of them by a day.

An arrangement is a contract whose price falls on its obligations by their standalone selling prices, not by what its lines
charge. It is kept as rules: of each obligation what was recognised before a day (``done``), what is still to be
(``amount``) and over which days. Every function takes whole columns of any number of arrangements.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from . import schedule
from .allocation import allocate
from .calendar import days_in_month, month_number, month_of
from .modification import modify
from .money import MICRO, Rounding, divide, largest_remainder, wide

RULE: Final = ["amount", "from_on", "to_on", "method", "partial_month", "remainder"]
_CYCLE: Final = 27_720  # a multiple of every number of months up to twelve, and of years


def selling_price(stretches: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The standalone selling price of each obligation over its days: ``key, ssp``.

    Of a stretch it is the price of one cycle × quantity × the cycles in its days; months count whole, a part of one by
    its days. What is sold once (``cycle_months`` 0) has its price once. Rounded once an obligation.

    ``stretches``: ``key``, ``from_on``, ``to_on`` (exclusive), ``ssp_micro``, ``quantity_micro``, ``cycle_months``.

    A year at 3,000 yen a month, two of them from the seventh month on:

    >>> from datetime import date
    >>> days = [date(2026, 4, 1), date(2026, 10, 1), date(2027, 4, 1)]
    >>> rows = {"key": [1, 1], "from_on": days[:2], "to_on": days[1:], "ssp_micro": [3_000_000_000] * 2}
    >>> rows |= {"quantity_micro": [1_000_000, 2_000_000], "cycle_months": [1, 1]}
    >>> selling_price(pl.DataFrame(rows), "floor").rows()
    [(1, 54000)]
    """
    once = pl.col("cycle_months") == 0
    months = pl.when(once).then(MICRO).otherwise(_months_micro("to_on") - _months_micro("from_on"))
    product = wide("ssp_micro") * wide("quantity_micro") * wide(months)
    each = product * _CYCLE // pl.when(once).then(1).otherwise("cycle_months")
    sums = stretches.with_columns(each=each).group_by("key", maintain_order=True).agg(pl.col("each").sum())
    return sums.select("key", ssp=divide(pl.col("each"), pl.lit(MICRO, dtype=pl.Int128) ** 3 * _CYCLE, rounding))


def _months_micro(day: str) -> pl.Expr:
    """The day on a scale of months, in millionths."""
    on = pl.col(day)
    part = (on.dt.day().cast(pl.Int64) - 1) * MICRO // days_in_month(on)
    return month_number(on).cast(pl.Int64) * MICRO + part


def left_over(lines: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The lines with ``ssp`` and ``ssp_left`` of those that are ``residual`` (残余アプローチ, 適用指針31項(3)) as prices.

    It is what the price of the arrangement, with ``extra`` (what people expect beside what lines charge, and discounts that are
    of some lines alone), leaves of the others' selling prices; of several by what they charge. Not below zero, where it cannot
    be told so. One that was told before keeps its price: ``ssp_before`` for ``measure_before``, however much of it there is now.

    ``lines``: ``arrangement``, ``residual``, ``stated``, ``extra``, ``ssp`` and ``ssp_left`` (of a residual one the
    measures of what is sold, in all and from a day on), ``ssp_before``, ``measure_before`` (null of what was not told before).

    Hosting alone at 120,000 a year, and what nobody sells alone, for 150,000 together, half a year of it to come:

    >>> rows = {"arrangement": [1, 1], "residual": [False, True], "stated": [100_000, 50_000], "extra": [0, 0]}
    >>> rows |= {"ssp": [120_000, 12], "ssp_left": [60_000, 6], "ssp_before": [None] * 2, "measure_before": [None] * 2}
    >>> kinds = {"ssp_before": pl.Int64, "measure_before": pl.Int64}
    >>> left_over(pl.DataFrame(rows, schema_overrides=kinds), "floor").select("ssp", "ssp_left").rows()
    [(120000, 60000), (30000, 15000)]
    """
    mine, told = pl.col("residual"), pl.col("measure_before").is_not_null()
    others = pl.when(mine).then(0).otherwise("ssp")
    rest = (pl.col("stated") + pl.col("extra") - others).sum().over("arrangement").clip(lower_bound=0)
    whole = lines.with_columns(rest=rest, by=pl.when(mine).then("stated").otherwise(0))
    share = largest_remainder(whole, "rest", "by", ["arrangement", "residual"])
    kept = divide(wide("ssp_before") * wide("ssp"), pl.col("measure_before").clip(lower_bound=1), rounding)
    price = pl.when(told).then(kept).otherwise(share)
    left = divide(wide(price) * wide("ssp_left"), pl.col("ssp").clip(lower_bound=1), rounding)
    return lines.with_columns(
        ssp=pl.when(mine).then(price).otherwise("ssp"), ssp_left=pl.when(mine).then(left).otherwise("ssp_left")
    )


def recognised(rules: pl.DataFrame, on: pl.Expr, rounding: Rounding) -> pl.Series:
    """What of each obligation is recognised before the day ``on``: ``done`` and its share of ``amount``, ``Int64``.

    By whole months as `schedule.cumulative`; of the month in which the day lies, its days before it. What goes by its progress
    (``method`` ``progress``, 進捗度 41–45項) by the share performed since: (reached − begun) ÷ (1 − begun), exactly.

    ``rules``: `RULE` and ``done``; where anything goes by its progress, what was performed in all by the day, ``reached`` of
    ``reached_of``, and when the rule began, ``begun`` of ``begun_of``.

    >>> from datetime import date
    >>> rule = {"done": 0, "amount": 12_000, "from_on": date(2026, 4, 1), "to_on": date(2027, 4, 1), "method": "monthly"}
    >>> rules = pl.DataFrame([rule | {"partial_month": "daily", "remainder": "cumulative"}] * 2)
    >>> [recognised(rules[:1], pl.lit(day), "floor").item() for day in (date(2026, 7, 1), date(2026, 7, 11))]
    [3000, 3322]
    """
    asked = rules.with_columns(on=on).with_columns(until_on=month_of(pl.col("on")))
    following = asked.with_columns(until_on=pl.col("until_on").dt.offset_by("1mo"))
    before, after = (schedule.cumulative(part.select(*RULE, "until_on"), rounding) for part in (asked, following))
    first = pl.max_horizontal("from_on", "until_on")
    last = pl.min_horizontal("to_on", pl.col("until_on").dt.offset_by("1mo"))
    days, passed = ((end - first).dt.total_days() for end in (last, pl.min_horizontal("on", last)))
    part = divide(wide("after") * wide(passed.clip(lower_bound=0)), days.clip(lower_bound=1), rounding)
    spread = asked.with_columns(before=before, after=after - before)
    passed_on = pl.col("before") + part
    if "reached" in rules.columns:
        gained = wide("reached") * wide("begun_of") - wide("begun") * wide("reached_of")
        rest = wide("reached_of") * (wide("begun_of") - wide("begun"))
        performed = divide(wide("amount") * gained.clip(lower_bound=0), rest.clip(lower_bound=1), rounding)
        passed_on = pl.when(pl.col("method") == "progress").then(performed).otherwise(passed_on)
    return spread.select(done=pl.col("done") + passed_on).to_series()


def begun(lines: pl.DataFrame, ties: pl.DataFrame | None = None) -> pl.DataFrame:
    """The lines of new arrangements with ``amount``, what of the price falls on each, and the ``problem`` that hinders it.

    The price of an arrangement is what its lines are to charge in all, what is expected to vary in it (変動対価) included;
    ``ties`` are variable amounts of some lines alone, by ``obligation``. See `allocation.allocate`.

    ``lines``: ``arrangement``, ``stated``, ``ssp``, and ``obligation`` where there are ties.

    >>> sold = pl.DataFrame({"arrangement": [1, 1], "stated": [0, 120_000], "ssp": [30_000, 120_000]})
    >>> begun(sold)["amount"].to_list()
    [24000, 96000]
    """
    priced = lines.with_columns(price=pl.col("stated").sum().over("arrangement"))
    return allocate(priced, ties).drop("price").rename({"allocated": "amount"})


def changed(lines: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The lines of changed arrangements with their ``treatment``, ``done`` and ``amount`` from the day of the change on.

    What a change adds to a line (money, selling price) and lines that are new are what is added (`modification.modify`); what
    it takes away lowers what is left. ``done`` is what was recognised, with what a catch-up recognises at once. Where nothing is
    left to be performed of an arrangement, every line comes to what it charges, at once.

    ``lines``: ``arrangement``, ``price`` (the share that had fallen on the line; 0 of a new one), ``recognized`` of it,
    ``stated_before`` and ``stated`` (what the line charges in all, before and now), ``ssp_before`` and ``ssp`` (whole
    selling prices, before and now), ``ssp_left_before`` and ``ssp_left`` (of what is still to be performed), ``distinct``,
    and ``override`` of the treatment, or null.

    From the seventh month an option at its selling price, or (3 and 4) for less than that:

    >>> rows = {"arrangement": [1, 1, 2, 2], "price": [120_000, 0] * 2, "recognized": [60_000, 0] * 2, "distinct": [True] * 4}
    >>> rows |= {"stated_before": [120_000, 0] * 2, "stated": [120_000, 18_000, 120_000, 12_000], "override": [None] * 4}
    >>> rows |= {"ssp_before": [120_000, 0] * 2, "ssp": [120_000, 18_000] * 2}
    >>> rows |= {"ssp_left_before": [60_000, 0] * 2, "ssp_left": [60_000, 18_000] * 2}
    >>> changed(pl.DataFrame(rows, schema_overrides={"override": pl.String}), "floor").select("treatment", "amount").rows()
    [('separate', 60000), ('separate', 18000), ('prospective', 55385), ('prospective', 16615)]
    """
    whole = lines.with_columns(line=pl.int_range(pl.len()), change="arrangement", treatment="override")
    less = pl.min_horizontal("ssp_left", "ssp_left_before")
    old = whole.filter(pl.col("ssp_before") > 0).with_columns(added=False, ssp="ssp_before", ssp_left=less)
    more = whole.with_columns(
        price=pl.col("stated") - pl.col("stated_before"),
        ssp=pl.max_horizontal(pl.col("ssp_left") - pl.col("ssp_left_before"), 0),
        recognized=pl.lit(0, dtype=pl.Int64),
        added=True,
    ).with_columns(ssp_left="ssp")
    fresh = more.filter((pl.col("price") != 0) | (pl.col("ssp") > 0))
    names = ["line", "change", "added", "distinct", "price", "recognized", "ssp", "ssp_left", "treatment"]
    told = modify(pl.concat([old.select(names), fresh.select(names)]), rounding)
    sums = told.group_by("line").agg(
        pl.col("treatment").first(), amount=pl.col("allocated").sum(), now=pl.col("catch_up").sum()
    )
    found = whole.drop("treatment", "change").join(sums, on="line", how="left", maintain_order="left")
    over = (pl.col("ssp_left") == 0).all().over("arrangement")
    found = found.with_columns(  # nothing is left to share by
        amount=pl.when(over).then(0).otherwise("amount"),
        now=pl.when(over).then(pl.col("stated") - pl.col("recognized")).otherwise("now"),
    )
    ruled = pl.col("treatment").first(ignore_nulls=True).over("arrangement")
    return found.select(
        *lines.columns,
        treatment=ruled,
        done=pl.col("recognized") + pl.col("now").fill_null(0),
        amount=pl.col("amount").fill_null(0),
        catch_up=pl.col("now").fill_null(0),
    )
