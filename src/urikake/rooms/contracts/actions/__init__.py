"""The pen of contracts: contracts and events taken from files, renewals made when they fall due."""

from .agree import CONTRACTS, import_contracts
from .change import EVENTS, import_events
from .renew import renew_due, renew_upto

__all__ = ["CONTRACTS", "EVENTS", "import_contracts", "import_events", "renew_due", "renew_upto"]
