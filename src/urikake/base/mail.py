"""How the company sends e-mail: server, sender, subject and text of each kind of document, enclosure or link.

The newest of each entry stands, those before it can be read; the password is never kept.
"""

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

FIELDS: Final = ("partner", "number", "total", "due", "company", "original", "link", "until")
SECURITY: Final = {"starttls": "STARTTLS(587番など)", "tls": "TLS(465番など)", "none": "保護しない"}
ENCLOSED: Final = {"attachment": "PDF を付ける", "link": "リンクだけ", "both": "PDF とリンク"}
LINKED: Final = ("link", "both")
DAYS: Final = 365
KINDS: Final = {"invoice": "請求書", "return": "返還請求書", "revised": "修正請求書"}
"""The kinds of documents that have a subject and a text of their own."""
BODY: Final = """{partner} 御中

いつもお世話になっております。{company}です。
請求書 {number} をお送りします。ご確認ください。

ご請求額: {total}円
お支払期日: {due}
"""
RETURN: Final = """{partner} 御中

いつもお世話になっております。{company}です。
適格返還請求書 {number} をお送りします（もとの請求書: {original}）。ご確認ください。

ご返金・値引の額: {total}円
"""
REVISED: Final = """{partner} 御中

いつもお世話になっております。{company}です。
請求書 {original} に誤りがありましたので、修正した請求書 {number} をお送りします。
お手もとの {original} と差し替えてください。お手数をおかけし、申し訳ございません。

ご請求額: {total}円
お支払期日: {due}
"""
LINK: Final = """
下のリンクから PDF をご覧になれます（{until} まで）。
{link}
"""
"""What stands at the end of a text that does not say where its link goes."""
MOST: Final = {"port": 65_535, "link_days": DAYS}
_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_HOST: Final = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\[?[0-9A-Fa-f:]+\]?"
)
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: its title, what it is until told, how long it may be, what it is for; of several ``lines``, or of one.

    One that may be only some ``values`` has a word for each; ``text`` has fields to be filled in.
    """

    title: str
    default: str = ""
    longest: int = 200
    effect: str = ""
    lines: bool = False
    values: Mapping[str, str] | None = None
    text: bool = False


ENTRIES: Final = {
    "host": Entry("送信サーバー", effect="smtp.example.jp の形で。"),
    "port": Entry("ポート", "587", 5),
    "user": Entry("サーバーの利用者名", effect="空なら、利用者名とパスワードを使わずに送る。"),
    "security": Entry("接続の保護", "starttls", values=SECURITY),
    "sender": Entry("差出人のメールアドレス", longest=254),
    "sender_name": Entry("差出人の名前", longest=100),
    "reply_to": Entry("返信先のメールアドレス", longest=254, effect="空なら、返信は差出人に届く。"),
    "enclose": Entry(
        "届け方", "attachment", values=ENCLOSED, effect="PDF を付けるか、期限のあるリンクで見てもらうか。"
    ),
    "link_days": Entry("リンクの期限(日)", "30", 3, "送った日から数える。"),
    "public_url": Entry(
        "リンクの先頭", effect="取引先から見えるこのサーバーのアドレス。https://bill.example.jp の形で。"
    ),
    "subject": Entry("件名", "請求書 {number} のご送付（{company}）", text=True),
    "body": Entry("本文", BODY, 4000, lines=True, text=True),
    "return_subject": Entry("返還請求書の件名", "適格返還請求書 {number} のご送付（{company}）", text=True),
    "return_body": Entry("返還請求書の本文", RETURN, 4000, lines=True, text=True),
    "revised_subject": Entry("修正請求書の件名", "修正請求書 {number} のご送付（{company}）", text=True),
    "revised_body": Entry("修正請求書の本文", REVISED, 4000, lines=True, text=True),
}
SERVER: Final = ("host", "port", "user", "security", "sender", "sender_name", "reply_to")
WAY: Final = ("enclose", "link_days", "public_url")


def held(session: Session) -> dict[str, str]:
    """Every entry as it stands."""
    told = dict(session.table("base_mail", "id, key, value").select("key", "value").iter_rows())
    return {key: told.get(key, entry.default) for key, entry in ENTRIES.items()}


@action("settings.change")
def change(session: Session, values: Mapping[str, Any]) -> int:
    """Record the entries that differ from what stands, and return how many they are; refused where one cannot be so."""
    before, wanted = held(session), checked(values)
    _fit(before | wanted)
    rows = [{"key": key, "value": value} for key, value in wanted.items() if value != before[key]]
    if rows:
        facts.record(session, Mail, pl.DataFrame(rows))
    return len(rows)


def _fit(told: Mapping[str, str]) -> None:
    """Return if the entries go together; refused where there are to be links and nobody says where they lead."""
    if told["enclose"] in LINKED and not told["public_url"]:
        raise Refusal(
            "mail-setting",
            f"メールの設定「{ENTRIES['public_url'].title}」がありません。",
            "リンクで届けるには、取引先から見えるこのサーバーのアドレスを、いっしょに指定してください。",
        )


def texts(told: Mapping[str, str], kind: str) -> tuple[str, str]:
    """Subject and text of a kind of document, with the place of its link where there is one."""
    prefix = "" if kind == "invoice" else f"{kind}_"
    subject, body = told[f"{prefix}subject"], told[f"{prefix}body"]
    return subject, body if told["enclose"] not in LINKED or "{link}" in body else f"{body}\n{LINK}"


def history(session: Session) -> list[dict[str, Any]]:
    """Every change, newest first: ``title, word, actor, recorded_at``."""
    run = session.read(
        "SELECT DISTINCT r.id AS run_id, r.actor, r.recorded_at FROM base_mail m JOIN base_run r ON r.id = m.run_id"
        " WHERE m.id >= ? AND m.id < ?",
        (session.low, session.high),
    )
    told = session.table("base_mail", "id, run_id, key, value").sort("id", descending=True)
    rows = told.join(run, on="run_id", how="left", maintain_order="left").iter_rows(named=True)
    return [
        {"title": ENTRIES[row["key"]].title, "word": _worded(row["key"], row["value"]), "actor": row["actor"],
         "recorded_at": row["recorded_at"]}
        for row in rows
    ]  # fmt: skip


def _worded(key: str, value: str) -> str:
    """The value as it is told in a sentence."""
    return (ENTRIES[key].values or {}).get(value, value.replace("\n", " ／ ") or "なし")


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
    if key in MOST and not (text.isascii() and text.isdecimal() and 0 < int(text) <= MOST[key]):
        return f"1 から {MOST[key]} までの整数で指定してください。"
    if entry.values and text not in entry.values:
        return f"{'・'.join(entry.values)} から選んでください。"
    if key in {"sender", "reply_to"} and text and (email_addresses.problem(text) or ";" in text):
        return "name@example.jp の形で、一つだけ書いてください。"
    if key == "host" and text and not _HOST.fullmatch(text):
        return "smtp.example.jp の形で指定してください。"
    if key == "public_url" and text and not _ADDRESS.fullmatch(text):
        return "https://bill.example.jp の形で、? や # を付けずに指定してください。"
    unknown = set(_FIELD.findall(text)) - set(FIELDS) if entry.text else set()
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
