"""The pen of matching: the automatic run, applying by hand, and undoing."""

from __future__ import annotations

from .automatic import match
from .by_hand import DIFFERENCES, apply, unapply
from .posting import Applied

__all__ = ["DIFFERENCES", "Applied", "apply", "match", "unapply"]
