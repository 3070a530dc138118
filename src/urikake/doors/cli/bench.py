"""``urikake bench``: the benchmark of the README."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from urikake.base.url import from_environment

from .main import app
from .options import load
from .shown import Format


@app.command()
def bench(
    contracts: Annotated[int, typer.Option("--contracts", min=1, help="契約の数")] = 1000,
    annual: Annotated[bool, typer.Option("--annual", help="すべて年額前払の契約で測る")] = False,
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """速さを測る: 作った会社の1年を通し、各段階を、同じ行をただ書く時間（下限）と並べる。"""
    load()
    from urikake.doors.bench.measured import measure

    def say(text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    answer = measure(from_environment(), contracts, annual=annual, say=say)
    say("")
    print(json.dumps(answer, ensure_ascii=False) if format_ is Format.json else table(answer))


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
