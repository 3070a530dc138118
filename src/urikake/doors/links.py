"""Links to documents: a random name, signed for one company, under the address that customers reach this server by.

Only who was sent a link can open it: its name is 128 bits of chance, and without the installation's key no other name is
even looked up. Until when it opens, and whether it was taken back, the books say.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from django.core import signing

from urikake.base import mail, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.base.url import with_company

from .web import secret

SALT: Final = "urikake.doors.links"
PATH: Final = "d"
KEY: Final = "URIKAKE_SECRET_KEY"


def made(url: str, session: Session, told: Mapping[str, str]) -> tuple[str, date, str]:
    """A new link: its name, the last day on which it opens, and its address."""
    link = secrets.token_hex(16)
    code = str(session.value("SELECT code FROM base_company WHERE id = ?", (session.company_id,)))
    until = runs.day(session) + timedelta(days=int(told["link_days"]))
    return link, until, f"{told['public_url'].rstrip('/')}/{code}/{PATH}/{signed(url, code, link)}"


def wanted(url: str, told: Mapping[str, str]) -> bool:
    """Whether mails bear a link; refused where there is no key that the server that opens them has too."""
    if told["enclose"] not in mail.LINKED:
        return False
    if not (os.environ.get(KEY) or url.startswith("sqlite")):
        raise Refusal(
            "no-link-key",
            f"リンクに署名する鍵が環境変数 {KEY} にありません。",
            "urikake serve と同じ鍵を環境変数に入れて、もう一度送ってください。",
        )
    return True


def signed(url: str, code: str, link: str) -> str:
    """The name with its signature, as it stands in the address."""
    return _signer(url, code).sign(link)


def read(url: str, code: str, token: str) -> str | None:
    """The name that was signed for the company; None where it was not."""
    try:
        return _signer(url, code).unsign(token)
    except signing.BadSignature:
        return None


def _signer(url: str, code: str) -> signing.Signer:
    key = secret.key(with_company(url, ""))
    return signing.Signer(key=key, sep=".", salt=f"{SALT}:{code}")
