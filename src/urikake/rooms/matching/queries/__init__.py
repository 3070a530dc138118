"""What other rooms may read of matching: applications, candidates, the queue of what waits, holds, notes, what was learned."""

from .applied import APPLICATION, applications
from .candidates import candidates
from .evidence import Evidence, cleared, evidence
from .holds import HOLD, free, held, last_hold
from .learned import LEARNED, learned, standing_names
from .notes import NOTE, notes
from .queue import KINDS, SURE, Judged, judged, newest, progress, touched, used_by

__all__ = [
    "APPLICATION",
    "HOLD",
    "KINDS",
    "LEARNED",
    "NOTE",
    "SURE",
    "Evidence",
    "Judged",
    "applications",
    "candidates",
    "cleared",
    "evidence",
    "free",
    "held",
    "judged",
    "last_hold",
    "learned",
    "newest",
    "notes",
    "progress",
    "standing_names",
    "touched",
    "used_by",
]
