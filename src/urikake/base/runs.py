"""Runs: one locked transaction that reads, computes, writes in bulk, and closes with its record and its chain links."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from . import access, bulk, facts, memory
from .bulk import INSTANT, Session
from .company import accounts, policies
from .errors import Refusal
from .models import Run
from .numbering import last_numbers
from .periods import locked_months
from .progress import step


@dataclass
class Outcome:
    """What came of a run, as figures a person reads; a run that is only a preview is undone at its end."""

    figures: dict[str, Any] = field(default_factory=dict)
    preview: bool = False


class _Undo(Exception):
    """Ends a preview: everything is rolled back."""


@contextmanager
def run(
    url: str, action: str, *, subject: str = "", permission: str, user: str = access.SYSTEM, preview: bool = False
) -> Iterator[tuple[Session, Outcome]]:
    """One transaction of the company under its lock, kept with its run record when the block ends without an error.

    Nothing is kept when it raises or is killed, so that it may simply be run again. A preview is always undone. A run
    that wrote no fact leaves no record.
    """
    outcome = Outcome(preview=preview)
    try:
        with bulk.transaction(url, writing=True, user=user) as session:
            with _set_up():
                session.company_id = lock(session)
            access.allow(session, permission)
            session.verbs.append(action)  # what the run does is part of it and does not ask again
            _recall(session, url)
            session.run_id = session.next_id("base_run")
            for read in (instant, policies, accounts, locked_months, last_numbers):
                read(session)  # before the first write: later they would have to wait for it
            yield session, outcome
            session.catch_up()
            if preview:
                raise _Undo
            if session.written:
                step("確定")
                _finish(session, action, subject, permission, outcome)
        memory.keep(url, session.company_id, session.memory)
    except _Undo:
        return


def _recall(session: Session, url: str) -> None:
    """Look up the newest ids of all tables, and take up what this process remembers of the database."""
    session.reserve([model._meta.db_table for model in facts.fact_models()] + ["base_link"])
    session.cache["head"] = facts.head(session)
    newest = (session.next_id("base_link") - 1, session.cache["head"])
    session.memory = memory.recall(
        url,
        session.company_id,
        lambda link: session.value("SELECT head FROM base_link WHERE id = ?", (link,)),
        newest,
    )


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


def instant(session: Session) -> datetime:
    """The moment of this run; always later than that of the run before it, whatever the clock says."""
    if "instant" not in session.cache:
        sql = "SELECT recorded_at FROM base_run WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1"
        last = session.value(sql, (session.low, session.high))
        now = datetime.now(UTC)
        session.cache["instant"] = now if last is None else max(now, last + timedelta(microseconds=1))
    moment: datetime = session.cache["instant"]
    return moment


def lock(session: Session) -> int:
    """The id of the installation's company, locked against every other writing run until this one ends."""
    if session.driver.kind == "postgresql":
        session.execute("SELECT id FROM base_company ORDER BY id LIMIT 1 FOR UPDATE")
    return company(session.value("SELECT id FROM base_company ORDER BY id LIMIT 1"))


@contextmanager
def _set_up() -> Iterator[None]:
    """Say that there is no company where the database has no tables at all."""
    try:
        yield
    except Exception as error:
        if "base_company" in str(error) and ("no such table" in str(error) or "does not exist" in str(error)):
            company(None)
        raise


def company(found: int | None) -> int:
    """The company's id, or a refusal where none has been set up."""
    if found is None:
        raise Refusal(
            "no-company", "会社がまだ設定されていません。", "urikake init --company company.toml を行ってください。"
        )
    return found


@contextmanager
def reading(url: str, user: str = access.SYSTEM) -> Iterator[Session]:
    """A read-only session of the company on one consistent state of the database."""
    with bulk.transaction(url, writing=False, user=user) as session:
        with _set_up():
            session.company_id = company(session.value("SELECT id FROM base_company ORDER BY id LIMIT 1"))
        _recall(session, url)
        yield session
    memory.keep(url, session.company_id, session.memory)
