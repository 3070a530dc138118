"""Charges as they were made."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.bulk import Session

from ..models import Charge

CHARGE: Final = (
    "id, line_id, contract_id, partner_id, product_id, dimension_id, closing_on, cycle_from_on, revision, nature, from_on, "
    "to_on, quantity_micro, unit_price_micro, state_micro, numerator, denominator, basis, amount, usage_through"
)


def charges(session: Session, ranges: list[tuple[int, int]]) -> pl.DataFrame:
    """The charges in the given ranges of ids, by id."""
    parts = [session.rows("billing_charge", CHARGE, "id >= ? AND id < ?", span) for span in ranges]
    return pl.concat(parts) if parts else session.rows("billing_charge", CHARGE, "id < 0")


def at_closing(session: Session, closing_on: date) -> pl.DataFrame:
    """The charges made for a closing, by id."""
    return charges(session, facts.blocks(session, Charge, "bill", closing_on.isoformat()))


def waiting(session: Session) -> pl.DataFrame:
    """The charges that are on no invoice yet (下書き), by id."""
    names = ", ".join(f"c.{name}" for name in CHARGE.split(", "))
    return session.read(
        f"SELECT {names} FROM billing_waiting w JOIN billing_charge c ON c.id = w.charge_id"
        " WHERE w.charge_id >= ? AND w.charge_id < ? ORDER BY c.id",
        (session.low, session.high),
    )


def of_lines(session: Session, lines: pl.Series) -> pl.DataFrame:
    """Every charge of the given lines, by id."""
    session.stage(pl.DataFrame({"wanted_id": lines.unique()}))
    names = ", ".join(f"c.{name}" for name in CHARGE.split(", "))
    return session.read(f"SELECT {names} FROM stage s JOIN billing_charge c ON c.line_id = s.wanted_id ORDER BY c.id")


def last_billed(session: Session) -> pl.DataFrame:
    """How far each line was billed: ``line_id``, ``last_on`` (first day of its last billed cycle), ``usage_through``."""

    def merge(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.group_by("line_id", maintain_order=True).agg(
            pl.col("cycle_from_on").max(), pl.col("usage_through").max()
        )

    found = session.running(
        "last_billed",
        "billing_charge",
        "SELECT line_id, max(cycle_from_on) AS cycle_from_on, max(usage_through) AS usage_through FROM billing_charge"
        " WHERE id > ? AND id < ? GROUP BY line_id",
        merge,
    )
    return found.rename({"cycle_from_on": "last_on"})
