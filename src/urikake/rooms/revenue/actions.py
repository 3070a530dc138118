"""The pen of revenue: recognition with the invoice, and month by month after it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies, tax_rates
from urikake.core import recognition, tax
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import deposits, products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.contracts.actions import renew_due
from urikake.rooms.invoices.actions import Issued
from urikake.rooms.obligations import actions as obligations

from . import queries
from .models import Accrual, Cutoff, Ending, Interest, Recognition, Schedule, Shift, Transfer
from .queries import OWNER
from .queries import interest as bearing

MOVES: Final = {
    "source": pl.String,
    "source_id": pl.Int64,
    "posted_on": pl.Date,
    **dict.fromkeys(OWNER, pl.Int64),
    "billed": pl.Int64,
    "billed_tax": pl.Int64,
    "revenue": pl.Int64,
    "revenue_tax": pl.Int64,
}
CYCLE: Final = ["line_id", "cycle_from_on"]


class Recognised(NamedTuple):
    """What a recognition did: its moves (columns `MOVES`), and the interest among them by account (`interest.named`)."""

    moves: pl.DataFrame
    interest: pl.DataFrame


def _ruled(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    policy = policies(session)
    return recognition.ruled(rows, policy["partial_month"], policy["remainder"])


@action("invoices.issue")
def recognize_issued(session: Session, *, issued: Issued, closing_on: date) -> pl.DataFrame:
    """Recognise what the issued lines already are by the end of their month, keep the rest as schedules.

    Deposits (預り保証金) are none of it. Accruals of the same cycles are reversed. Returns the moves for the invoices' entries
    (columns `MOVES`, with the invoice as ``source_id``), one row per invoice line that was sold.
    """
    sold = issued.lines.filter(~pl.col("product_id").is_in(deposits(session).implode()))
    if sold.is_empty():
        return pl.DataFrame(schema=MOVES)
    until = periods.following(closing_on.replace(day=1))
    lines, _ = contracts.folded(session)
    named = sold.join(lines.select("line_id", "start_on"), on="line_id", maintain_order="left")
    named = named.with_columns(amount="net")
    rules = recognition.recognised(_ruled(session, named), pl.lit(until), *queries.roundings(session))
    rules = queries.at_once(session, rules, until).drop("ends")
    month = pl.lit(closing_on.replace(day=1))
    now = rules.filter((pl.col("done") != 0) | (pl.col("done_tax") != 0))
    facts.record(
        session,
        Recognition,
        now.with_columns(amount="done", tax_amount="done_tax", month=month, posted_on=pl.lit(closing_on)),
    )
    later = rules.filter(pl.col("done") != pl.col("amount")).with_columns(until_on=pl.lit(until))
    facts.record(session, Schedule, later.rename({"method": "pattern"}))
    reversed_ = _reverse_accruals(session, named, closing_on)
    moves = rules.join(reversed_, on="charge_id", how="left", maintain_order="left")
    invoiced = moves.select(
        source=pl.lit("invoice"),
        source_id="invoice_id",
        posted_on=pl.lit(closing_on),
        **{name: pl.col(name) for name in OWNER},
        billed="amount",
        billed_tax="tax_amount",
        revenue=pl.col("done") - pl.col("accrued").fill_null(0),
        revenue_tax="done_tax",
    )
    return pl.concat([invoiced, *_caught_up(session, later.drop("done", "done_tax"), until)])


def _caught_up(session: Session, rows: pl.DataFrame, since: date) -> list[pl.DataFrame]:
    """Recognise the months from ``since`` that were recognised before these schedules came."""
    moves = []
    for month in _months(session, since, queries.cutoff(session)):
        after = _evaluated(session, rows, since, month)
        moves.append(_recorded(session, after, month))
        rows = rows.filter(~after["ends"])
    return moves


def _reverse_accruals(session: Session, lines: pl.DataFrame, closing_on: date) -> pl.DataFrame:
    """Reverse the open accruals of the cycles now billed: ``accrued`` by the first ``charge_id`` of each cycle."""
    every = queries.open_accruals(session)
    mine = every.join(lines, on=CYCLE, how="semi", maintain_order="left")
    if mine.is_empty():
        return pl.DataFrame(schema={"charge_id": pl.Int64, "accrued": pl.Int64})
    month = pl.lit(closing_on.replace(day=1))
    facts.record(
        session, Accrual, mine.with_columns(amount=-pl.col("amount"), month=month, posted_on=pl.lit(closing_on))
    )
    _keep_open(session, every.join(mine, on=CYCLE, how="anti", maintain_order="left"))
    first = lines.group_by(CYCLE, maintain_order=True).agg(pl.col("charge_id").first())
    sums = mine.group_by(CYCLE).agg(accrued=pl.col("amount").sum())
    return first.join(sums, on=CYCLE).select("charge_id", "accrued")


def _keep_open(session: Session, rows: pl.DataFrame) -> None:
    """Make the rows the projection of open accruals."""
    session.cache["open_accruals"] = rows
    at = session.low + 1 + pl.int_range(pl.len(), dtype=pl.Int64)

    def store() -> None:
        session.execute("DELETE FROM revenue_open_accrual WHERE id >= ? AND id < ?", (session.low, session.high))
        if rows.height:
            session.driver.write("revenue_open_accrual", rows.select(at.alias("id"), pl.all()))

    session.defer(store)


@action("revenue.recognize")
def recognize(session: Session, *, month: date) -> Recognised:
    """Recognise everything up to the end of the month and return the moves, one row a line and month.

    Every month not recognised yet is posted on its last day, or in the first open month after it. Where all of them were,
    what came late is taken up as of the newest of them: looking from an earlier one would take back what later ones hold.
    """
    _renew(session, month)
    last = queries.cutoff(session)
    first = periods.following(last) if last else (_first_month(session) or month)
    pending = _months(session, first, month)
    top = session.next_id("revenue_interest")
    moves = [_one_month(session, each) for each in pending]
    late = [] if pending else _late(session, last or month)
    made = pl.concat([pl.DataFrame(schema=MOVES), *moves, *late])
    return Recognised(made, _borne(session, top))


def _renew(session: Session, month: date) -> None:
    """Carry on the terms that end by the end of the month: service goes on, billed or not."""
    lines = billing.scope(session).lines
    renew_due(session, lines=lines.with_columns(horizon_on=pl.lit(periods.last_day(month))))


def _months(session: Session, first: date, last: date | None) -> list[date]:
    """The months from the one that starts on ``first`` up to ``last``."""
    months = []
    while last is not None and first <= last:
        months.append(first)
        first = periods.following(first)
    return months


def _first_month(session: Session) -> date | None:
    """The opening month, or where none is set the month of the oldest contract line."""
    oldest = session.value(
        "SELECT min(start_on) AS start_on FROM contracts_line WHERE id >= ? AND id < ?", (session.low, session.high)
    )
    return periods.opening_month(session) or (oldest.replace(day=1) if oldest else None)


def _one_month(session: Session, month: date) -> pl.DataFrame:
    """Recognise one month of every schedule, accrue what was served and not billed, and note the month as done."""
    rows, since = queries.schedules(session), queries.beyond(queries.cutoff(session))
    served = _served(session, month)  # all that is to be read, before the first write: later reads would wait for it
    after = _evaluated(session, rows, since, month)
    recognised = _recorded(session, after, month)
    accrued = _accrue(session, month, served)
    shifted = _shift(session, month)
    facts.record(session, Cutoff, pl.DataFrame({"month": [month]}))
    _keep_working(session, after, periods.following(month))
    return pl.concat([recognised, accrued, shifted, _transfer(session, month)])


def _late(session: Session, month: date) -> list[pl.DataFrame]:
    """What came late of a month recognised before: service not billed, and lines that ended."""
    rows, served = queries.schedules(session), _served(session, month)
    before = rows.with_columns(before="done", before_tax="done_tax")
    after = queries.at_once(session, before, periods.following(month))
    moves = [_recorded(session, after, month), _accrue(session, month, served), _shift(session, month)]
    _keep_working(session, after, queries.beyond(queries.cutoff(session)))
    return [*moves, _transfer(session, month)]


def _keep_working(session: Session, after: pl.DataFrame, beyond: date) -> None:
    """Remember for later runs which schedules go on beyond the day."""
    going_on = after.filter((pl.col("to_on") > beyond) & ~pl.col("ends"))
    queries.remember(session, going_on.drop("before", "before_tax", "ends"), beyond)


def _evaluated(session: Session, rows: pl.DataFrame, since: date, month: date) -> pl.DataFrame:
    """The schedules with what of each is recognised ``before`` the month and ``done`` by its end.

    All before ``since`` (or their own first month) is recognised; where that is the month, ``rows`` tell it already.
    """
    if since < month or "done" not in rows.columns:
        rows = queries.evaluated(session, rows, max(since, month))
    before = rows.rename({"done": "before", "done_tax": "before_tax"})
    until = periods.following(month)
    return queries.at_once(session, queries.evaluated(session, before, until), until)


def _recorded(session: Session, after: pl.DataFrame, month: date) -> pl.DataFrame:
    """Record what the schedules of the month are beyond what they were before, and return it as moves."""
    changed = (pl.col("done") != pl.col("before")) | (pl.col("done_tax") != pl.col("before_tax"))
    posted_on = periods.open_date(session, periods.last_day(month))
    now = after.filter(changed).select(
        "charge_id",
        *OWNER,
        amount=pl.col("done") - pl.col("before"),
        tax_amount=pl.col("done_tax") - pl.col("before_tax"),
        month=pl.lit(month),
        posted_on=pl.lit(posted_on),
    )
    now = now.sort("contract_id", "charge_id")
    facts.record(session, Recognition, now)
    facts.record(session, Ending, after.filter("ends").select("charge_id", month=pl.lit(month)))
    return now.select(
        source=pl.lit("recognition"),
        source_id="contract_id",
        posted_on="posted_on",
        **{name: pl.col(name) for name in OWNER},
        billed=pl.lit(0, dtype=pl.Int64),
        billed_tax=pl.lit(0, dtype=pl.Int64),
        revenue="amount",
        revenue_tax="tax_amount",
    )


def _accrue(session: Session, month: date, target: pl.DataFrame) -> pl.DataFrame:
    """Bring the accruals to ``target``, what is served by the end of the month and not billed; return the moves."""
    open_now = queries.open_accruals(session)
    if target.is_empty() and open_now.is_empty():
        return pl.DataFrame(schema=MOVES)
    keys = [*OWNER, "cycle_from_on"]
    steps = pl.concat([target.select(*keys, "amount"), open_now.select(*keys, amount=-pl.col("amount"))])
    delta = steps.group_by(keys).agg(pl.col("amount").sum()).filter(pl.col("amount") != 0).sort(keys)
    posted_on = periods.open_date(session, periods.last_day(month))
    if delta.height:
        facts.record(session, Accrual, delta.with_columns(month=pl.lit(month), posted_on=pl.lit(posted_on)))
        _keep_open(session, target.select(*keys, "amount").filter(pl.col("amount") != 0))
    return delta.select(
        source=pl.lit("recognition"),
        source_id="contract_id",
        posted_on=pl.lit(posted_on),
        **{name: pl.col(name) for name in OWNER},
        billed=pl.lit(0, dtype=pl.Int64),
        billed_tax=pl.lit(0, dtype=pl.Int64),
        revenue="amount",
        revenue_tax=pl.lit(0, dtype=pl.Int64),
    )


def _shift(session: Session, month: date) -> pl.DataFrame:
    """Bring arranged lines to what of the price falls on them (`obligations`) by the end of the month; return the moves.

    Those of interest come first: where an arrangement is over, what is left of its price waits for it.

    Consumption tax stays with what was charged: it follows the prices that were agreed (消費税法28条), not their allocation.
    """
    obligations.arrange(session, month=month)
    interest = _bear(session, month)
    delta = queries.to_shift(session, month)
    if delta.is_empty():
        return interest
    posted_on = periods.open_date(session, periods.last_day(month))
    facts.record(session, Shift, delta.with_columns(month=pl.lit(month), posted_on=pl.lit(posted_on)))
    none = {name: pl.lit(0, dtype=pl.Int64) for name in ("billed", "billed_tax", "revenue_tax")}
    moves = delta.select(
        source=pl.lit("recognition"),
        source_id="contract_id",
        posted_on=pl.lit(posted_on),
        **{name: pl.col(name) for name in OWNER},
        revenue="amount",
        **none,
    ).select(list(MOVES))
    return pl.concat([interest, moves])


def _bear(session: Session, month: date) -> pl.DataFrame:
    """Bear the interest on the balances of contracts whose price holds it (29号57項), by the end of the month; return the moves.

    It is on the balances with which months begin, so what the month itself recognises is not waited for.
    """
    delta = bearing.to_bear(session, month)
    if delta.is_empty():
        return pl.DataFrame(schema=MOVES)
    posted_on = periods.open_date(session, periods.last_day(month))
    made = facts.record(session, Interest, delta.with_columns(month=pl.lit(month), posted_on=pl.lit(posted_on)))
    return interest_moves(named_interest(session, made))


def named_interest(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of interest with the line that stands for each contract (`interest.named`)."""
    return bearing.named(session, rows, queries.standing_for(session, rows["contract_id"]))


def interest_moves(rows: pl.DataFrame) -> pl.DataFrame:
    """The moves (columns `MOVES`) of rows of interest: as if it were billed."""
    none = {name: pl.lit(0, dtype=pl.Int64) for name in ("billed_tax", "revenue", "revenue_tax")}
    return rows.with_columns(billed="amount", **none).select(list(MOVES))


def _borne(session: Session, first: int) -> pl.DataFrame:
    """The interest that was borne from the row of that id on."""
    rows = bearing.interests(session)
    return named_interest(session, rows.filter(pl.col("id") >= first))


def _transfer(session: Session, month: date) -> pl.DataFrame:
    """Gather the balances of contracts that are combined on the one they were joined to (29号27項); return the moves.

    Both contracts of a transfer are moved in the entry of the one that is moved from.
    """
    delta = queries.to_transfer(session)
    if delta.is_empty():
        return pl.DataFrame(schema=MOVES)
    posted_on = periods.open_date(session, periods.last_day(month))
    facts.record(session, Transfer, delta.with_columns(month=pl.lit(month), posted_on=pl.lit(posted_on)))
    return transfer_moves(session, delta.with_columns(posted_on=pl.lit(posted_on)))


def transfer_moves(session: Session, transfers: pl.DataFrame) -> pl.DataFrame:
    """The moves (columns `MOVES`) of transfers ``contract_id, arrangement_id, amount, posted_on``, two for each."""
    own = transfers.with_columns(source_id="contract_id")
    legs = queries.moved_to(own, "source_id", "posted_on")
    first = queries.standing_for(session, legs["contract_id"])
    none = {name: pl.lit(0, dtype=pl.Int64) for name in ("billed_tax", "revenue", "revenue_tax")}
    named = legs.join(first, on="contract_id", maintain_order="left").with_columns(
        source=pl.lit("recognition"), billed="amount", **none
    )
    return named.select(list(MOVES))


def _served(session: Session, month: date) -> pl.DataFrame:
    """What of service not billed yet is revenue by the end of the month: owner columns, ``cycle_from_on``, ``amount``."""
    last = periods.last_day(month)
    rows = billing.unbilled(session, last)
    if rows.is_empty():
        return pl.DataFrame(schema={**dict.fromkeys(OWNER, pl.Int64), "cycle_from_on": pl.Date, "amount": pl.Int64})
    rules = _ruled(session, _net(session, rows, last))
    until = last + timedelta(1)
    rated = recognition.recognised(rules, pl.lit(until), *queries.roundings(session))
    done = queries.at_once(session, rated, until)
    sums = done.filter(pl.col("done") != 0).group_by([*OWNER, "cycle_from_on"]).agg(amount=pl.col("done").sum())
    return sums.sort(OWNER)


def _net(session: Session, rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """The priced rows with the rule of their product, ``amount`` net of the tax that an inclusive price (内税) holds."""
    model = products(session).select("product_id", "tax", "inclusive", "revenue", "life_months")
    joined = rows.join(model, on="product_id", maintain_order="left")
    if not joined["inclusive"].any():
        return joined.with_columns(tax_amount=pl.lit(0, dtype=pl.Int64))
    each = pl.int_range(pl.len(), dtype=pl.Int64)
    rated = joined.with_columns(invoice=each, rate_micro=tax.rate_micro(pl.col("tax"), pl.lit(on), tax_rates(session)))
    _, netted = tax.invoice_taxes(rated, queries.roundings(session)[1])
    return netted.with_columns(amount="net")
