"""Books of accounting packages tied out against ours (残高照合): the accounts by month, and the slips that differ."""

from __future__ import annotations

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.exports import queries

from .rows import Rows


def tie_out(session: Session, source: str = "") -> Rows:
    """The accounts of a comparison by month, with what tells both sides apart; ``source`` is its number, else the newest is told.

    ``theirs`` = ``ours`` − ``not_exported`` + ``moved`` − ``missing`` + ``extra`` + ``changed`` + ``unexplained``.
    """
    return Rows(queries.tied(session, _number(session, source)).with_columns(pl.col("account").fill_null("")))


def tie_out_slips(session: Session, source: str = "") -> Rows:
    """The slips that are not the same on both sides, an account a row: our day and amount, and theirs."""
    return Rows(queries.tied_slips(session, _number(session, source)))


def _number(session: Session, source: str) -> int:
    """The comparison of that number, else the newest; refused where there is none of the number."""
    made = queries.tie_outs(session)["tie_out_id"]
    if not source:
        return int(made[-1]) if made.len() else 0
    number = session.low + int(source) if source.isdecimal() else 0
    if number not in made:
        raise Refusal("no-tie-out", f"照合「{source[:40]}」はありません。", "番号を仕訳出力の画面で確かめてください。")
    return number
