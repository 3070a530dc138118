"""The first bill rehearsed (初回請求のリハーサル): a closing held against the old system's last bill, with nothing stored."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import access, runs
from urikake.core.comparison import DIFFERENT, EQUAL, OURS, THEIRS
from urikake.rooms.closing import actions
from urikake.rooms.intake.queries import Sheet

REHEARSE: Final = "rehearse"
PERMISSION: Final = "billing.run"
STATES: Final = {EQUAL: "一致", DIFFERENT: "違う", OURS: "当社だけ", THEIRS: "旧システムだけ"}


def rehearse(url: str, found: Sheet, closing_on: date, *, user: str = access.SYSTEM) -> pl.DataFrame:
    """What the closing bills by partner (and contract, product) against the sheet; the run is undone."""
    with runs.run(url, REHEARSE, subject=f"{closing_on}", permission=PERMISSION, user=user, preview=True) as (
        session,
        _,
    ):
        return actions.rehearse(session, closing_on=closing_on, sheet=found)


def figures(rows: pl.DataFrame) -> dict[str, Any]:
    """How many rows stand how, and both sides' sums: ``equal, different, ours_only, theirs_only, ours, theirs, difference``."""
    counts = {state: int((rows["state"] == state).sum()) for state in STATES}
    return counts | {name: int(rows[name].sum()) for name in ("ours", "theirs", "difference")}
