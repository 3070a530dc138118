"""Reports of the books: journals and trial balance."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts, dimensions
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
