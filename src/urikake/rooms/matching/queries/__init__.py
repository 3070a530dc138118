"""What other rooms may read of matching: applications, candidates, the queue of what waits, holds and notes."""

from .candidates import APPLICATION, applications, candidates
from .holds import HOLD, free, held, last_hold
from .notes import NOTE, notes
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
    "free",
    "held",
    "judged",
    "last_hold",
    "newest",
    "notes",
    "progress",
    "touched",
    "used_by",
]
