"""What other rooms may read of usage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session

BLOCK: Final = 1_000_000


def watermark(session: Session) -> int:
    """The newest usage event's id: what a run sees of usage is all up to this one."""
    return session.next_id("usage_event") - 1


_METERED: Final = {
    "": "sum(e.quantity_micro) {}",
    "max": "max(e.quantity_micro) {}",
    "last": "e.quantity_micro {} ORDER BY e.used_at DESC, e.id DESC LIMIT 1",
    "unique": "count(DISTINCT e.subject) * 1000000 {}",
}
"""By meter: what the usage of a line's days comes to, around the events that it is made of."""


def totals(session: Session, spans: pl.DataFrame, through: int | None = None) -> pl.DataFrame:
    """The spans with ``usage_micro``, what the usage of their days comes to by their ``meter`` (集計); null or 0 without any.

    The sum of the quantities, or where the meter says so the greatest (``max``), the one measured last (``last``; of two at
    the same instant the one recorded later) or the number of different subjects (``unique``).
    ``spans`` has ``line_id, from_on, to_on`` (exclusive) and ``meter``; with ``through`` only events up to that id count.
    """
    keys = ["line_id", "from_on", "to_on", "meter"]
    asked = spans.select(keys).unique(maintain_order=True)
    found = [
        _by_meter(session, part, meter, through) for (meter,), part in asked.group_by("meter", maintain_order=True)
    ]
    every = pl.concat(found) if found else asked.with_columns(usage_micro=pl.lit(None, dtype=pl.Int64))
    return spans.join(every, on=keys, how="left", maintain_order="left")


_GROUPED: Final = {
    "": "sum(e.quantity_micro)",
    "max": "max(e.quantity_micro)",
    "unique": "count(DISTINCT e.subject) * 1000000",
}


def _by_meter(session: Session, spans: pl.DataFrame, meter: object, through: int | None) -> pl.DataFrame:
    """The spans of one meter with what their usage comes to."""
    session.stage(spans.select("line_id", "from_on", "to_on"))
    known = "" if through is None else " AND e.id <= ?"
    days = f"e.line_id = s.line_id AND e.used_on >= s.from_on AND e.used_on < s.to_on{known}"
    each = f"(SELECT {_METERED[str(meter)].format(f'FROM usage_event e WHERE {days}')}) AS usage_micro FROM stage s"
    if session.driver.kind == "postgresql" and meter in _GROUPED:
        # Told how many spans there are, it reads many of them in one walk over the table, and few of them in the index.
        session.execute("ANALYZE stage")
        both = f"stage s JOIN usage_event e ON {days} GROUP BY s.line_id, s.from_on, s.to_on"
        each = f"{_GROUPED[str(meter)]} AS usage_micro FROM {both}"
    found = session.read(f"SELECT s.line_id, s.from_on, s.to_on, {each}", () if through is None else (through,))
    return spans.join(found, on=["line_id", "from_on", "to_on"], how="left", maintain_order="left")


def newest_runs(session: Session, spans: pl.DataFrame) -> pl.DataFrame:
    """The spans (``line_id, from_on, to_on`` exclusive) with ``newest_run_id``, which took the newest usage of their days.

    Null where there is no usage.
    """
    session.stage(spans.select("line_id", "from_on", "to_on").unique())
    events = "usage_event e WHERE e.line_id = s.line_id AND e.used_on >= s.from_on AND e.used_on < s.to_on"
    found = session.read(
        f"SELECT s.line_id, s.from_on, s.to_on, (SELECT max(e.run_id) FROM {events}) AS newest_run_id FROM stage s"
    )
    return spans.join(found, on=["line_id", "from_on", "to_on"], how="left", maintain_order="left")


def since(session: Session, after: int) -> pl.DataFrame:
    """The days of which usage came after the event of that id: ``line_id, used_on`` and the newest ``id``, block by block."""
    newest, top = [], watermark(session)
    for first in range(max(after, session.low) + 1, top + 1, BLOCK):
        rows = session.rows("usage_event", "line_id, used_on, id", "id >= ? AND id < ?", (first, first + BLOCK))
        newest.append(rows.group_by("line_id", "used_on").agg(pl.col("id").max()))
    if not newest:
        return pl.DataFrame(schema={"line_id": pl.Int64, "used_on": pl.Date, "id": pl.Int64})
    return pl.concat(newest).group_by("line_id", "used_on").agg(pl.col("id").max())


def last_used(session: Session) -> pl.DataFrame:
    """The last day of which each line's usage is known: ``line_id, last_used_on``."""

    def newest(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.group_by("line_id", maintain_order=True).agg(pl.col("used_on").max())

    sql = "SELECT line_id, used_on FROM usage_event WHERE id > ? AND id < ?"
    return session.running("last_used", "usage_event", sql, newest).rename({"used_on": "last_used_on"})


def events(session: Session, names: Sequence[str], from_on: date, to_on: date) -> Iterator[pl.DataFrame]:
    """The events of the days (``to_on`` exclusive) block by block, by id: the named columns of `core.metering.EVENT`."""
    instant = pl.col("used_at").dt.epoch("us") if "used_at" in names else pl.lit(0)
    for first in range(session.low + 1, watermark(session) + 1, BLOCK):
        found = session.rows(
            "usage_event", ", ".join(names), "id >= ? AND id < ? AND used_on >= ? AND used_on < ?",
            (first, first + BLOCK, from_on, to_on),
        )  # fmt: skip
        yield found.with_columns(used_at=instant).select(names) if "used_at" in names else found
