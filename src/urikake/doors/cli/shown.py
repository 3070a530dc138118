"""How answers are printed: as a table, as JSON, or as CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from .headers import HEADERS

if TYPE_CHECKING:
    from rich.console import Console

WORDS: Final = {
    "after": "改定後の月額",
    "before": "今の月額",
    "charges": "請求明細",
    "contracts": "契約",
    "products": "商品",
    "events": "契約の変更",
    "difference": "月額の差",
    "kept_own": "据え置き（個別の単価）",
    "kept_unrenewed": "据え置き（更新がない）",
    "lines": "明細",
    "drafts": "下書き",
    "carried": "少額繰越",
    "held": "保留",
    "invoices": "請求書",
    "total": "請求額",
    "receipts": "入金",
    "amount": "金額",
    "cancelled": "取消",
    "corrected": "訂正（確かめてください）",
    "known": "取込済み",
    "out": "出金",
    "others": "ほかの口座",
    "gaps": "前のファイルとの抜け",
    "applied": "消込",
    "outcomes": "結果",
    "rows": "件数",
    "revenue": "売上",
    "approved": "承認",
    "locked": "締め",
    "new": "新規",
    "exact": "一致",
    "sum": "合算",
    "fee": "手数料差引",
    "ambiguous": "候補複数",
    "none": "該当なし",
    "unknown": "名義不明",
    "part": "一部",
    "unapplied": "取消",
    "remain": "一部",
    "discount": "値引",
    "needed": "交付する",
    "exempt": "要らない（1 万円未満）",
    "withheld": "源泉徴収",
    "write-off": "貸倒",
    "misc": "雑損益",
    "advance": "前受",
    "returned": "返還請求書",
    "revised": "修正請求書",
    "total_revised": "修正後の請求額",
    "billed": "請求済み",
    "email": "メール",
    "paper": "紙",
    "peppol": "デジタルインボイス",
    "sent": "送信済み",
    "partial": "一部の宛先に不達",
    "failed": "失敗",
    "printed": "印刷に回した",
    "handed": "書き出した",
    "bounced": "不達",
    "accepted": "受領",
    "refused": "受領拒否",
    "waiting": "未送付",
    "sending": "送信中",
    "no_address": "宛先なし",
    "taken_back": "取消のため送らない",
    "noted": "記録済み",
    "passing": "途中の知らせ",
    "unbilled": "これから請求",
    "request": "振替依頼",
    "debits": "件数",
    "paid": "振替済",
    "unpaid": "振替不能",
    "unpaid_amount": "振替不能の金額",
    "stopped": "口座の登録を止めた数",
    "owed": "収納機関の未収入金",
    "overpaid": "前受金にした額",
    "left_out": "依頼しない取引先",
    "left_amount": "依頼しない金額",
}


VALUES: Final = {
    "moves": "改定",
    "own": "据え置き（個別の単価）",
    "unrenewed": "据え置き（更新がない）",
    "opening": "前月繰越",
    "raised": "計上",
    "applied": "消込",
    "unapplied": "消込取消",
    "cancelled": "取消",
    "new": "新規",
    "expansion": "増加",
    "reactivation": "再開",
    "contraction": "減少",
    "churn": "解約",
    "present": "あり",
    "missing": "欠け",
    "late": "遅れ",
    "swing": "大きな増減",
    "none": "請求なし",
    "zero": "0円の請求",
    "first": "初めての請求",
    "usage": "使用量なし",
    "limit": "与信限度超過",
    "held": "保留",
    "email": "メール",
    "paper": "紙",
    "peppol": "デジタルインボイス",
    "sent": "送信済み",
    "partial": "一部の宛先に不達",
    "failed": "失敗",
    "printed": "印刷に回した",
    "handed": "書き出した",
    "bounced": "不達",
    "accepted": "受領",
    "refused": "受領拒否",
    "waiting": "未送付",
    "sending": "送信中",
    "no_address": "宛先なし",
    "taken_back": "取消のため送らない",
    "asked": "結果待ち",
    "paid": "振替済",
    "unpaid": "振替不能",
    "withdrawn": "取り下げ",
    "collected": "収納代行",
    "advanced": "前受金の充当",
    "unadvanced": "充当の取消",
    "refunded": "返金",
    "unrefunded": "返金の取消",
    "unfiled": "振込待ち",
    "filed": "振込ファイル済",
    "came_back": "戻った",
    "close": "締め",
    "reopen": "解除",
    "done": "済",
    "soft": "残あり",
    "open": "未",
    "last": "先月",
    "this": "今月",
    "closing": "次月繰越",
    "brought_forward": "移行残高",
    "billed": "請求",
    "credited": "返還・取消の請求書",
    "received": "入金",
    "received_back": "組戻し・銀行の取消",
    "fees": "振込手数料の差引",
    "discounted": "売上値引",
    "withheld_tax": "源泉徴収",
    "written_off": "貸倒",
    "rounded_off": "雑損益",
    "kept": "前受金として預かり",
    "recognized": "収益認識",
    "entered": "債権伝票",
}
WIDE: Final = 200


class Format(StrEnum):
    """The forms in which a report may be had."""

    table = "table"
    json = "json"
    csv = "csv"


def words(figures: dict[str, Any]) -> str:
    """The figures of a run in one line.

    >>> words({"invoices": 1, "total": 6760})
    '請求書 1・請求額 6,760'
    """
    parts = []
    for key, value in figures.items():
        name = WORDS.get(key, key)
        if isinstance(value, dict):
            parts.append(f"{name}（{words(value)}）" if value else f"{name} なし")
        elif isinstance(value, bool):
            parts.append(f"{name} {'はい' if value else 'いいえ'}")
        elif isinstance(value, list):
            parts.append(f"{name} {'・'.join(map(str, value)) or 'なし'}")
        else:
            parts.append(f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}")
    return "・".join(parts)


def show(answer: Sequence[dict[str, Any]] | dict[str, Any], form: Format, name: str = "") -> None:
    """Print the rows, or the one row, of the named report in the form asked for; as a table, some reports have a paper of their own.

    Rows that can be very many have a ``frame`` and are printed from its columns.
    """
    rows = [answer] if isinstance(answer, dict) else answer
    if hasattr(rows, "frame") and form is not Format.table:
        from .columns import as_csv, as_json

        sys.stdout.writelines(as_json(rows.frame) if form is Format.json else as_csv(rows.frame))
    elif form is Format.json:
        print(json.dumps(answer, ensure_ascii=False, default=lambda value: value.isoformat()))
    elif form is Format.csv:
        print(_csv(rows), end="")
    else:
        _paper(rows, name)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """The row with what is nested spelled in one cell."""
    return {key: _cell(value) for key, value in row.items()}


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " / ".join(str(_cell(item)) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{_spelled(_cell(part))}" for part in value.values() if part not in (None, ""))
    return "" if value is None else value


def _spelled(value: Any) -> Any:
    """A figure inside a cell with thousands separators."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_flat(row) for row in rows)
    return out.getvalue()


def _paper(rows: Sequence[dict[str, Any]], name: str) -> None:
    from rich.console import Console

    from .demo import PAPERS

    terminal = sys.stdout.isatty()
    if not rows:
        print("該当なし")
    elif name in PAPERS:
        PAPERS[name](Console(file=sys.stdout, width=None if terminal else 100, highlight=False), rows)
    else:
        _table(Console(file=sys.stdout, width=None if terminal else WIDE, highlight=False), rows, name)


def _table(console: Console, rows: Sequence[dict[str, Any]], report: str) -> None:
    """Print the rows with Japanese headers; columns in which no row has anything are left out."""
    from rich.table import Table

    from urikake.doors import notes

    heads, words = HEADERS | notes.HEADERS.get(report, {}), VALUES | notes.OWN.get(report, {})
    flat = [_flat(row) for row in rows]
    names = [
        n for n in dict.fromkeys(name for row in flat for name in row) if any(row.get(n, "") != "" for row in flat)
    ]
    table = Table()
    for name in names:
        number = any(isinstance(row.get(name), int | float) for row in flat)
        table.add_column(heads.get(name, name), justify="right" if number else "left", overflow="fold")
    for row in flat:
        table.add_row(*(words.get(text, text) for text in (_figure(row.get(name, "")) for name in names)))
    console.print(table)


def _figure(value: Any) -> str:
    """A number with thousands separators; yes and no; an instant as Japan time to the minute."""
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, str) and len(value) > 19 and value[10:11] == "T":
        return f"{datetime.fromisoformat(value).astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M}"
    return str(value)


def say(figures: dict[str, Any], nothing: str = "") -> None:
    """Print what came of a run as words and figures, or what waits; ``nothing`` where every figure is zero."""
    if figures.get("proposal"):
        print(f"申請 {figures['proposal']} を出しました。別の人の承認を待っています。")
        return
    print(nothing if nothing and not any(figures.values()) else words(figures))
