"""What other rooms may read of deposits."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session

MOVEMENT: Final = (
    "id, run_id, charge_id, contract_id, line_id, partner_id, product_id, dimension_id, invoice_id, moved_on, amount, "
    "returned"
)
OWNER: Final = ["contract_id", "line_id", "partner_id"]


def movements(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Movements of deposits by id, with ``movement_id``."""
    return session.rows("deposits_movement", MOVEMENT, where, params).rename({"id": "movement_id"})


def held(session: Session, as_of: date) -> pl.DataFrame:
    """What was taken of each contract line and payer by the day, given back, and is held.

    Columns: ``contract_id, line_id, partner_id, product_id, taken_on`` (first), ``amount`` (taken), ``returned``, ``held``.
    A taking or a return that was taken back with its invoice counts as not having been.
    """
    moved = movements(session, "moved_on <= ?", (as_of,))
    amount, back = pl.col("amount"), pl.col("returned")
    sums = moved.group_by(OWNER, maintain_order=True).agg(
        product_id=pl.col("product_id").last(),
        taken_on=pl.col("moved_on").filter(~back).min(),
        amount=amount.filter(~back).sum(),
        returned=-amount.filter(back).sum(),
    )
    return sums.with_columns(held=pl.col("amount") - pl.col("returned"))


def billed(session: Session, first: date, last: date) -> int:
    """What invoices took into keeping from ``first`` to ``last``, less what they gave back."""
    found = session.value(
        "SELECT CAST(sum(amount) AS bigint) AS amount FROM deposits_movement WHERE id >= ? AND id < ? AND moved_on BETWEEN ? AND ?",
        (session.low, session.high, first, last),
    )
    return int(found or 0)
