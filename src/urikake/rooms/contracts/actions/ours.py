"""Events that the program itself tells, beside those of files: renewals, moves to another price, what is taken back."""

from __future__ import annotations

import polars as pl

from urikake.base import runs
from urikake.base.bulk import INSTANT, Session


def told(session: Session, rows: pl.DataFrame, kind: str, reason: str, content: str = "") -> pl.DataFrame:
    """The rows as events of that kind, recorded now; ``content`` is what they are found again by."""
    return rows.with_columns(
        kind=pl.lit(kind),
        recorded_at=pl.lit(runs.instant(session), dtype=INSTANT),
        event_code=pl.lit(""),
        content=pl.lit(content),
        reason=pl.lit(reason),
    )
