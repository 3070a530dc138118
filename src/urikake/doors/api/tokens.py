"""Tokens (トークン): made once, shown once, kept only as the SHA-256 of their text; listed, revoked, looked up."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from urikake.base import access, runs
from urikake.base.errors import Refusal
from urikake.doors.web.models import Token

PREFIX: Final = "urk_"
NOTED: Final = timedelta(minutes=1)
MAKE: Final = "tokens.create"


def create(
    url: str,
    company: str,
    *,
    name: str,
    actor: str,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
    user: str = access.SYSTEM,
) -> tuple[str, Token]:
    """A new token's text, which is never to be seen again, and its record; without ``scopes``, all of the person's.

    Refused where the person may not do what a scope names, and to a maker who may not make tokens.
    """
    with runs.reading(url, user) as session:
        access.allow(session, MAKE)
        standing = access.standing(session, actor)
    if standing is None or standing[1] == "none":
        raise Refusal(
            "unknown-user", f"利用者「{actor}」はこの会社に登録されていません。", "利用者を登録してから作ってください。"
        )
    mine = [permission for permission in sorted(access.PERMISSIONS) if access.may(standing[1], permission)]
    beyond = sorted(set(scopes) - set(mine))
    if beyond:
        why = f"{actor}（役割 {standing[1]}）には権限「{beyond[0]}」がありません。"
        raise Refusal("scope-beyond-role", why, "利用者の役割が持つ権限の中から選んでください。")
    text = PREFIX + secrets.token_urlsafe(32)
    made = Token.objects.create(
        name=name, company=company, actor=actor, scopes=" ".join(sorted(set(scopes)) or mine), digest=digest(text),
        maker=user, expires_at=expires_at,
    )  # fmt: skip
    return text, made


def digest(text: str) -> str:
    """The SHA-256 of a token's text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def find(text: str) -> Token | None:
    """The token of that text if it may still be used; that it was is noted, to the minute."""
    if not text.startswith(PREFIX):
        return None
    now = timezone.now()
    found = Token.objects.filter(digest=digest(text), revoked_at=None).first()
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    if found.last_used_at is None or now - found.last_used_at > NOTED:
        Token.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def every(company: str) -> list[Token]:
    """The tokens of the company, oldest first."""
    return list(Token.objects.filter(company=company).order_by("pk"))


def revoke(url: str, company: str, number: int, *, user: str = access.SYSTEM) -> Token:
    """Have the token of that number work no more; refused where there is none, or to whom may not make tokens."""
    with runs.reading(url, user) as session:
        access.allow(session, MAKE)
    found = Token.objects.filter(company=company, pk=number).first()
    if found is None:
        raise Refusal("no-token", f"トークン {number} はありません。", "urikake token list で番号を確かめてください。")
    if found.revoked_at is None:
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
    return found
