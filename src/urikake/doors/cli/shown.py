"""How answers are printed: as a table, as JSON, or as CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from enum import StrEnum
from typing import Any, Final

WORDS: Final = {
    "charges": "請求明細",
    "drafts": "下書き",
    "invoices": "請求書",
    "total": "請求額",
    "receipts": "入金",
    "amount": "金額",
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
}


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
        else:
            parts.append(f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}")
    return "・".join(parts)


def show(rows: list[dict[str, Any]], form: Format) -> None:
    """Print the rows in the form asked for."""
    if form is Format.json:
        print(json.dumps(rows, ensure_ascii=False))
    elif form is Format.csv:
        print(_csv(rows), end="")
    else:
        _table(rows)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """The row with what is nested spelled in one cell."""
    return {key: _cell(value) for key, value in row.items()}


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " / ".join(str(_cell(item)) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{_cell(part)}" for part in value.values() if part not in (None, ""))
    return "" if value is None else value


def _csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_flat(row) for row in rows)
    return out.getvalue()


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not rows:
        print("該当なし")
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = Table()
    for name in names:
        number = any(isinstance(row.get(name), int | float) for row in rows)
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in map(_flat, rows):
        table.add_row(
            *(
                f"{v:,}" if isinstance(v, int) and not isinstance(v, bool) else str(v)
                for v in (row.get(n, "") for n in names)
            )
        )
    Console(file=sys.stdout, soft_wrap=not sys.stdout.isatty()).print(table)
