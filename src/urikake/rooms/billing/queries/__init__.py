"""What other rooms may read of billing, and what would be billed."""

from .charges import CHARGE, at_closing, charges, waiting
from .contract import of_contract
from .due import due_stretches
from .rates import rated, unbilled
from .scope import Scope, scope

__all__ = [
    "CHARGE",
    "Scope",
    "at_closing",
    "charges",
    "due_stretches",
    "of_contract",
    "rated",
    "scope",
    "unbilled",
    "waiting",
]
