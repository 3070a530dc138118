"""Charges as they were made."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.bulk import Session
from urikake.core import calendar
from urikake.rooms.contracts.queries import starts

from ..models import Charge

_RUNS: Final = 1 << 40  # more runs than a company has
TRUE_UP: Final[int] = Charge.TRUE_UP
"""The nature of a charge that settles a commitment over several cycles (精算)."""
CHARGE: Final = (
    "id, line_id, contract_id, partner_id, product_id, dimension_id, closing_on, cycle_from_on, revision, nature, from_on, "
    "to_on, quantity_micro, unit_price_micro, state_micro, numerator, denominator, basis, amount, usage_through, "
    "discount_rate, discount_cut"
)


def charges(session: Session, ranges: list[tuple[int, int]], columns: str = CHARGE) -> pl.DataFrame:
    """The charges in the given ranges of ids, by id, with the columns named."""
    parts = [session.rows("billing_charge", columns, "id >= ? AND id < ?", span) for span in ranges]
    return pl.concat(parts) if parts else session.rows("billing_charge", columns, "1 = 0")


def at_closing(session: Session, closing_on: date, columns: str = CHARGE) -> pl.DataFrame:
    """The charges made for a closing, by id, with the columns named."""
    return charges(session, facts.blocks(session, Charge, "bill", closing_on.isoformat()), columns)


def closings(session: Session) -> pl.DataFrame:
    """The closings for which anything was billed, oldest first: ``closing_on`` and ``run_id``, the first run that did."""
    runs = session.rows("base_run", "id, subject", "action = 'bill'")
    days = runs.with_columns(
        closing_on=pl.col("subject").str.head(10).str.to_date("%Y-%m-%d", strict=False)
    ).drop_nulls("closing_on")
    return days.group_by("closing_on").agg(run_id=pl.col("id").min()).sort("closing_on")


def waiting(session: Session) -> pl.DataFrame:
    """The charges that are on no invoice yet (下書き), by id."""
    names = ", ".join(f"c.{name}" for name in CHARGE.split(", "))
    return session.read(
        f"SELECT {names} FROM billing_waiting w JOIN billing_charge c ON c.id = w.charge_id"
        " WHERE w.charge_id >= ? AND w.charge_id < ? ORDER BY c.id",
        (session.low, session.high),
    )


def of_cycles(session: Session, cycles: pl.DataFrame) -> pl.DataFrame:
    """Every charge of the given cycles (``line_id``, ``cycle_from_on``), by id."""
    session.stage(cycles.select("line_id", "cycle_from_on").unique().sort("cycle_from_on", "line_id"))
    names = ", ".join(f"c.{name}" for name in CHARGE.split(", "))
    return session.read(
        f"SELECT {names} FROM stage s CROSS JOIN billing_charge c"  # the stage first: it is small, the charges are not
        " WHERE c.cycle_from_on = s.cycle_from_on AND c.line_id = s.line_id ORDER BY c.id"
    )


def by_ids(session: Session, wanted: pl.Series) -> pl.DataFrame:
    """The charges with those ids, by id."""
    session.stage(pl.DataFrame({"wanted_id": wanted.unique().sort()}))
    names = ", ".join(f"c.{name}" for name in CHARGE.split(", "))
    return session.read(f"SELECT {names} FROM stage s JOIN billing_charge c ON c.id = s.wanted_id ORDER BY c.id")


def reversals(session: Session) -> pl.DataFrame:
    """What was taken back: ``charge_id`` (the mirror image), ``reverses_id``, ``line_id``, ``cycle_from_on``, ``run_id``."""
    names = "id, charge_id, reverses_id, line_id, cycle_from_on, run_id"
    return session.table("billing_reversal", names).drop("id")


def standing(session: Session, charges: pl.DataFrame) -> pl.DataFrame:
    """The charges without those that were taken back and what took them back: of their cycles they say nothing."""
    back = reversals(session)
    if back.is_empty():
        return charges
    gone = pl.concat([back["charge_id"], back["reverses_id"]])
    return charges.filter(~pl.col("id").is_in(gone.implode()))


def of_cycle(session: Session, line_id: int, cycle_from_on: date) -> pl.DataFrame:
    """Every charge of one cycle of a line, by id."""
    return session.rows("billing_charge", CHARGE, "cycle_from_on = ? AND line_id = ?", (cycle_from_on, line_id))


def of_lines(session: Session, lines: pl.DataFrame) -> pl.DataFrame:
    """Every charge of the given lines, by id; ``lines`` as `calendar.cycles` takes them, with ``last_on``."""
    billed = lines.filter(pl.col("last_on").is_not_null())
    none = pl.lit(None, dtype=pl.Date)
    whole = billed.with_columns(end_on=none, after_on=none, until_on=pl.col("last_on").dt.offset_by("1d"))
    cycles = [calendar.cycles(whole), billed.select("line_id", from_on="last_on")]
    moved = starts(session).filter(pl.col("line_id").is_in(billed["line_id"].implode()))
    for _, other in moved.with_columns(turn=pl.int_range(pl.len()).over("line_id")).group_by("turn"):
        before = whole.drop("start_on").join(other.drop("turn"), on="line_id", maintain_order="left")
        cycles.append(calendar.cycles(before))
    keys = pl.concat([part.select("line_id", cycle_from_on="from_on") for part in cycles])
    return of_cycles(session, keys)


def last_billed(session: Session) -> pl.DataFrame:
    """How far each line was billed: ``line_id, last_on, last_run_id, billed_to_on, usage_through``.

    ``last_on`` is the first day of its last billed cycle, ``last_run_id`` the newest run that billed that cycle, and
    ``billed_to_on`` the day after the last one billed.
    """

    def newest(rows: pl.DataFrame) -> pl.DataFrame:
        """One row a line; its last cycle and the newest run of that travel as one number, of which the greatest counts."""
        both = pl.col("cycle_from_on").cast(pl.Int64) * _RUNS + (pl.col("run_id") - session.low)
        most = (
            rows.select("line_id", "to_on", "usage_through", both=both).group_by("line_id", maintain_order=True).max()
        )
        return most.select(
            "line_id",
            cycle_from_on=(pl.col("both") // _RUNS).cast(pl.Int32).cast(pl.Date),
            run_id=pl.col("both") % _RUNS + session.low,
            to_on="to_on",
            usage_through="usage_through",
        )

    sql = "SELECT line_id, cycle_from_on, run_id, to_on, usage_through FROM billing_charge WHERE id > ? AND id < ?"
    found = session.running("last_billed", "billing_charge", sql, newest)
    return found.rename({"cycle_from_on": "last_on", "run_id": "last_run_id", "to_on": "billed_to_on"})
