"""``urikake bench``: the benchmark of the README."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from urikake.base.errors import Refusal, cause_of
from urikake.base.url import from_environment

from .main import app
from .options import load
from .shown import Format

if TYPE_CHECKING:
    from urikake.doors.bench.matching.files import Files

benches: Final = typer.Typer()
app.add_typer(benches, name="bench")


class Level(StrEnum):
    """How hard the receipts of the benchmark of matching are."""

    easy = "easy"
    middle = "middle"
    hard = "hard"


@benches.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    contracts: Annotated[int, typer.Option("--contracts", min=1, help="契約の数")] = 1000,
    annual: Annotated[bool, typer.Option("--annual", help="すべて年額前払の契約で測る")] = False,
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """速さを測る: 作った会社の1年を通し、各段階を、同じ行をただ書く時間（下限）と並べる。"""
    if context.invoked_subcommand:
        return
    load()
    from urikake.doors.bench.measured import measure

    answer = measure(from_environment(), contracts, annual=annual, say=say)
    say("")
    print(json.dumps(answer, ensure_ascii=False) if format_ is Format.json else table(answer))


@benches.command()
def matching(
    level: Annotated[
        Level, typer.Option("--level", help="難しさ: easy（易）・middle（中）・hard（難）")
    ] = Level.middle,
    seed: Annotated[int, typer.Option("--seed", help="種。同じ種からは、いつも同じ入金ができる")] = 1,
    receipts: Annotated[int, typer.Option("--receipts", min=1, help="ひと月の入金の数（およそ）")] = 500,
    months: Annotated[
        int, typer.Option("--months", min=1, help="月数。最初の月と最後の月を表にし、あいだは手で確かめる")
    ] = 4,
    ask: Annotated[int, typer.Option("--ask", min=0, help="候補を調べる入金の数（十日ごとに、くじで選ぶ）")] = 500,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="ファイルを書き出すだけで、測らない")
    ] = None,
    read: Annotated[
        Path | None, typer.Option("--read", metavar="DIR", help="作らずに、このフォルダのファイルで測る")
    ] = None,
    timing: Annotated[bool, typer.Option("--timing", help="正しさでなく、時間とメモリーを測る")] = False,
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """消込の正しさを測る: 作った入金を製品に通し、答えと比べて、種類ごとの表にする。"""
    load()
    from urikake.doors.bench.matching import files, measured
    from urikake.doors.bench.matching import timing as timed

    if timing:
        rows = timed.measure(seed, say=say)
        say("")
        print(json.dumps(rows, ensure_ascii=False) if format_ is Format.json else timed.table(rows))
        return
    made = files.read(read) if read else files.invented(level, seed, receipts, months)
    if write:
        _write(made, write)
        return
    answer = {} if read else {"level": level.value, "seed": seed}
    answer |= measured.measure(made, say=say, ask=ask)
    say("")
    print(json.dumps(answer, ensure_ascii=False) if format_ is Format.json else measured.told(answer))


def _write(made: Files, folder: Path) -> None:
    try:
        made.write(folder)
    except OSError as error:
        raise Refusal(
            "cannot-write", f"{folder} に書き出せません（{cause_of(error)}）。", "書き出す先を確かめてください。"
        ) from None
    print(
        f"{folder} に、取引先 {made.partners.height}・債権 {made.receivables.height}・入金 {made.receipts.height} 件を書きました。"
    )


def say(text: str) -> None:
    """Tell on a terminal what is being done, in the place of what was done before."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def table(answer: dict[str, Any]) -> str:
    """The answer as a Markdown table."""
    growth = f", growth exponent {answer['growth']}" if answer.get("growth") is not None else ""
    head = f"{answer['contracts']:,} contracts, {answer['database']}, {answer['rows']:,} rows{growth}"
    names = ("phase", "seconds", "rows", "rows/s", "floor s", "ratio", "peak MiB")
    total = {"name": "**total**", "rows": answer["rows"], **answer["total"]}
    rows = [_row(phase) for phase in [*answer["phases"], total]]
    return "\n".join(
        ["", head, "", _cells(names), "| --- | ---: | ---: | ---: | ---: | ---: | ---: |", *map(_cells, rows)]
    )


def _row(phase: dict[str, Any]) -> tuple[str, ...]:
    floor, ratio = _or(phase["floor_seconds"]), _or(phase["ratio"])
    return (
        phase["name"],
        f"{phase['seconds']:.2f}",
        f"{phase['rows']:,}",
        _rate(phase),
        floor,
        ratio,
        f"{phase['peak_mib']:,}",
    )


def _cells(texts: tuple[str, ...]) -> str:
    return f"| {' | '.join(texts)} |"


def _rate(phase: dict[str, Any]) -> str:
    return f"{phase['rows'] / phase['seconds']:,.0f}" if phase["rows"] and phase["seconds"] else ""


def _or(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
