"""What an operation is: an address, a permission, what it takes and gives, and the one function that does it.

`reads` and `writes` are the only ways to enter one. A reading operation is one read-only session on what was known at an
instant; its answer bears an ``ETag``. A writing one calls one action in one run, together with the record of its
``Idempotency-Key``, or asks for running work; a dry run is undone at its end.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Body, Path, Query, Router, Schema
from pydantic import Field

from urikake.base import runs
from urikake.base.bulk import Session as Books
from urikake.core.calendar import JAPAN

from .caller import BearerToken, Caller, Session
from .problems import MEDIA, Problem, ProblemDetails

ROUTER: Final = Router()
SIGNED_IN: Final = ""
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31), examples=["2026-04-30"])]
Month = Annotated[str, Field(pattern=r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$", examples=["2026-04"])]
Text = Annotated[str, Field(max_length=300)]


class Options(Schema):
    """The parameters of an address."""


class Known(Options):
    """The parameters of everything that reads the books."""

    known_at: datetime | None = Field(
        None,
        description="記録時点。この時までに記録されたことだけで答える（時差がなければ日本時間、日付だけならその日の終わり）",
    )


class Trial(Options):
    """The parameter of everything that writes."""

    dry_run: bool = Field(False, description="true なら何も保存せず、結果だけを答える")


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation as the list of them knows it."""

    method: str
    route: str
    permission: str
    summary: str
    group: str
    example: dict[str, Any] | None = None


OPERATIONS: Final[list[Entry]] = []


@dataclass
class Call:
    """One call of an operation: who calls, with which parameters and body."""

    request: HttpRequest
    caller: Caller
    options: Any = None
    body: Any = None
    key: Any = None

    @property
    def known_at(self) -> datetime | None:
        """The instant up to which the books are looked at, or None for now."""
        asked: datetime | None = getattr(self.options, "known_at", None)
        if asked is None:
            return None
        if len(self.request.GET.get("known_at", "").strip()) == len("2026-04-30"):
            asked += timedelta(days=1, microseconds=-1)
        try:
            return (asked if asked.tzinfo else asked.replace(tzinfo=JAPAN)).astimezone(UTC)
        except OverflowError:
            raise Problem(
                422,
                "bad-instant",
                "記録時点が範囲を外れています。",
                "2026-04-30T09:00:00+09:00 の形で指定してください。",
            ) from None


Reading = Callable[[Books, Call], Any]


def reads(
    route: str,
    *,
    permission: str,
    summary: str,
    group: str,
    response: Any,
    options: type[Options] = Known,
    key: Any = None,
    description: str = "",
    bounded: bool = True,
    media: str = "",
) -> Callable[[Reading], Reading]:
    """Enter ``GET /{company}/{route}``: the function makes the answer in a session of the books.

    Where it is ``bounded``, the session sees what was known at the instant asked for. ``media`` is the type of an answer
    that is no JSON.
    """

    def enter(make: Reading) -> Reading:
        def view(request: HttpRequest, **given: Any) -> HttpResponse:
            call = called(request, given, options)
            instant = call.known_at if bounded else None
            with runs.reading(call.caller.books, call.caller.name, known_at=instant) as session:
                found = make(session, call)
            return found if isinstance(found, HttpResponse) else tagged(request, found)

        add("GET", route, view, permission=permission, summary=summary, group=group, response={200: response},
            options=options, key=key, description=description, media=media)  # fmt: skip
        return make

    return enter


def add(
    method: Literal["GET", "POST"],
    route: str,
    view: Callable[..., HttpResponse],
    *,
    permission: str,
    summary: str,
    group: str,
    response: Mapping[int, Any],
    options: type[Options] | None = None,
    body: Any = None,
    key: Any = None,
    description: str = "",
    example: dict[str, Any] | None = None,
    headers: Sequence[dict[str, Any]] | None = None,
    media: str = "",
) -> None:
    """Enter an operation into the router and the list; ``key`` is the type of ``{key}`` in the route, if any."""
    route = f"/{{company}}/{route}" if group != ANYWHERE else f"/{route}"
    view.__signature__ = _signature(route, options, body, key)  # type: ignore[attr-defined]
    view.__doc__ = None
    entry = Entry(method, route, permission, summary, group, example)
    OPERATIONS.append(entry)
    ROUTER.add_api_operation(
        route, [method], view,
        auth=[BearerToken(permission), Session(permission)],
        response={**response, **dict.fromkeys(_failures(entry, body), ProblemDetails)},
        operation_id=_id(method, route), summary=summary, description=description or None, tags=[group],
        openapi_extra=_extra(entry, headers) | ({"x-media": media} if media else {}),
    )  # fmt: skip


ANYWHERE: Final = "会社によらないもの"


def _failures(entry: Entry, body: Any) -> Sequence[int]:
    always = [401, 403, 404, 422, 429, 503]
    return sorted(always if entry.method == "GET" else [400, 409, *always])


def _id(method: str, route: str) -> str:
    words = route.replace("{company}", "").replace(":", "/").replace("{", "").replace("}", "").split("/")
    return (
        "-".join([method.lower(), *filter(None, words)])
        .replace("path-key", "key")
        .replace("int-key", "key")
        .replace(".", "-")
    )


def _signature(route: str, options: Any, body: Any, key: Any) -> inspect.Signature:
    """What ninja is to read from the address, the query and the body."""
    given: dict[str, Any] = {}
    if "{company}" in route:
        given["company"] = Annotated[str, Path(..., description="会社コード", example="main")]
    if key is not None:
        given["key"] = key
    if options is not None and options.model_fields:
        given["options"] = Annotated[options, Query(...)]
    if body is not None:
        given["body"] = Annotated[body, Body(...)]
    kind = inspect.Parameter.KEYWORD_ONLY
    request = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest)
    return inspect.Signature([request, *(inspect.Parameter(name, kind, annotation=a) for name, a in given.items())])


KEY_HEADER: Final = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "この書き込みだけの名前。同じキーと同じ内容を何度送っても、一度だけ行い、同じ答えを返す",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "2f9c1d0e-8a41-4f6e-9a55-0c6b5f0d7a10",
}


def _extra(entry: Entry, headers: Sequence[dict[str, Any]] | None) -> dict[str, Any]:
    extra: dict[str, Any] = {"x-permission": entry.permission}
    if entry.method == "POST" and not entry.route.startswith("/calculations") and not entry.route.endswith("/preview"):
        extra["parameters"] = [KEY_HEADER] if headers is None else list(headers)
    if entry.example is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": entry.example}}}
    return extra


def called(request: HttpRequest, given: Mapping[str, Any], options: type[Options] | None) -> Call:
    """The call, once its parameters are known to be its own and to be text that can be kept."""
    allowed = {field.alias or name for name, field in options.model_fields.items()} if options is not None else set()
    foreign = sorted(set(request.GET) - allowed)
    if foreign:
        known = "・".join(sorted(allowed)) or "何もありません"
        raise Problem(
            422, "foreign-option", f"「{foreign[0][:60]}」という指定はありません。", f"使えるのは {known} です。"
        )
    if "\0" in request.path or any("\0" in value for value in request.GET.values()) or b"\\u0000" in request.body:
        raise Problem(422, "bad-text", "使えない文字（NUL）が含まれています。", "取り除いて送ってください。")
    return Call(request, request.auth, given.get("options"), given.get("body"), given.get("key"))  # type: ignore[attr-defined]


def text(found: Any) -> str:
    """The answer as JSON: days and instants in ISO 8601, exact decimals as numbers."""
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    raise TypeError(type(value).__name__)


def tagged(request: HttpRequest, found: Any) -> HttpResponse:
    """The answer with its ``ETag``; 304 where the caller has it already."""
    body = text(found).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    had = {part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")}
    if tag in had or "*" in had:
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(body, content_type="application/json", headers={"ETag": tag})


def filed(request: HttpRequest, content: bytes, name: str, media: str, *, kept: bool = False) -> HttpResponse:
    """A file as the answer, with its ``ETag``; 304 where the caller has it already. One to be ``kept`` is not shown but saved."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if tag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers={"ETag": tag})
    way = "attachment" if kept else "inline"
    headers = {"ETag": tag, "Content-Disposition": f'{way}; filename="{name}"'}
    return HttpResponse(content, content_type=media, headers=headers)


__all__ = ["ANYWHERE", "KEY_HEADER", "MEDIA", "OPERATIONS", "ROUTER", "SIGNED_IN", "Call", "Day", "Known", "Month",
           "Options", "Text", "Trial", "add", "called", "filed", "reads", "tagged", "text"]  # fmt: skip
