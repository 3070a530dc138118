"""The charges of one contract."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session

from .charges import of_lines
from .scope import scope


def of_contract(session: Session, contract_id: int, until: date) -> pl.DataFrame:
    """Every charge of the contract's lines whose cycle begins by the day, by id."""
    lines = scope(session).lines.filter(pl.col("contract_id") == contract_id)
    return of_lines(session, lines.with_columns(last_on=pl.lit(until)))
