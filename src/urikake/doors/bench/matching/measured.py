"""The benchmark of matching as a whole: the first month, when nothing is known of its payers, and the last."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import polars as pl

from urikake.doors.bench import floor

from .files import Files
from .levels import KINDS
from .playing import ASK, play
from .scoring import OUTCOMES, confusion

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


def table(month: dict[str, Any]) -> str:
    """The table of a month in Markdown, counts and of the total their shares."""
    heads = ("", "入金", *OUTCOMES.values())
    rows = [
        (KINDS.get(row["kind"], "計" if row["kind"] == "total" else row["kind"]), row["receipts"], *(row[name] for name in OUTCOMES))
        for row in month["table"]
    ]
    total = month["table"][-1]
    shares = ["割合", "", *(f"{total[name] / max(total['receipts'], 1):.1%}" for name in OUTCOMES)]
    lines = [heads, ("---", *["---:"] * (len(heads) - 1)), *rows, shares]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
