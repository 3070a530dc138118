"""What other rooms may read of billing, and what would be billed."""

from .charges import CHARGE, at_closing, charges, of_cycle, waiting
from .contract import of_contract, of_contracts, planned
from .due import due_stretches, kept_money
from .metering import unmeasured
from .rates import rated, unbilled
from .scope import Scope, scope

__all__ = [
    "CHARGE",
    "Scope",
    "at_closing",
    "charges",
    "due_stretches",
    "kept_money",
    "of_contract",
    "of_contracts",
    "of_cycle",
    "planned",
    "rated",
    "scope",
    "unbilled",
    "unmeasured",
    "waiting",
]
