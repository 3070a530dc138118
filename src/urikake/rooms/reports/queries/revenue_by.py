"""Revenue from contracts with customers split (収益の分解情報, 企業会計基準29号 80-10), tied to the accounts of revenue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import accounts, dimensions
from urikake.base.errors import Refusal
from urikake.core.calendar import add_months
from urikake.rooms.catalog.queries import deposits, products
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties.queries import codes
from urikake.rooms.revenue import queries as revenue

from .chosen import require_span
from .rows import rows

LEASE: Final = "lease"
TIMINGS: Final = {
    "point": "point", "contract_start": "point", "usage": "usage", "monthly": "over", "daily": "over", "lifetime": "over",
    "progress": "over",
}  # fmt: skip
"""How control passes by the pattern of a product: at a point in time, as much as is used, or over time (38項・39項)."""
OWNED: Final = ("group", "management_group", "project", "department")
CUTS: Final = ("service", "product", "pattern", "timing", "obligation", "partner", "contract", *OWNED, "month")
"""How revenue is split (切り口)."""
AGAINST: Final = ("before", "year")
OTHERS: Final = ("slip", "opening")
"""Sources of entries that people write: what they post on an account of revenue is told apart."""
REDUCTION: Final = "売上値引"


def revenue_by(
    session: Session, since: date, until: date, by: str = "service", against: str = "before"
) -> list[dict[str, Any]]:
    """Revenue posted from day to day by one of `CUTS`, the largest first: ``section, key, amount, previous, change``.

    ``section`` is ``contract`` for revenue from contracts with customers, ``lease`` for that of leases, which is not, and
    ``total`` for the sums of both, followed by what entered by hand on the accounts of revenue, those accounts as the
    ledger has them, and the difference. ``previous`` is the span of the same length right before (``against`` ``before``),
    or the same days a year ago (``year``).
    """
    require_span(since, until)
    found = split(session, since, until, by, against)
    named = found.with_columns(change=pl.col("amount") - pl.col("previous"))
    sums = totals(session, found, since, until, against)
    order = ["section", "key", "amount", "previous", "change"]
    return rows(pl.concat([named.select(order), sums.select(order)]))


def split(session: Session, since: date, until: date, by: str, against: str = "before") -> pl.DataFrame:
    """The rows of contracts and of leases: ``section, key, amount, previous``."""
    if by not in CUTS:
        raise Refusal("bad-by", f"--by が「{by}」です。", f"{'・'.join(CUTS)} から選んでください。")
    now = labelled(session, revenue.recognized(session, since, until), by)
    before = labelled(session, revenue.recognized(session, *compared(since, until, against)), by)
    none = pl.lit(0, dtype=pl.Int64)
    both = [now.with_columns(previous=none), before.with_columns(amount=none, previous="amount")]
    sums = pl.concat(both).group_by("section", "key").agg(pl.col("amount", "previous").sum())
    first = ["section", "key"] if by == "month" else ["section", "amount", "key"]
    falling = [name == "amount" for name in first]
    return sums.filter((pl.col("amount") != 0) | (pl.col("previous") != 0)).sort(first, descending=falling)


def compared(since: date, until: date, against: str) -> tuple[date, date]:
    """The days that a span is compared with; whole months with as many whole months.

    >>> [day.isoformat() for day in compared(date(2026, 7, 1), date(2026, 9, 30), "before")]
    ['2026-04-01', '2026-06-30']
    >>> [day.isoformat() for day in compared(date(2026, 7, 1), date(2026, 9, 30), "year")]
    ['2025-07-01', '2025-09-30']
    """
    if against not in AGAINST:
        raise Refusal(
            "bad-against",
            f"--against が「{against}」です。",
            "before（直前の同じ長さ）か year（前年）を指定してください。",
        )
    last = since - timedelta(1)
    whole = since.day == 1 and until == periods.last_day(until.replace(day=1))
    if against == "year":
        return _months_before(since, 12), _end(until, 12) if whole else _months_before(until, 12)
    if not whole:
        return last - (until - since), last
    count = (until.year - since.year) * 12 + until.month - since.month + 1
    return _months_before(since, count), last


def _months_before(day: date, months: int) -> date:
    """The same day so many months before, the last of the month where it has no such day."""
    found: date = pl.select(add_months(pl.lit(day), pl.lit(-months), pl.lit(day.day))).item()
    return found


def _end(day: date, months: int) -> date:
    return periods.last_day(_months_before(day.replace(day=1), months))


def labelled(session: Session, found: pl.DataFrame, by: str) -> pl.DataFrame:
    """The revenue summed by ``section`` (``contract`` or ``lease``) and what it is called in the split (``key``)."""
    of = products(session).select(
        "product_id", "product", "service", "obligation", pattern="revenue",
        timing=pl.col("revenue").replace_strict(TIMINGS, default="over", return_dtype=pl.String),
    )  # fmt: skip
    named = found.join(of, on="product_id", how="left", maintain_order="left")
    section = pl.when(pl.col("obligation") == LEASE).then(pl.lit(LEASE)).otherwise(pl.lit("contract"))
    if by == "partner":
        named = named.join(codes(session).rename({"code": "partner"}), on="partner_id", how="left")
    elif by == "contract":
        numbers = contracts(session).select("contract_id", contract="contract_no")
        named = named.join(numbers, on="contract_id", how="left")
    elif by == "month":
        named = named.with_columns(month=pl.col("posted_on").dt.strftime("%Y-%m"))
    elif by in OWNED:
        owned = dimensions(session).rename({"group_code": "group"})
        named = named.join(owned.select("dimension_id", by), on="dimension_id", how="left")
    return named.group_by(section=section, key=pl.col(by).fill_null("")).agg(pl.col("amount").sum())


def totals(session: Session, found: pl.DataFrame, since: date, until: date, against: str = "before") -> pl.DataFrame:
    """The sums of a split, and the accounts of revenue that prove them: ``section`` ``total``, ``key, amount, previous, change``.

    ``contract`` + ``lease`` + ``by_hand`` (slips on an account of revenue) = ``books`` (the accounts in the trial balance);
    ``difference`` is what they are off by. ``reduction`` is 売上値引 of the days, which lowers net sales beside them.
    """
    spans = {"amount": (since, until), "previous": compared(since, until, against)}
    parts = []
    for name, span in spans.items():
        own = {s: int(found.filter(pl.col("section") == s)[name].sum()) for s in ("contract", LEASE)}
        parts.append(pl.DataFrame({"key": [*own, *TIED], name: [*own.values(), *_tied(session, own, *span)]}))
    both = parts[0].join(parts[1], on="key", maintain_order="left")
    return both.with_columns(section=pl.lit("total"), change=pl.col("amount") - pl.col("previous"))


TIED: Final = ("by_hand", "books", "difference", "reduction")


def _tied(session: Session, own: dict[str, int], first: date, last: date) -> tuple[int, ...]:
    """The figures `TIED` of the days."""
    by_hand, books = posted(session, first, last)
    return by_hand, books, sum(own.values()) + by_hand - books, _turned(session, [REDUCTION], first, last)


def posted(session: Session, first: date, last: date) -> tuple[int, int]:
    """What stands on the accounts of revenue of the days: what was entered there by hand, and all of it."""
    names = revenue_accounts(session)
    return -ledger.moved_by(session, OTHERS, names, first, last), _turned(session, names, first, last)


def _turned(session: Session, names: list[str], first: date, last: date) -> int:
    """What the accounts were credited with in these days, less what they were debited with."""
    before, after = ledger.course(session, names, [first - timedelta(1), last])
    return int(before - after)


def revenue_accounts(session: Session) -> list[str]:
    """The names of the accounts on which products are revenue."""
    held = pl.col("product_id").is_in(deposits(session).implode())
    ids = products(session).filter(~held)["revenue_account_id"].unique()
    return accounts(session).filter(pl.col("id").is_in(ids.implode()))["name"].to_list()
