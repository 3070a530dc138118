"""Gapless numbers per series and fiscal year, drawn under the company's lock inside the issuing transaction."""

from __future__ import annotations

import polars as pl

from .bulk import Session


def draw(session: Session, series: str, fiscal_year: int, count: int) -> int:
    """The first of ``count`` consecutive numbers of the series in that fiscal year.

    The counter moves in the same transaction as the documents that bear the numbers: a run that fails or is killed
    takes its numbers back, so that none is missing and none is given twice.
    """
    counters = last_numbers(session)
    last = counters.get((series, fiscal_year))
    counters[series, fiscal_year] = (last or 0) + count
    if last is None:
        session.insert("base_series", pl.DataFrame({"series": [series], "fiscal_year": [fiscal_year], "last": [count]}))
        return 1
    session.defer(lambda: _move(session, series, fiscal_year, last + count))
    return last + 1


def last_numbers(session: Session) -> dict[tuple[str, int], int]:
    """The last number of each series and fiscal year, as drawn so far."""
    if "series" not in session.cache:
        rows = session.rows("base_series", "id, series, fiscal_year, last")
        session.cache["series"] = {(name, year): last for _, name, year, last in rows.iter_rows()}
    found: dict[tuple[str, int], int] = session.cache["series"]
    return found


def _move(session: Session, series: str, fiscal_year: int, last: int) -> None:
    session.execute(
        "UPDATE base_series SET last = ? WHERE id >= ? AND id < ? AND series = ? AND fiscal_year = ? AND last < ?",
        (last, session.low, session.high, series, fiscal_year, last),
    )
