"""The companies in which the caller has a role: where a program starts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import Field

from urikake.base import access, runs
from urikake.base import company as known
from urikake.doors.web import book

from .operation import ANYWHERE, SIGNED_IN, Options, add, called, tagged


class Company(Schema):
    """A company, and what the caller is there."""

    code: str = Field(description="会社コード（アドレスの最初の部分）")
    name: str = Field(description="会社名")
    role: str = Field(description="この会社での役割")


class Companies(Schema):
    """The companies of the caller."""

    items: list[Company]


def _role(code: str, name: str) -> str:
    """The person's role in the company, or nothing."""
    with runs.reading(book.books(code), name) as session:
        standing = access.standing(session, name)
    return standing[1] if standing else ""


def listed(request: HttpRequest, **given: Any) -> HttpResponse:
    """Every company of the installation in which the caller has a role."""
    caller = called(request, given, None).caller
    every = [(code, name) for _, code, name in known.companies(book.books()) if caller.only in ("", code)]
    items = [{"code": code, "name": name, "role": _role(code, caller.name)} for code, name in every]
    return tagged(request, {"items": [item for item in items if item["role"] not in ("", "none")]})


add("GET", "companies", listed, permission=SIGNED_IN, summary="使える会社の一覧", group=ANYWHERE, response={200: Companies},
    options=Options)  # fmt: skip
