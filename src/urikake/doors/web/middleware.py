"""What stands around every request: failures of the database and refusals become pages that say what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

from urikake.base.errors import Refusal

from . import failed

Answer = Callable[[HttpRequest], HttpResponse]
LOG = logging.getLogger("django.request")
LOCKED = ("database is locked", "SQLITE_BUSY", "lock timeout", "LockNotAvailable")
GONE = ("unable to open database", "connection refused", "could not connect", "server closed the connection",
        "connection failed", "the database system is", "no such table", "disk I/O error", "not a database",
        "terminating connection")  # fmt: skip


@sync_only_middleware
class failures:  # noqa: N801 - named like the function that it stands for
    """Turns a refusal into its page, and a database that is gone or locked into one that says so."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for what a view raised, or None to let it be an error of ours."""
        if isinstance(exception, Refusal):
            return failed.refusal(request, exception.cause, exception.remedy, exception.code)
        state = unanswered(exception)
        if state is None:
            return None
        if state == "gone":
            LOG.error("database: %s %s", type(exception).__name__, exception)
        return failed.database(request, locked=state == "locked")


def unanswered(exception: Exception) -> str | None:
    """``locked`` or ``gone`` where the database did not answer; None for any other exception."""
    text = f"{type(exception).__name__} {exception}".lower()
    if any(word.lower() in text for word in LOCKED):
        return "locked"
    gone = isinstance(exception, DatabaseError) or any(word.lower() in text for word in GONE)
    return "gone" if gone else None
