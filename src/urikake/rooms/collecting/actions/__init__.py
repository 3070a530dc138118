"""The pen of collecting: collectors and mandates, requests for debits, their results, and settlements."""

from .collected import Collected
from .masters import ALWAYS, COLLECTORS, MANDATES, import_collectors, import_mandates
from .requests import Asked, request_debits, withdraw_request
from .results import take_result
from .settlements import SETTLEMENT, take_settlement

__all__ = [
    "ALWAYS",
    "COLLECTORS",
    "MANDATES",
    "SETTLEMENT",
    "Asked",
    "Collected",
    "import_collectors",
    "import_mandates",
    "request_debits",
    "take_result",
    "take_settlement",
    "withdraw_request",
]
