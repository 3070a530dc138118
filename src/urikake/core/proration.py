"""What part of a billing cycle a partial use is charged: fractions of days counted (日割り・月割).

The bases are those found in Japanese terms of service. Each gives exactly 1 for the whole cycle, and counts the use
only inside it. Ranges are half-open. Months are counted from the first day of the cycle, clipped to the month's
length and remembering the anchor: 31 Jan, 28 Feb, 31 Mar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import polars as pl

Basis = Literal["daily", "monthly", "thirtieth", "thirty_360", "full_month", "free"]
BASES: Final[tuple[Basis, ...]] = ("daily", "monthly", "thirtieth", "thirty_360", "full_month", "free")

_NONE: Final = pl.lit(None, dtype=pl.Int64)
_FRACTION: Final = pl.Struct({"numerator": pl.Int64, "denominator": pl.Int64})


def fraction(
    basis: pl.Expr, whole_from: pl.Expr, whole_to: pl.Expr, used_from: pl.Expr, used_to: pl.Expr
) -> tuple[pl.Expr, pl.Expr]:
    """Numerator and denominator (``Int64``) of the part of the cycle ``whole`` that ``used`` takes, not reduced.

    Rules by ``basis`` (text):

    - ``daily``: days used ÷ days of the cycle
    - ``monthly`` (月割): a whole month counts 1, a part its days ÷ the days of that month, ÷ the months of the cycle;
      numerator and denominator are both multiplied by the days of the months cut
    - ``thirtieth``: a whole month counts 30, a part its days, at most 30
    - ``thirty_360``: 30 × months apart + difference of the days of the month
    - ``full_month`` (満額): any use is the whole
    - ``free`` (初月無料): a partial use costs nothing

    The dates are ``Date`` columns with exclusive ends; an empty ``used_to`` lasts to the end. No use counts 0; an empty
    cycle has denominator 0. Nothing is rounded.

    A 30,000 yen April (30 days) used from the 16th is charged 15/30, that is 15,000 yen:

    >>> from datetime import date
    >>> april = pl.DataFrame({"a": [date(2026, 4, 1)], "b": [date(2026, 5, 1)], "start": [date(2026, 4, 16)]})
    >>> part = fraction(pl.lit("daily"), pl.col("a"), pl.col("b"), pl.col("start"), pl.col("b"))
    >>> april.select(n=part[0], d=part[1]).row(0)
    (15, 30)
    """
    asked = pl.struct(
        basis=basis, whole_from=whole_from, whole_to=whole_to, used_from=used_from, used_to=used_to
    ).map_batches(lambda rows: fractions(rows.struct.unnest()).to_struct(), return_dtype=_FRACTION, is_elementwise=True)
    return asked.struct.field("numerator"), asked.struct.field("denominator")


def fractions(frame: pl.DataFrame) -> pl.DataFrame:
    """`fraction` of every row of a frame: ``numerator`` and ``denominator``, in its order.

    Columns: ``basis``, ``whole_from``, ``whole_to``, ``used_from``, ``used_to``. An unknown basis gives nulls. Where the use
    goes on after ``used_to``, only at another price, ``lasts_to`` tells until when: then the parts of one use add up under
    every basis to that of the whole.

    A year used for its first month and a half, by months: 1 + 15/31 of 12, that is (31 + 15) ÷ (12 × 31):

    >>> from datetime import date
    >>> year = {"basis": "monthly", "whole_from": date(2026, 4, 1), "whole_to": date(2027, 4, 1)}
    >>> fractions(pl.DataFrame([year | {"used_from": date(2026, 4, 1), "used_to": date(2026, 5, 16)}])).row(0)
    (46, 372)
    """
    start = pl.max_horizontal("whole_from", "used_from")
    lasts = "lasts_to" if "lasts_to" in frame.columns else "used_to"
    rows = frame.select(
        "basis",
        begin="whole_from",
        end="whole_to",
        start=start,
        stop=pl.max_horizontal(start, pl.min_horizontal("whole_to", "used_to")),
        until=pl.max_horizontal(start, pl.min_horizontal("whole_to", pl.max_horizontal("used_to", lasts))),
        row=pl.int_range(pl.len()),
    )
    parts = [rows.select("row", numerator=_NONE, denominator=_NONE).clear()]
    for basis, rule in _RULES.items():
        counted = rows.filter(pl.col("basis") == basis)
        if counted.height:
            parts.append(rule(counted).select("row", pl.col("numerator", "denominator").cast(pl.Int64)))
    return rows.select("row").join(pl.concat(parts), on="row", how="left", maintain_order="left").drop("row")


def _between(start: str, stop: str) -> pl.Expr:
    """The days from one date to the other."""
    return (pl.col(stop) - pl.col(start)).dt.total_days()


_USED: Final = _between("start", "stop")
_DAYS: Final = _between("begin", "end")


def _daily(rows: pl.DataFrame) -> pl.DataFrame:
    """Days used ÷ days of the cycle."""
    return rows.with_columns(numerator=_USED, denominator=_DAYS)


def _full_month(rows: pl.DataFrame) -> pl.DataFrame:
    """Any use is the whole."""
    return rows.with_columns(numerator=pl.when(_USED > 0).then(_DAYS).otherwise(0), denominator=_DAYS)


def _free(rows: pl.DataFrame) -> pl.DataFrame:
    """Only the whole is charged."""
    return rows.with_columns(numerator=pl.when(_USED == _DAYS).then(_DAYS).otherwise(0), denominator=_DAYS)


def _thirty_360(rows: pl.DataFrame) -> pl.DataFrame:
    """30 × months apart + difference of the days; a cycle of one 31st, which would count nothing, counts its days."""
    whole, used = _bank_days("begin", "end"), _bank_days("start", "stop")
    return rows.with_columns(whole=whole, used=used).with_columns(
        numerator=pl.when(pl.col("whole") > 0).then("used").otherwise(_USED),
        denominator=pl.when(pl.col("whole") > 0).then("whole").otherwise(_DAYS),
    )


def _bank_days(start: str, stop: str) -> pl.Expr:
    """30 × months apart + difference of the days of the month."""
    day = pl.col(stop).dt.day().cast(pl.Int64) - pl.col(start).dt.day().cast(pl.Int64)
    return 30 * (_month_index(pl.col(stop)) - _month_index(pl.col(start))) + day


def _thirtieth(rows: pl.DataFrame) -> pl.DataFrame:
    """A whole month counts 30, a part its days, at most 30; a part with more use after it, all of it less the rest.

    So 1–16 May counts 16 where the use ends there. Where it goes on to the 31st it counts 30 − 15, as it does when the
    whole month was billed and the 15 days from the 17th are credited.
    """
    placed = _placed(rows, ["begin", "start", "stop", "until", "end"])
    used = _thirties("start", "until") - _thirties("stop", "until")
    return placed.with_columns(numerator=used, denominator=_thirties("begin", "end"))


def _thirties(start: str, stop: str) -> pl.Expr:
    """The days between two places, each month counted as `_thirtieth` says."""
    begun, left = pl.col(f"{start}_days"), pl.col(f"{stop}_days")
    apart, most = pl.col(f"{stop}_month") - pl.col(f"{start}_month"), pl.lit(30, dtype=pl.Int64)
    head = pl.when(begun == 0).then(most).otherwise(pl.min_horizontal(pl.col(f"{start}_length") - begun, most))
    several = head + 30 * (apart - 1) + left
    return pl.when(apart == 0).then(pl.min_horizontal(left - begun, most)).otherwise(several)


def _monthly(rows: pl.DataFrame) -> pl.DataFrame:
    """Months used ÷ months of the cycle, both times the lengths of the months cut, each length once."""
    placed = _placed(rows, ["begin", "start", "stop", "end"])
    lengths = [pl.when(pl.col(f"{at}_days") == 0).then(1).otherwise(f"{at}_length") for at in ("start", "stop", "end")]
    cut = placed.with_columns(first=lengths[0], second=lengths[1], third=lengths[2])
    second = pl.when(pl.col("second") == pl.col("first")).then(1).otherwise("second")
    known = (pl.col("third") == pl.col("first")) | (pl.col("third") == pl.col("second"))
    third = pl.when(known).then(1).otherwise("third")
    scaled = cut.with_columns(scale=pl.col("first") * second * third)
    return scaled.with_columns(numerator=_scaled("start", "stop"), denominator=_scaled("begin", "end"))


def _scaled(start: str, stop: str) -> pl.Expr:
    """The months and parts of months between two places, times ``scale``."""
    apart = pl.col(f"{stop}_month") - pl.col(f"{start}_month")
    spent, begun = (pl.col("scale") * pl.col(f"{at}_days") // pl.col(f"{at}_length") for at in (start, stop))
    return pl.col("scale") * apart + begun - spent


def _placed(rows: pl.DataFrame, dates: list[str]) -> pl.DataFrame:
    """Where each date stands among the months of the cycle.

    ``…_month`` whole months before it, ``…_days`` days of its own month before it, ``…_length`` the days of that month.
    """
    first, last = pl.col("begin").dt.day().cast(pl.Int64), pl.col("end").dt.day().cast(pl.Int64)
    clipped = pl.col("begin") == pl.col("begin").dt.month_end()
    # a cycle that began on a clipped 28 Feb or 30 Apr shows its anchor at the other end
    anchor = pl.when(clipped & (last > first)).then(last).otherwise(first)
    rows = rows.with_columns(origin=_month_index(pl.col("begin")), anchor=anchor)
    for date in dates:
        apart = _month_index(pl.col(date)) - pl.col("origin")
        rows = rows.with_columns(month=apart - (_boundary(apart) > pl.col(date)).cast(pl.Int64))
        rows = rows.with_columns(opens=_boundary(pl.col("month")), closes=_boundary(pl.col("month") + 1))
        rows = rows.rename({"month": f"{date}_month"}).with_columns(
            _between("opens", date).alias(f"{date}_days"), _between("opens", "closes").alias(f"{date}_length")
        )
    return rows


def _boundary(months: pl.Expr) -> pl.Expr:
    """The day on which that month of the cycle begins."""
    index = pl.col("origin") + months
    head = pl.date(index // 12, index % 12 + 1, 1)
    return head + pl.duration(days=pl.min_horizontal("anchor", head.dt.days_in_month().cast(pl.Int64)) - 1)


def _month_index(date: pl.Expr) -> pl.Expr:
    """Months since the year 0."""
    return date.dt.year().cast(pl.Int64) * 12 + date.dt.month().cast(pl.Int64) - 1


_RULES: Final[dict[Basis, Callable[[pl.DataFrame], pl.DataFrame]]] = {
    "daily": _daily,
    "monthly": _monthly,
    "thirtieth": _thirtieth,
    "thirty_360": _thirty_360,
    "full_month": _full_month,
    "free": _free,
}
