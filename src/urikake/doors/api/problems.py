"""Problem details (RFC 9457) in Japanese: what happened, why, and what to do, with a status that programs understand."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel, Field

from urikake.base.errors import FileRefusal, Refusal, RowError
from urikake.doors.web.failed import GONE, LOCKED

LOG: Final = logging.getLogger("django.request")
MEDIA: Final = "application/problem+json"
MOST_ROWS: Final = 200
TITLES: Final = {
    400: "この送り方では受け付けられません",
    401: "サインインかトークンが必要です",
    403: "権限がありません",
    404: "見つかりません",
    405: "この操作はありません",
    409: "いまの状態ではできません",
    413: "一度に送れる量を超えています",
    415: "JSON で送ってください",
    422: "内容に誤りがあります",
    429: "回数が多すぎます",
    500: "こちらの不具合です",
    503: "いまは応じられません",
}
NEXT: Final = {
    400: "送り方を確かめてください。",
    401: "Authorization: Bearer に有効なトークンを付けるか、サインインし直してください。",
    403: "権限のある人に頼んでください。",
    404: "アドレスと番号を確かめてください。",
    405: "OpenAPI（/api/v1/openapi.json）で使える操作を確かめてください。",
    413: "行を分けて送ってください。",
    415: "Content-Type を application/json にしてください。",
    429: "Retry-After の秒数だけ待ってから、もう一度送ってください。",
    500: "何も保存されていません。時刻を添えて管理者に知らせてください。",
    503: "少し待ってから、もう一度送ってください。何も保存されていません。",
}
STATUS: Final = {
    403: "not-permitted unknown-user own-work own-role",
    404: "not-closed no-application no-company no-invoice unknown-report unknown-calculator which-company unknown-reference",
    409: (
        "period-locked not-locked not-finished not-tied reversed receipt-used over-applied over-paid over-used"
        " already-asked closed-again not-waiting cancelled needs-approval no-advance unbalanced company-exists"
    ),
}
_BY_CODE: Final = {code: status for status, codes in STATUS.items() for code in codes.split()}


class Wrong(BaseModel):
    """One value that cannot be taken."""

    row: int | None = Field(None, description="何番目の行か（1 から）。行によらないときは null")
    column: str = Field(description="列か項目の名前")
    value: str = Field(description="送られた値")
    why: str = Field(description="受け取れない理由")


class ProblemDetails(BaseModel):
    """What every answer that is not a success looks like."""

    type: str = Field(description="問題の種類を表す URI（urn:urikake:problem:番号）")
    title: str = Field(description="種類の短い説明")
    status: int
    detail: str = Field(description="何が起きたか、なぜか")
    code: str = Field(description="エラー番号")
    next: str = Field(description="どうすればよいか")
    rows: list[Wrong] = Field(description="行ごとの誤り（最大 200 件）")


class Problem(Exception):
    """An answer that is not a success."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        remedy: str = "",
        *,
        rows: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.status, self.code, self.detail = status, code, detail
        self.remedy = remedy or NEXT.get(status, NEXT[400])
        self.rows, self.headers = list(rows)[:MOST_ROWS], dict(headers or {})

    def answer(self) -> HttpResponse:
        """The problem as a response."""
        body = {
            "type": f"urn:urikake:problem:{self.code}",
            "title": TITLES.get(self.status, TITLES[400]),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "next": self.remedy,
            "rows": self.rows,
        }
        text = json.dumps(body, ensure_ascii=False)
        return HttpResponse(text, status=self.status, content_type=MEDIA, headers=self.headers)


def of(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem that stands for a bare status."""
    return Problem(status, f"http-{status}", f"{TITLES.get(status, TITLES[400])}。", headers=headers)


def refused(refusal: Refusal) -> Problem:
    """The problem that a refusal is."""
    rows = [_row(error) for error in refusal.errors] if isinstance(refusal, FileRefusal) else []
    return Problem(_BY_CODE.get(refusal.code, 422), refusal.code, refusal.cause, refusal.remedy, rows=rows)


def _row(error: RowError) -> dict[str, Any]:
    return {"row": error.line or None, "column": error.column, "value": error.value, "why": error.why}


def install(api: NinjaAPI) -> None:
    """Have the API answer every failure with problem details."""

    def handle(kind: type[Exception], make: Any) -> None:
        api.add_exception_handler(kind, lambda request, error: make(request, error).answer())

    handle(Problem, lambda request, error: error)
    handle(Refusal, lambda request, error: refused(error))
    handle(ValidationError, lambda request, error: invalid(request, error.errors))
    handle(AuthenticationError, lambda request, error: of(401, {"WWW-Authenticate": "Bearer"}))
    handle(HttpError, lambda request, error: _http(error))
    handle(Exception, _unexpected)


def _http(error: HttpError) -> Problem:
    """A request that could not even be read."""
    return Problem(
        error.status_code, "bad-request", "送られた内容を JSON として読めません。", "JSON の書き方を確かめてください。"
    )


def unanswered(error: BaseException) -> str | None:
    """``locked`` or ``gone`` where a database did not answer; None for any other error."""
    said = f"{type(error).__name__} {error}".lower()
    if any(word in said for word in LOCKED):
        return "locked"
    return "gone" if isinstance(error, DatabaseError) or any(word in said for word in GONE) else None


def _unexpected(request: HttpRequest, error: Exception) -> Problem:
    """A database that does not answer, or an error of ours: told without its inside."""
    if (state := unanswered(error)) is not None:
        LOG.error("database: %s", type(error).__name__)
        why = "帳簿をほかの人が書き換えている最中です。" if state == "locked" else "データベースが応じません。"
        return Problem(503, f"database-{state}", why, headers={"Retry-After": "10"})
    if "value too long for type" in str(error):
        return Problem(
            422, "too-long", "長すぎる文字があります。何も保存されていません。", "短くして、もう一度送ってください。"
        )
    LOG.error("%s %s", request.method, request.path, exc_info=error)
    return Problem(500, "unexpected", "思いがけない誤りで止まりました。")


_WHY: Final = {
    "missing": "必須です",
    "extra_forbidden": "この項目はありません",
    "string_unicode": "文字として読めません",
    "string_too_long": "長すぎます（{max_length}文字まで）",
    "string_too_short": "短すぎます（{min_length}文字から）",
    "string_pattern_mismatch": "書き方が違います（{pattern}）",
    "too_long": "多すぎます（{max_length}件まで）",
    "too_short": "少なすぎます（{min_length}件から）",
    "greater_than": "{gt} より大きい値で指定してください",
    "less_than": "{lt} より小さい値で指定してください",
    "greater_than_equal": "{ge} 以上で指定してください",
    "less_than_equal": "{le} 以下で指定してください",
    "literal_error": "{expected} から選んでください",
    "enum": "{expected} から選んでください",
}
_KINDS: Final = {
    "int": "整数で指定してください",
    "float": "数値で指定してください",
    "bool": "true か false で指定してください",
    "date": "2026-04-30 の形の日付で指定してください",
    "datetime": "2026-04-30T09:00:00+09:00 の形の日時で指定してください",
    "string": "文字で指定してください",
    "list": "並び（[…]）で指定してください",
    "dict": "オブジェクト（{…}）で指定してください",
    "model": "オブジェクト（{…}）で指定してください",
    "json": "JSON として読めません",
}


def invalid(request: HttpRequest, errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of parameters or a body that are not what the operation takes, each with what was sent and why not."""
    found = {(tuple(place := _place(error)), _why(error)): _sent(request, place) for error in errors}
    rows = [
        {
            "row": next((part + 1 for part in place if isinstance(part, int)), None),
            "column": ".".join(part for part in place if isinstance(part, str)),
            "value": value,
            "why": why,
        }
        for (place, why), value in found.items()
    ]
    return Problem(
        422,
        "invalid",
        f"受け取れない値が{len(rows)}件あります。",
        "下の項目を直して、もう一度送ってください。",
        rows=rows,
    )


def _place(error: Mapping[str, Any]) -> list[str | int]:
    """Where the value stands: its name, or the path to it in the body."""
    inner = [part for part in error["loc"] if part not in _UNIONS and not str(part).startswith("constrained-")]
    return inner[2:] if len(inner) > 2 or inner[0] == "body" else inner[1:]


def _sent(request: HttpRequest, place: Sequence[str | int]) -> str:
    """The value that stands there as it was sent, empty where there is none or it is not one value."""
    found: Any = request.GET.get(str(place[0])) if len(place) == 1 and place[0] in request.GET else None
    if found is None and request.method == "POST":
        found = json.loads(request.body)
        for part in place:
            found = _inside(found, part)
    return "" if found is None or isinstance(found, dict | list) else str(found)[:200].encode(errors="replace").decode()


def _inside(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    inside = isinstance(value, list) and isinstance(part, int) and part < len(value)
    return value[part] if inside else None


_UNIONS: Final = frozenset({"str", "int", "float", "bool"})


def _why(error: Mapping[str, Any]) -> str:
    told = _WHY.get(error["type"])
    if told is not None:
        return told.format_map(error.get("ctx", {}))
    return _KINDS.get(error["type"].split("_")[0], "この値は使えません")
