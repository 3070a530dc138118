"""The usage that stretches of metered products bear (従量), and what was billed of it before.

A metered stretch is priced from all the usage of its days, as known now, by its product's meter (集計: the sum, the
greatest, the last, the number of different subjects); a stretch that a change cut off is metered by itself. Where it was
billed before, only the difference is charged: so usage that comes late, a price changed backwards and a contract left in
the past all come right, whatever was billed in between, also where it was nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import calendar, charging
from urikake.rooms.catalog.queries import products
from urikake.rooms.usage import queries as usage

from ..models import Charge
from .charges import of_lines
from .scope import metered_products, scope

KEY: Final = [*charging.KEYS, "from_on", "to_on", *charging.STATE]
NAMES: Final = [*charging.STRETCH, "sign", "revision", "usage_micro", "before_micro", "before_amount"]
NONE: Final = pl.lit(None, dtype=pl.Int64)
BEFORE: Final = {"before_micro": NONE, "before_amount": NONE}


def due(
    session: Session,
    wanted: pl.DataFrame,
    lines: pl.DataFrame,
    segments: pl.DataFrame,
    before: pl.DataFrame | None,
    until: date | None = None,
) -> pl.DataFrame:
    """The metered stretches to bill, columns `NAMES`: those never billed, and the changed ones beside what was billed.

    With ``until``, those never billed only up to that day (exclusive), as they are earned.

    ``wanted`` are metered stretches as `due.due_stretches` wants them, ``before`` the charges of the touched lines. A
    stretch that was billed and is wanted no more has ``sign`` 0.
    """
    known = before is not None and before["product_id"].is_in(metered_products(session).implode()).any()
    if not known and not lines["metered"].any():
        return wanted.clear().with_columns(sign=NONE, revision=NONE, usage_micro=NONE, **BEFORE).select(NAMES)
    fresh = wanted.filter(~pl.col("touched"))
    late = _late(session, fresh, lines)
    one = pl.lit(1, dtype=pl.Int64)
    new = _earned(fresh.filter("due"), until).with_columns(sign=one, revision=one - 1, **BEFORE)
    rows = [_with_usage(session, new)]
    if before is not None:
        changed = wanted.filter("touched")
        there = before.select(charging.KEYS).unique()
        open_ = _earned(changed.join(there, on=charging.KEYS, how="anti", maintain_order="left"), until)
        again = changed.join(there, on=charging.KEYS, how="semi", maintain_order="left")
        rows.append(_compared(session, pl.concat([again, open_]), before))
    if late.height:
        again = _cycles_so_far(session, late, segments)
        rows.append(_compared(session, again, of_lines(session, late)))
    return pl.concat([part.select(NAMES) for part in rows])


def unmeasured(session: Session, first_on: date, closing_on: date) -> pl.DataFrame:
    """The lines of a closing that bear a metered product between the days, of which no usage is known: with ``contract_id``.

    Nothing waits for them: what has a fixed price is billed, and usage that comes later goes on the next bill.
    """
    until = closing_on + timedelta(1)
    found = scope(session, closing_on)
    borne = found.segments.filter(
        pl.col("product_id").is_in(metered_products(session).implode())
        & (pl.col("from_on") < until)
        & (pl.col("to_on").is_null() | (pl.col("to_on") > first_on))
    )
    lines = found.lines.select("line_id", "contract_id").join(
        borne.select("line_id").unique(), on="line_id", how="semi"
    )
    spans = lines.with_columns(from_on=pl.lit(first_on), to_on=pl.lit(until), meter=pl.lit(""))
    return usage.totals(session, spans).filter(pl.col("usage_micro").is_null()).select("line_id", "contract_id")


def _earned(stretches: pl.DataFrame, until: date | None) -> pl.DataFrame:
    return stretches if until is None else charging.so_far(stretches, until)


def rounds(charges: pl.DataFrame) -> pl.DataFrame:
    """The next ``revision`` of every cycle that was billed."""
    return charges.group_by(charging.KEYS).agg(revision=pl.col("revision").max() + 1)


def _with_usage(session: Session, stretches: pl.DataFrame) -> pl.DataFrame:
    """The stretches with ``usage_micro``, what the usage of their days comes to by the meter of their product (集計)."""
    if stretches.is_empty():
        return stretches.with_columns(usage_micro=NONE)
    meters = products(session).select("product_id", "meter")
    named = stretches.join(meters, on="product_id", how="left", maintain_order="left")
    return usage.totals(session, named).drop("meter").with_columns(pl.col("usage_micro").fill_null(0))


def _late(session: Session, fresh: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The untouched lines that were billed beyond a day of which usage came since."""
    billed = lines.filter(pl.col("metered") & ~pl.col("touched") & pl.col("last_on").is_not_null())
    if billed.is_empty():
        return billed
    next_on = fresh.group_by("line_id").agg(next_on=pl.col("cycle_from_on").min())
    spans = billed.join(next_on, on="line_id", how="left").select(
        "line_id", "start_on", "usage_through", until_on=pl.coalesce("next_on", "billed_to_on")
    )
    oldest = spans.select(pl.col("usage_through").min()).item()
    came = usage.since(session, oldest).join(spans, on="line_id")
    inside = (pl.col("used_on") >= pl.col("start_on")) & (pl.col("used_on") < pl.col("until_on"))
    late = came.filter(inside & (pl.col("id") > pl.col("usage_through")))
    return billed.filter(pl.col("line_id").is_in(late["line_id"].implode()))


def _cycles_so_far(session: Session, lines: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """The metered stretches of all cycles up to the last one billed; all of them are due."""
    until = pl.col("last_on").dt.offset_by("1d")
    cycles = calendar.cycles(lines.with_columns(after_on=pl.lit(None, dtype=pl.Date), until_on=until))
    metered = pl.col("product_id").is_in(metered_products(session).implode())
    return charging.stretches(cycles, segments).filter(metered).with_columns(due=pl.lit(True))


def _compared(session: Session, wanted: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The stretches, each with all its usage beside what was billed of it."""
    sums = billed(session, before)
    kept = _with_usage(session, wanted).with_columns(sign=pl.lit(1, dtype=pl.Int64))
    every = kept.join(sums, on=KEY, how="left", maintain_order="left").filter("due")
    both = pl.concat([every, gone(sums.join(kept, on=KEY, how="anti"))], how="diagonal")
    return both.join(rounds(before), on=charging.KEYS, how="left", maintain_order="left").with_columns(
        pl.col("revision").fill_null(0)
    )


def billed(session: Session, charges: pl.DataFrame) -> pl.DataFrame:
    """What the charges billed of metered stretches: the columns `KEY`, ``before_micro`` and ``before_amount``."""
    metered = pl.col("product_id").is_in(metered_products(session).implode()) & (pl.col("nature") != Charge.TRUE_UP)
    named = charges.filter(metered).with_columns(used_micro="quantity_micro", quantity_micro="state_micro")
    return named.group_by(KEY).agg(before_micro=pl.col("used_micro").sum(), before_amount=pl.col("amount").sum())


def gone(sums: pl.DataFrame) -> pl.DataFrame:
    """What was billed and is wanted no more: whole stretches of no usage and ``sign`` 0."""
    zero = pl.lit(0, dtype=pl.Int64)
    return sums.sort(KEY).with_columns(
        cycle_to_on="to_on",
        whole_from_on="from_on",
        whole_to_on="to_on",
        lasts_to_on="to_on",
        basis=pl.lit("daily"),
        sign=zero,
        usage_micro=zero,
    )
