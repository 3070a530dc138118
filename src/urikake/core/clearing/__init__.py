"""Clearing (消込): which open items a receipt pays, decided on whole columns and only where there is no doubt.

`match` answers for all receipts of a run, `allocate` shares a part payment over items, `proposals` ranks what a person
may choose for one receipt.
"""

from __future__ import annotations

from urikake.core.clearing.cascade import match
from urikake.core.clearing.citing import citations
from urikake.core.clearing.pools import USUAL_FEES, Payer
from urikake.core.clearing.proposals import Proposal, proposals
from urikake.core.clearing.ranks import EARLY_DAYS
from urikake.core.clearing.released import RULES
from urikake.core.clearing.shares import CLAIMS, POLICIES, Policy, allocate
from urikake.core.clearing.spread import spread

__all__ = [
    "CLAIMS",
    "EARLY_DAYS",
    "POLICIES",
    "RULES",
    "USUAL_FEES",
    "Payer",
    "Policy",
    "Proposal",
    "allocate",
    "citations",
    "match",
    "proposals",
    "spread",
]
