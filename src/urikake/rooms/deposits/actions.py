"""The pen of deposits: what issued invoices took into keeping and gave back."""

from __future__ import annotations

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.rooms.billing.queries import reversals
from urikake.rooms.catalog.queries import deposits
from urikake.rooms.invoices.actions import Issued

from . import queries
from .models import Movement


@action("invoices.issue")
def keep(session: Session, *, issued: Issued) -> pl.DataFrame:
    """Record what the issued lines took of deposits and gave back, and return the movements; none of other lines."""
    mine = issued.lines.filter(pl.col("product_id").is_in(deposits(session).implode()))
    if mine.is_empty():
        return queries.movements(session, "1 = 0")
    days = issued.invoices.select("invoice_id", moved_on="issue_on")
    undone = pl.col("charge_id").is_in(reversals(session)["charge_id"].implode())
    rows = mine.join(days, on="invoice_id", maintain_order="left").with_columns(
        amount="net", returned=(pl.col("net") < 0) != undone
    )
    return facts.record(session, Movement, rows).rename({"id": "movement_id"})
