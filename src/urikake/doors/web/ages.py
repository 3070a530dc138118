"""Open balances by days overdue as one bar, each part leading to the items behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from urikake.core import aging

from . import pictures
from .desk import Desk
from .pictures import Part, Picture

BUCKETS: Final = (30, 60, 90)
LABELS: Final = aging.labels(BUCKETS)
WORDS: Final = {
    "not_due": "期日前",
    **{label: f"{label.replace('-', '〜')}日超過" for label in LABELS[:-1]},
    LABELS[-1]: f"{BUCKETS[-1] + 1}日以上超過",
}


def age(late: pl.Expr) -> pl.Expr:
    """The name of the bucket of days overdue; what is not overdue, or without a date, is not due.

    >>> pl.DataFrame({"late": [None, 0, 1, 30, 31, 91]}).select(age(pl.col("late"))).to_series().to_list()
    ['not_due', 'not_due', '1-30', '1-30', '31-60', '91-']
    """
    first, *rest = reversed(list(zip((0, *BUCKETS), LABELS, strict=True)))
    name = pl.when(late > first[0]).then(pl.lit(first[1]))
    for bound, label in rest:
        name = name.when(late > bound).then(pl.lit(label))
    return name.otherwise(pl.lit("not_due"))


def summed(items: pl.DataFrame, late: pl.Expr) -> dict[str, int]:
    """The ``balance`` of the items by bucket."""
    sums = items.group_by(age=age(late)).agg(pl.col("balance").sum())
    return dict(sums.iter_rows())


def picture(desk: Desk, amounts: Mapping[str, int], *, width: int = 900, **params: Any) -> Picture:
    """The bar of the balances by bucket; a part leads to its items, narrowed by ``params``."""
    parts = [
        Part(word, int(amounts.get(name, 0)), desk.way("receivables.read", "receivables", age=name, **params))
        for name, word in WORDS.items()
    ]
    return pictures.shares(parts, label="未回収の年齢", width=width)
