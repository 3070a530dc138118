"""The first address: to the company of the person, to the choice of companies, or to the sign-in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from urikake.base import access, runs
from urikake.base import company as companies

from . import book, signin


def root(request: HttpRequest) -> HttpResponse:
    """Go to the only company in which the person has a role, or offer a choice."""
    if not request.user.is_authenticated:
        return signin.ask(request)
    mine = [(code, name) for _, code, name in companies.companies(book.books()) if _known(code, request)]
    if len(mine) == 1:
        return redirect(f"/{mine[0][0]}/")
    return render(request, "web/companies.html", {"companies": mine})


def _known(code: str, request: HttpRequest) -> bool:
    name = request.user.get_username()
    with runs.reading(book.books(code), name) as session:
        return access.standing(session, name) is not None
