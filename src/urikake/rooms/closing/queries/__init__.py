"""What is open of a month, and the proofs that the books hold together."""

from .proofs import since_last_lock, ties, verify
from .status import closed_by, closing_dates, drafted, matchable, note_idle, stale, status, waiting

__all__ = [
    "closed_by",
    "closing_dates",
    "drafted",
    "matchable",
    "note_idle",
    "since_last_lock",
    "stale",
    "status",
    "ties",
    "verify",
    "waiting",
]
