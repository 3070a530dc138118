"""What is open of a month, and the proofs that the books hold together."""

from .proofs import since_last_lock, ties, verify
from .status import (
    billed_in_parts,
    closed_by,
    closing_dates,
    drafted,
    makers,
    matchable,
    note_idle,
    require_in_order,
    stale,
    status,
    waiting,
)

__all__ = [
    "billed_in_parts",
    "closed_by",
    "closing_dates",
    "drafted",
    "makers",
    "matchable",
    "note_idle",
    "require_in_order",
    "since_last_lock",
    "stale",
    "status",
    "ties",
    "verify",
    "waiting",
]
