"""What other rooms may read of usage."""

from __future__ import annotations

import polars as pl

from urikake.base.bulk import Session


def watermark(session: Session) -> int:
    """The newest usage event's id: what a run sees of usage is all up to this one."""
    return session.next_id("usage_event") - 1


def used(session: Session, spans: pl.DataFrame) -> pl.DataFrame:
    """The usage of lines by day, within their spans: ``line_id, used_on, quantity_micro``.

    ``spans`` has, one row a line, ``line_id``, ``from_on``, ``to_on`` (exclusive) and ``after_id``: only events that came
    after that one count.
    """
    behind = spans.filter(pl.col("after_id") < watermark(session))
    if behind.is_empty():
        return pl.DataFrame(schema={"line_id": pl.Int64, "used_on": pl.Date, "quantity_micro": pl.Int64})
    session.stage(behind.select("line_id", "from_on", "to_on", "after_id"))
    return session.read(
        "SELECT e.line_id, e.used_on, sum(e.quantity_micro) AS quantity_micro FROM stage s"
        " JOIN usage_event e ON e.line_id = s.line_id AND e.used_on >= s.from_on AND e.used_on < s.to_on"
        " AND e.id > s.after_id GROUP BY e.line_id, e.used_on"
    )
