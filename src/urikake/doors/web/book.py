"""The book of pages: every address, its permission, its place in the navigation, and how a page is made.

`page` and `deed` are the only ways to answer a browser about a company. A page is one read-only session in which the
permission is asked, the page's function runs, and the frame's figures are read. A deed (POST) calls one action.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.cache import patch_vary_headers

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal, Refusal
from urikake.base.url import with_company

from . import signin
from .desk import Company, Desk, Person, asof

Shown = dict[str, Any] | HttpResponse
Maker = Callable[..., Shown]
Doer = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the book knows it: address pattern, permission, template, title."""

    name: str
    route: str
    permission: str
    template: str
    title: str
    view: Callable[..., HttpResponse]
    writes: bool = False
    make: Maker | None = None


BOOK: Final[dict[str, Page]] = {}
LIST: Final = "section#list"
"""What a script names that has only the list of a page replaced."""


@dataclass(frozen=True, slots=True)
class Undo:
    """The opposite of a deed: the deed that does it (its ``path``), the fields it needs, and what it will do in words.

    A field may have several values.
    """

    path: str
    fields: dict[str, Any]
    says: str = ""

    def kept(self, code: str) -> str:
        """The text in which a message carries it to the next page."""
        fields = [
            (name, value)
            for name, held in self.fields.items()
            for value in (held if isinstance(held, list) else [held])
        ]
        return json.dumps({"action": f"/{code}/{self.path}", "fields": fields, "says": self.says})


@dataclass
class Deed:
    """Who does what where: all that a deed needs to call its action."""

    request: HttpRequest
    books: str
    company: Company
    person: Person
    extra: dict[str, Any] = field(default_factory=dict)

    def field(self, name: str, default: str = "") -> str:
        """A field of the form, trimmed."""
        return self.request.POST.get(name, default).replace("\0", "").strip()

    def done(self, text: str, to: str, undo: Undo | None = None) -> HttpResponse:
        """Say what was done, offer its opposite where there is one, and go on to a page of the company."""
        messages.success(self.request, text, extra_tags=undo.kept(self.company.code) if undo else "")
        return redirect(f"/{self.company.code}/{to}")


def page(
    name: str, route: str, *, permission: str, title: str, template: str = ""
) -> Callable[[Maker], Callable[..., HttpResponse]]:
    """Enter a page: ``GET /{company}/{route}``; the function gives the template's context (or a whole answer)."""

    def enter(make: Maker) -> Callable[..., HttpResponse]:
        shown = template or f"web/pages/{name}.html"

        @functools.wraps(make)
        def view(request: HttpRequest, company: str, **parts: Any) -> HttpResponse:
            if request.method not in ("GET", "HEAD"):
                return HttpResponse(status=405, headers={"Allow": "GET"})
            return _private(_shown(request, company, parts, BOOK[name]))

        BOOK[name] = Page(name, route, permission, shown, title, view, make=make)
        return view

    return enter


def deed(name: str, route: str, *, permission: str, form: str = "") -> Callable[[Doer], Callable[..., HttpResponse]]:
    """Enter a deed: ``POST /{company}/{route}``; a refusal leads back to where the form stood, with its reason.

    ``form`` names the page of the same address that draws the form: refused, it is drawn again with what was typed and
    what is wrong (``desk.refusal``).
    """

    def enter(do: Doer) -> Callable[..., HttpResponse]:
        @functools.wraps(do)
        def view(request: HttpRequest, company: str, **parts: Any) -> HttpResponse:
            if request.method != "POST":
                return HttpResponse(status=405, headers={"Allow": "POST"})
            return _private(_done(request, company, do, parts, BOOK[name], form))

        BOOK[name] = Page(name, route, permission, "", "", view, writes=True)
        return view

    return enter


def urls() -> list[URLPattern]:
    """The addresses of all pages and deeds under a company: plain ones before those that take any word in their place."""
    every = sorted(BOOK.values(), key=lambda page: ("<" in page.route, -page.route.count("/"), not page.writes))
    routes: dict[str, list[Page]] = {}
    for page in every:
        routes.setdefault(page.route, []).append(page)
    return [path(f"<slug:company>/{route}", _answering(pages), name=pages[-1].name) for route, pages in routes.items()]


def _answering(pages: list[Page]) -> Callable[..., HttpResponse]:
    """The view of an address: its page where it is looked at, its deed where it is posted to."""
    if len(pages) == 1:
        return pages[0].view
    doing, shown = sorted(pages, key=lambda page: not page.writes)

    def view(request: HttpRequest, **parts: Any) -> HttpResponse:
        return (doing if request.method == "POST" else shown).view(request, **parts)

    return view


@contextmanager
def entered(code: str, name: str, known_at: datetime | None = None) -> Iterator[tuple[Session, Company]]:
    """A session of the company of the address for the person; 404 where there is no such company."""
    with ExitStack() as stack:
        try:
            session = stack.enter_context(runs.reading(books(code), name, known_at=known_at))
        except Refusal as refusal:
            if refusal.code == "unknown-company":
                raise Http404(code) from None
            raise
        title = session.value("SELECT name FROM base_company WHERE id = ?", (session.company_id,))
        yield session, Company(session.company_id, code, str(title))


def books(code: str = "") -> str:
    """The database URL of the books, naming the company."""
    return with_company(settings.BOOKS, code)


def _shown(
    request: HttpRequest, code: str, parts: dict[str, Any], entry: Page, refusal: Refusal | None = None
) -> HttpResponse:
    """The page, or the answer that there is none for this person; with a ``refusal`` the form that it draws once more."""
    if not request.user.is_authenticated:
        return signin.ask(request)
    when, name = asof(request, code), request.user.get_username()
    with entered(code, name, when.known_at) as (session, company):
        person = _person(request, session, company, when.known_at is None)
        if isinstance(person, HttpResponse):
            return person
        if person is None or not access.may(person.role, entry.permission):
            return _forbidden(request, company, person, entry.permission)
        desk = Desk(request, books(code), company, person, when, session, refusal)
        assert entry.make is not None
        found = entry.make(desk, **parts)
        return found if isinstance(found, HttpResponse) else _drawn(desk, entry, found)


def _private(answer: HttpResponse) -> HttpResponse:
    """The answer, kept by nobody on its way; what it is depends on who asks for how much of it."""
    patch_vary_headers(answer, ("HX-Target", "Accept"))
    answer["Cache-Control"] = "private, no-store"
    return answer


def _drawn(desk: Desk, entry: Page, found: dict[str, Any]) -> HttpResponse:
    """The page in its frame; without the frame, and without its figures, where a script asks for the list alone."""
    from . import frame

    about = frame.around if desk.request.headers.get("HX-Target") == LIST else frame.context
    status = 422 if desk.refusal else 200
    return render(desk.request, entry.template, about(desk, entry) | found, status=status)


def _person(request: HttpRequest, session: Session, company: Company, now: bool) -> Person | HttpResponse | None:
    """Who the request is from in the company; None without a role, to the sign-in where the role changed meanwhile."""
    name = request.user.get_username()
    standing = access.standing(session, name)
    if now and not signin.holds(request, company.id, standing):
        logout(request)
        return signin.ask(request)
    return Person(name, standing[1], request.user.get_full_name()) if standing else None


def _forbidden(request: HttpRequest, company: Company, person: Person | None, permission: str) -> HttpResponse:
    who = access.who_may(permission)
    context = {"company": company, "person": person, "permission": permission, "who": who}
    return render(request, "web/403.html", context, status=403)


def _done(request: HttpRequest, code: str, do: Doer, parts: dict[str, Any], entry: Page, form: str) -> HttpResponse:
    if not request.user.is_authenticated:
        return signin.ask(request)
    with entered(code, request.user.get_username()) as (session, company):
        person = _person(request, session, company, True)
    if isinstance(person, HttpResponse):
        return person
    if person is None or not access.may(person.role, entry.permission):
        return _forbidden(request, company, person, entry.permission)
    try:
        return do(Deed(request, books(code), company, person), **parts)
    except Refusal as refusal:
        return _shown(request, code, parts, BOOK[form], refusal) if form else refused(request, refusal, code)


def refused(request: HttpRequest, refusal: Refusal, code: str) -> HttpResponse:
    """Back to the page where the form stood, with what is wrong said there; JSON to a script."""
    rows = [str(error) for error in refusal.errors[:20]] if isinstance(refusal, FileRefusal) else []
    if "application/json" in request.headers.get("Accept", ""):
        body = {"code": refusal.code, "title": refusal.cause, "next": refusal.remedy, "rows": rows}
        return JsonResponse(body, status=422)
    messages.error(request, "\n".join([f"{refusal.cause}{refusal.remedy}", *rows]))
    back = request.META.get("HTTP_REFERER", "")
    own = back.startswith(f"{request.scheme}://{request.get_host()}/")
    return redirect(back if own else f"/{code}/")
