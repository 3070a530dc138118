"""Interest on the balances of contracts whose price holds it (重要な金融要素): what was borne, and what is to be."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import financing
from urikake.core.calendar import month_number, month_of
from urikake.core.money import Rounding
from urikake.rooms.obligations import queries as obligations

INTEREST: Final = "id, run_id, contract_id, month, posted_on, expense, income"
ACCOUNTS: Final = {"expense": "支払利息", "income": "受取利息"}
BOTH: Final = pl.col("expense", "income")
AMOUNT: Final = (pl.col("expense") - pl.col("income")).alias("amount")
"""What interest adds to a contract's balance: a liability is positive."""
INSIDE: Final = "c.cycle_from_on >= s.start_on AND (c.cycle_from_on < s.to_on OR c.cycle_from_on = s.start_on)"
"""That a cycle of charges ``c`` belongs to the span ``s`` of days that is staged."""


def interests(session: Session) -> pl.DataFrame:
    """Every row of interest, by id, with ``amount``, what it adds to the contract's balance."""
    return session.table("revenue_interest", INTEREST).with_columns(AMOUNT)


def borne(session: Session) -> pl.DataFrame:
    """The interest of each contract so far: ``contract_id, expense, income``."""

    def merge(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.group_by("contract_id").agg(BOTH.sum()).sort("contract_id")

    each = "SELECT contract_id, expense, income FROM revenue_interest WHERE id > ? AND id < ? ORDER BY id"
    return session.running("borne", "revenue_interest", each, merge)


def posted(session: Session, first: date, last: date) -> tuple[int, int]:
    """What interest added to the balances of all contracts before the first day, and from it to the last."""
    rows = interests(session).filter(pl.col("posted_on") <= last)
    early = pl.col("posted_on") < first
    return int(rows.filter(early)["amount"].sum()), int(rows.filter(~early)["amount"].sum())


def of_arrangements(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows (``arrangement``) with ``interest``: what was borne in each so far, expense less income."""
    sums = obligations.arranged(session, borne(session)).group_by("arrangement").agg(interest=AMOUNT.sum())
    if sums.is_empty():
        return rows.with_columns(interest=pl.lit(0, dtype=pl.Int64))
    return rows.join(sums, on="arrangement", how="left", maintain_order="left").with_columns(
        pl.col("interest").fill_null(0)
    )


def to_bear(session: Session, month: date) -> pl.DataFrame:
    """The interest up to the end of the month that was not yet borne: ``contract_id, expense, income``, by contract.

    It is the whole difference so far between what the balances of the books came to bear (`wanted`) and what was posted.
    """
    spans = obligations.bearing(session, periods.following(month))
    so_far = borne(session)
    if spans.is_empty() and so_far.is_empty():
        return so_far
    target = wanted(session, spans, month).rename({"arrangement": "contract_id"})
    delta = pl.concat([target.select(so_far.columns), so_far.with_columns(-BOTH)])
    sums = delta.group_by("contract_id").agg(BOTH.sum())
    return sums.filter(pl.any_horizontal(BOTH != 0)).sort("contract_id")


def wanted(session: Session, spans: pl.DataFrame, month: date, upto: int | None = None) -> pl.DataFrame:
    """The interest of each arrangement up to the end of the month: ``arrangement, expense, income``.

    By all that runs recorded, or those ``upto`` one.
    """
    each = monthly(session, spans, month, upto)
    sums = each.group_by("arrangement").agg(
        expense=pl.col("interest").clip(lower_bound=0).sum(), income=-pl.col("interest").clip(upper_bound=0).sum()
    )
    return sums.sort("arrangement")


def monthly(session: Session, spans: pl.DataFrame, month: date, upto: int | None = None) -> pl.DataFrame:
    """The interest of every month up to the month: ``arrangement, rate_micro, month`` (its first day), ``opening, interest, to_date``."""
    told_to = spans.with_columns(last=pl.min_horizontal(month_number(pl.col("last_on")), month_number(pl.lit(month))))
    heads = told_to.group_by("arrangement").agg(pl.col("rate_micro", "last").first())
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    told = financing.interest(flows(session, spans, month, upto), heads, rounding)
    named = told.join(heads.select("arrangement", "rate_micro"), on="arrangement", maintain_order="left")
    at = pl.col("month")
    return named.with_columns(month=pl.date(at // 12, at % 12 + 1, 1))


def flows(session: Session, spans: pl.DataFrame, month: date, upto: int | None = None) -> pl.DataFrame:
    """What was billed less recognised in each month of the lines' cycles: ``arrangement, month`` (a number), ``amount``.

    A bill counts in the month of its issue, revenue in that which it is of.
    """
    if spans.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(("arrangement", "month", "amount"), pl.Int64))
    session.stage(spans.select("line_id", "start_on", "to_on"))
    newest = session.high if upto is None else upto
    last = periods.last_day(month)
    billed = session.read(
        "SELECT c.line_id, i.issue_on AS on_, sum(l.net) AS amount FROM stage s JOIN billing_charge c ON c.line_id = s.line_id"
        " JOIN invoices_line l ON l.charge_id = c.id JOIN invoices_invoice i ON i.id = l.invoice_id"
        f" WHERE {INSIDE} AND i.issue_on <= ? AND i.run_id <= ? GROUP BY c.line_id, i.issue_on",
        (last, newest), on_=pl.Date, amount=pl.Int64,
    )  # fmt: skip
    charged = session.read(
        "SELECT r.line_id, r.month AS on_, sum(r.amount) AS amount FROM stage s JOIN revenue_recognition r"
        " ON r.line_id = s.line_id JOIN billing_charge c ON c.id = r.charge_id"
        f" WHERE {INSIDE} AND r.month <= ? AND r.run_id <= ? GROUP BY r.line_id, r.month",
        (month, newest), on_=pl.Date, amount=pl.Int64,
    )  # fmt: skip
    accrued = session.read(
        "SELECT c.line_id, c.month AS on_, sum(c.amount) AS amount FROM stage s JOIN revenue_accrual c"
        f" ON c.line_id = s.line_id WHERE {INSIDE} AND c.month <= ? AND c.run_id <= ? GROUP BY c.line_id, c.month",
        (month, newest), on_=pl.Date, amount=pl.Int64,
    )  # fmt: skip
    shifts = session.read(
        "SELECT t.line_id, t.month AS on_, sum(t.amount) AS amount FROM stage s JOIN revenue_shift t ON t.line_id = s.line_id"
        " WHERE t.month < ? AND t.run_id <= ? GROUP BY t.line_id, t.month",
        (month, newest), on_=pl.Date, amount=pl.Int64,
    )  # fmt: skip
    earned = (part.with_columns(amount=-pl.col("amount")) for part in (charged, accrued, shifts))
    of = spans.select("line_id", "arrangement")
    every = pl.concat([billed, *earned]).join(of, on="line_id")
    return every.select("arrangement", month=month_number(month_of(pl.col("on_"))).cast(pl.Int64), amount="amount")


def named(session: Session, rows: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """The rows of interest (``contract_id, posted_on, expense, income``) with the owner columns of the line that stands for each."""
    return rows.select("contract_id", "posted_on", BOTH).join(owners, on="contract_id", maintain_order="left").with_columns(
        AMOUNT, source=pl.lit("recognition"), source_id="contract_id"
    )  # fmt: skip
