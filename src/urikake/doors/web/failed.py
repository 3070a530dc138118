"""Pages for what went wrong: a lost form key, a page that is not there, a database that does not answer."""

from __future__ import annotations

import sys
from typing import Final

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from urikake.base.errors import Refusal

LOCKED: Final = ("database is locked", "sqlite_busy", "lock timeout", "locknotavailable")
GONE: Final = (
    "unable to open database",
    "failed to open", "connection refused", "could not connect", "server closed the connection",
    "connection failed", "the database system is", "no such table", "disk i/o error", "not a database",
    "terminating connection",
)  # fmt: skip


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that this site did not draw, or whose session ended."""
    return render(request, "web/csrf.html", status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return render(request, "web/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500, or 503 where it was a database that did not answer."""
    return known(request, sys.exc_info()[1]) or render(request, "web/500.html", status=500)


def known(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The page for a refusal or a database that is gone or held by others; None for anything else."""
    if isinstance(error, Refusal):
        return refusal(request, error.cause, error.remedy, error.code)
    text = f"{type(error).__name__} {error}".lower()
    if any(word in text for word in LOCKED):
        return database(request, locked=True)
    if isinstance(error, DatabaseError) or any(word in text for word in GONE):
        return database(request, locked=False)
    return None


def refusal(request: HttpRequest, cause: str, remedy: str, code: str) -> HttpResponse:
    """400 for an address that asks for what cannot be shown."""
    return render(request, "web/400.html", {"cause": cause, "remedy": remedy, "code": code}, status=400)


def database(request: HttpRequest, *, locked: bool) -> HttpResponse:
    """503 where the database does not answer, or is held by somebody else; nothing was stored."""
    name = "web/locked.html" if locked else "web/database.html"
    page = render(request, name, status=503)
    page["Retry-After"] = "10"
    return page
