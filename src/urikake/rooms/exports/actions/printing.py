"""The books of a span as a beancount ledger: brought forward, entry by entry, and asserted at the end."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.core.formats import beancount
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties.queries import profiles


def printed(session: Session, since: date, until: date, heads: pl.DataFrame) -> tuple[bytes, int, int]:
    """The ledger that holds the entries ``heads`` posted from day to day: the file, its lines, and the sum of its debits.

    What stood on the accounts before is brought forward in one transaction, so that the file stands alone; the balances that it
    asserts are those of our trial balance. It is read back, and must say so.
    """
    before = ledger.balances(session, since - timedelta(1)).drop_nulls("balance")
    after = ledger.balances(session, until).drop_nulls("balance")
    lines = pl.concat([_forward(before, since), _lines(session, heads)])
    text = beancount.printed(lines, after, until)
    told, unbalanced = beancount.sums(text)
    expected: dict[str, int] = {}
    for name, balance in after.select("account", "balance").iter_rows():
        spelt = beancount.account(name)
        expected[spelt] = expected.get(spelt, 0) + balance
    if unbalanced or any(told.get(name, 0) != expected.get(name, 0) for name in told.keys() | expected.keys()):
        raise AssertionError(f"beancount: {unbalanced} unbalanced, {told} is not {expected}")
    debits = lines.filter(pl.col("amount") > 0)["amount"].sum()
    return text.encode(), lines.height, int(debits)


def _forward(before: pl.DataFrame, since: date) -> pl.DataFrame:
    """What stood on the accounts before the span, as the first transaction."""
    standing = before.filter(pl.col("balance") != 0)
    return standing.select(
        no=pl.lit(0, dtype=pl.Int64), date=pl.lit(since), source=pl.lit(""), description=pl.lit("繰越"), account="account",
        amount="balance", partner=pl.lit(""), tax=pl.lit(""),
    ).cast(beancount.LINE)  # type: ignore[arg-type]  # fmt: skip


def _lines(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """The lines of the entries with their texts, in the order of days."""
    chart = accounts(session).select(account_id="id", account="name")
    people = profiles(session, "name").select("partner_id", partner="name")
    told = ledger.described(session, heads).select(
        "entry_id", "source", "description", date="posted_on", no=pl.col("entry_id") - session.low
    )
    found = ledger.lines(session, heads).filter(pl.col("amount") != 0)
    for other, key in ((chart, "account_id"), (people, "partner_id"), (told, "entry_id")):
        found = found.join(other, on=key, how="left", maintain_order="left")
    texts = [pl.col(name).fill_null("") for name in ("partner", "tax")]
    return found.sort("date", "entry_id", "id").with_columns(texts).select(list(beancount.LINE))
