"""How the company sends e-mail: server, sender, subject and text. The newest of each stands; the password is never kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from ..core.formats import email_addresses
from . import facts
from .access import action
from .bulk import Session
from .errors import Refusal
from .models import Mail

FIELDS: Final = ("partner", "number", "total", "due", "company")
SECURITY: Final = ("starttls", "tls", "none")
BODY: Final = """{partner} 御中

いつもお世話になっております。{company}です。
請求書 {number} をお送りします。添付の PDF をご確認ください。

ご請求額: {total}円
お支払期日: {due}
"""
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: its title, what it is until told, and how long it may be; one of several ``lines``, or of one."""

    title: str
    default: str = ""
    longest: int = 200
    lines: bool = False


ENTRIES: Final = {
    "host": Entry("送信サーバー"),
    "port": Entry("ポート", "587", 5),
    "user": Entry("サーバーの利用者名"),
    "security": Entry("接続の保護", "starttls"),
    "sender": Entry("差出人のメールアドレス", longest=254),
    "sender_name": Entry("差出人の名前", longest=100),
    "subject": Entry("件名", "請求書 {number} のご送付（{company}）"),
    "body": Entry("本文", BODY, 4000, lines=True),
}


def held(session: Session) -> dict[str, str]:
    """Every entry as it stands."""
    told = dict(session.table("base_mail", "id, key, value").select("key", "value").iter_rows())
    return {key: told.get(key, entry.default) for key, entry in ENTRIES.items()}


@action("settings.change")
def change(session: Session, values: Mapping[str, Any]) -> int:
    """Record the entries that differ from what stands, and return how many they are; refused where one cannot be so."""
    before, wanted = held(session), checked(values)
    rows = [{"key": key, "value": value} for key, value in wanted.items() if value != before[key]]
    if rows:
        facts.record(session, Mail, pl.DataFrame(rows))
    return len(rows)


def checked(values: Mapping[str, Any]) -> dict[str, str]:
    """The entries as they are kept; refused where one is unknown or cannot be so."""
    if unknown := set(values) - set(ENTRIES):
        raise Refusal(
            "unknown-mail-setting",
            f"メールの設定に {min(unknown)} はありません。",
            f"{'・'.join(ENTRIES)} から選んでください。",
        )
    told = {key: str(value).replace("\r\n", "\n").strip() for key, value in values.items()}
    for key, text in told.items():
        if why := _wrong(key, text):
            title = ENTRIES[key].title
            raise Refusal("mail-setting", f"メールの設定「{title}」が「{text[:40]}」です。", why)
    return told


def _wrong(key: str, text: str) -> str:
    """What to do about a value that cannot be, or nothing."""
    entry = ENTRIES[key]
    if any(ord(letter) < 32 and not (entry.lines and letter == "\n") for letter in text):
        return "改行などの使えない文字を取り除いてください。"
    if len(text) > entry.longest:
        return f"{entry.longest}字までで書いてください。"
    if key == "port" and not (text.isascii() and text.isdecimal() and 0 < int(text) < 65_536):
        return "1 から 65535 までの整数で指定してください。"
    if key == "security" and text not in SECURITY:
        return f"{'・'.join(SECURITY)} から選んでください。"
    if key == "sender" and text and (email_addresses.problem(text) or ";" in text):
        return "name@example.jp の形で、一つだけ書いてください。"
    unknown = set(_FIELD.findall(text)) - set(FIELDS) if key in {"subject", "body"} else set()
    return f"{'・'.join('{' + name + '}' for name in FIELDS)} のほかは差し込めません。" if unknown else ""


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in; what is filled in is never looked at for fields again.

    >>> filled("{partner} {number}", {"partner": "{number}商事", "number": "INV-1"})
    '{number}商事 INV-1'
    """
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), text)


def line(text: str) -> str:
    r"""The text on one line: what would break a header becomes a blank.

    >>> line("A商事\r\nBcc: x@example.jp")
    'A商事 Bcc: x@example.jp'
    """
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
