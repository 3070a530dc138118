"""Runs: one locked transaction that reads, computes, writes in bulk, and closes with its record and its chain links."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from ..core.calendar import JAPAN
from . import access, bulk, facts, memory, past, requests, schema
from .bulk import INSTANT, Session
from .company import accounts, only, policies
from .models import Run
from .numbering import last_numbers
from .periods import locked_months
from .progress import step
from .requests import Answered, Request
from .url import company_code


@dataclass
class Outcome:
    """What came of a run, as figures a person reads; a run that is only a preview is undone at its end.

    ``status`` is that of the answer which is kept for the request, where one is given.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    preview: bool = False
    status: int = 200


class _Undo(Exception):
    """Ends a preview: everything is rolled back."""


@contextmanager
def run(
    url: str,
    action: str,
    *,
    subject: str = "",
    permission: str,
    user: str = access.SYSTEM,
    preview: bool = False,
    request: Request | None = None,
) -> Iterator[tuple[Session, Outcome]]:
    """One transaction of the company under its lock, kept with its run record when the block ends without an error.

    Nothing is kept when it raises or is killed, so that it may simply be run again. A preview is always undone. A run
    that wrote no fact leaves no record.

    With a ``request`` the figures are kept as its answer, with the run. One that was answered before is not done again:
    `Answered` is raised with that answer, and the block is not entered. A preview answers no request.
    """
    outcome, asked = Outcome(preview=preview), None if preview else request
    try:
        with schema.readable(), bulk.transaction(url, writing=True, user=user) as session:
            newest = lock(session, url)
            access.allow(session, permission)
            session.verbs.append(action)  # what the run does is part of it and does not ask again
            _recall(session, url, newest)
            _take_up(session)
            if asked:
                requests.look_up(session, asked)
            yield session, outcome
            if asked:
                requests.keep(session, asked, outcome.status, outcome.figures)
            session.catch_up()
            if preview:
                raise _Undo
            if session.written:
                step("確定")
                _finish(session, action, subject, permission, outcome)
            _put_by(session)
        memory.keep(url, session.company_id, session.memory)
    except _Undo:
        return


def _recall(session: Session, url: str, newest: tuple[int, str]) -> None:
    """Take up what this process remembers of the database, of which the chain's last link (id, head) is given."""
    session.cache["head"] = newest[1]
    session.beside = url
    session.memory = memory.recall(
        url,
        session.company_id,
        lambda link: session.value("SELECT head FROM base_link WHERE id = ?", (link,)),
        newest,
    )


def _take_up(session: Session) -> None:
    """Have at hand what every run needs before its first write (later reads would wait for it): ids, policies, counters.

    They are as this process's last run left them if no other run has come after it; else they are read.
    """
    known = session.memory.standing
    if known:
        session.numbered(known["next"])
        session.cache |= known["cache"]
    else:
        facts.reserve(session)
    session.run_id = session.next_id("base_run")
    for read in (instant, policies, accounts, locked_months, last_numbers):
        read(session)


def _put_by(session: Session) -> None:
    """Remember how the run leaves the chain's last link, ids, policies and counters."""
    found = session.memory
    found.link_id, found.head = session.next_id("base_link") - 1, session.cache["head"]
    kept = {name: session.cache[name] for name in ("policies", "locked", "series", "latest") if name in session.cache}
    found.standing = {"next": session.numbered(), "cache": kept}


def _know_ids(session: Session) -> None:
    """Have the next free ids at hand: as they were left if no other run has come after, else they are read and remembered."""
    known = session.memory.standing
    if known:
        session.numbered(known["next"])
    else:
        facts.reserve(session)
        session.memory.standing = {"next": session.numbered(), "cache": {}}


def _finish(session: Session, action: str, subject: str, permission: str, outcome: Outcome) -> None:
    row = {
        "action": action,
        "subject": subject,
        "permission": permission,
        "actor": session.user,
        "recorded_at": instant(session),
        "outcome": json.dumps(outcome.figures, ensure_ascii=False, default=str),
    }
    facts.record(session, Run, pl.DataFrame([row], schema_overrides={"recorded_at": INSTANT}))
    facts.seal(session)
    session.cache["latest"] = row["recorded_at"]


def instant(session: Session) -> datetime:
    """The moment of this run; always later than that of the run before it, whatever the clock says."""
    if "instant" not in session.cache:
        last = _latest(session)
        now = datetime.now(UTC)
        session.cache["instant"] = now if last is None else max(now, last + timedelta(microseconds=1))
    moment: datetime = session.cache["instant"]
    return moment


def day(session: Session) -> date:
    """The day in Japan on which this run works."""
    return instant(session).astimezone(JAPAN).date()


def _latest(session: Session) -> datetime | None:
    """The moment of the company's last run."""
    if "latest" not in session.cache:
        sql = "SELECT recorded_at FROM base_run WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1"
        session.cache["latest"] = session.value(sql, (session.low, session.high))
    found: datetime | None = session.cache["latest"]
    return found


def lock(session: Session, url: str) -> tuple[int, str]:
    """Give the session the company that the URL names, locked against every other writing run until this one ends.

    Returns the last link of its chain: id and head, 0 and 64 zeros before the first.
    """
    if session.driver.kind == "postgresql":
        which, named = _which(url)
        session.execute(f"SELECT id FROM base_company c{which} ORDER BY id LIMIT 1 FOR UPDATE", named)
    return _enter(session, url)


def _which(url: str) -> tuple[str, tuple[str, ...]]:
    """The condition that picks the companies that the URL may mean, and its parameters."""
    code = company_code(url)
    return (" WHERE c.code = ?", (code,)) if code else ("", ())


def _enter(session: Session, url: str) -> tuple[int, str]:
    """Give the session the company that the URL names and return the last link of its chain."""
    low, high = (f"(c.id + {more}) * {1 << bulk.COMPANY_BITS}" for more in (0, 1))
    which, named = _which(url)
    found = session.read(
        "SELECT c.id AS company_id, c.code, c.name, l.id, l.head FROM base_company c LEFT JOIN base_link l"
        f" ON l.id = (SELECT max(id) FROM base_link WHERE id >= {low} AND id < {high}){which} ORDER BY c.id",
        named,
    )
    session.company_id = only(session, found, company_code(url))
    link, head = found.select("id", "head").row(0)
    return (0, facts.GENESIS) if link is None else (link, head)


@contextmanager
def reading(url: str, user: str = access.SYSTEM, known_at: datetime | None = None) -> Iterator[Session]:
    """A read-only session of the company on one consistent state of the database.

    With ``known_at`` it sees what had been recorded by that instant; who the user is and what they may do is as today.
    """
    with schema.readable(), bulk.transaction(url, writing=False, user=user) as session:
        newest = _enter(session, url)
        if known_at is None:
            _recall(session, url, newest)
            _know_ids(session)
        else:
            access.role(session)
            past.stand_back(session, known_at)
            facts.reserve(session)
        yield session
    if known_at is None:  # what was read of the past must not be taken for the present
        memory.keep(url, session.company_id, session.memory)


__all__ = ["Answered", "Outcome", "Request", "instant", "lock", "reading", "run"]
