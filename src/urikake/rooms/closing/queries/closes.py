"""When months were closed and opened again (締めと解除の記録): by whom, why, who had asked, and the head of the chain then."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import access, periods
from urikake.base.bulk import INSTANT, Session
from urikake.base.company import policies
from urikake.base.errors import Refusal

APPROVE: Final = "closing.open"
EVENTS: Final = (
    "SELECT e.id, e.run_id, e.month, e.locked, e.why, r.actor, r.recorded_at, a.actor AS asked_by, a.recorded_at AS asked_at"
    " FROM base_period_event e JOIN base_run r ON r.id = e.run_id"
    " LEFT JOIN base_decision d ON d.run_id = e.run_id LEFT JOIN base_proposal p ON p.id = d.proposal_id"
    " LEFT JOIN base_run a ON a.id = p.run_id WHERE e.id >= ? AND e.id < ?{more} ORDER BY e.id"
)
"""A close or reopening, and who asked for it where a second person approved it."""


def events(session: Session, month: date | None = None) -> pl.DataFrame:
    """The closes and reopenings of a month, or of all, oldest first.

    ``number, run_id, month, locked, why, actor, recorded_at, asked_by, asked_at``; ``asked_by`` is null where nobody had
    to ask.
    """
    more, values = (" AND e.month = ?", (month,)) if month else ("", ())
    found = session.read(
        EVENTS.format(more=more), (session.low, session.high, *values), asked_by=pl.String, asked_at=INSTANT
    )
    asked = pl.when(pl.col("asked_at").is_not_null()).then("asked_by")  # a text that is null may come as an empty one
    return found.with_columns(
        number=pl.col("id") - session.low, locked=pl.col("locked").cast(pl.Boolean), asked_by=asked
    ).drop("id")


def closes(session: Session, month: date) -> pl.DataFrame:
    """The closes of a month, oldest first."""
    return events(session, month).filter("locked")


def closed_by(session: Session, month: date) -> str | None:
    """Who locked the month last."""
    found = closes(session, month)
    return str(found["actor"][-1]) if found.height else None


def may_open(session: Session, month: date) -> bool:
    """Whether the session's user may open the month alone: nobody else need agree, or the user is the second person.

    That is who may approve it and is another person than who closed the month.
    """
    if not policies(session).needs_second_person("reopen"):
        return True
    return access.may(access.role(session), APPROVE) and closed_by(session, month) != session.user


def last_close(session: Session, month: date) -> dict[str, Any]:
    """The close by which the month is locked, as `events` has it; refused where it is open."""
    if month not in periods.locked_months(session):
        raise Refusal(
            "not-closed",
            f"{month:%Y年%-m月}は締められていません。",
            "締めてから作るか、--known-at で締めていた時点を指定してください。",
        )
    return closes(session, month).row(-1, named=True)


def heads(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The events with the ``head`` of the chain as each left it, and how many ``links`` it had then."""
    links = session.read(
        "SELECT l.run_id, l.head, l.id - ? AS links FROM base_link l"
        " WHERE l.id IN (SELECT max(id) FROM base_link WHERE id >= ? AND id < ? GROUP BY run_id)",
        (session.low, session.low, session.high),
    )
    return found.join(links, on="run_id", how="left", maintain_order="left")
