"""The benchmark of matching as a whole: the first month, when nothing is known of its payers, and the last."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import polars as pl

from urikake.doors.bench import floor

from .files import Files
from .levels import KINDS, LEVEL_NAMES, SPELLINGS
from .playing import ASK, play
from .scoring import OUTCOMES, confusion

SHOWN: Final = 20
"""Of what was applied wrong, so many are told in words."""
WRONG: Final = ("kind", "spelling", "receipt", "payer", "amount", "truth", "answer")


def measure(files: Files, *, say: Callable[[str], None], ask: int = ASK) -> dict[str, Any]:
    """What becomes of the receipts of the first and of the last month, on an embedded database of its own.

    ``months``: of each its ``month``, ``table`` by kind and in total (see `scoring.confusion`) and what was ``wrong``.
    """
    names = sorted(files.receipts["date"].str.slice(0, 7).unique())
    wanted = sorted({names[0], names[-1]})
    with tempfile.TemporaryDirectory(prefix="urikake-bench-") as name:
        folder = Path(name)
        files.write(folder)
        with floor.fresh("sqlite://", folder) as url:
            scored = play(url, files, folder, ask=ask, months=wanted, say=say)
    return {
        "partners": files.partners.height,
        "documents": files.receivables.height,
        "receipts": files.receipts.height,
        "learned_months": len(names) - 1,
        "months": [_month(scored.filter(pl.col("month") == each), each) for each in wanted],
    }


def _month(scored: pl.DataFrame, name: str) -> dict[str, Any]:
    wrong = scored.filter(pl.col("outcome") == "wrong").sort("kind", "receipt").select(WRONG)
    return {"month": name, "table": confusion(scored), "wrong": wrong.to_dicts()}


def told(answer: dict[str, Any]) -> str:
    """The answer in words and tables."""
    head = f"取引先 {answer['partners']:,}、債権 {answer['documents']:,} 件、入金 {answer['receipts']:,} 件"
    if "level" in answer:
        head = f"水準 {LEVEL_NAMES[answer['level']]}、種 {answer['seed']}、{head}"
    parts = [head]
    for at, month in enumerate(answer["months"]):
        known = f"{answer['learned_months']} か月確かめたあと" if at else "何も覚えていない月"
        parts += ["", f"{month['month']}（{known}）", "", table(month), *_wrong(month["wrong"])]
    return "\n".join(parts)


def _wrong(rows: list[dict[str, Any]]) -> list[str]:
    """What was applied wrong, the first ones each in a line."""
    lines = [
        f"- {KINDS.get(row['kind'], row['kind'])}・{SPELLINGS.get(row['spelling'], row['spelling'])} {row['receipt']}"
        f" {row['payer']} {row['amount']:,}円: {row['answer'] or 'なし'}（正しくは {row['truth'] or '見送り'}）"
        for row in rows[:SHOWN]
    ]
    more = [f"- ほか {len(rows) - SHOWN} 件（--format json にすべて）"] if len(rows) > SHOWN else []
    return ["", "誤って消し込んだ入金", "", *lines, *more] if lines else []


def table(month: dict[str, Any]) -> str:
    """The table of a month in Markdown, counts and of the total their shares."""
    heads = ("", "入金", *OUTCOMES.values())
    rows = [
        (
            KINDS.get(row["kind"], "計" if row["kind"] == "total" else row["kind"]),
            row["receipts"],
            *(row[name] for name in OUTCOMES),
        )
        for row in month["table"]
    ]
    total = month["table"][-1]
    shares = ["割合", "", *(f"{total[name] / max(total['receipts'], 1):.1%}" for name in OUTCOMES)]
    lines = [heads, ("---", *["---:"] * (len(heads) - 1)), *rows, shares]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
