"""What of the company stands on its documents: address, accounts, texts, colour, images; told with the day it begins.

A document bears what stood on its own day, so that one that is made again is the one that was sent. What was first told
also stands for the days before it: a company that begins to make documents here can make those of last month too.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from . import facts, proposals, runs
from .access import action
from .bulk import Session
from .errors import Refusal
from .models import Letterhead

NAME: Final = "bank-account"
"""The kind of proposal that a change of accounts is: money would go elsewhere, so it waits for a second person."""
ALWAYS: Final = date(1900, 1, 1)
TABLE: Final = "base_letterhead"
HEAVIEST: Final = 200_000
LARGEST: Final = 4000
_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the letterhead: its title, what it is for, its kind, what it is until told, and how long it may be.

    ``kind`` is ``text``, ``lines`` (several), ``colour``, ``choice`` (of ``values``), ``mm`` or ``image``.
    """

    key: str
    title: str
    effect: str
    kind: str = "text"
    default: str = ""
    longest: int = 100
    values: Mapping[str, str] | None = None


YES: Final = {"yes": "付ける", "no": "付けない"}
CARRY: Final = {"when_owed": "前回の請求があるとき", "always": "いつも", "never": "付けない"}
TOLD: Final = (
    Entry("postal_code", "郵便番号", "差出人の住所の上に。", longest=10),
    Entry("address", "住所", "差出人の住所。", "lines", longest=300),
    Entry("tel", "電話番号", "問い合わせ先。", longest=40),
    Entry("email", "メール", "問い合わせ先。", longest=254),
    Entry("contact", "担当", "部署や担当者の名前。"),
    Entry("greeting", "あいさつ", "請求書の金額の上の一文。空なら「下記のとおりご請求申し上げます。」", longest=200),
    Entry("bank", "お振込先", "請求書に印字する口座。空なら、登録した銀行口座を番号で印字する。", "lines", longest=500),
    Entry("virtual_bank", "専用口座の銀行", "取引先専用の口座番号の前に置く、銀行・支店・種別。", longest=200),
    Entry("remarks", "備考", "請求書の備考。手数料の負担など。", "lines", longest=500),
    Entry("footer", "ページの下", "すべての帳票の下端の左に、小さく。", "lines", longest=200),
    Entry("colour", "色", "表題と罫線の色。", "colour", "#1f3a5f"),
    Entry("carry", "繰越", "請求書に、前回の請求額・入金額・繰越額を付けるか。", "choice", "when_owed", values=CARRY),
    Entry("fold_marks", "折り目の印", "三つ折りの位置を、左端に小さく。", "choice", "yes", values=YES),
    Entry("window_left", "宛名の左(mm)", "封筒の窓に合わせる。用紙の左端から。", "mm", "22"),
    Entry("window_top", "宛名の上(mm)", "封筒の窓に合わせる。用紙の上端から。", "mm", "18"),
    Entry("logo", "ロゴ", "差出人の上に。PNG、200 KB まで。", "image"),
    Entry("seal", "社印", "社名の終わりに重ねる。PNG、200 KB まで。", "image"),
)  # fmt: skip
BY_KEY: Final = {entry.key: entry for entry in TOLD}
BANKS: Final = frozenset({"bank", "virtual_bank"})
MM: Final = {"window_left": (10, 32), "window_top": (8, 30)}
"""How far the recipient may be moved, in millimetres: the issuer stands beside it, the amount below it."""


def checked(values: Mapping[str, Any]) -> dict[str, str]:
    """The entries as they are kept; refused where one is unknown or cannot be so."""
    if unknown := set(values) - set(BY_KEY):
        raise Refusal(
            "unknown-letterhead",
            f"帳票の設定に {min(unknown)} はありません。",
            f"{'・'.join(BY_KEY)} から選んでください。",
        )
    return {key: _checked(BY_KEY[key], value) for key, value in values.items()}


def _checked(entry: Entry, value: Any) -> str:
    """The value as it is kept."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    text = str(value).replace("\r\n", "\n").strip()
    if entry.kind == "image":
        return _image(entry, text)
    if why := _wrong(entry, text):
        raise Refusal("letterhead-value", f"帳票の設定「{entry.title}」が「{text[:40]}」です。", why)
    return text.lower() if entry.kind == "colour" else text


def _wrong(entry: Entry, text: str) -> str:
    """What to do about a value that cannot be, or nothing."""
    if entry.kind == "choice":
        words = "・".join(f"{value}({word})" for value, word in (entry.values or {}).items())
        return "" if text in (entry.values or {}) else f"{words} から選んでください。"
    if entry.kind == "colour":
        return "" if _COLOUR.fullmatch(text.lower()) else "#1f3a5f の形で指定してください。"
    if entry.kind == "mm":
        low, high = MM[entry.key]
        fits = text.isascii() and text.isdecimal() and low <= int(text) <= high
        return "" if fits else f"{low} から {high} までの整数(mm)で指定してください。"
    if any(ord(letter) < 32 and letter != "\n" for letter in text) or (entry.kind == "text" and "\n" in text):
        return "改行などの使えない文字を取り除いてください。"
    return "" if len(text) <= entry.longest else f"{entry.longest}字までで書いてください。"


def _image(entry: Entry, text: str) -> str:
    """The Base64 of a PNG file, refused where it is none or is too large; nothing takes the image away."""
    if not text:
        return ""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    sides = [int.from_bytes(content[at : at + 4], "big") for at in (16, 20)]
    if not content.startswith(_PNG) or not all(0 < side <= LARGEST for side in sides):
        why = f"PNG のファイル（縦横 {LARGEST:,} 画素まで）を選んでください。"
        raise Refusal("letterhead-image", f"帳票の設定「{entry.title}」の画像が読めません。", why)
    if len(content) > HEAVIEST:
        why = f"{HEAVIEST // 1000} KB までの PNG にしてください。"
        raise Refusal(
            "letterhead-image", f"帳票の設定「{entry.title}」の画像が {len(content) // 1000:,} KB あります。", why
        )
    return text


def rows(session: Session) -> pl.DataFrame:
    """Everything that was ever told, oldest first: ``id, run_id, key, value, valid_from_on``."""
    return session.table(TABLE, "id, run_id, key, value, valid_from_on")


def held(session: Session, on: date) -> dict[str, str]:
    """Every entry as it stands on documents of the day."""
    every = rows(session)
    begun = every.filter(pl.col("valid_from_on") <= on).sort("valid_from_on", "id")
    later = every.filter(pl.col("valid_from_on") > on).sort("valid_from_on", "id", descending=[True, True])
    told = dict(pl.concat([later, begun]).select("key", "value").iter_rows())  # what comes last stands
    return {entry.key: told.get(entry.key, entry.default) for entry in TOLD}


@action("settings.change")
def change(session: Session, values: Mapping[str, Any], since: date) -> None:
    """Record entries for documents of the day and later."""
    told = [{"key": key, "value": value, "valid_from_on": since} for key, value in checked(values).items()]
    if told:
        facts.record(session, Letterhead, pl.DataFrame(told))


def propose(session: Session, values: Mapping[str, Any], since: date | None, why: str) -> int | None:
    """Change what differs for documents of the day (today) and later; the number of the proposal where it has to wait.

    A change that touches the accounts waits, all of it, where the company wants a second person for them.
    """
    since = since or runs.day(session)
    before, wanted = held(session, since), checked(values)
    changed = {key: value for key, value in wanted.items() if value != before[key]}
    if not changed:
        raise Refusal("no-change", "帳票の設定は今のままです。", "変えたい項目を直してください。")
    if not BANKS & set(changed):
        change(session, changed, since)
        return None
    return proposals.propose(session, NAME, {"since": since.isoformat(), "values": changed}, why)


def _check(session: Session, content: proposals.Content) -> None:
    checked(content["values"])


def _do(session: Session, content: proposals.Content) -> None:
    change(session, content["values"], date.fromisoformat(content["since"]))


def words(content: proposals.Content) -> str:
    """A change in words.

    >>> words({"since": "2026-12-01", "values": {"bank": "みなと銀行 本店 普通 1234567"}})
    '2026-12-01 からの帳票: お振込先 → みなと銀行 本店 普通 1234567'
    """
    told = [(BY_KEY[key], value) for key, value in content["values"].items()]
    parts = [f"{entry.title} → {worded(entry, value)}" for entry, value in told]
    return f"{content['since']} からの帳票: {'、'.join(parts)}"


def worded(entry: Entry, value: str) -> str:
    """The value as it is told in a sentence: an image is only that there is one."""
    if entry.kind == "image":
        return "画像" if value else "なし"
    return (entry.values or {}).get(value, value.replace("\n", " ／ ") or "なし")


def listed(session: Session, on: date) -> list[dict[str, Any]]:
    """Every entry as it stands on documents of the day: ``key, title, value, effect, kind``."""
    values = held(session, on)
    return [
        {"key": entry.key, "title": entry.title, "value": values[entry.key], "effect": entry.effect, "kind": entry.kind}
        for entry in TOLD
    ]


def history(session: Session) -> list[dict[str, Any]]:
    """Every change, newest first: ``title, word, since, actor, recorded_at``; what was set up at first is not told."""
    run = session.read(
        "SELECT DISTINCT r.id AS run_id, r.actor, r.recorded_at FROM base_letterhead p JOIN base_run r ON r.id = p.run_id"
        " WHERE p.id >= ? AND p.id < ?",
        (session.low, session.high),
    )
    told = (
        rows(session).filter(pl.col("valid_from_on") > ALWAYS).join(run, on="run_id", how="left", maintain_order="left")
    )
    return [
        {"title": BY_KEY[row["key"]].title, "word": worded(BY_KEY[row["key"]], row["value"]), "since": row["valid_from_on"],
         "actor": row["actor"], "recorded_at": row["recorded_at"]}
        for row in told.reverse().iter_rows(named=True)
    ]  # fmt: skip


proposals.kind(proposals.Kind(NAME, "お振込先の変更", "settings.change", "settings.approve", _check, _do, words))
