"""What is open of a month, and the proofs that the books hold together."""

from .closes import APPROVE, closed_by, closes, events, heads, last_close, may_open
from .proofs import since_last_lock, ties, verify
from .status import (
    billed_in_parts,
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
    "APPROVE",
    "billed_in_parts",
    "closed_by",
    "closes",
    "closing_dates",
    "drafted",
    "events",
    "heads",
    "last_close",
    "makers",
    "matchable",
    "may_open",
    "note_idle",
    "require_in_order",
    "since_last_lock",
    "stale",
    "status",
    "ties",
    "verify",
    "waiting",
]
