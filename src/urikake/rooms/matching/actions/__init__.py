"""The pen of matching: the automatic run, applying by hand, advances, and undoing."""

from __future__ import annotations

from .advances import AdvanceApplied, apply_advance, prepay, unapply_advance
from .automatic import match
from .by_hand import DIFFERENCES, apply, unapply
from .posting import Applied

__all__ = [
    "DIFFERENCES",
    "AdvanceApplied",
    "Applied",
    "apply",
    "apply_advance",
    "match",
    "prepay",
    "unapply",
    "unapply_advance",
]
