"""`urikake rehearse`: the first bill held against the last bill of the old system, before anything is issued."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from urikake.base.url import from_environment

from .bar import bar
from .options import As, day, load
from .shown import Format, show


def rehearse(
    closing: Annotated[str, typer.Option("--closing", metavar="DATE", help="締日")],
    against: Annotated[
        Path,
        typer.Option(
            "--against", metavar="FILE", help="旧システムの請求の一覧（取引先コード・請求額・[契約番号・商品コード]）"
        ),
    ],
    all_: Annotated[bool, typer.Option("--all", help="一致した行も示す")] = False,
    as_: As = "system",
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """初回請求のリハーサル: 締日の請求を計算し、旧システムの請求と比べる。何も保存しない。"""
    load()
    from urikake.doors import rehearsal
    from urikake.rooms.closing.actions import OLD_BILLS
    from urikake.rooms.intake.queries import sheet

    with bar("rehearse"):
        found = rehearsal.rehearse(from_environment(), sheet(against, OLD_BILLS), day(closing), user=as_)
    rows = found.to_dicts()
    shown = rows if all_ or format_ is not Format.table else [row for row in rows if row["state"] != "equal"]
    if shown or format_ is not Format.table:
        show([_spelled(row) for row in shown] if format_ is Format.table else shown, format_, "rehearsal")
    if format_ is Format.table:
        told = rehearsal.figures(found)
        counts = "・".join(f"{word} {told[state]:,}" for state, word in rehearsal.STATES.items())
        print(f"{counts}（当社 {told['ours']:,}円・旧システム {told['theirs']:,}円・差 {told['difference']:,}円）")


def _spelled(row: dict[str, object]) -> dict[str, object]:
    """A row with its columns as they are headed in a table."""
    from urikake.doors.rehearsal import STATES

    names = {"ours": "billed_here", "theirs": "billed_there", "difference": "off", "why": "reason"}
    return {names.get(name, name): STATES[str(value)] if name == "state" else value for name, value in row.items()}
