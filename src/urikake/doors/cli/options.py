"""Options that many commands share, and what every command does first."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from urikake.base.errors import Refusal

As = Annotated[str, typer.Option("--as", help="操作する利用者", metavar="USER")]
Dry = Annotated[bool, typer.Option("--dry-run", help="何も保存せず、結果だけを見る")]
Day = Annotated[str | None, typer.Option("--date", help="日付 2026-04-30")]


def load() -> None:
    """Load the models; every command that touches the database does so first."""
    from urikake.base import loading

    loading.load()


def day(text: str) -> date:
    """A day written ``2026-04-30`` or ``2026/04/30``; refused otherwise."""
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise Refusal("bad-date", f"「{text}」は日付ではありません。", "2026-04-30 の形で指定してください。") from None


def instant(text: str) -> datetime:
    """An instant in ISO 8601; without an offset it is Japan time."""

    from urikake.core.calendar import JAPAN

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        why = f"「{text}」は日時ではありません。"
        raise Refusal("bad-instant", why, "2026-04-30T09:00:00+09:00 の形で指定してください。") from None
    return (found if found.tzinfo else found.replace(tzinfo=JAPAN)).astimezone(UTC)
