"""The pen of matching: the automatic run and its rules, by hand, many at once, advances, refunds, undoing, lessons, holds."""

from __future__ import annotations

from .advances import AdvanceApplied, apply_advance, prepay, unapply_advance
from .automatic import match
from .by_hand import DIFFERENCES, Plan, apply, apply_together, planned
from .confirming import Confirmed, Seen, confirm
from .holding import hold, note, release
from .learning import add_name, release_name, revoke_name
from .posting import Applied
from .refunding import Wanted, refund, take_refund_back, wanted
from .ruling import release_rule, revoke_rule
from .undoing import unapply, unapply_together

__all__ = [
    "DIFFERENCES",
    "AdvanceApplied",
    "Applied",
    "Confirmed",
    "Plan",
    "Seen",
    "Wanted",
    "add_name",
    "apply",
    "apply_advance",
    "apply_together",
    "confirm",
    "hold",
    "match",
    "note",
    "planned",
    "prepay",
    "refund",
    "release",
    "release_name",
    "release_rule",
    "revoke_name",
    "revoke_rule",
    "take_refund_back",
    "unapply",
    "unapply_advance",
    "unapply_together",
    "wanted",
]
