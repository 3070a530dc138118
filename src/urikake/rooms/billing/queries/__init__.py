"""What other rooms may read of billing, and what would be billed."""

from .agreed import agreed, as_of
from .ahead import COLUMNS as AHEAD
from .ahead import ahead
from .carried import carried, carried_to, left_to_next, minimums, staying
from .charges import CHARGE, TRUE_UP, at_closing, by_ids, charges, closings, of_cycle, of_cycles, reversals, waiting
from .chosen import again, chosen, forward, of_payers
from .committed import settled as settled_commitments
from .committed import terms as commitments
from .completeness import LATE, MISSING, PRESENT, completeness
from .contract import of_contracts, planned
from .cutting import charges_cut, credits_cut
from .cutting import split as cut_amounts
from .deposits import steps as deposit_steps
from .drafts import drafts, held_drafts
from .due import due_stretches, kept_money
from .holds import held, holds
from .measured import beside_billed, measured_spans, price_models
from .metering import rounds, unmeasured
from .payers import at_payer, payers
from .rates import rated, unbilled
from .scope import Scope, metered_products, scope

CYCLE = ("line_id", "cycle_from_on")
"""What names a billing cycle of a contract line."""

__all__ = [
    "AHEAD",
    "CHARGE",
    "CYCLE",
    "LATE",
    "MISSING",
    "PRESENT",
    "TRUE_UP",
    "Scope",
    "again",
    "agreed",
    "ahead",
    "as_of",
    "at_closing",
    "at_payer",
    "beside_billed",
    "by_ids",
    "carried",
    "carried_to",
    "charges",
    "charges_cut",
    "chosen",
    "closings",
    "commitments",
    "completeness",
    "credits_cut",
    "cut_amounts",
    "deposit_steps",
    "drafts",
    "due_stretches",
    "forward",
    "held",
    "held_drafts",
    "holds",
    "kept_money",
    "left_to_next",
    "measured_spans",
    "metered_products",
    "minimums",
    "of_contracts",
    "of_cycle",
    "of_cycles",
    "of_payers",
    "payers",
    "planned",
    "price_models",
    "rated",
    "reversals",
    "rounds",
    "scope",
    "settled_commitments",
    "staying",
    "unbilled",
    "unmeasured",
    "waiting",
]
