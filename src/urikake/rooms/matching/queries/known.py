"""What is known of who pays (名義の履歴): what came under the name before, and how late the partner pays."""

from __future__ import annotations

import polars as pl

from urikake.base.bulk import Session


def under_name(session: Session, folded: str, before: int, limit: int = 6) -> pl.DataFrame:
    """What came under the name before the receipt and was applied, newest first.

    ``receipt_id, received_on, amount, partner_id, difference, difference_kind, times``; ``times`` is how many
    there are in all.
    """
    found = session.read(
        "SELECT r.id AS receipt_id, r.received_on, r.amount, a.partner_id, a.difference, a.difference_kind"
        " FROM receipts_receipt r JOIN matching_application a ON a.receipt_id = r.id"
        " WHERE r.id >= ? AND r.id < ? AND r.folded = ? AND r.id <> ? AND a.reverses_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM matching_application v WHERE v.reverses_id = a.id)"
        " ORDER BY r.received_on DESC, r.id DESC",
        (session.low, session.high, folded, before),
    )
    return found.with_columns(times=pl.lit(found["receipt_id"].n_unique())).head(limit)


def days_late(session: Session, partner_id: int, limit: int = 24) -> float | None:
    """How many days after it was due the partner paid, on average over what it paid last; None where nothing is known."""
    days = session.read(
        "SELECT i.due_on, m.moved_on FROM receivables_item i JOIN receivables_movement m ON m.item_id = i.id"
        f" WHERE i.id >= ? AND i.id < ? AND i.partner_id = ? AND m.kind = 'applied' ORDER BY m.id DESC LIMIT {limit}",
        (session.low, session.high, partner_id),
    )
    late = (days["moved_on"] - days["due_on"]).dt.total_days().mean()
    return float(late) if isinstance(late, int | float) else None
