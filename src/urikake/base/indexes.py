"""The indexes of a table laid by while very many rows enter it, and made anew behind them.

An index that is made of all rows at once costs about half of one that grows row by row. Only on
SQLite: PostgreSQL would keep readers of the table waiting until the run is over.
"""

from __future__ import annotations

import polars as pl

from .bulk import Session


def lay_by(session: Session, table: str) -> None:
    """Drop the indexes of the table that are no constraints; they are made anew at the end of the run, or by `restore`."""
    if session.driver.kind != "sqlite" or (table, "laid by") in session.cache:
        return
    query = "SELECT name, sql AS code FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
    found = session.read(query, (table,), name=pl.String, code=pl.String)
    for name in found["name"]:
        session.execute(f'DROP INDEX "{name}"')
    session.cache[table, "laid by"] = found["code"].to_list()
    session.defer(lambda: restore(session, table))


def restore(session: Session, table: str) -> None:
    """Make the indexes anew that were laid by; from then on they grow with the rows."""
    laid, session.cache[table, "laid by"] = session.cache.get((table, "laid by"), []), []
    for statement in laid:
        session.execute(statement)
