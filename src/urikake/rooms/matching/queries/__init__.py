"""What other rooms may read of matching: applications, candidates, the queue of what waits, holds and notes."""

from .candidates import APPLICATION, applications, candidates
from .holds import HOLD, free, held, last_hold
from .known import days_late, under_name
from .notes import NOTE, notes
from .offered import family, found, named_documents, open_documents, settled
from .queue import KINDS, SURE, Judged, judged, newest, progress, touched, used_by

__all__ = [
    "APPLICATION",
    "HOLD",
    "KINDS",
    "NOTE",
    "SURE",
    "Judged",
    "applications",
    "candidates",
    "days_late",
    "family",
    "found",
    "free",
    "held",
    "judged",
    "last_hold",
    "named_documents",
    "newest",
    "notes",
    "open_documents",
    "progress",
    "settled",
    "touched",
    "under_name",
    "used_by",
]
