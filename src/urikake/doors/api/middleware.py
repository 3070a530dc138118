"""What stands around every answer of the API: it is never kept or sniffed, and no failure of it is a page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

from . import problems

Answer = Callable[[HttpRequest], HttpResponse]


@sync_only_middleware
def plainly(get_response: Answer) -> Answer:
    """Answers under ``/api/`` with headers for programs, and problem details in place of pages."""

    def answer(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return get_response(request)
        response = get_response(request)
        if response.status_code >= 400 and response.get("Content-Type") != problems.MEDIA:
            allow = {"Allow": response["Allow"]} if "Allow" in response else {}
            response = problems.of(response.status_code, allow).answer()
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    return answer
