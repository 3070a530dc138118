"""Writing once: every writing operation bears an ``Idempotency-Key``, kept for good with its answer and its effect."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from urikake.base import requests, runs
from urikake.base.bulk import Session
from urikake.doors.web.models import Job

from .operation import KEY_HEADER, Call, Trial, add, called
from .problems import Problem

KEY: Final = re.compile(r"[!-~]{1,200}")
Doing = Callable[[Session, Call], dict[str, Any]]


def writes(
    route: str,
    *,
    verb: str,
    permission: str,
    summary: str,
    group: str,
    body: Any,
    response: Any,
    options: type[Trial] = Trial,
    subject: Callable[[Call], str] = lambda call: "",
    key: Any = None,
    description: str = "",
    example: dict[str, Any] | None = None,
    named: Callable[[HttpRequest], str] | None = None,
    headers: Sequence[dict[str, Any]] = (KEY_HEADER,),
) -> Callable[[Doing], Doing]:
    """Enter ``POST /{company}/{route}``: the function does the verb in one run, whose figures are the answer.

    ``named`` gives a request's key where it is not that of the header ``Idempotency-Key``; ``headers`` tell of it.
    """

    def enter(do: Doing) -> Doing:
        def view(request: HttpRequest, **given: Any) -> HttpResponse:
            call = called(request, given, options)
            asked = runs.Request((named or key_of)(request), fingerprint(request))
            return done(call, asked, verb, permission, subject(call), do)

        add("POST", route, view, permission=permission, summary=summary, group=group, response={200: response},
            options=options, body=body, key=key, description=description, example=example, headers=headers)  # fmt: skip
        return do

    return enter


def done(call: Call, asked: runs.Request, verb: str, permission: str, subject: str, do: Doing) -> HttpResponse:
    """The answer of the verb: done now, or as it was given when this key came first."""
    books, name, trial = call.caller.books, call.caller.name, call.options.dry_run
    if not trial and Job.objects.filter(company=call.caller.company, key=work_key(asked.key)).exists():
        raise reused()
    try:
        with runs.run(
            books, verb, subject=subject[:120], permission=permission, user=name, preview=trial,
            request=None if trial else asked,
        ) as (session, outcome):  # fmt: skip
            outcome.figures |= do(session, call)
    except runs.Answered as known:
        return replayed(HttpResponse(known.body, status=known.status, content_type="application/json"))
    return HttpResponse(requests.spelled(outcome.figures), content_type="application/json")


def reused() -> Problem:
    """The problem of a key that was given to something else."""
    why = "この Idempotency-Key は、別の内容の書き込みに使われています。"
    return Problem(422, "key-reused", why, "書き込みごとに新しいキーを付けてください。")


def replayed(answer: HttpResponse) -> HttpResponse:
    """The answer, marked as one that was given before."""
    answer["Idempotent-Replay"] = "true"
    return answer


def work_key(key: str) -> str:
    """The key as running work keeps it, apart from those of forms."""
    return f"api:{key}"


def key_of(request: HttpRequest) -> str:
    """The key of a writing request; a problem where it is missing or unusable."""
    given = request.headers.get("Idempotency-Key", "")
    if not given:
        why = "書き込みには Idempotency-Key ヘッダーが必要です。"
        raise Problem(400, "idempotency-key-missing", why, "書き込みごとに新しいキー（UUID など）を付けてください。")
    if not KEY.fullmatch(given):
        why = "Idempotency-Key に使えない文字があるか、200文字を超えています。"
        raise Problem(400, "idempotency-key-bad", why, "英数字と記号だけで、200文字までにしてください。")
    return given


def fingerprint(request: HttpRequest) -> str:
    """The SHA-256 of what is asked for: method, address with its parameters, and body."""
    query = "&".join(sorted(f"{name}={value}" for name, value in request.GET.items()))
    head = f"{request.method} {request.path}?{query}\n".encode()
    return hashlib.sha256(head + request.body).hexdigest()
