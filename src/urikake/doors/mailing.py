"""E-mail through the company's server: a connection, letters, and what the server said of each."""

from __future__ import annotations

import os
import smtplib
import ssl
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from email.header import Header
from email.utils import formataddr
from pathlib import Path
from typing import Any, Final

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from urikake.base import access, mail, runs
from urikake.base.errors import Refusal, cause_of

PASSWORD: Final = "URIKAKE_SMTP_PASSWORD"
PASSWORD_FILE: Final = "URIKAKE_SMTP_PASSWORD_FILE"
OWN: Final = "X-Urikake-Delivery"
"""The header that bears the name of the message as well: some servers put another id in the place of ours."""
TIMEOUT: Final = 60
LOST: Final = "送信サーバーとの接続が切れたため、送っていません"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to go: whom to, its own id, what it says, and its file, which is ``enclosed`` or behind its ``link``."""

    to: list[str]
    message_id: str
    subject: str
    body: str
    name: str = ""
    content: bytes = b""
    enclosed: bool = True
    link: str = ""
    expires_on: date | None = None


def settings(url: str, *, user: str = access.SYSTEM) -> dict[str, str]:
    """How the company sends e-mail."""
    with runs.reading(url, user) as session:
        access.allow(session, "settings.read")
        return mail.held(session)


def change(url: str, values: Mapping[str, Any], *, user: str = access.SYSTEM) -> int:
    """Change how the company sends e-mail; how many entries differ now."""
    subject = "・".join(key for key in values if key in mail.ENTRIES)
    with runs.run(url, "change mail", subject=subject[:120], permission="settings.change", user=user) as (session, out):
        out.figures["changed"] = mail.change(session, values)
    return int(out.figures["changed"])


def password() -> str:
    """The password of the server, from the environment or from the file that it names; empty where there is none."""
    if given := os.environ.get(PASSWORD):
        return given
    file = os.environ.get(PASSWORD_FILE)
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else ""
    except OSError as error:
        why = f"送信サーバーのパスワードのファイル（{PASSWORD_FILE}）を読めません（{cause_of(error)}）。"
        raise Refusal("no-mail-password", why, "ファイルの場所と読める人を確かめてください。") from None


def new_id(told: Mapping[str, str]) -> str:
    """A message id that no other mail has."""
    return f"<{uuid.uuid4()}@{told['sender'].rpartition('@')[2]}>"


@contextmanager
def connected(told: Mapping[str, str]) -> Iterator[EmailBackend]:
    """A connection to the server; refused, before anything is claimed, where there is none."""
    backend = _backend(told)
    try:
        backend.open()
    except (OSError, ssl.SSLError, UnicodeError) as error:
        raise Refusal(
            "no-mail-server",
            f"送信サーバー {told['host']}:{told['port']} につながりません（{_said(error)}）。何も送っていません。",
            "サーバーの設定（urikake document mail）とネットワークを確かめて、もう一度送ってください。",
        ) from None
    try:
        yield backend
    finally:
        with suppress(OSError):  # every letter has its answer; a farewell that fails changes nothing
            backend.close()


def _backend(told: Mapping[str, str]) -> EmailBackend:
    """The connection as the settings tell it, not opened yet."""
    if missing := [mail.ENTRIES[key].title for key in ("host", "sender") if not told[key]]:
        unset = f"メールの設定に{missing[0]}がありません。"
        raise Refusal(
            "mail-not-set", unset, "設定 → メール か、urikake document mail host=… sender=… で設定してください。"
        )
    secret = password() if told["user"] else ""
    if told["user"] and not secret:
        why = f"送信サーバーのパスワードが環境変数 {PASSWORD} にありません。"
        raise Refusal("no-mail-password", why, "パスワードを環境変数に入れて、もう一度送ってください。")
    return EmailBackend(
        host=told["host"],
        port=int(told["port"]),
        username=told["user"],
        password=secret,
        use_tls=told["security"] == "starttls",
        use_ssl=told["security"] == "tls",
        timeout=TIMEOUT,
    )


def send(backend: EmailBackend, told: Mapping[str, str], letter: Letter) -> tuple[str, str] | None:
    """What became of the letter, (state, the server's words): ``sent``, ``partial`` or ``failed``.

    None where the connection broke while it was on its way: nobody knows whether it arrived.
    """
    connection = backend.connection
    if connection is None or connection.sock is None:
        return "failed", LOST
    message = _message(told, letter).message().as_bytes(linesep="\r\n")
    try:
        refused = connection.sendmail(told["sender"], letter.to, message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
        return "failed", _said(error)
    except OSError:
        connection.close()
        return None
    return ("partial", _refused(refused)) if refused else ("sent", "")


def _message(told: Mapping[str, str], letter: Letter) -> EmailMessage:
    """The letter as a message; what stands in its headers is on one line."""
    sender = formataddr((mail.line(told["sender_name"]), told["sender"]), charset="utf-8")
    headers = {"Message-ID": letter.message_id, OWN: letter.message_id.strip("<>").partition("@")[0]}
    if told["reply_to"]:
        headers["Reply-To"] = told["reply_to"]
    subject = Header(mail.line(letter.subject), "utf-8", header_name="Subject").encode()  # no empty first line
    made = EmailMessage(mail.line(subject), letter.body, sender, letter.to, headers=headers)
    if letter.name and letter.enclosed:
        made.attach(letter.name, letter.content, "application/pdf")
    return made


def _refused(refused: Mapping[str, tuple[int, bytes]]) -> str:
    """Each address that the server refused, with its words."""
    return " / ".join(f"{to}: {code} {_text(words)}" for to, (code, words) in refused.items())


def _said(error: Exception) -> str:
    """The server's words, or the system's."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _refused(error.recipients)
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return mail.line(str(error)) or type(error).__name__


def _text(words: bytes | str) -> str:
    return mail.line(words.decode("utf-8", "replace") if isinstance(words, bytes) else words)
