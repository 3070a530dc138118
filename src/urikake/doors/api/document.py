"""The OpenAPI document: every operation with its summary, permission, parameters, failures and examples."""

from __future__ import annotations

import functools
import json
from typing import Any, Final

from ninja import NinjaAPI

from .problems import MEDIA

INTRODUCTION: Final = """契約から請求・入金消込・収益認識・仕訳・月次締めまでを、ほかのプログラムから使うための窓口。

- **会社** アドレスの `{company}` は会社コード。
- **サインイン** `Authorization: Bearer urk_…`（`urikake token create`）か、画面のサインイン。
  できることは、利用者の役割とトークンの範囲の両方にあること（`x-permission`）。
- **書き込み** `Idempotency-Key` を必ず付ける。同じキーと同じ内容なら、何度送っても一度だけ行い、同じ答えに
  `Idempotent-Replay: true` を付けて返す。`dry_run=true` なら何も保存せずに結果を答える。
- **長い仕事** 202 と `Location`（実行のアドレス）を返す。進みと結果はそこで見る。
- **一覧** `next` を `cursor` に付けると続きを返す。途中で行が増えても、重なりも抜けもない。
- **ETag** 読み取りの答えに付く。`If-None-Match` に同じ値を付けると、変わっていなければ 304。
- **誤り** RFC 9457（`application/problem+json`）。`detail` に何が起きたか、`next` にどうすればよいか、`rows` に行ごとの理由。
- **金額** 円の整数。日付は `2026-04-30`、月は `2026-04`。
"""
DESCRIPTIONS: Final = {
    "200": "答え",
    "202": "受け付けた。Location で進みを見る",
    "400": "送り方の誤り",
    "401": "サインインかトークンが要る",
    "403": "権限がない",
    "404": "見つからない",
    "409": "いまの状態ではできない",
    "422": "内容の誤り",
    "429": "回数が多すぎる",
    "503": "データベースが応じない",
}


@functools.cache
def document(api: NinjaAPI) -> dict[str, Any]:
    """The document as plain data."""
    found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    for methods in found["paths"].values():
        for operation in methods.values():
            if media := operation.pop("x-media", ""):
                operation["responses"]["200"]["content"] = {media: {"schema": {"type": "string", "format": "binary"}}}
            for status, response in operation["responses"].items():
                _describe(status, response, reading="requestBody" not in operation)
    return found


def _describe(status: str, response: dict[str, Any], *, reading: bool) -> None:
    """Say in Japanese what a status means, under which media type a problem comes, and which headers an answer bears."""
    response["description"] = DESCRIPTIONS[status]
    if int(status) >= 400:
        response["content"] = {MEDIA: response["content"]["application/json"]}
    elif reading:
        response["headers"] = {"ETag": {"description": "答えの版", "schema": {"type": "string"}}}
    elif status == "202":
        response["headers"] = {"Location": {"description": "実行のアドレス", "schema": {"type": "string"}}}


def printed(api: NinjaAPI) -> str:
    """The document as it is committed."""
    return json.dumps(document(api), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
