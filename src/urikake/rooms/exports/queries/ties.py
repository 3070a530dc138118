"""Books of packages that came back, compared with ours."""

from __future__ import annotations

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts


def tie_outs(session: Session) -> pl.DataFrame:
    """Every comparison by id: ``tie_out_id, run_id, target, on_day, file_name, digest``."""
    rows = session.table("exports_tie_out", "id, run_id, target, on_day, file_name, digest")
    return rows.rename({"id": "tie_out_id"}).sort("tie_out_id")


def tied(session: Session, tie_out_id: int) -> pl.DataFrame:
    """The accounts of a comparison: ``called, account, theirs, ours, not_exported, unexplained``.

    ``theirs`` = ``ours`` − ``not_exported`` + ``unexplained``: what the package has beyond what it was given.
    """
    names = "id, tie_out_id, account_id, called, there, here, waiting"
    rows = session.rows("exports_tie_out_line", names, "tie_out_id = ?", (tie_out_id,))
    chart = accounts(session).select(account_id="id", account="name")
    told = rows.rename({"there": "theirs", "here": "ours", "waiting": "not_exported"}).join(
        chart, on="account_id", how="left", maintain_order="left"
    )
    return told.with_columns(unexplained=pl.col("theirs") - pl.col("ours") + pl.col("not_exported")).select(
        "called", "account", "theirs", "ours", "not_exported", "unexplained"
    )
