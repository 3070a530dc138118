"""What waits for a person, with counts and sums: the work lists of the home page and the badges of the navigation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.contracts.queries import to_notify
from urikake.rooms.receivables.queries import slips, waiting_slips


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of a kind wait, and the sum of their amounts in yen."""

    count: int
    amount: int


def waiting_receipts(session: Session, on: date) -> Waiting:
    """The receipts up to the day that are not wholly applied (消込待ち)."""
    return _counted(
        session,
        "SELECT count(*) AS n, sum(u.unapplied) AS amount FROM receipts_unapplied u"
        " JOIN receipts_receipt r ON r.id = u.receipt_id WHERE u.receipt_id >= ? AND u.receipt_id < ? AND r.received_on <= ?",
        on,
    )


def waiting_drafts(session: Session, on: date) -> Waiting:
    """The charges up to the day's closing that are on no invoice yet (下書き), but for those carried on (少額繰越)."""
    return _counted(
        session,
        "SELECT count(*) AS n, sum(c.amount) AS amount FROM billing_waiting w JOIN billing_charge c ON c.id = w.charge_id"
        " WHERE w.charge_id >= ? AND w.charge_id < ? AND c.closing_on <= ? AND NOT EXISTS"
        " (SELECT 1 FROM billing_carry k WHERE k.partner_id = c.partner_id AND k.closing_on = c.closing_on)",
        on,
    )


def overdue(session: Session, on: date) -> Waiting:
    """The open items whose due day is before the day (期日超過)."""
    return _counted(
        session,
        "SELECT count(*) AS n, sum(o.balance) AS amount FROM receivables_open o JOIN receivables_item i ON i.id = o.item_id"
        " WHERE o.item_id >= ? AND o.item_id < ? AND i.due_on < ?",
        on,
    )


def open_items(session: Session, on: date) -> Waiting:
    """The items raised by the day that are not settled (未回収)."""
    return _counted(
        session,
        "SELECT count(*) AS n, sum(o.balance) AS amount FROM receivables_open o JOIN receivables_item i ON i.id = o.item_id"
        " WHERE o.item_id >= ? AND o.item_id < ? AND i.posted_on <= ?",
        on,
    )


def slips_to_approve(session: Session, on: date) -> Waiting:
    """The slips that wait for another person (承認待ち)."""
    if slips(session).filter(~pl.col("opening")).is_empty():
        return Waiting(0, 0)
    found = waiting_slips(session).filter(pl.col("posted_on") <= on)
    return Waiting(found.height, int(found["gross"].sum()))


def to_approve(session: Session, on: date) -> Waiting:
    """All that waits for another person: slips and proposals; the amount is that of the slips."""
    found = slips_to_approve(session, on)
    asked = session.value(
        "SELECT count(*) AS n FROM base_proposal p LEFT JOIN base_decision d ON d.proposal_id = p.id"
        " WHERE p.id >= ? AND p.id < ? AND d.id IS NULL",
        (session.low, session.high),
    )
    return Waiting(found.count + int(asked), found.amount)


def renewals_soon(session: Session, on: date) -> Waiting:
    """The contracts whose last day of notice comes within the days that the company chose (`renewal_alert_days`)."""
    return Waiting(to_notify(session, on).height, 0)


def _counted(session: Session, sql: str, on: date) -> Waiting:
    count, amount = session.read(sql, (session.low, session.high, on), n=pl.Int64).row(0)
    return Waiting(int(count), int(amount or 0))
