"""The automatic run: every receipt that has exactly one answer is applied."""

from __future__ import annotations

from datetime import date

from urikake.base.access import action
from urikake.base.bulk import Session

from .. import queries
from .posting import Applied, nothing, post, sure_heads


@action("matching.apply")
def match(session: Session, *, on: date | None = None) -> Applied:
    """Apply every unapplied receipt that has exactly one answer, and return what was applied.

    Dated as `posting.sure_heads` tells. With ``on``, receipts of later days and items raised later are left alone.
    """
    found = queries.evidence(session, on)
    waiting, items = found.receipts, found.items
    if waiting.is_empty():
        return nothing(session, {})
    pairs, outcomes = queries.cleared(session, found)
    counts = dict(outcomes.group_by("kind").len().sort("kind").iter_rows())
    if pairs.is_empty():
        return nothing(session, counts)
    rows = sure_heads(session, pairs, outcomes.select("receipt_id", "kind", "by"), waiting, items)
    made, moved = post(session, rows, pairs, waiting, items)
    return Applied(made, moved, items, counts)
