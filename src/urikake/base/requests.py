"""Requests that are done once: a key that the asker chose, kept for good with the answer that was given.

The answer is a fact of the same transaction as what was done, so that neither is ever there without the other: who asks
again with the key, because no answer came through, gets that answer and nothing is done twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from . import facts, models
from .bulk import Session
from .errors import Refusal


@dataclass(frozen=True, slots=True)
class Request:
    """A request by its key; ``fingerprint`` is the SHA-256 of all that it asks for."""

    key: str
    fingerprint: str


class Answered(Exception):
    """Ends a run whose request was answered before; ``status`` and ``body`` are that answer."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


def look_up(session: Session, request: Request) -> None:
    """Return if the request is new; raise the answer that it had, or refuse where its key asked for something else."""
    sql = "SELECT fingerprint, status, body FROM base_request WHERE company_id = ? AND key = ?"
    found = session.read(sql, (session.company_id, request.key))
    if found.is_empty():
        return
    fingerprint, status, body = found.row(0)
    if fingerprint != request.fingerprint:
        raise Refusal(
            "key-reused",
            f"キー「{request.key}」は、内容の違う別の依頼で使用済みです。",
            "新しい依頼には新しいキーを付けてください。",
        )
    raise Answered(status, body)


def keep(session: Session, request: Request, status: int, figures: Mapping[str, Any]) -> None:
    """Record the answer to the request as a fact of the session's run."""
    row = {"key": request.key, "fingerprint": request.fingerprint, "status": status, "body": spelled(figures)}
    facts.record(session, models.Request, pl.DataFrame([row]))


def spelled(figures: Mapping[str, Any]) -> str:
    """The figures as the JSON text in which they are kept.

    >>> spelled({"invoices": 2, "name": "請求"})
    '{"invoices":2,"name":"請求"}'
    """
    return json.dumps(figures, ensure_ascii=False, separators=(",", ":"), default=str)
