"""The benchmark as a whole: run, prove, floors, and the answer in the shape of the public contract."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.base.url import sqlite_path
from urikake.rooms.closing.queries import verify

from . import company, floor, phases

HISTORY: Final = Path("build/bench/results.jsonl")


def measure(url: str, contracts: int, *, annual: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """The measured phases of a company of so many contracts, on fresh databases of the kind that the URL names."""
    with tempfile.TemporaryDirectory(prefix="urikake-bench-", dir=_beside(url)) as name:
        folder = Path(name)
        company.write(folder, contracts, annual=annual)
        with floor.fresh(url, folder) as database:
            clock = phases.run(database, folder, say)
            say("検証")
            prove(database)
            say("下限を測る")
            tables = floor.spooled(clock, folder)
        floors: dict[str, tuple[float, int]] = {}
        with floor.migrated(url, folder) as template:
            for phase in clock.seconds:
                if phase in tables:
                    with floor.fresh(url, folder, template) as empty:
                        floors[phase] = floor.measure(empty, tables[phase])
    answer = _answer(contracts, "sqlite" if url.startswith("sqlite") else "postgresql", clock, floors)
    answer["growth"] = None if annual else _growth(answer)
    return answer


def prove(url: str) -> None:
    """Return if every invariant of the measured company holds; refuse otherwise: what is wrong is not fast."""
    with runs.reading(url) as session:
        wrong = verify(session)
    if wrong:
        raise Refusal(
            "bench-wrong", "計測後の検証が合いません: " + "／".join(wrong[:5]), "不具合として報告してください。"
        )


def _beside(url: str) -> str | None:
    """The folder of the database file that the URL names, so that what is measured is its disk."""
    if not url.startswith("sqlite"):
        return None
    parent = Path(sqlite_path(url)).absolute().parent
    return str(parent) if parent.is_dir() else None


def _answer(contracts: int, engine: str, clock: phases.Clock, floors: dict[str, tuple[float, int]]) -> dict[str, Any]:
    rows = []
    for phase, seconds in clock.seconds.items():
        bare, count = floors.get(phase, (None, 0))
        rows.append(
            {
                "name": phase,
                "seconds": round(seconds, 3),
                "rows": count,
                "floor_seconds": None if bare is None else round(bare, 3),
                "ratio": None if not bare else round(seconds / bare, 2),
                "peak_mib": round(clock.peak_mib[phase]),
            }
        )
    total, bare_total = sum(clock.seconds.values()), sum(bare for bare, _ in floors.values())
    return {
        "contracts": contracts,
        "database": engine,
        "rows": sum(count for _, count in floors.values()),
        "phases": rows,
        "total": {
            "seconds": round(total, 3),
            "floor_seconds": round(bare_total, 3),
            "ratio": round(total / bare_total, 2),
            "peak_mib": round(max(clock.peak_mib.values())),
        },
    }


def _growth(answer: dict[str, Any]) -> float | None:
    """The exponent e of seconds ~ contracts^e against the next smaller size measured last; kept where results are kept."""
    if not HISTORY.parent.is_dir():
        return None
    past = [json.loads(line) for line in HISTORY.read_text().splitlines()] if HISTORY.exists() else []
    with HISTORY.open("a") as history:
        history.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return exponent(answer, past)


def exponent(answer: dict[str, Any], past: list[dict[str, Any]]) -> float | None:
    """The exponent e of seconds ~ contracts^e from the largest smaller size, newest result, on the same database.

    >>> small = {"contracts": 1_000, "database": "sqlite", "total": {"seconds": 2.0}}
    >>> exponent({"contracts": 10_000, "database": "sqlite", "total": {"seconds": 20.0}}, [small])
    1.0
    """
    smaller = [a for a in past if a["database"] == answer["database"] and a["contracts"] < answer["contracts"]]
    if not smaller:
        return None
    one = max(reversed(smaller), key=lambda a: int(a["contracts"]))  # the first of equals, which is the newest
    grown = math.log(answer["total"]["seconds"] / one["total"]["seconds"])
    return round(grown / math.log(answer["contracts"] / one["contracts"]), 2)
