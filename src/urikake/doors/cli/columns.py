"""Long reports written as JSON or CSV column by column: a million rows take seconds, not minutes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import polars as pl

from urikake.core.money import MICRO

PART: Final = 100_000
"""Rows written at a time."""


def as_json(frame: pl.DataFrame) -> Iterator[str]:
    """The rows of the frame as ``json.dumps`` writes a list of them, worked out in columns, part by part.

    Columns in ``_micro`` lose the suffix, are numbers and come last, days are texts.

    >>> import polars as pl
    >>> "".join(as_json(pl.DataFrame({"no": ['a"b', None], "quantity_micro": [2_000_000, 1_500_000]})))
    '[{"no": "a\\\\"b", "quantity": 2}, {"no": null, "quantity": 1.5}]\\n'
    """
    named = [(column.name.removesuffix("_micro"), _figures(column)) for column in _ordered(frame)]
    pieces = [part for at, (name, values) in enumerate(named) for part in (f'{", " if at else "{"}"{name}": ', values)]
    texts = pl.select(pl.concat_str([pl.lit(part) for part in (*pieces, "}")])).to_series()
    yield "["
    for at in range(0, frame.height, PART):
        yield (", " if at else "") + str(texts.slice(at, PART).str.join(", ").item())
    yield "]\n"


def as_csv(frame: pl.DataFrame) -> Iterator[str]:
    """The rows of the frame as a CSV file, part by part; numbers and days as `as_json` has them."""
    plain = [
        _numbers(column).alias(column.name.removesuffix("_micro")) if column.name.endswith("_micro") else column
        for column in _ordered(frame)
    ]
    spelt = pl.DataFrame(plain)
    for at in range(0, max(frame.height, 1), PART):
        yield spelt.slice(at, PART).write_csv(include_header=not at, line_terminator="\r\n")


def _ordered(frame: pl.DataFrame) -> list[pl.Series]:
    """The columns in the order in which rows have them."""
    return sorted(frame, key=lambda column: column.name.endswith("_micro"))


def _figures(column: pl.Series) -> pl.Series:
    """The values as JSON writes them."""
    if column.name.endswith("_micro"):
        return _numbers(column).fill_null("null")
    if column.dtype.is_numeric():
        return column.cast(pl.String).fill_null("null")
    texts = column.cast(pl.String)
    special = texts.filter(texts.str.contains(r'[\x00-\x1f"\\]')).unique()
    safe = texts.replace(special, [json.dumps(text, ensure_ascii=False)[1:-1] for text in special])
    return pl.select(pl.format('"{}"', safe).fill_null("null")).to_series()


def _numbers(column: pl.Series) -> pl.Series:
    """Millionths as `money.plain` has them, as texts."""
    value = pl.lit(column)
    size, sign = value.abs(), pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    places = (size % MICRO).cast(pl.String).str.zfill(6).str.strip_chars_end("0")
    point = pl.when(places == "").then(pl.lit("")).otherwise(pl.lit("."))
    return pl.select(pl.concat_str(sign, (size // MICRO).cast(pl.String), point, places)).to_series()
