"""The reports by name: each a function from a session and its options to rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from urikake.base.bulk import Session

from . import (
    advances,
    alarms,
    audit,
    balances,
    banks,
    billing,
    books,
    closes,
    collecting,
    contract_balances,
    contracts,
    deliveries,
    deposits,
    obligations,
    openings,
    payers,
    protected,
    reductions,
    refunds,
    remaining,
    revenue_by,
    sales,
    ties,
    usage,
    waterfall,
)

Rows = list[dict[str, Any]]
Report = Callable[..., Any]
"""Most answer rows; those in `SINGLE` one row alone."""

REPORTS: Final[dict[str, Report]] = {
    "invoices": billing.invoices,
    "billing-diff": billing.billing_diff,
    "billing-alarms": alarms.alarms,
    "deliveries": deliveries.deliveries,
    "debits": collecting.debits,
    "receivables": balances.receivables,
    "aging": balances.aging,
    "deposits": deposits.deposits,
    "openings": openings.openings,
    "protected": protected.protected,
    "reductions": reductions.reductions,
    "advances": advances.advances,
    "refunds": refunds.refunds,
    "receipts": balances.receipts,
    "bank-files": banks.bank_files,
    "bank-corrections": banks.bank_corrections,
    "matches": balances.matches,
    "payer-names": payers.payer_names,
    "statement": balances.statement,
    "journals": books.journals,
    "trial-balance": books.trial_balance,
    "close-status": closes.close_status,
    "close-steps": closes.close_steps,
    "close-flux": closes.close_flux,
    "close-history": closes.close_history,
    "tie-out": ties.tie_out,
    "tie-out-slips": ties.tie_out_slips,
    "audit": audit.audit,
    "schedule": contracts.schedule,
    "recognized": contracts.recognized,
    "deferred": contracts.deferred,
    "contract-balances": contract_balances.contract_balances,
    "remaining-obligations": remaining.remaining_obligations,
    "revenue-by": revenue_by.revenue_by,
    "waterfall": waterfall.waterfall,
    "obligations": obligations.obligations,
    "modifications": obligations.modifications,
    "judgements": obligations.judgements,
    "allocation-check": obligations.allocation_check,
    "interest": obligations.interest,
    "timeline": contracts.timeline,
    "contracts": contracts.contracts,
    "renewals": contracts.renewals,
    "mrr": sales.mrr,
    "mrr-by": sales.mrr_by,
    "mrr-movements": sales.mrr_movements,
    "cohorts": sales.cohorts,
    "forecast": sales.forecast,
    "usage": usage.usage,
}
SINGLE: Final = frozenset({"mrr"})
"""The reports that answer one row: figures of a month."""


READING: Final[dict[str, str]] = {
    "invoices": "invoices.read",
    "billing-diff": "billing.read",
    "billing-alarms": "billing.read",
    "deliveries": "invoices.read",
    "debits": "collecting.read",
    "receivables": "receivables.read",
    "aging": "receivables.read",
    "deposits": "receivables.read",
    "openings": "receivables.read",
    "protected": "receivables.read",
    "reductions": "matching.read",
    "advances": "matching.read",
    "tie-out": "exports.read",
    "tie-out-slips": "exports.read",
    "refunds": "refunds.read",
    "receipts": "receipts.read",
    "bank-files": "receipts.read",
    "bank-corrections": "receipts.read",
    "matches": "matching.read",
    "payer-names": "matching.read",
    "statement": "receivables.read",
    "journals": "journals.read",
    "trial-balance": "journals.read",
    "close-status": "closing.read",
    "close-steps": "closing.read",
    "close-flux": "closing.read",
    "close-history": "closing.read",
    "audit": "audit.read",
    "schedule": "revenue.read",
    "recognized": "revenue.read",
    "deferred": "revenue.read",
    "contract-balances": "revenue.read",
    "remaining-obligations": "revenue.read",
    "revenue-by": "revenue.read",
    "waterfall": "revenue.read",
    "obligations": "revenue.read",
    "modifications": "revenue.read",
    "judgements": "revenue.read",
    "allocation-check": "revenue.read",
    "interest": "revenue.read",
    "timeline": "contracts.read",
    "contracts": "contracts.read",
    "renewals": "contracts.read",
    "mrr": "reports.read",
    "mrr-by": "reports.read",
    "mrr-movements": "reports.read",
    "cohorts": "reports.read",
    "forecast": "reports.read",
    "usage": "usage.read",
}
"""The permission that each report asks of its reader."""


def report(session: Session, name: str, **options: Any) -> Any:
    """The rows of a report, or its one row (`SINGLE`); options that are None are left out."""
    return REPORTS[name](session, **{key: value for key, value in options.items() if value is not None})
