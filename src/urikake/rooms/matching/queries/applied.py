"""Applications, as they stand in the books."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session

APPLICATION: Final = "id, receipt_id, applied_on, used, difference, difference_kind, partner_id, reverses_id, by"


def applications(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Applications by id, with ``application_id``."""
    return session.rows("matching_application", APPLICATION, where, params).rename({"id": "application_id"})
