"""The pen of matching: the automatic run, applying by hand, undoing, and what is learned from it."""

from __future__ import annotations

from .automatic import match
from .by_hand import DIFFERENCES, apply, unapply
from .learning import release_name, revoke_name
from .posting import Applied

__all__ = ["DIFFERENCES", "Applied", "apply", "match", "release_name", "revoke_name", "unapply"]
