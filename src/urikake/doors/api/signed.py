"""Usage that another program sends by itself (Webhook): signed over its id, its moment and its content.

The signature is that of Standard Webhooks: ``v1,`` and the HMAC-SHA256, in base64, of ``id.timestamp.body``. Its key is the
token's own text, which comes along as the bearer token; only its SHA-256 is kept here. So what is taken is what was sent,
by who holds the token, within `TOLERANCE`; and the id is the key under which it is done once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any, Final

from django.http import HttpRequest

from .once import KEY
from .problems import Problem

TOLERANCE: Final = 300
"""Seconds by which the sender's clock may be off."""
_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 200}
HEADERS: Final[list[dict[str, Any]]] = [
    {"in": "header", "name": name, "required": True, "description": about, "schema": schema, "example": example}
    for name, about, schema, example in (
        ("Webhook-Id", "この知らせだけの名前。同じ名前と同じ内容を何度送っても、一度だけ行う",
         _TEXT | {"pattern": "^[!-~]+$"}, "msg_0001"),
        ("Webhook-Timestamp", f"送った時刻（1970年からの秒）。{TOLERANCE}秒より離れていれば断る", _TEXT, "1777000000"),
        ("Webhook-Signature", "`v1,` と、トークンを鍵とする「名前.時刻.本文」の HMAC-SHA256（base64）", _TEXT,
         "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
    )
]  # fmt: skip
"""The headers of a signed request, as the document tells them."""


def signature(secret: str, id_: str, timestamp: str, body: bytes) -> str:
    """The signature of a body that is sent under the id at the moment.

    >>> signature("urk_x", "msg_1", "1777000000", b"{}")[:3]
    'v1,'
    """
    content = f"{id_}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()


def id_of(request: HttpRequest) -> str:
    """The id of a signed request; a problem where a header is missing, the moment is too far off, or the signature is wrong."""
    id_, timestamp, given = (request.headers.get(f"Webhook-{name}", "") for name in ("Id", "Timestamp", "Signature"))
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not (KEY.fullmatch(id_) and timestamp.isascii() and timestamp.isdigit() and given) or scheme.lower() != "bearer":
        why = (
            "Webhook-Id・Webhook-Timestamp・Webhook-Signature と、トークンの Authorization: Bearer がそろっていません。"
        )
        raise Problem(400, "webhook-headers", why, "四つとも付けて送ってください。")
    if len(timestamp) > 12 or abs(time.time() - int(timestamp)) > TOLERANCE:
        why = f"Webhook-Timestamp がいまの時刻と {TOLERANCE}秒より離れています。"
        raise Problem(400, "webhook-old", why, "時計を合わせ、いまの時刻で署名し直して送ってください。")
    right = signature(secret.strip(), id_, timestamp, request.body)
    if not any(hmac.compare_digest(right.encode(), one.encode()) for one in given.split()):
        why = "Webhook-Signature が内容と合いません。"
        raise Problem(
            401, "webhook-signature", why, "トークンを鍵に「名前.時刻.本文」へ署名し、本文を変えずに送ってください。"
        )
    return id_
