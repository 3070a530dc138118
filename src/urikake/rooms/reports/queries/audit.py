"""The chain of causes and effects of a document (証跡), read as its explanation reads them: by index and run block."""

from __future__ import annotations

import re
from typing import Any

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.receivables import queries as receivables

from .explain import PAPER, explain, papers, payments, reads

Rows = list[dict[str, Any]]


def audit(session: Session, source: str) -> Rows:
    """The causes and effects of what the reference names, with who and when.

    Of an invoice: its charges, the document, its items, their movements, its entries. Of any other reference of the
    explanations: the stations of its path.
    """
    if re.fullmatch(PAPER, source, re.ASCII):
        return _invoice(session, source)
    return [
        {
            "step": cause.label,
            "ref": cause.ref,
            "amount": cause.amount,
            "on": cause.on.isoformat() if cause.on else None,
            "by": cause.by,
        }
        for cause in explain(session, source).path
    ]


def _invoice(session: Session, number: str) -> Rows:
    """The chain of an invoice."""
    head = papers.head_of(session, number)
    if head is None:
        raise Refusal("no-document", f"請求書「{number}」はありません。", "請求書番号を確かめてください。")
    run = reads.run(session, head["run_id"])
    own = {"step": "invoice", "ref": number, "amount": head["net"], "tax": head["tax_total"]}
    made = {"by": run["actor"], "at": run["recorded_at"].isoformat(), "action": run["action"]}
    items = papers.items_of(session, head["run_id"], head["invoice_id"])
    posted = reads.entries_of(session, head["run_id"], "invoice", head["invoice_id"])
    return [
        *_charges(session, head),
        own | made,
        *[
            {"step": "receivable", "ref": str(row["item_id"] - session.low), "amount": row["gross"], "due": row["due_on"].isoformat()}
            for row in items.iter_rows(named=True)
        ],
        *[step for item_id in items["item_id"] for step in _moved(session, item_id)],
        *[{"step": "entry", "ref": str(entry - session.low), "on": day.isoformat()} for entry, day in posted.iter_rows()],
    ]  # fmt: skip


def _charges(session: Session, head: dict[str, Any]) -> Rows:
    """The charges on the invoice, each by its contract and first day."""
    lines = papers.lines_of(session, head)
    names = "id, contract_no"
    numbers = dict(
        reads.by_ids(session, "contracts_contract", names, lines["contract_id"].unique())
        .select("id", "contract_no")
        .iter_rows()
    )
    return [
        {
            "step": "charge",
            "ref": f"{numbers[row['contract_id']]} {row['from_on']}",
            "amount": row["net"],
            "tax": row["tax_amount"],
        }
        for row in lines.iter_rows(named=True)
    ]


def _moved(session: Session, item_id: int) -> Rows:
    """What moved an item."""
    return [
        {
            "step": row["kind"],
            "ref": payments.mover(session, row),
            "amount": row["moved"],
            "on": row["moved_on"].isoformat(),
        }
        for row in receivables.movements(session, "item_id = ?", (item_id,)).iter_rows(named=True)
    ]
