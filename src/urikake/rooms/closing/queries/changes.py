"""How a balance came from last month's end to this one's: by what moved it, to the yen, with a second figure that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import accounts, policies
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.receivables import queries as receivables

from .proofs import accrued_account, receivable_accounts

SALES: Final = ("売上高", "売上値引")
ADVANCES: Final = ("前受金", "契約負債")


@dataclass(frozen=True, slots=True)
class Change:
    """A balance before and after a month, and what each source of entries moved in it; ``check`` is found another way."""

    before: int
    moved: dict[str, int]
    after: int
    check: int | None = None


def sales(session: Session, month: date) -> int:
    """Revenue of the month as the ledger has it (売上高, less 売上値引)."""
    found = ledger.moved(session, month, periods.last_day(month))
    return -int(found.filter(pl.col("account").is_in(SALES))["amount"].sum())


def advances(session: Session, month: date) -> Change:
    """What is owed in services (前受金・契約負債) over the month."""
    return _over(session, ADVANCES, month, -1)


def owed(session: Session, month: date) -> Change:
    """What customers owe (売掛金 and other accounts of receivables) over the month, beside the sum of the open items."""
    found = _over(session, receivable_names(session), month, 1)
    open_ = receivables.owed_on(session, periods.last_day(month))
    items = int(open_.filter(pl.col("account_id") != accrued_account(session))["amount"].sum())
    return Change(found.before, found.moved, found.after, items)


def receivable_names(session: Session) -> list[str]:
    """The names of the accounts on which receivables are kept."""
    ids = receivable_accounts(session)
    return accounts(session).filter(pl.col("id").is_in(list(ids)))["name"].to_list()


def _over(session: Session, names: tuple[str, ...] | list[str], month: date, sign: int) -> Change:
    last = periods.last_day(month)
    before, after = ledger.course(session, names, [month - timedelta(1), last])
    moved = ledger.moved(session, month, last).filter(pl.col("account").is_in(names))
    sums = moved.group_by("source").agg(pl.col("amount").sum()).sort("source")
    return Change(sign * before, {source: sign * amount for source, amount in sums.iter_rows()}, sign * after)


@dataclass(frozen=True, slots=True)
class Position:
    """Contract balances on a day from the ledger: ``books`` less the tax and overpayments that are kept among them."""

    books: int
    tax: int
    overpaid: int

    @property
    def net(self) -> int:
        """What billed less recognised must come to."""
        return self.books - self.tax - self.overpaid


def position(session: Session, on: date) -> Position:
    """契約負債 less 契約資産 on the day as the ledger has them, with what is neither: tax held in advances, overpayments."""
    policy = policies(session)
    with_revenue = policy["advance_tax"] == "with_revenue"
    asset = "契約資産" if policy["accrual_account"] == "contract_asset" else "未収入金"
    names = (asset, "前受金" if with_revenue else "契約負債")
    owed = receivables.owed_on(session, on).filter(pl.col("account_id") == accrued_account(session))
    books = int(owed["amount"].sum()) - int(ledger.course(session, names, [on])[0])
    if not with_revenue:
        return Position(books, 0, 0)
    span = (session.low, session.high, on)
    found = session.read(
        "SELECT (SELECT sum(tax_total) FROM invoices_invoice WHERE id >= ? AND id < ? AND issue_on <= ?) AS taxed,"
        " (SELECT sum(tax_amount) FROM revenue_recognition WHERE id >= ? AND id < ? AND posted_on <= ?) AS earned,"
        " (SELECT sum(difference) FROM matching_application"
        " WHERE id >= ? AND id < ? AND applied_on <= ? AND difference_kind = 'advance') AS overpaid,"
        " (SELECT sum(a.amount) FROM collecting_advance a JOIN collecting_collection c ON c.id = a.collection_id"
        " WHERE a.id >= ? AND a.id < ? AND c.collected_on <= ?) AS collected,"
        " (SELECT sum(used) FROM matching_advance_use WHERE id >= ? AND id < ? AND applied_on <= ?) AS used,"
        " (SELECT sum(p.amount) FROM refunds_part p JOIN refunds_refund r ON r.id = p.refund_id"
        " WHERE p.id >= ? AND p.id < ? AND r.pay_on <= ?) AS refunded",
        span * 6,
        taxed=pl.Int64, earned=pl.Int64, overpaid=pl.Int64, collected=pl.Int64, used=pl.Int64, refunded=pl.Int64,
    )  # fmt: skip
    taxed, earned, overpaid, collected, used, refunded = (int(value or 0) for value in found.row(0))
    return Position(books, taxed - earned, overpaid + collected - used - refunded)
