"""The pen of refunds: accounts of payees, senders, refunds, and transfer files."""

from .masters import PAYEES, SENDERS, import_payees, import_senders, payee_of, told
from .paying import LONGEST, Refunded, pay_back, take_refund_back
from .transfers import Made, transfer, withdraw_transfer

__all__ = [
    "LONGEST",
    "PAYEES",
    "SENDERS",
    "Made",
    "Refunded",
    "import_payees",
    "import_senders",
    "pay_back",
    "payee_of",
    "take_refund_back",
    "told",
    "transfer",
    "withdraw_transfer",
]
