"""What stands around every request: refusals and failures of the database become pages that say what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from . import failed

Answer = Callable[[HttpRequest], HttpResponse]
LOG = logging.getLogger("urikake.web")


class Failures:
    """Gives a page to what a view raised, where it is no fault of ours."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer of what stands within."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for a refusal or a database that does not answer; None lets it be an error of ours."""
        page = failed.known(request, exception)
        if page is not None and page.status_code == 503:
            LOG.warning("database: %s: %s", type(exception).__name__, exception)
        return page
