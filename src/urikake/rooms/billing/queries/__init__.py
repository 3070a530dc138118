"""What other rooms may read of billing, and what would be billed."""

from .ahead import COLUMNS as AHEAD
from .ahead import ahead
from .charges import CHARGE, TRUE_UP, at_closing, charges, of_cycle, waiting
from .committed import settled as settled_commitments
from .committed import terms as commitments
from .completeness import LATE, MISSING, PRESENT, completeness
from .contract import of_contracts, planned
from .due import due_stretches, kept_money
from .measured import beside_billed, measured_spans, price_models
from .metering import unmeasured
from .payers import at_payer, payers
from .rates import rated, unbilled
from .scope import Scope, scope

__all__ = [
    "AHEAD",
    "CHARGE",
    "LATE",
    "MISSING",
    "PRESENT",
    "TRUE_UP",
    "Scope",
    "ahead",
    "at_closing",
    "at_payer",
    "beside_billed",
    "charges",
    "commitments",
    "completeness",
    "due_stretches",
    "kept_money",
    "measured_spans",
    "of_contracts",
    "of_cycle",
    "payers",
    "planned",
    "price_models",
    "rated",
    "scope",
    "settled_commitments",
    "unbilled",
    "unmeasured",
    "waiting",
]
