"""One contract folded by itself, as it was known when a run read it, with the kernels that fold all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import calendar, charging, timeline
from urikake.rooms.billing import queries as billing
from urikake.rooms.contracts import queries as contracts

from . import reads

NONE: Final = pl.lit(None, dtype=pl.Date)
AHEAD: Final = timedelta(days=400)  # a bill in advance is made at the closing before its cycle: at most a year of them
CHARGE: Final = f"{billing.CHARGE}, run_id"


@dataclass(frozen=True, slots=True)
class Folded:
    """A contract as it was known: its lines with ends and terms, their standing events, their stretches of one state."""

    lines: pl.DataFrame
    events: pl.DataFrame
    segments: pl.DataFrame


def folded(session: Session, contract_id: int, run_id: int | None = None) -> Folded:
    """The contract as runs up to that one had recorded it; as it stands where none is named."""
    upto = session.high if run_id is None else run_id
    own = "contract_id = ? AND run_id <= ?"
    lines = session.rows("contracts_line", f"{contracts.LINE}, run_id", own, (contract_id, upto)).rename(
        {"id": "line_id"}
    )
    made = session.rows("contracts_event", contracts.EVENT, own, (contract_id, upto)).rename({"id": "event_id"})
    known, events = contracts.fold_lines(session, lines, timeline.standing(made))
    ended = known.join(contracts.terms(session), on="contract_terms_id", maintain_order="left")
    return Folded(ended, events, charging.based(timeline.segments(ended, events), ended))


def cycle(lines: pl.DataFrame, line_id: int, from_on: date) -> dict[str, Any] | None:
    """The cycle of the line that begins on the day, whole, whatever the line's end; None where none does."""
    mine = lines.filter(pl.col("line_id") == line_id)
    cycles = calendar.cycles(mine.with_columns(end_on=NONE, after_on=NONE, until_on=pl.lit(from_on + timedelta(1))))
    found = cycles.filter(pl.col("from_on") == from_on)
    return found.row(0, named=True) if found.height else None


def charges(session: Session, lines: pl.DataFrame, until: date, names: str = CHARGE) -> pl.DataFrame:
    """Every charge of the lines whose cycle begins before the day, by id: cycle by cycle through its unique key."""
    cycles = calendar.cycles(lines.with_columns(end_on=NONE, after_on=NONE, until_on=pl.lit(until)))
    parts = [reads.none(names)]
    for line_id, days in cycles.group_by("line_id", maintain_order=True).agg("from_on").iter_rows():
        marks = ", ".join("?" * len(days))
        where = f"cycle_from_on IN ({marks}) AND line_id = ?"
        parts.append(session.rows("billing_charge", names, where, (*days, line_id)))
    return pl.concat(parts).sort("id")


def newest_day(session: Session) -> date:
    """The day of the newest run in Japan: what "now" means for the books."""
    newest = session.read(
        "SELECT recorded_at FROM base_run WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1",
        (session.low, session.high),
    )["recorded_at"]
    found: date = newest.dt.convert_time_zone("Asia/Tokyo").dt.date()[0]
    return found


def furthest(session: Session) -> date:
    """A day that no cycle billed so far begins after."""
    top = session.value(
        "SELECT closing_on FROM billing_charge WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1",
        (session.low, session.high),
    )
    last = newest_day(session) if top is None else max(top, newest_day(session))
    return last + AHEAD
