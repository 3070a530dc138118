"""Options that many commands share, and what every command does first."""

from __future__ import annotations

from typing import Annotated

import typer

As = Annotated[str, typer.Option("--as", help="操作する利用者", metavar="USER")]
Dry = Annotated[bool, typer.Option("--dry-run", help="何も保存せず、結果だけを見る")]
Day = Annotated[str | None, typer.Option("--date", help="日付 2026-04-30")]


def load() -> None:
    """Load the models; every command that touches the database does so first."""
    from urikake.base import loading

    loading.load()
