"""Frames as rows for people and programs: dates as text, millionths as numbers, months as ``2026-04``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import polars as pl

from urikake.core.money import plain


class Rows(Sequence[dict[str, Any]]):
    """The rows of a frame that may be long, as `rows` gives them: made when they are looked at, and only then.

    ``frame`` has them as columns, for what goes on in columns: a file, a table in another order, a sum. Equal to a list
    of the same rows.

    >>> found = Rows(pl.DataFrame({"product": ["A"], "quantity_micro": [1_500_000]}))
    >>> len(found), found[0], found == [{"product": "A", "quantity": 1.5}]
    (1, {'product': 'A', 'quantity': 1.5}, True)
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    @cached_property
    def _made(self) -> list[dict[str, Any]]:
        return rows(self.frame)

    def __len__(self) -> int:
        return self.frame.height

    def __getitem__(self, at: Any) -> Any:
        return self._made[at]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._made)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._made == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._made)


def rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The frame as plain dictionaries: columns in ``_micro`` lose the suffix and are numbers, dates are ISO text."""
    spelled = frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"))
    micro = [name for name in spelled.columns if name.endswith("_micro")]
    found = spelled.to_dicts()
    if micro:
        for row in found:
            for name in micro:
                value = row.pop(name)
                row[name.removesuffix("_micro")] = None if value is None else plain(value)
    return found


def month_text(column: str) -> pl.Expr:
    """The month as ``2026-04``."""
    return pl.col(column).dt.strftime("%Y-%m").alias("month")


def inclusive(column: str) -> pl.Expr:
    """The last day of a range kept half-open."""
    return pl.col(column).dt.offset_by("-1d")


def nested(frame: pl.DataFrame, key: str, names: list[str]) -> dict[Any, list[dict[str, Any]]]:
    """The rows of each key as plain dictionaries of the named columns, in the order of the frame."""
    found: dict[Any, list[dict[str, Any]]] = {}
    keys = frame[key].to_list()
    for at, row in zip(keys, rows(frame.select(names)), strict=True):
        found.setdefault(at, []).append(row)
    return found


def instant(column: str) -> pl.Expr:
    """The instant as ISO text in UTC, as the other reports tell it."""
    return pl.col(column).dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
