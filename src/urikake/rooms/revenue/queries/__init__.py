"""What other rooms may read of revenue: schedules at work, accruals, recognised amounts, contract balances, interest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import recognition
from urikake.core.money import Rounding
from urikake.rooms.catalog.queries import deposits, products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.deposits import queries as kept
from urikake.rooms.obligations import queries as obligations

from .interest import INSIDE, borne, of_arrangements
from .interest import posted as interest_of

SCHEDULE: Final = (
    "id, charge_id, contract_id, line_id, partner_id, product_id, dimension_id, amount, tax_amount, from_on, to_on, "
    "pattern, partial_month, remainder, until_on"
)
EARNED: Final = ("revenue_recognition", "revenue_accrual", "revenue_shift")
"""The tables of what became revenue: by what was charged, before it was, and by what of the price fell on the line."""
OWNER: Final = ["contract_id", "line_id", "partner_id", "product_id", "dimension_id"]


def roundings(session: Session) -> tuple[Rounding, Rounding]:
    """How amounts and taxes are rounded: policies ``amount_rounding`` and ``tax_rounding``."""
    policy = policies(session)
    return policy["amount_rounding"], policy["tax_rounding"]  # type: ignore[return-value]


def cutoff(session: Session) -> date | None:
    """The newest month up to which everything was recognised, None before the first."""
    newest = session.table("revenue_cutoff", "id, month")["month"].max()
    return newest if isinstance(newest, date) else None


def beyond(month: date | None) -> date:
    """The first day after the month; the beginning of time for None."""
    return periods.following(month) if month else date(1900, 1, 1)


def schedules(session: Session) -> pl.DataFrame:
    """The schedules that are not wholly recognised, by id, with ``done`` and ``done_tax`` up to now.

    Carried on in memory: a schedule is read once, and evaluated anew only when another month is recognised. All are read
    again when one ended early in a run that this process did not make.
    """
    upto, top, ended = (
        beyond(cutoff(session)),
        session.next_id("revenue_schedule") - 1,
        session.next_id("revenue_ending"),
    )
    if session.dirty.intersection({"revenue_schedule", "revenue_ending"}):
        return _live(session, upto)
    stamp, rows = session.memory.known("schedules")
    seen, day, known = stamp or (top + 1, 0, ended)
    if rows is None or seen > top or day > upto.toordinal() or known != ended:
        seen = top
        rows = _live(session, upto)
    elif day < upto.toordinal():
        rows = evaluated(session, rows.filter(pl.col("to_on") > upto), upto)
    if seen < top:
        rows = pl.concat([rows, _live(session, upto, seen)], rechunk=True)
    remember(session, rows, upto)
    return rows


def remember(session: Session, rows: pl.DataFrame, upto: date) -> None:
    """Keep for later runs that these are all schedules still at work, recognised up to the day."""
    top, ended = session.next_id("revenue_schedule") - 1, session.next_id("revenue_ending")
    session.memory.values["schedules"] = ((top, upto.toordinal(), ended), rows)


def _live(session: Session, upto: date, after: int = -1) -> pl.DataFrame:
    """The schedules after an id that go on beyond the day, with what of each is recognised by it."""
    alive = "to_on > ? AND id > ? AND charge_id NOT IN (SELECT charge_id FROM revenue_ending)"
    rows = session.rows("revenue_schedule", SCHEDULE, alive, (upto, after))
    return evaluated(session, rows.rename({"pattern": "method"}).drop("id"), upto)


def evaluated(session: Session, rows: pl.DataFrame, upto: date) -> pl.DataFrame:
    """The schedules with ``done`` and ``done_tax``, what is recognised of each before the day."""
    until = pl.max_horizontal("until_on", pl.lit(upto))
    return recognition.recognised(rows, until, *roundings(session))


def at_once(session: Session, rows: pl.DataFrame, until: date) -> pl.DataFrame:
    """The schedules with ``ends``: whether all that is left of them is revenue before the day, which ``done`` then tells.

    What is earned over an expected life (``lifetime``) is earned in full when the line ends for good before that life
    does: nothing is left to be delivered (適用指針30号 57–60). So is what a line that gives nothing back (返金なし) was paid.
    """
    lives = products(session).filter(pl.col("revenue") == "lifetime")["product_id"]
    keeping = contracts.keeping(session)
    if rows.is_empty() or (lives.is_empty() and keeping.is_empty()):
        return rows.with_columns(ends=pl.lit(False))
    gone = pl.col("line_id").is_in(contracts.ended(session, until).implode())
    kept = pl.col("product_id").is_in(lives.implode()) | pl.col("line_id").is_in(keeping.implode())
    ends = gone & kept
    return rows.with_columns(
        ends=ends,
        done=pl.when(ends).then("amount").otherwise("done"),
        done_tax=pl.when(ends).then("tax_amount").otherwise("done_tax"),
    )


def open_accruals(session: Session) -> pl.DataFrame:
    """The accruals not billed yet: owner columns, ``cycle_from_on``, ``amount``."""
    return session.cached(
        "open_accruals",
        lambda: session.derived("open_accruals", ("revenue_accrual",), lambda: stored_accruals(session)),
    )


def stored_accruals(session: Session) -> pl.DataFrame:
    """The projection of open accruals as it stands in the database."""
    names = "id, " + ", ".join(OWNER) + ", cycle_from_on, amount"
    return session.rows("revenue_open_accrual", names).drop("id")


def positions(session: Session) -> pl.DataFrame:
    """Billed less recognised per contract, where it is not nothing: ``contract_id``, ``position`` (net of tax).

    Of contracts that are combined all of it stands with the one they were joined to, as of the last recognition.
    """
    moved = moved_to(transferred(session)).select("contract_id", position="amount")
    return _summed_up([balances(session), moved])


def balances(session: Session) -> pl.DataFrame:
    """As `positions`, each contract's own."""
    ahead = schedules(session).select("contract_id", position=pl.col("amount") - pl.col("done"))
    behind = open_accruals(session).select("contract_id", position=-pl.col("amount"))
    moved = shifted(session).group_by("contract_id").agg(position=-pl.col("amount").sum())
    interest = borne(session).select("contract_id", position=pl.col("expense") - pl.col("income"))
    return _summed_up([ahead, behind, moved, interest])


def _summed_up(parts: list[pl.DataFrame]) -> pl.DataFrame:
    summed = pl.concat(parts).group_by("contract_id").agg(pl.col("position").sum())
    return summed.filter(pl.col("position") != 0).sort("contract_id")


def transferred(session: Session) -> pl.DataFrame:
    """What of balances stands with another contract so far: ``contract_id, arrangement_id, amount`` (`models.Transfer`)."""
    pair = ["contract_id", "arrangement_id"]

    def merge(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.group_by(pair).agg(pl.col("amount").sum()).sort(pair)

    each = f"SELECT {', '.join(pair)}, amount FROM revenue_transfer WHERE id > ? AND id < ? ORDER BY id"
    return session.running("transferred", "revenue_transfer", each, merge)


def moved_to(transfers: pl.DataFrame, *names: str) -> pl.DataFrame:
    """What transfers did to both contracts of each: ``contract_id, amount`` and the columns of these names."""
    there = transfers.select(*names, contract_id="arrangement_id", amount=-pl.col("amount"))
    return pl.concat([part.select(*names, "contract_id", "amount") for part in (transfers, there)])


def gathered(session: Session, last: date) -> pl.DataFrame:
    """What transfers did to contracts by the day: ``contract_id, product_id`` (of its first line), ``posted_on, amount``."""
    names = "id, contract_id, arrangement_id, posted_on, amount"
    rows = session.table("revenue_transfer", names).filter(pl.col("posted_on") <= last)
    both = moved_to(rows, "posted_on")
    first = standing_for(session, both["contract_id"]).select("contract_id", "product_id")
    return both.join(first, on="contract_id").select(
        "contract_id", "product_id", "posted_on", "amount"
    )  # fmt: skip


def standing_for(session: Session, chosen: pl.Series) -> pl.DataFrame:
    """The line (owner columns) for each of the contracts where its balance is moved as a whole: its first that is no lease."""
    leases = products(session).filter(pl.col("obligation") == "lease")["product_id"]
    own = contracts.first_lines(session).filter(pl.col("contract_id").is_in(chosen.implode()))
    return (
        own.with_columns(lease=pl.col("product_id").is_in(leases.implode()))
        .sort("contract_id", "lease", "line_id")
        .unique("contract_id", keep="first", maintain_order=True)
        .select(OWNER)
    )


def to_transfer(session: Session) -> pl.DataFrame:
    """What is to be transferred for contracts that are combined to be netted as one: ``contract_id, arrangement_id, amount``."""
    joined = obligations.combined(session).select("contract_id", "arrangement_id")
    so_far = transferred(session)
    if joined.is_empty() and so_far.is_empty():
        return so_far
    own = balances(session).rename({"position": "amount"})
    wanted = joined.filter(pl.col("contract_id") != pl.col("arrangement_id")).join(own, on="contract_id")
    delta = pl.concat([wanted.select(so_far.columns), so_far]).group_by("contract_id", "arrangement_id").agg(
        amount=-pl.col("amount").sum()
    )  # fmt: skip
    return delta.filter(pl.col("amount") != 0).sort("contract_id", "arrangement_id")


def shifted(session: Session) -> pl.DataFrame:
    """What was shifted to or from each arranged line so far: ``contract_id, line_id, amount``."""

    def merge(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.group_by("contract_id", "line_id").agg(pl.col("amount").sum()).sort("contract_id", "line_id")

    each = "SELECT contract_id, line_id, amount FROM revenue_shift WHERE id > ? AND id < ? ORDER BY id"
    return session.running("shifted", "revenue_shift", each, merge)


def to_shift(session: Session, month: date) -> pl.DataFrame:
    """What is to be shifted by the end of the month that was not yet: owner columns and ``amount``, by contract and line.

    It is what of the price falls on the line by then (`obligations.targets`), less what it has earned of the cycles of its
    arrangement. Once all of an arrangement is over its price is what was charged, what is never on a bill, and the interest
    that was borne: what rounding leaves goes to its last line.
    """
    wanted = obligations.targets(session, periods.following(month))
    if wanted.is_empty():
        return wanted.select(*OWNER, amount="target")
    done = earned(session, wanted, month).join(
        shifted(session).select("line_id", shift="amount"), on="line_id", how="full", coalesce=True
    )
    rows = wanted.join(done, on="line_id", how="left", maintain_order="left")
    rows = rows.with_columns(gap=pl.col("target") - pl.col("earned").fill_null(0))
    last = pl.int_range(pl.len()).over("arrangement") == pl.len().over("arrangement") - 1
    rows = of_arrangements(session, rows)
    beside = pl.col("beside") + pl.col("interest")
    left = pl.when(pl.col("over") & last).then(pl.col("gap").sum().over("arrangement") - beside).otherwise(0)
    delta = rows.select(*OWNER, amount=pl.col("gap") - left - pl.col("shift").fill_null(0))
    return delta.filter(pl.col("amount") != 0)


def earned(session: Session, spans: pl.DataFrame, month: date) -> pl.DataFrame:
    """What the lines have earned by the end of the month of cycles within ``start_on`` … ``to_on``: ``line_id, earned``."""
    session.stage(spans.select("line_id", "start_on", "to_on"))
    inside = f"{INSIDE} AND {{of}}.month <= ?"
    recognised = session.read(
        "SELECT r.line_id, sum(r.amount) AS amount FROM stage s JOIN revenue_recognition r ON r.line_id = s.line_id"
        f" JOIN billing_charge c ON c.id = r.charge_id WHERE {inside.format(of='r')} GROUP BY r.line_id",
        (month,), amount=pl.Int64,
    )  # fmt: skip
    accrued = session.read(
        "SELECT c.line_id, sum(c.amount) AS amount FROM stage s JOIN revenue_accrual c ON c.line_id = s.line_id"
        f" WHERE {inside.format(of='c')} GROUP BY c.line_id",
        (month,), amount=pl.Int64,
    )  # fmt: skip
    return pl.concat([recognised, accrued]).group_by("line_id").agg(earned=pl.col("amount").sum())


def recognized(session: Session, first: date, last: date) -> pl.DataFrame:
    """Revenue posted from ``first`` to ``last``: owner columns, ``month``, ``posted_on``, ``amount``."""
    names = ", ".join(["id", *OWNER, "month", "posted_on", "amount"])
    parts = [
        session.rows(
            table,
            names,
            "id BETWEEN ? AND ? AND posted_on BETWEEN ? AND ?",
            (*session.within(table, "posted_on", first, last), first, last),
        ).drop("id")
        for table in EARNED
    ]
    return pl.concat(parts)


def billed(session: Session, first: date, last: date) -> pl.DataFrame:
    """Net amounts invoiced from ``first`` to ``last``, without deposits: owner columns and ``amount``."""
    names = ", ".join(f"c.{name}" for name in OWNER)
    found = session.read(
        f"SELECT {names}, l.net AS amount FROM invoices_invoice i CROSS JOIN invoices_line l"
        " JOIN billing_charge c ON c.id = l.charge_id"
        " WHERE l.id >= i.first_line_id AND l.id < i.first_line_id + i.line_count"
        " AND i.id BETWEEN ? AND ? AND i.issue_on BETWEEN ? AND ?",
        (*session.within("invoices_invoice", "issue_on", first, last), first, last),
    )
    return found.filter(~pl.col("product_id").is_in(deposits(session).implode()))


def rolled(session: Session, first: date, last: date) -> dict[str, int]:
    """The contract balances of all contracts over the days, net of tax: ``opening``, ``billed``, ``recognized``, ``closing``.

    With ``interest`` (重要な金融要素) where there is any, a liability's positive: opening + billed + interest − recognized = closing.
    """
    span = (first, first, last, session.low, session.high, last)
    when = "sum(CASE WHEN {day} < ? THEN {amount} END) AS before, sum(CASE WHEN {day} BETWEEN ? AND ? THEN {amount} END) AS amount"
    posted = when.format(day="posted_on", amount="amount")
    net = when.format(day="issue_on", amount="net")
    where = "WHERE id >= ? AND id < ? AND {day} <= ?"
    billed = session.read(f"SELECT {net} FROM invoices_invoice {where.format(day='issue_on')}", span, before=pl.Int64)
    parts = [
        session.read(f"SELECT {posted} FROM {table} {where.format(day='posted_on')}", span, before=pl.Int64)
        for table in EARNED
    ]
    earned = pl.concat(parts)
    held_before, held = kept.billed(session, date.min, first - timedelta(1)), kept.billed(session, first, last)
    early, interest = interest_of(session, first, last)
    opening = int(billed["before"].sum()) - held_before - int(earned["before"].sum()) + early
    found = {
        "opening": opening,
        "billed": int(billed["amount"].sum()) - held,
        "recognized": int(earned["amount"].sum()),
    }
    closing = opening + found["billed"] + interest - found["recognized"]
    return found | ({"interest": interest} if interest else {}) | {"closing": closing}


PLAN: Final = ["amount", "from_on", "to_on", "pattern", "partial_month", "remainder", "until_on"]


def posted_until(session: Session, on: date) -> date:
    """The first month of which on the day nothing had been recognised but with invoices, by its first day.

    A month is recognised on its last day, so a day within it sees the months before it. What was posted later than that
    is told by `belated`.
    """
    month = on.replace(day=1)
    over = periods.following(month) if on == periods.last_day(month) else month
    return min(beyond(cutoff(session)), over)


def plans(session: Session, on: date, by: Sequence[str] = OWNER) -> pl.DataFrame:
    """The schedules of what was invoiced by the day and not all revenue with the invoice, as `core.waterfall` takes them.

    Columns: ``by`` (owner columns, ``charge_id``), the rule, ``until_on``, ``ended_on`` (the month in which the rest became
    revenue by the day; null where it did not), and ``lines``, how many schedules are alike in all of these.
    """
    names = ", ".join([*by, *PLAN])
    sql = f"SELECT {names}, count(*) AS lines FROM revenue_schedule WHERE id > ? AND id < ? GROUP BY {names}"
    ended, fresh = _ended(session, on), _issued_after(session, on)
    apart = pl.concat([ended["charge_id"], fresh])
    if {"contract_id", "line_id", "charge_id"} & set(by):  # as many as there are contracts: not to be kept in memory
        whole = session.read(sql, (session.low, session.high))
    else:
        whole = session.running(f"plans {names}", "revenue_schedule", sql, _summed([*by, *PLAN]))
    rows = whole.filter(pl.col("until_on") <= periods.following(on.replace(day=1)))
    alike = rows.rename({"pattern": "method"}).with_columns(ended_on=pl.lit(None, dtype=pl.Date))
    if apart.is_empty():
        return alike
    session.stage(pl.DataFrame({"wanted_id": apart.unique()}))
    own = ", ".join(f"s.{name}" for name in [*by, *PLAN])
    charge = "" if "charge_id" in by else ", s.charge_id"
    found = session.read(
        f"SELECT {own}{charge} FROM stage w JOIN revenue_schedule s ON s.charge_id = w.wanted_id WHERE s.id >= ? AND s.id < ?",
        (session.low, session.high),
    ).rename({"pattern": "method"})
    mine = found.join(ended, on="charge_id", how="left").with_columns(lines=pl.lit(1, dtype=pl.Int64))
    kept = mine.filter(~pl.col("charge_id").is_in(fresh.implode())).select(alike.columns)
    taken = mine.with_columns(ended_on=pl.lit(None, dtype=pl.Date), lines=-pl.col("lines")).select(alike.columns)
    return pl.concat([alike, taken, kept]).group_by(pl.exclude("lines")).agg(pl.col("lines").sum()).filter(
        pl.col("lines") != 0
    )  # fmt: skip


def plans_of(session: Session, on: date, lines: pl.Series, by: Sequence[str] = OWNER) -> pl.DataFrame:
    """As `plans`, of the lines named alone, one row a schedule."""
    session.stage(pl.DataFrame({"wanted_id": lines.unique()}))
    own = ", ".join(f"s.{name}" for name in dict.fromkeys([*by, *PLAN, "charge_id"]))
    found = session.read(
        f"SELECT {own} FROM stage w JOIN revenue_schedule s ON s.line_id = w.wanted_id"
        " WHERE s.id >= ? AND s.id < ? AND s.until_on <= ?",
        (session.low, session.high, periods.following(on.replace(day=1))),
    ).rename({"pattern": "method"})
    known = found.filter(~pl.col("charge_id").is_in(_issued_after(session, on).implode()))
    return known.join(_ended(session, on), on="charge_id", how="left").with_columns(lines=pl.lit(1, dtype=pl.Int64))


def _summed(keys: Sequence[str]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """What merges counts of the keys."""
    return lambda rows: rows.group_by(list(keys)).agg(pl.col("lines").sum())


def _ended(session: Session, on: date) -> pl.DataFrame:
    """The schedules that ended early by the day: ``charge_id``, ``ended_on``."""
    found = session.table("revenue_ending", "id, charge_id, month").select("charge_id", ended_on="month")
    return found.filter(pl.col("ended_on").dt.month_end() <= on)


def _issued_after(session: Session, on: date) -> pl.Series:
    """The charges invoiced after the day within its month; none where it is the last day of one."""
    last = periods.last_day(on.replace(day=1))
    if on == last:
        return pl.Series("charge_id", dtype=pl.Int64)
    found = session.read(
        "SELECT l.charge_id FROM invoices_invoice i CROSS JOIN invoices_line l JOIN revenue_schedule s"
        " ON s.charge_id = l.charge_id WHERE l.id >= i.first_line_id AND l.id < i.first_line_id + i.line_count"
        " AND i.id BETWEEN ? AND ? AND i.issue_on > ? AND i.issue_on <= ?",
        (*session.within("invoices_invoice", "issue_on", on + timedelta(1), last), on, last),
    )
    return found["charge_id"]


def belated(session: Session, on: date) -> pl.DataFrame:
    """Revenue of months recognised later than on their last day, since they were locked: of what was invoiced by the day.

    Columns: owner columns, ``billed_on`` (the month of the invoice), ``month``, ``posted_on``, ``amount``.
    """
    names = ", ".join(["id", "charge_id", *OWNER, "month", "posted_on", "amount"])
    later = "substr(CAST(posted_on AS text), 1, 7) <> substr(CAST(month AS text), 1, 7)"
    sql = f"SELECT {names} FROM revenue_recognition WHERE id > ? AND id < ? AND {later}"
    late = session.running("belated revenue", "revenue_recognition", sql, lambda rows: rows)
    if late.is_empty():
        return late.select(*OWNER, "month", "posted_on", "amount", billed_on="month")
    session.stage(late.select(wanted_id="charge_id").unique())
    billed = session.read(
        "SELECT s.charge_id, s.until_on FROM stage w JOIN revenue_schedule s ON s.charge_id = w.wanted_id"
        " WHERE s.until_on <= ?",
        (periods.following(on.replace(day=1)),),
    )
    found = late.join(billed, on="charge_id").filter(~pl.col("charge_id").is_in(_issued_after(session, on).implode()))
    return found.select(*OWNER, "month", "posted_on", "amount", billed_on=pl.col("until_on").dt.offset_by("-1mo"))


def billed_daily(session: Session, on: date) -> pl.DataFrame:
    """Net amounts invoiced by day up to the day, without deposits: ``issue_on``, ``amount``."""

    def summed(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.group_by("issue_on").agg(pl.col("amount").sum())

    invoiced = session.running(
        "invoiced", "invoices_invoice",
        "SELECT issue_on, sum(net) AS amount FROM invoices_invoice WHERE id > ? AND id < ? GROUP BY issue_on", summed,
    )  # fmt: skip
    held = kept.movements(session).select(issue_on="moved_on", amount=-pl.col("amount"))
    return summed(pl.concat([invoiced, held])).filter(pl.col("issue_on") <= on).sort("issue_on")


def unbilled_daily(session: Session, on: date) -> pl.DataFrame:
    """Revenue by day of posting that is of no invoice of its own (service before its bill, and the like): ``posted_on, amount``."""
    parts = [
        session.read(
            f"SELECT posted_on, sum(amount) AS amount FROM {table} WHERE id >= ? AND id < ? AND posted_on <= ? GROUP BY posted_on",
            (session.low, session.high, on),
        )
        for table in EARNED
        if table != "revenue_recognition"
    ]
    return pl.concat(parts).group_by("posted_on").agg(pl.col("amount").sum()).sort("posted_on")


def of_earlier_bills(session: Session, first: date, last: date) -> pl.DataFrame:
    """Revenue posted from ``first`` to ``last`` of what was invoiced before ``first``: ``contract_id, product_id, amount``."""
    return session.read(
        "SELECT r.contract_id, r.product_id, sum(r.amount) AS amount FROM revenue_recognition r"
        " JOIN invoices_line l ON l.charge_id = r.charge_id JOIN invoices_invoice i ON i.id = l.invoice_id"
        " WHERE r.id BETWEEN ? AND ? AND r.posted_on BETWEEN ? AND ? AND i.issue_on < ? GROUP BY r.contract_id, r.product_id",
        (*session.within("revenue_recognition", "posted_on", first, last), first, last, first),
    )
