"""How a company reads the CSV of banks that nobody shipped a layout for (自社の銀行の形式)."""

from __future__ import annotations

import json
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.formats import bank_layout
from urikake.core.formats.bank_layout import Profile

NAMES: Final = "id, run_id, layout_name, content, withdrawn"


def layouts(session: Session, *, withdrawn: bool = False) -> dict[str, Profile]:
    """The company's own layouts that are in use, by name, in the order of their names; or those that were withdrawn."""
    found = _newest(session).filter(pl.col("withdrawn") == withdrawn).sort("layout_name")
    return {name: _read(name, text) for name, text in found.select("layout_name", "content").iter_rows()}


def layout_history(session: Session) -> list[dict[str, Any]]:
    """Every time a layout was saved or withdrawn, newest first: ``name, withdrawn, actor, recorded_at``."""
    who = session.rows("base_run", "id, actor, recorded_at").rename({"id": "run_id"})
    every = session.rows("receipts_layout", NAMES).join(who, on="run_id", how="left", maintain_order="left")
    return every.reverse().select("withdrawn", "actor", "recorded_at", name="layout_name").to_dicts()


def _newest(session: Session) -> pl.DataFrame:
    return session.rows("receipts_layout", NAMES).unique("layout_name", keep="last", maintain_order=True)


def _read(name: str, text: str) -> Profile:
    return bank_layout.restored(json.loads(text), name)
