"""The steps of a month, each one transaction: billing with issue, receipts, matching, recognition, lock."""

from __future__ import annotations

from .bills import approve_invoices, bill, bill_forward, cancel_invoice, hold_billing
from .books import approve_slips, enter, lock, recognize
from .money import (
    apply,
    apply_advance,
    apply_together,
    confirm,
    match,
    prepay,
    receive,
    receive_bank_file,
    take_back,
    take_debit_result,
    take_settlement,
    unapply,
    unapply_advance,
    unapply_together,
)
from .refunds import ask_refund, take_refund_back
from .rehearsal import OLD_BILLS, rehearse
from .reopening import reopen

__all__ = [
    "OLD_BILLS",
    "apply",
    "apply_advance",
    "apply_together",
    "approve_invoices",
    "approve_slips",
    "ask_refund",
    "bill",
    "bill_forward",
    "cancel_invoice",
    "confirm",
    "enter",
    "hold_billing",
    "lock",
    "match",
    "prepay",
    "receive",
    "receive_bank_file",
    "recognize",
    "rehearse",
    "reopen",
    "take_back",
    "take_debit_result",
    "take_refund_back",
    "take_settlement",
    "unapply",
    "unapply_advance",
    "unapply_together",
]
