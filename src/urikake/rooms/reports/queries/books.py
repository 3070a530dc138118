"""Reports of the books: journals, trial balance, and the state of a close."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts, dimensions
from urikake.base.periods import first_day
from urikake.rooms.closing import queries as closing
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties.queries import codes

from .chosen import require_span
from .rows import nested, rows


def trial_balance(session: Session, as_of: date) -> list[dict[str, Any]]:
    """The trial balance (試算表) on the day: every account that moved, also at zero."""
    return rows(ledger.balances(session, as_of))


def journals(session: Session, since: date, until: date) -> list[dict[str, Any]]:
    """Journal entries (仕訳) from day to day, with their lines, by day and number."""
    require_span(since, until)
    heads = ledger.entries(session, since, until)
    if heads.is_empty():
        return []
    named = ledger.described(session, heads)
    lines = nested(_lines(session, heads), "entry_id", LINE)
    found = rows(
        named.select("entry_id", "source", "description", no=pl.col("entry_id") - session.low, date="posted_on")
    )
    return [row | {"lines": lines[row.pop("entry_id")]} for row in found]


LINE = ["account", "debit", "credit", "partner", "order_no", "group", "tax", "currency", "currency_amount"]


def _lines(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    chart = accounts(session).rename({"id": "account_id", "name": "account"})
    named = (
        ledger.lines(session, heads)
        .join(chart, on="account_id", maintain_order="left")
        .join(dimensions(session), on="dimension_id", how="left", maintain_order="left")
        .join(codes(session).rename({"code": "partner"}), on="partner_id", how="left", maintain_order="left")
    )
    amount = pl.col("amount")
    return named.with_columns(
        debit=amount.clip(lower_bound=0),
        credit=(-amount).clip(lower_bound=0),
        group="group_code",
        currency=pl.lit("JPY"),
        currency_amount=amount.abs(),
    )


def close_status(session: Session, month: str) -> list[dict[str, Any]]:
    """The steps of a month with their state and figures."""
    return closing.status(session, first_day(month))


def close_history(session: Session, month: str | None = None) -> list[dict[str, Any]]:
    """The closes and reopenings of a month, or of all: when, by whom, who had asked, why, and the chain's head then."""
    found = closing.heads(session, closing.events(session, first_day(month) if month else None))
    frame = found.select(
        pl.col("month").dt.strftime("%Y-%m"),
        reason="why",
        event=pl.when("locked").then(pl.lit("close")).otherwise(pl.lit("reopen")),
        at=_instant("recorded_at"),
        by="actor",
        asked_by="asked_by",
        asked_at=_instant("asked_at"),
        head="head",
    )
    return rows(frame)


def _instant(column: str) -> pl.Expr:
    """The instant as ISO text in UTC, as the other reports tell it."""
    return pl.col(column).dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
