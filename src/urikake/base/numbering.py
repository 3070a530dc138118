"""Gapless numbers per series and fiscal year, drawn under the company's lock inside the issuing transaction."""

from __future__ import annotations

import polars as pl

from .bulk import Session


def draw(session: Session, series: str, fiscal_year: int, count: int) -> int:
    """The first of ``count`` consecutive numbers of the series in that fiscal year.

    The counter moves in the same transaction as the documents that bear the numbers: a run that fails or is killed
    takes its numbers back, so that none is missing and none is given twice.
    """
    where = "id >= ? AND id < ? AND series = ? AND fiscal_year = ?"
    params = (session.low, session.high, series, fiscal_year)
    last = session.value(f"SELECT last FROM base_series WHERE {where}", params)
    if last is None:
        session.insert("base_series", pl.DataFrame({"series": [series], "fiscal_year": [fiscal_year], "last": [count]}))
        return 1
    session.execute(f"UPDATE base_series SET last = ? WHERE {where}", (last + count, *params))
    return int(last) + 1
