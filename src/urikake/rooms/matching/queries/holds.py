"""Receipts that are left alone (保留・対象外): which, why, since when and by whom."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session

HOLD: Final = "id, run_id, receipt_id, state, why"


def held(session: Session) -> pl.DataFrame:
    """The receipts that are held or set aside now: ``receipt_id, state, why, actor, recorded_at``."""
    rows = session.table("matching_hold", HOLD)
    newest = rows.unique("receipt_id", keep="last", maintain_order=True).filter(pl.col("state") != "")
    runs = session.read(
        "SELECT DISTINCT r.id AS run_id, r.actor, r.recorded_at FROM base_run r JOIN matching_hold h ON h.run_id = r.id"
        " WHERE r.id >= ? AND r.id < ?",
        (session.low, session.high),
    )
    named = newest.join(runs, on="run_id", how="left", maintain_order="left")
    return named.select("receipt_id", "state", "why", "actor", "recorded_at")


def free(session: Session, waiting: pl.DataFrame) -> pl.DataFrame:
    """The receipts among ``waiting`` (``receipt_id``, …) that nobody holds."""
    rows = session.table("matching_hold", HOLD)
    if rows.is_empty():
        return waiting
    newest = rows.unique("receipt_id", keep="last").filter(pl.col("state") != "")
    return waiting.join(newest.select("receipt_id"), on="receipt_id", how="anti", maintain_order="left")


def last_hold(session: Session, receipt_id: int) -> dict[str, Any] | None:
    """How the receipt is held, by whom and since when; None where it is not."""
    found = held(session).filter(pl.col("receipt_id") == receipt_id)
    return found.row(0, named=True) if found.height else None
