"""Receipts that repeat what came shortly before: the same amount under the same name, as where one payment is made twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session

TWICE_DAYS: Final = 14
"""An equal amount under the same name so many days before is taken for the same payment made twice."""


def repeated(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The receipts (``receipt_id, folded, unapplied, received_on``) before which the same amount came under the same name
    within `TWICE_DAYS`: ``receipt_id, twice``.
    """
    if rows.is_empty():
        return pl.DataFrame(schema={"receipt_id": pl.Int64, "twice": pl.Boolean})
    first = rows["received_on"].min()
    assert isinstance(first, date)
    every = session.read(
        "SELECT id AS other_id, folded, amount AS unapplied, received_on AS other_on FROM receipts_receipt"
        " WHERE id >= ? AND id < ? AND received_on >= ? AND reverses_id IS NULL",
        (session.low, session.high, first - timedelta(TWICE_DAYS)),
        other_id=pl.Int64,
        other_on=pl.Date,
    )
    key = ["folded", "unapplied", "received_on", "receipt_id"]
    told = every.select("folded", "unapplied", received_on="other_on", receipt_id="other_id")
    both = pl.concat([told, rows.select(told.columns)]).unique("receipt_id").sort(key)
    days = (pl.col("received_on") - pl.col("received_on").shift(1)).dt.total_days().over("folded", "unapplied")
    again = both.filter(days <= TWICE_DAYS).select("receipt_id", twice=pl.lit(value=True))
    return again.join(rows, on="receipt_id", how="semi")
