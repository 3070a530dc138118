"""Pages for what went wrong: a lost form key, a page that is not there, a database that does not answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that this site did not draw, or whose session ended."""
    return render(request, "web/csrf.html", status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return render(request, "web/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500."""
    return render(request, "web/500.html", status=500)


def refusal(request: HttpRequest, cause: str, remedy: str, code: str) -> HttpResponse:
    """400 for an address that asks for what cannot be shown."""
    return render(request, "web/400.html", {"cause": cause, "remedy": remedy, "code": code}, status=400)


def database(request: HttpRequest, *, locked: bool) -> HttpResponse:
    """503 where the database does not answer, or is held by somebody else; nothing was stored."""
    name = "web/locked.html" if locked else "web/database.html"
    return render(request, name, status=503, headers={"Retry-After": "10"})
