"""What other rooms may read of billing, and what would be billed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import calendar, charging, terms, timeline
from urikake.core.money import Rounding
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.parties.queries import closing_masks
from urikake.rooms.usage import queries as usage

from .models import Charge

CHARGE: Final = (
    "id, line_id, contract_id, partner_id, product_id, dimension_id, closing_on, cycle_from_on, revision, nature, from_on, "
    "to_on, quantity_micro, unit_price_micro, state_micro, numerator, denominator, basis, amount, usage_through"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The lines a run looks at: with ends, terms, payer and closing days; their events; and which ever changed."""

    lines: pl.DataFrame
    events: pl.DataFrame
    segments: pl.DataFrame

    @property
    def changed(self) -> pl.DataFrame:
        """The lines that anything but a renewal ever happened to."""
        return self.lines.filter("touched")


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
    return session.read(
        "SELECT line_id, max(cycle_from_on) AS last_on, max(usage_through) AS usage_through FROM billing_charge"
        " WHERE id >= ? AND id < ? GROUP BY line_id",
        (session.low, session.high),
        last_on=pl.Date,
    )


def scope(session: Session, closing_on: date | None = None) -> Scope:
    """The lines whose payer (or own bill day) closes on that day; every line where no closing is named."""
    lines, events = contracts.folded(session)
    lines = lines.join(closing_masks(session), on="partner_id", maintain_order="left")
    lines = lines.join(contracts.terms(session), on="contract_terms_id", maintain_order="left").with_columns(
        metered=pl.col("product_id").is_in(_metered(session).implode()),
        touched=pl.col("line_id").is_in(contracts.touched(session, lines).implode()),
        closing_mask=pl.when(pl.col("bill_day").is_null())
        .then("closing_mask")
        .otherwise(pl.lit(2, dtype=pl.Int64).pow(pl.col("bill_day").fill_null(0))),
    )
    if closing_on is not None:
        lines = lines.filter(terms.is_closing(pl.col("closing_mask"), closing_on))
    timing = pl.when("metered").then(pl.lit("arrears")).otherwise("timing")
    lines = lines.with_columns(timing=timing)
    segments = charging.based(timeline.segments(lines, events), lines)
    return Scope(lines, events, segments)


def _metered(session: Session) -> pl.Series:
    return products(session).filter(pl.col("revenue") == "usage")["product_id"]


def reach(lines: pl.DataFrame, closing_on: date) -> pl.Series:
    """The last day on which a cycle may begin that this closing bills: beyond the closing only for advance billing."""
    tomorrow = closing_on + timedelta(1)
    asked = lines.select("closing_mask", timing=pl.lit("current"), from_on=pl.lit(tomorrow), to_on=pl.lit(tomorrow))
    ahead = terms.bill_on(asked)
    return lines.select(pl.when(pl.col("timing") == "advance").then(ahead).otherwise(pl.lit(closing_on))).to_series()


def due_stretches(session: Session, found: Scope, closing_on: date, *, served: bool = False) -> pl.DataFrame:
    """What the closing is to bill that it did not: signed stretches with ``revision``, ``usage_micro``, ``late``.

    Lines that nothing happened to go on after their last billed cycle. For the others every cycle so far is compared
    with what was billed of it. With ``served``, everything that began by that day and was not billed, due or not.
    """
    last = last_billed(session)
    ahead = pl.lit(closing_on) if served else reach(found.lines, closing_on)
    lines = found.lines.join(last, on="line_id", how="left", maintain_order="left").with_columns(
        until_on=ahead,
        after_on=pl.when(~pl.col("touched")).then("last_on"),
    ).with_columns(until_on=pl.col("until_on").dt.offset_by("1d"))
    due = date.max if served else closing_on
    cycles = calendar.cycles(lines).join(lines.select("line_id", "timing", "closing_mask"), on="line_id", maintain_order="left")
    cycles = cycles.with_columns(bill_on=terms.bill_on(cycles))
    wanted = charging.stretches(cycles.drop("timing", "closing_mask"), found.segments)
    plain = wanted.filter(pl.col("line_id").is_in(lines.filter(~pl.col("touched"))["line_id"].implode()))
    plain = plain.join(_first_days(cycles.filter(pl.col("bill_on") <= due)), on=charging.KEYS, how="semi", maintain_order="left")
    fresh = plain.with_columns(sign=pl.lit(1, dtype=pl.Int64), revision=pl.lit(0, dtype=pl.Int64))
    changed = _changed(session, wanted, cycles, lines.filter("touched"), due)
    every = pl.concat([fresh, changed.select(fresh.columns)])
    return _with_usage(session, every, found, lines, closing_on)


def _first_days(cycles: pl.DataFrame) -> pl.DataFrame:
    return cycles.select("line_id", cycle_from_on="from_on")


def _changed(
    session: Session, wanted: pl.DataFrame, cycles: pl.DataFrame, lines: pl.DataFrame, due_on: date
) -> pl.DataFrame:
    """Wanted less billed for the lines that changed: whole cycles not yet billed, differences where they were."""
    keys, names = charging.KEYS, ["line_id", "timing", "closing_mask"]
    empty = wanted.clear().with_columns(sign=pl.lit(1, dtype=pl.Int64), revision=pl.lit(0, dtype=pl.Int64))
    if lines.is_empty():
        return empty
    before = of_lines(session, lines["line_id"]).with_columns(sign=pl.col("nature"), quantity_micro="state_micro")
    billed = before.filter(pl.col("nature") != Charge.USAGE)
    mine = wanted.join(lines.select("line_id"), on="line_id", how="semi", maintain_order="left")
    rounds = before.group_by(keys).agg(revision=pl.col("revision").max() + 1)
    first = mine.join(rounds, on=keys, how="anti", maintain_order="left").join(
        _first_days(cycles.filter(pl.col("bill_on") <= due_on)), on=keys, how="semi", maintain_order="left"
    )
    unmetered = lines.filter(~pl.col("metered")).select("line_id")
    again = mine.join(rounds, on=keys, how="semi").join(unmetered, on="line_id", how="semi")
    rest = charging.outstanding(again, billed.join(unmetered, on="line_id", how="semi"))
    rest = rest.join(lines.select(names), on="line_id", maintain_order="left")
    whole = cycles.select("line_id", "whole_from_on", "whole_to_on", cycle_from_on="from_on", cycle_to_on="to_on")
    rest = rest.join(_wholes(whole, billed, lines), on=keys, how="left", maintain_order="left")
    due = rest.filter(terms.bill_on(rest) <= due_on).join(rounds, on=keys, how="left", maintain_order="left")
    due = due.join(_bases(mine, lines), on=["line_id", "from_on"], how="left", maintain_order="left")
    due = _credited(due.with_columns(basis=pl.coalesce("basis", "end_basis", pl.lit("daily")))).select(empty.columns)
    return pl.concat([first.with_columns(sign=pl.lit(1, dtype=pl.Int64), revision=pl.lit(0, dtype=pl.Int64)), due])


def _wholes(cycles: pl.DataFrame, billed: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The whole cycle behind every billed one, also those that the line's new end has cut away."""
    keys = charging.KEYS
    lost = billed.select(keys).unique().join(cycles, on=keys, how="anti")
    if lost.is_empty():
        return cycles
    bounds = lost.group_by("line_id").agg(until_on=pl.col("cycle_from_on").max().dt.offset_by("1d"))
    open_ended = lines.drop("until_on", "after_on").join(bounds, on="line_id").with_columns(
        end_on=pl.lit(None, dtype=pl.Date), after_on=pl.lit(None, dtype=pl.Date)
    )
    again = calendar.cycles(open_ended).select(
        "line_id", "whole_from_on", "whole_to_on", cycle_from_on="from_on", cycle_to_on="to_on"
    )
    return pl.concat([cycles, again.join(cycles, on=keys, how="anti")])


def _credited(due: pl.DataFrame) -> pl.DataFrame:
    """The differences with the credits of a cut cycle as its policy has them: 満額 gives nothing back, 無料 all of it."""
    part = (pl.col("from_on") > pl.col("whole_from_on")) | (pl.col("to_on") < pl.col("whole_to_on"))
    cut = part & (pl.col("sign") < 0)
    kept = due.filter(~(cut & (pl.col("basis") == "full_month")))
    return kept.with_columns(basis=pl.when(cut & (pl.col("basis") == "free")).then(pl.lit("full_month")).otherwise("basis"))


def _bases(mine: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The policy for each first day of a difference: that of the stretch which begins there, else of the line's end."""
    begins = mine.select("line_id", "from_on", "basis").unique(["line_id", "from_on"], keep="first")
    ends = lines.filter(pl.col("end_on").is_not_null()).select("line_id", from_on="end_on", end_basis="proration_end")
    return begins.join(ends, on=["line_id", "from_on"], how="full", coalesce=True)


def _with_usage(
    session: Session, rows: pl.DataFrame, found: Scope, lines: pl.DataFrame, closing_on: date
) -> pl.DataFrame:
    """The rows with the usage of metered lines, and further rows for usage that came after its cycle was billed."""
    metered = lines.filter("metered")
    if metered.is_empty():
        return rows.with_columns(usage_micro=pl.lit(None, dtype=pl.Int64), late=pl.lit(False))
    mine = pl.col("line_id").is_in(metered["line_id"].implode())
    due = rows.filter(mine)
    spans = due.group_by("line_id").agg(pl.col("from_on").min(), pl.col("to_on").max(), after_id=pl.lit(0, dtype=pl.Int64))
    fresh = _summed(due, usage.used(session, spans)).with_columns(late=pl.lit(False))
    late = _late(session, metered, found, closing_on)
    rest = rows.filter(~mine).with_columns(usage_micro=pl.lit(None, dtype=pl.Int64), late=pl.lit(False))
    return pl.concat([rest, fresh.select(rest.columns), late.select(rest.columns)])


def _summed(stretches: pl.DataFrame, used: pl.DataFrame) -> pl.DataFrame:
    """The stretches with ``usage_micro``, what was used in their days."""
    keys = ["line_id", "from_on"]
    named = used.rename({"quantity_micro": "used_micro"}).sort("used_on")
    spans = stretches.select("line_id", "from_on", "to_on").unique().sort("from_on")
    placed = named.join_asof(spans, left_on="used_on", right_on="from_on", by="line_id", check_sortedness=False)
    inside = placed.filter(pl.col("used_on") < pl.col("to_on"))
    sums = inside.group_by(keys).agg(usage_micro=pl.col("used_micro").sum())
    return stretches.join(sums, on=keys, how="left", maintain_order="left").with_columns(
        usage_micro=pl.col("usage_micro").fill_null(0)
    )


def _late(session: Session, metered: pl.DataFrame, found: Scope, closing_on: date) -> pl.DataFrame:
    """The stretches of cycles already billed into which usage came later, with that usage and the next ``revision``."""
    billed = metered.filter(pl.col("last_on").is_not_null())
    spans = billed.select("line_id", from_on="start_on", to_on=pl.lit(closing_on).dt.offset_by("1d"), after_id="usage_through")
    used = usage.used(session, spans) if billed.height else pl.DataFrame()
    columns = {"sign": pl.lit(1, dtype=pl.Int64), "late": pl.lit(True)}
    if used.is_empty():
        none = charging.stretches(calendar.cycles(metered.clear()), found.segments)
        return none.with_columns(revision=pl.lit(0, dtype=pl.Int64), usage_micro=pl.lit(0, dtype=pl.Int64), **columns)
    lines = billed.filter(pl.col("line_id").is_in(used["line_id"].implode()))
    cycles = calendar.cycles(lines.with_columns(after_on=pl.lit(None, dtype=pl.Date)))
    before = of_lines(session, lines["line_id"])
    rounds = before.group_by(charging.KEYS).agg(revision=pl.col("revision").max() + 1)
    every = charging.stretches(cycles, found.segments).join(rounds, on=charging.KEYS)
    return _summed(every, used).filter(pl.col("usage_micro") != 0).with_columns(**columns)


def rated(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The stretches with their amounts; usage that came late costs what the whole usage costs less what was billed."""
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    model = products(session)
    if not rows["late"].any():
        return charging.priced(rows, model, rounding)
    late = rows.filter("late")
    before = of_lines(session, late["line_id"])
    keys = [*charging.KEYS, "from_on"]
    sums = before.group_by(keys).agg(
        before_micro=pl.col("quantity_micro").sum(), before_amount=pl.col("amount").sum()
    )
    joined = late.join(sums, on=keys, how="left", maintain_order="left").with_columns(
        pl.col("before_micro", "before_amount").fill_null(0)
    )
    total = joined.with_columns(usage_micro=pl.col("usage_micro") + pl.col("before_micro"))
    again = charging.priced(total, model, rounding).with_columns(
        usage_micro=joined["usage_micro"], amount=pl.col("amount") - pl.col("before_amount")
    )
    ontime = charging.priced(rows.filter(~pl.col("late")), model, rounding)
    return pl.concat([ontime, again.select(ontime.columns)])


def unbilled(session: Session, last: date) -> pl.DataFrame:
    """What was served by the day and is on no invoice, priced as it will be billed: owner columns, days, ``amount``.

    Columns: ``contract_id, line_id, partner_id, product_id, dimension_id, cycle_from_on, from_on, to_on, start_on,
    amount``.
    """
    found = scope(session)
    rows = rated(session, due_stretches(session, found, last, served=True)).filter(pl.col("amount") != 0)
    owner = found.lines.select("line_id", "contract_id", "dimension_id", "start_on", partner_id="bill_to_id")
    names = ["line_id", "product_id", "cycle_from_on", "from_on", "to_on", "amount"]
    drafts = waiting(session).select(names)
    return pl.concat([rows.select(names), drafts]).join(owner, on="line_id", maintain_order="left")
