"""What other rooms may read of matching: what was applied, what a receipt may pay, what was learned of payers."""

from .applied import APPLICATION, applications
from .evidence import Evidence, evidence, judged
from .learned import LEARNED, learned, standing_names
from .proposed import candidates

__all__ = [
    "APPLICATION",
    "LEARNED",
    "Evidence",
    "applications",
    "candidates",
    "evidence",
    "judged",
    "learned",
    "standing_names",
]
