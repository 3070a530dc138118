"""The pen of contracts: contracts and events taken from files, price revisions, renewals made when they fall due."""

from .agree import CONTRACTS, import_contracts
from .change import EVENTS, import_events
from .renew import renew_due, renew_upto
from .reprice import reprice, withdraw_reprice

__all__ = [
    "CONTRACTS",
    "EVENTS",
    "import_contracts",
    "import_events",
    "renew_due",
    "renew_upto",
    "reprice",
    "withdraw_reprice",
]
