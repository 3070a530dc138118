"""Files that were made, and which entries they hold."""

from __future__ import annotations

import zlib
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.formats import journals


def last_numbers(session: Session, target: str) -> pl.DataFrame:
    """The highest number of a slip of the package so far: ``on_day`` (null where slips are numbered through), ``last``."""
    rows = session.table("exports_numbered", "id, target, on_day, last").filter(pl.col("target") == target)
    return rows.group_by("on_day").agg(pl.col("last").max())


def batches(session: Session) -> pl.DataFrame:
    """Every file by id: ``batch_id, target, since_on, until_on, style, again, entry_count, row_count, amount, digest, run_id``."""
    names = "id, run_id, target, since_on, until_on, style, again, entry_count, row_count, amount, digest"
    return session.table("exports_batch", names).rename({"id": "batch_id"}).sort("batch_id")


def package(session: Session) -> str:
    """The package that the newest file is for; empty where none was made."""
    made = batches(session).filter(pl.col("target").is_in(list(journals.TARGETS)))["target"]
    return str(made[-1]) if made.len() else ""


def file_of(session: Session, batch_id: int) -> bytes:
    """The file as it was made."""
    return zlib.decompress(session.value("SELECT file_deflated FROM exports_batch WHERE id = ?", (batch_id,)))


def exported(session: Session, target: str, entries: pl.DataFrame) -> pl.Series:
    """Whether each of the entries (``entry_id``) is in a file of the package already."""
    spans = session.read(
        "SELECT first_id, last_id FROM exports_mark WHERE id >= ? AND id < ? AND target = ? ORDER BY first_id",
        (session.low, session.high, target),
    )
    if spans.is_empty() or entries.is_empty():
        return pl.Series("exported", [False] * entries.height, dtype=pl.Boolean)
    placed = entries.select("entry_id", at=pl.int_range(pl.len())).sort("entry_id")
    found = placed.join_asof(spans, left_on="entry_id", right_on="first_id", strategy="backward")
    inside = found.with_columns(exported=(pl.col("entry_id") <= pl.col("last_id")).fill_null(value=False))
    return inside.sort("at")["exported"]


_DAYS: Final = "SELECT posted_on, count(*) AS entry_count FROM ledger_entry WHERE id > ? AND id < ? GROUP BY posted_on"
_HELD: Final = (
    "SELECT m.target, e.posted_on, count(*) AS entry_count FROM exports_mark m"
    " JOIN ledger_entry e ON e.id BETWEEN m.first_id AND m.last_id WHERE m.id > ? AND m.id < ? GROUP BY m.target, e.posted_on"
)


def handed_over(session: Session, target: str, first: date, last: date) -> tuple[int, int]:
    """How many entries were posted from day to day, and how many of them a file of the package holds.

    Both are counted by day in the database, and carried on with what is new only: no entry is read.
    """

    def summed(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.group_by(*(name for name in rows.columns if name != "entry_count")).agg(pl.col("entry_count").sum())

    every = session.running("ledger_entry.days", "ledger_entry", _DAYS, summed)
    held = session.running("exports_mark.days", "exports_mark", _HELD, summed).filter(pl.col("target") == target)
    asked = pl.col("posted_on").is_between(first, last)
    counts = [int(frame.filter(asked)["entry_count"].sum()) for frame in (every, held)]
    return counts[0], counts[1]
