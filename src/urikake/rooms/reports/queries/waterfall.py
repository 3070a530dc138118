"""The waterfall of revenue: how what was billed in each month became revenue and will, month after month, to the yen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import waterfall as kernel
from urikake.rooms.revenue import queries as revenue

from .revenue_by import posted
from .rows import Rows
from .sales import following_months

MOST: Final = 60  # months of a waterfall
FAR: Final = date(2999, 12, 31)
"""The end of time where no day is asked for: all that was ever posted."""
FLOW: Final = {"billed_on": pl.Date, "month": pl.Date, "posted": pl.Int64, "planned": pl.Int64}


def waterfall(session: Session, from_month: str, months: int = 24, as_of: date | None = None) -> Rows:
    """Revenue by the month of billing and by the month in which it falls: ``billed, month, posted, planned``.

    ``billed`` is ``before`` for all months before the first, and ``unbilled`` for revenue that is of no invoice (service
    before its bill). ``posted`` was revenue by the day, in the month in which it was posted; ``planned`` is what the
    schedules say of the months to come. Of each month of billing there is a row for each month that has anything.
    """
    first = periods.first_day(from_month)
    if not 1 <= months <= MOST:
        raise Refusal("bad-waterfall", f"月数が {months} です。", f"月数（months）は 1〜{MOST} で指定してください。")
    wanted = following_months(first, months)
    found = flows(session, as_of or FAR).filter(pl.col("month").is_between(first, wanted[-1]))
    named = found.with_columns(billed=cohort_name("billed_on", first))
    sums = named.group_by("billed", "month").agg(pl.col("billed_on").min(), pl.col("posted", "planned").sum())
    ordered = sums.filter((pl.col("posted") != 0) | (pl.col("planned") != 0)).sort("billed_on", "month")
    return Rows(ordered.select("billed", pl.col("month").dt.strftime("%Y-%m"), "posted", "planned"))


def cohort_name(column: str, first: date) -> pl.Expr:
    """The month of billing as it is told: ``before`` the first month shown, ``unbilled`` where there is none."""
    day = pl.col(column)
    early = pl.when(day.is_null()).then(pl.lit("unbilled")).when(day < first).then(pl.lit("before"))
    return early.otherwise(day.dt.strftime("%Y-%m"))


def flows(session: Session, on: date) -> pl.DataFrame:
    """All revenue of what was invoiced by the day, and all that was posted without an invoice: columns `FLOW`.

    By ``billed_on``, the month of the invoice (null: none), and ``month``; ``posted`` by the day or ``planned``.
    """
    plans = revenue.plans(session, on, [])
    parts = [scheduled(session, plans, on), _with_invoices(session, plans, on), _without(session, on)]
    summed = pl.concat([part.select(list(FLOW)) for part in parts]).group_by("billed_on", "month")
    return summed.agg(pl.col("posted", "planned").sum()).sort("billed_on", "month", nulls_last=True)


def scheduled(
    session: Session, plans: pl.DataFrame, on: date, by: Sequence[str] = (), lines: pl.Series | None = None
) -> pl.DataFrame:
    """The revenue of schedules (`revenue.plans`, with the columns ``by``) as it stood on the day: ``by`` and `FLOW`.

    Where they are of certain ``lines`` only, these are named.
    """
    owned = [*by, "billed_on"]
    whole = kernel.unfolded(plans.with_columns(billed_on=_billed_on()), owned, revenue.roundings(session)[0])
    late = revenue.belated(session, on)
    mine = late if lines is None else late.filter(pl.col("line_id").is_in(lines.implode()))
    by_month = _moved(whole, mine, on, owned)
    recognised = (pl.col("month") < revenue.posted_until(session, on)) & ~pl.col("due")
    done = recognised | (pl.col("month") == pl.col("billed_on")) | pl.col("late")
    none = pl.lit(0, dtype=pl.Int64)
    return by_month.select(
        *owned, "month", posted=pl.when(done).then("amount").otherwise(none),
        planned=pl.when(done).then(none).otherwise("amount"),
    )  # fmt: skip


def _billed_on() -> pl.Expr:
    """The month of a schedule's invoice: the one before which nothing of it is left to a later month."""
    return pl.col("until_on").dt.offset_by("-1mo")


def _moved(whole: pl.DataFrame, belated: pl.DataFrame, on: date, owned: list[str]) -> pl.DataFrame:
    """The revenue by month with what was posted later than its month where it was posted, if by the day: ``late``.

    What is to be posted after the day is still planned for the month it is of: ``due``.
    """
    no, yes = pl.lit(False), pl.lit(True)
    seen = belated.filter(pl.col("month").dt.month_end() <= on)
    came, waiting = seen.filter(pl.col("posted_on") <= on), seen.filter(pl.col("posted_on") > on)
    posted_in = pl.col("posted_on").dt.truncate("1mo")
    return pl.concat([
        whole.select(*owned, "month", "amount", late=no, due=no),
        seen.select(*owned, "month", amount=-pl.col("amount"), late=no, due=no),
        came.select(*owned, month=posted_in, amount="amount", late=yes, due=no),
        waiting.select(*owned, "month", "amount", late=no, due=yes),
    ])  # fmt: skip


def _with_invoices(session: Session, plans: pl.DataFrame, on: date) -> pl.DataFrame:
    """What was revenue with its invoice and left nothing to later months: all that was billed less what has schedules."""
    billed = revenue.billed_daily(session, on).select(billed_on=pl.col("issue_on").dt.truncate("1mo"), amount="amount")
    later = plans.select(billed_on=_billed_on(), amount=-pl.col("amount") * pl.col("lines"))
    sums = pl.concat([billed, later]).group_by("billed_on").agg(posted=pl.col("amount").sum())
    return sums.with_columns(month="billed_on", planned=pl.lit(0, dtype=pl.Int64))


def _without(session: Session, on: date) -> pl.DataFrame:
    """What was posted without an invoice: service before its bill, taken back once it is billed."""
    found = revenue.unbilled_daily(session, on)
    sums = found.group_by(month=pl.col("posted_on").dt.truncate("1mo")).agg(posted=pl.col("amount").sum())
    return sums.with_columns(billed_on=pl.lit(None, dtype=pl.Date), planned=pl.lit(0, dtype=pl.Int64))


@dataclass(frozen=True, slots=True)
class Tie:
    """The revenue posted in the months shown beside the ledger's accounts of revenue."""

    posted: int
    books: int

    @property
    def off(self) -> int:
        """What they differ by."""
        return self.posted - self.books


def tie(session: Session, found: pl.DataFrame, first: date, last: date) -> Tie:
    """What of the `flows` was posted from one month to another, beside what invoices and recognition posted as revenue."""
    inside = found.filter(pl.col("month").is_between(first, last))
    by_hand, books = posted(session, first, last)
    return Tie(int(inside["posted"].sum()), books - by_hand)
