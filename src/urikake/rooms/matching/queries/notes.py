"""Notes (メモ) for whoever matches next: on a partner, or on one receipt; the newest of each is the one that stands."""

from __future__ import annotations

from typing import Any, Final

from urikake.base.bulk import Session

NOTE: Final = "id, run_id, partner_id, receipt_id, text"


def notes(session: Session, *, partner_id: int | None = None, receipt_id: int | None = None) -> dict[str, Any] | None:
    """The note of the partner or of the receipt: ``text, actor, recorded_at``; None where there is none."""
    column, wanted = ("partner_id", partner_id) if receipt_id is None else ("receipt_id", receipt_id)
    found = session.read(
        "SELECT n.text, r.actor, r.recorded_at FROM matching_note n JOIN base_run r ON r.id = n.run_id"
        f" WHERE n.id >= ? AND n.id < ? AND n.{column} = ? ORDER BY n.id DESC LIMIT 1",
        (session.low, session.high, wanted),
    )
    return found.row(0, named=True) if found.height and found["text"][0] else None
