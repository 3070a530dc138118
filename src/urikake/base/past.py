"""A session that sees the database as it was known at an instant (記録時点), through the same queries as today's.

Facts are only ever added, and a run's links say up to which row it wrote. So the past is a bound for each table: a
temporary view of the table's own name shows the rows up to it, and stands before the table because both databases look
among temporary relations first. Projections change; their views compute them anew from the facts so bounded, by the
query that their owner gives (`Projection.rebuilds`). The views go with the transaction, which like every one that only
reads is undone at its end.
"""

from __future__ import annotations

from datetime import UTC, datetime

from . import facts
from .bulk import Session


def stand_back(session: Session, known_at: datetime) -> None:
    """Have the session see of its company what had been recorded by the instant, and nothing of any other."""
    run_id = _last_run(session, known_at)
    tops = facts.tops(session, run_id)
    sqlite = session.driver.kind == "sqlite"
    own = "main" if sqlite else f'"{session.value("SELECT current_schema() AS relation")}"'
    key = (
        "+id" if sqlite else "id"
    )  # its planner else takes these bounds and leaves those by which a join finds its rows
    for model in facts.fact_models():
        table, top = model._meta.db_table, tops.get(model._meta.label, session.low)
        _show(session, table, f"SELECT * FROM {own}.{table} WHERE {key} > {session.low} AND {key} <= {top}")
    bound = f"id > {session.low} AND id < {session.high} AND run_id <= {run_id}"
    _show(session, "base_link", f"SELECT * FROM {own}.base_link WHERE {bound}")
    for table, query in facts.projections().items():
        _show(session, table, query)


def _show(session: Session, name: str, query: str) -> None:
    """Put a temporary view before the table of that name."""
    session.execute(f"CREATE TEMPORARY VIEW {name} AS {query}")


def _last_run(session: Session, known_at: datetime) -> int:
    """The company's newest run that was recorded by the instant; what comes before all of them where there is none."""
    moment = known_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")  # as SQLite keeps it and PostgreSQL reads it
    found = session.value(
        "SELECT max(id) AS id FROM base_run WHERE id >= ? AND id < ? AND recorded_at <= ?",
        (session.low, session.high, moment),
    )
    return session.low if found is None else int(found)
