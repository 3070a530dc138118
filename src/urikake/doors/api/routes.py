"""The API as Django knows it: every operation, under ``/api/v1``, with its failures as problem details."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from ninja import NinjaAPI

from . import (
    advances,
    bank_formats,
    calculations,
    collecting,
    companies,
    contracting,
    deliveries,
    document,
    documents,
    explanations,
    exports,
    judging,
    matching,
    operation,
    peppol,
    problems,
    refunds,
    rehearsals,
    reports,
    resources,
    settings,
    simulations,
    verbs,
    work,
)

ENTERED: Final = (
    companies,
    settings,
    verbs,
    bank_formats,
    advances,
    matching,
    collecting,
    contracting,
    simulations,
    work,
    deliveries,
    resources,
    reports,
    documents,
    explanations,
    exports,
    calculations,
    peppol,
    refunds,
    rehearsals,
    judging,
)
"""Reading these modules enters their operations."""

API: Final = NinjaAPI(
    title="売掛 Urikake API",
    version="1",
    description=document.INTRODUCTION,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
)
LAST: Final = "{path:key}"
operation.ROUTER.path_operations = OrderedDict(
    sorted(
        operation.ROUTER.path_operations.items(), key=lambda entry: (entry[0].endswith(LAST), entry[0].startswith("/{"))
    )
)  # a company would take ``calculations`` for its code, a key that may have slashes the verb after it for a part of itself
API.add_router("", operation.ROUTER)
problems.install(API)


def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    return operation.tagged(request, document.document(API))


def missing(request: HttpRequest, rest: str = "") -> HttpResponse:
    """404 as a problem, for an address under ``/api/`` that is none."""
    return problems.of(404).answer()


def urls() -> list[URLPattern]:
    """The addresses of the API, the last of them for all that are none."""
    from django.urls import include

    return [
        path("api/v1/openapi.json", openapi),
        path("api/v1/", include((API.urls[0], "api"), namespace="api")),
        path("api/", missing),
        path("api/<path:rest>", missing),
    ]
