"""What the usage of stretches of days comes to, and what it costs (従量): events in, quantities and yen out.

The same kernel rates a file on one machine and a share of the lines on each of many: all that it needs of a line is in
the frames it is given, so that lines may be parted among machines at will and their rows put together again.
"""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from . import charging
from .money import MICRO, Rounding

Meter = Literal["", "max", "last", "unique"]
SPAN: Final = ["line_id", "from_on", "to_on"]
NEEDED: Final[dict[str, list[str]]] = {"last": ["used_at", "id"], "unique": ["subject"]}
"""Beside the line, the day and the quantity, what a meter looks at of an event."""
EVENT: Final = {
    "line_id": pl.Int64(), "used_on": pl.Date(), "quantity_micro": pl.Int64(), "used_at": pl.Int64(), "id": pl.Int64(),
    "subject": pl.String(),
}  # fmt: skip
"""An event as the kernel takes it; ``used_at`` in microseconds since 1970-01-01 UTC."""


def columns(meters: pl.Series) -> list[str]:
    """The columns of events that the meters look at, in the order of `EVENT`.

    >>> columns(pl.Series(["", "max"])), columns(pl.Series(["unique"]))[-1]
    (['line_id', 'used_on', 'quantity_micro'], 'subject')
    """
    wanted = {"line_id", "used_on", "quantity_micro", *(name for each in meters for name in NEEDED.get(each, ()))}
    return [name for name in EVENT if name in wanted]


def quantities(events: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The spans with ``usage_micro``: what the usage of their days comes to by their ``meter`` (集計), in millionths.

    Rules by ``meter`` (text):

    - empty: the sum of the quantities (合計)
    - ``max``: the greatest quantity (最大)
    - ``last``: the quantity measured last, of two at the same instant the one with the greater ``id`` (最後の値)
    - ``unique``: how many different subjects there are (対象の数)

    Null where there is no usage. In: events with the columns of `EVENT` that the meters need, in any order; spans with
    ``line_id, from_on, to_on`` (exclusive) and ``meter``, of which no two of a line have a day in common. Out: the spans
    in their order.

    >>> from datetime import date
    >>> day, until = date(2026, 4, 3), date(2026, 5, 1)
    >>> used = pl.DataFrame({"line_id": [1, 1], "used_on": [day, day], "quantity_micro": [7_000_000, 5_000_000]})
    >>> spans = pl.DataFrame({"line_id": [1, 2], "from_on": [date(2026, 4, 1)] * 2, "to_on": [until] * 2, "meter": ["max"] * 2})
    >>> quantities(used, spans)["usage_micro"].to_list()
    [7000000, None]
    """
    parts = [_of(meter, events, part) for (meter,), part in spans.group_by("meter", maintain_order=True)]
    empty = spans.clear().select(*SPAN, usage_micro=pl.lit(None, dtype=pl.Int64))
    return spans.join(pl.concat([empty, *parts]), on=SPAN, how="left", maintain_order="left")


def _of(meter: object, events: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The spans of one meter that have usage: ``line_id, from_on, to_on, usage_micro``."""
    quantity = pl.col("quantity_micro")
    found = {
        "": quantity.sum(),
        "max": quantity.max(),
        "last": quantity.sort_by("used_at", "id").last() if meter == "last" else quantity,
        "unique": pl.col("subject").n_unique().cast(pl.Int64) * MICRO if meter == "unique" else quantity,
    }[str(meter)]
    named = ["line_id", "used_on", "quantity_micro", *NEEDED.get(str(meter), ())]
    each = events.lazy().select(named).join(spans.lazy().select(SPAN), on="line_id")
    inside = each.filter((pl.col("used_on") >= pl.col("from_on")) & (pl.col("used_on") < pl.col("to_on")))
    return inside.group_by(SPAN).agg(usage_micro=found).collect()


def rated(events: pl.DataFrame, spans: pl.DataFrame, products: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The spans with ``usage_micro`` and the ``amount`` that it costs, in minor units, rounded once.

    In: events and spans as `quantities` takes them, the spans also as `charging.priced` takes its stretches; usage that
    there is none of is 0, so that a base price and a minimum are charged all the same. ``products`` gives the price
    models. Out: the spans in their order.
    """
    measured = quantities(events, spans).with_columns(pl.col("usage_micro").fill_null(0))
    return charging.priced(measured, products, rounding).drop("numerator", "denominator")
