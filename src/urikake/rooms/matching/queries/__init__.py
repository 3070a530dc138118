"""What other rooms may read of matching: applications, candidates, the queue of what waits, holds, notes, what was learned."""

from .advances import ADVANCE, ADVANCE_USE, advance_proposals, advance_uses, advances
from .applied import APPLICATION, applications
from .backtest import TRIED, tried
from .candidates import candidates
from .evidence import Evidence, cleared, evidence
from .holds import HOLD, free, held, last_hold
from .known import days_late, under_name
from .learned import LEARNED, decisions, learned, standing_names
from .notes import NOTE, notes
from .offered import family, found, named_documents, open_documents, settled
from .queue import KINDS, SURE, Judged, judged, last_uses, newest, progress, touched, used_by
from .repeats import repeated
from .rules import ENOUGH, MONTHS, Proof, proven, released, rule_decisions

__all__ = [
    "ADVANCE",
    "ADVANCE_USE",
    "APPLICATION",
    "ENOUGH",
    "HOLD",
    "KINDS",
    "LEARNED",
    "MONTHS",
    "NOTE",
    "SURE",
    "TRIED",
    "Evidence",
    "Judged",
    "Proof",
    "advance_proposals",
    "advance_uses",
    "advances",
    "applications",
    "candidates",
    "cleared",
    "days_late",
    "decisions",
    "evidence",
    "family",
    "found",
    "free",
    "held",
    "judged",
    "last_hold",
    "last_uses",
    "learned",
    "named_documents",
    "newest",
    "notes",
    "open_documents",
    "progress",
    "proven",
    "released",
    "repeated",
    "rule_decisions",
    "settled",
    "standing_names",
    "touched",
    "tried",
    "under_name",
    "used_by",
]
