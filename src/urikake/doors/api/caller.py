"""Who calls: a signed-in person or a token that acts as one, in which company, with what permissions."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Final

from django.contrib.auth import logout
from django.http import HttpRequest
from ninja.security.base import SecuritySchema
from ninja.utils import check_csrf

from urikake.base import access, runs
from urikake.base.errors import Refusal
from urikake.doors.web import book, pace, signin

from . import tokens
from .problems import Problem

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
RATE: Final = int(os.environ.get("URIKAKE_API_RATE", "600"))
"""Requests a minute that one token or one person may make."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the user name that acts, the scopes of the token (None: a signed-in person), and the company."""

    name: str
    scopes: frozenset[str] | None = None
    only: str = ""
    company: str = ""
    company_id: int = 0
    role: str = ""
    books: str = field(default="", repr=False)

    def may(self, permission: str) -> bool:
        """Whether the role and the token both have the permission."""
        return access.may(self.role, permission) and (self.scopes is None or permission in self.scopes)


class Door:
    """What an operation asks of its caller: a way of saying who one is, and a permission in the company of the address."""

    def __init__(self, permission: str) -> None:
        self.permission = permission

    def __call__(self, request: HttpRequest) -> Caller | None:
        caller = self.known(request)
        if caller is None:
            return None
        slow_down(caller)
        code = request.resolver_match.kwargs.get("company") if request.resolver_match else None
        if code is None:
            return caller
        return admitted(request, caller, code, self.permission)

    def known(self, request: HttpRequest) -> Caller | None:
        """Who calls, as far as this way tells; None where it was not taken."""
        raise NotImplementedError


class BearerToken(Door):
    """``Authorization: Bearer urk_…``."""

    openapi_security_schema = SecuritySchema(
        type="http", scheme="bearer", description="urikake token create で作ったトークン（urk_…）"
    )

    def known(self, request: HttpRequest) -> Caller | None:
        """The person as whom the token acts; 401 where it is not, or no longer, a token."""
        given = request.headers.get("Authorization", "")
        if not given:
            return None
        scheme, _, text = given.partition(" ")
        token = tokens.find(text.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            why = "トークンが正しくないか、期限が切れたか、取り消されています。"
            raise Problem(401, "bad-token", why, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return Caller(token.actor, frozenset(token.scopes.split()), only=token.company)


class Session(Door):
    """The session of a signed-in browser; writing needs the form key (CSRF) besides."""

    openapi_security_schema = SecuritySchema(
        type="apiKey",
        **{"in": "cookie"},
        name="sessionid",
        description="画面のサインイン（書き込みには X-CSRFToken も要る）",
    )

    def known(self, request: HttpRequest) -> Caller | None:
        """The signed-in person; 403 where a request that writes lacks the form key."""
        if not request.user.is_authenticated:
            return None
        if request.method not in SAFE and check_csrf(request) is not None:
            why = "X-CSRFToken がないか、画面のものと違います。"
            raise Problem(403, "csrf", why, "画面を開き直してから、もう一度送ってください。")
        return Caller(request.user.get_username())


def admitted(request: HttpRequest, caller: Caller, code: str, permission: str) -> Caller:
    """The caller in the company of the address: 404 where they have nothing to do with it, 403 without the permission."""
    none = Problem(
        404, "no-company", f"会社「{code}」はありません。", "/api/v1/companies で会社コードを確かめてください。"
    )
    books = book.books(code)
    if caller.only not in ("", code):
        raise none
    try:
        with runs.reading(books, caller.name) as session:
            id_, standing = session.company_id, access.standing(session, caller.name)
    except Refusal as refusal:
        if refusal.code in ("no-company", "unknown-company"):
            raise none from None
        raise
    if caller.scopes is None and not signin.holds(request, id_, standing):
        logout(request)
        raise Problem(
            401, "role-changed", "役割が変わったため、サインインが切れました。", "サインインし直してください。"
        )
    if standing is None or standing[1] == "none":
        raise none
    found = Caller(caller.name, caller.scopes, caller.only, code, id_, standing[1], books)
    if permission and not found.may(permission):
        raise forbidden(found, permission)
    return found


def forbidden(caller: Caller, permission: str) -> Problem:
    """The problem of a caller whose role, or whose token, lacks the permission."""
    if access.may(caller.role, permission):
        why = f"このトークンの範囲に権限「{permission}」がありません。"
        return Problem(403, "out-of-scope", why, "その権限を含むトークンを作ってください。")
    who = "・".join(access.who_may(permission)) or "ほかの人"
    why = f"利用者「{caller.name}」（役割 {caller.role}）には権限「{permission}」がありません。"
    return Problem(403, "not-permitted", why, f"{who} のいずれかの役割の人が行ってください。")


def slow_down(caller: Caller) -> None:
    """Count the request; 429 where the caller has made too many in this minute."""
    way = "token" if caller.scopes is not None else "session"
    count, left = pace.counted(f"api:{caller.only}:{caller.name}:{way}")
    if count > RATE:
        why = f"1分間に{RATE}回を超えました。"
        raise Problem(429, "too-many-requests", why, headers={"Retry-After": str(left)})
