"""What was earned before its bill (契約資産), month by month, and its reversal once billed.

An accrual brings what stands of a cycle to what is served by the end of the month; it is worked out again from the
contract as its run knew it, priced and spread by the kernels that bill and recognise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from urikake.base import facts, periods
from urikake.base.bulk import Session
from urikake.base.company import policies, tax_rates
from urikake.core import calendar, charging, recognition, tax
from urikake.core.money import Rounding
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import by_cycle, products
from urikake.rooms.revenue import queries as revenues
from urikake.rooms.usage.queries import totals

from . import commitments, lines, reads, words
from .made import Step

ACCRUAL: Final = (
    "id, run_id, contract_id, line_id, partner_id, product_id, dimension_id, cycle_from_on, month, posted_on, amount"
)
USAGE: Final = "usage.UsageEvent"
CYCLE: Final = ("line_id", "product_id", "cycle_from_on")


@dataclass(frozen=True, slots=True)
class Accrued:
    """The accruals of a contract's month: their sum, the same worked out again, the steps, and the runs they are of."""

    amount: int
    recomputed: int
    steps: tuple[Step, ...]
    runs: tuple[int, ...]


def of_contract(session: Session, contract_id: int) -> pl.DataFrame:
    """Every accrual of the contract, by id: in each run's block, which is in order of contracts."""
    found = session.read(
        "SELECT first_id, count FROM base_link WHERE id >= ? AND id < ? AND relation = ? ORDER BY id",
        (session.low, session.high, "revenue.Accrual"),
    )
    blocks = [(first, first + count) for first, count in found.iter_rows()]
    keyed = "SELECT t.id, t.contract_id AS key_value FROM revenue_accrual t WHERE"
    spans = reads.ordered(session, keyed, blocks, [(contract_id, contract_id)] * len(blocks))
    return reads.within(session, "revenue_accrual", ACCRUAL, spans)


def explained(session: Session, contract_id: int, month: date) -> Accrued:
    """The accruals and reversals of the month."""
    every = of_contract(session, contract_id)
    mine = every.filter(pl.col("month") == month)
    rows = [(row, again(session, row, every)) for row in mine.iter_rows(named=True)]
    steps = tuple(_step(session, row, amount, back) for row, (amount, back) in rows)
    total = sum(amount for _, (amount, _) in rows)
    return Accrued(int(mine["amount"].sum()), total, steps, tuple(mine["run_id"].unique()))


def _step(session: Session, row: dict[str, Any], amount: int, back: bool) -> Step:
    name = reads.product(session, products(session), row["product_id"])["product_name"]
    cycle = f"{name} {words.day(row['cycle_from_on'])} からのサイクル"
    if back:
        return Step(f"{cycle}: 請求したので、先に計上した分を戻す", "", row["amount"])
    last = words.day(periods.last_day(row["month"]))
    return Step(f"{cycle}: 請求前に提供した分", f"{last} までに提供した分と、すでに計上した分との差", row["amount"])


def again(session: Session, row: dict[str, Any], every: pl.DataFrame) -> tuple[int, bool]:
    """What the accrual is to be, and whether it is the reversal of what stood of its cycle."""
    same = [pl.col(name) == row[name] for name in CYCLE]
    stood = int(every.filter(*same, pl.col("id") < row["id"])["amount"].sum())
    if reads.run(session, row["run_id"])["action"] == "bill":
        return -stood, True
    served = _served(session, row)
    return served - stood, False


def _served(session: Session, row: dict[str, Any]) -> int:
    """What of the cycle's service not billed yet was revenue by the end of the month, as the run knew it."""
    known = lines.folded(session, row["contract_id"], row["run_id"])
    last = periods.last_day(row["month"])
    rows = pl.concat([_wanted(session, row, known), _settling(session, row, known, last), _drafts(session, row)])
    mine = rows.filter((pl.col("product_id") == row["product_id"]) & (pl.col("amount") != 0))
    if mine.is_empty():
        return 0
    start = known.lines.row(by_predicate=pl.col("line_id") == row["line_id"], named=True)["start_on"]
    policy = policies(session)
    ruled = recognition.ruled(
        _net(session, mine.with_columns(start_on=pl.lit(start)), last),
        policy["partial_month"], policy["remainder"],
    )  # fmt: skip
    done = recognition.recognised(ruled, pl.lit(last + timedelta(1)), *revenues.roundings(session))
    return int(done["done"].sum())


PRICED: Final = ("product_id", "from_on", "to_on", "amount")
_PRICED: Final = {"product_id": pl.Int64, "from_on": pl.Date, "to_on": pl.Date, "amount": pl.Int64}


def _wanted(session: Session, row: dict[str, Any], known: lines.Folded) -> pl.DataFrame:
    """The cycle as the contract wants it, less what was billed of it: priced stretches of days."""
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    own = known.lines.filter(pl.col("line_id") == row["line_id"])
    until = pl.lit(row["cycle_from_on"] + timedelta(1))
    cycles = calendar.cycles(own.with_columns(after_on=lines.NONE, until_on=until))
    stretches = charging.stretches(cycles.filter(pl.col("from_on") == row["cycle_from_on"]), known.segments)
    metered = pl.col("product_id").is_in(products(session).filter(pl.col("revenue") == "usage")["product_id"].implode())
    before = _billed(session, row).filter(pl.col("nature") != billing.TRUE_UP)
    plain = _plain(own, known, stretches.filter(~metered), before.filter(~metered), row)
    measured = stretches.filter(metered)
    if before.filter(metered).is_empty():
        measured = charging.so_far(measured, periods.last_day(row["month"]) + timedelta(1))
    used = _used(session, row, measured)
    priced = charging.priced(pl.concat([plain, used.select(plain.columns)]), by_cycle(session), rounding)
    less = before.filter(metered).select("product_id", "from_on", "to_on", amount=-pl.col("amount"))
    return pl.concat([priced.select(PRICED), less.select(PRICED)])


def _settling(session: Session, row: dict[str, Any], known: lines.Folded, last: date) -> pl.DataFrame:
    """What settles a commitment (約束料金) with the cycles not billed yet, where the row's cycle is the last of them."""
    months = commitments.months_of(session, row["product_id"])
    if months is None:
        return pl.DataFrame(schema=_PRICED)
    own = known.lines.filter(pl.col("line_id") == row["line_id"])
    billed = lines.charges(session, own, last + timedelta(1)).filter(pl.col("run_id") < row["run_id"])
    days = calendar.cycles(own.with_columns(after_on=lines.NONE, until_on=pl.lit(last + timedelta(1))))["from_on"]
    parts = [_wanted(session, row | {"cycle_from_on": day}, known).with_columns(cycle_from_on=day) for day in days]
    fresh = pl.concat(parts).join(billing.commitments(session).select("product_id", "months"), on="product_id")
    open_ = fresh.select(
        line_id=pl.lit(row["line_id"]), months="months", cycle_from_on="cycle_from_on", charged="amount",
        before=pl.lit(0, dtype=pl.Int64),
    )  # fmt: skip
    sums = pl.concat([commitments.sums(session, billed), open_])
    found = commitments.window(session, row | {"months": months}, known, sums, last)
    inside = fresh.filter(pl.col("cycle_from_on").is_between(found["window_from_on"], found["window_to_on"], "left"))
    if inside.is_empty() or inside["cycle_from_on"].max() != row["cycle_from_on"]:
        return pl.DataFrame(schema=_PRICED)
    return inside.sort("from_on").tail(1).with_columns(amount=pl.lit(found["due"], dtype=pl.Int64)).select(PRICED)


def _billed(session: Session, row: dict[str, Any]) -> pl.DataFrame:
    """What earlier runs billed of the cycle."""
    where = "cycle_from_on = ? AND line_id = ? AND run_id < ?"
    return session.rows("billing_charge", lines.CHARGE, where, (row["cycle_from_on"], row["line_id"], row["run_id"]))


def _plain(
    own: pl.DataFrame, known: lines.Folded, wanted: pl.DataFrame, before: pl.DataFrame, row: dict[str, Any]
) -> pl.DataFrame:
    """The stretches not metered that are still to be charged or credited."""
    none = pl.lit(None, dtype=pl.Int64)
    if before.is_empty():
        return wanted.with_columns(sign=pl.lit(1, dtype=pl.Int64), usage_micro=none)
    billed = before.with_columns(sign="nature", quantity_micro="state_micro")
    left = billing.kept_money(charging.outstanding(wanted, billed), own)
    bounds = lines.cycle(own, row["line_id"], row["cycle_from_on"]) or {}
    begins = wanted.select("from_on", "basis").unique("from_on", keep="first")
    alone = known.segments.filter((pl.col("line_id") == row["line_id"]) & pl.col("left_alone"))
    ends = alone.filter(pl.col("to_on").is_not_null()).select(from_on="to_on", end_basis="right_basis")
    based = left.join(begins, on="from_on", how="left", maintain_order="left").join(
        ends, on="from_on", how="left", maintain_order="left"
    )
    after = begins.rename({"from_on": "to_on", "basis": "next_basis"})
    based = based.join(after, on="to_on", how="left", maintain_order="left")
    return based.with_columns(
        basis=pl.coalesce("basis", "end_basis", "next_basis", pl.lit("daily")),
        usage_micro=none,
        lasts_to_on=charging.lasting(based, wanted),
        **{name: pl.lit(bounds.get(other)) for name, other in WHOLE},
    ).select(*wanted.columns, "sign", "usage_micro")


WHOLE: Final = (("cycle_to_on", "to_on"), ("whole_from_on", "whole_from_on"), ("whole_to_on", "whole_to_on"))


def _used(session: Session, row: dict[str, Any], wanted: pl.DataFrame) -> pl.DataFrame:
    """The metered stretches, each with all the usage that earlier runs had taken."""
    through = facts.tops(session, row["run_id"]).get(USAGE, 0)
    meters = products(session).select("product_id", "meter")
    named = wanted.join(meters, on="product_id", how="left", maintain_order="left")
    used = totals(session, named, through).drop("meter")
    return used.with_columns(pl.col("usage_micro").fill_null(0), sign=pl.lit(1, dtype=pl.Int64))


def _drafts(session: Session, row: dict[str, Any]) -> pl.DataFrame:
    """What was charged of the cycle by then and stood on no invoice yet."""
    found = session.read(
        "SELECT c.product_id, c.from_on, c.to_on, c.amount FROM billing_charge c LEFT JOIN invoices_line l ON l.charge_id = c.id"
        " WHERE c.cycle_from_on = ? AND c.line_id = ? AND c.run_id < ? AND (l.id IS NULL OR l.run_id > ?)",
        (row["cycle_from_on"], row["line_id"], row["run_id"], row["run_id"]),
    )
    return found.select(PRICED)


def _net(session: Session, rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """The priced rows with the rule of their product, ``amount`` net of the tax that an inclusive price (内税) holds."""
    model = products(session).select("product_id", "tax", "inclusive", "revenue", "life_months")
    joined = rows.join(model, on="product_id", maintain_order="left").with_columns(tax_amount=pl.lit(0, dtype=pl.Int64))
    if not joined["inclusive"].any():
        return joined
    each = pl.int_range(pl.len(), dtype=pl.Int64)
    rated = joined.with_columns(invoice=each, rate_micro=tax.rate_micro(pl.col("tax"), pl.lit(on), tax_rates(session)))
    _, netted = tax.invoice_taxes(rated, revenues.roundings(session)[1])
    return netted.with_columns(amount="net")
