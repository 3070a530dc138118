"""What others collect for us by direct debit, record by record."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.collecting import queries
from urikake.rooms.parties.queries import codes

from .chosen import partner_id
from .rows import Rows

STATES: Final = ("asked", "paid", "unpaid", "withdrawn")


def debits(session: Session, status: str = "", partner: str = "") -> Rows:
    """Every debit that was asked for, by request: ``request, collector, debit_on, partner, …, state, reason, next``.

    ``status`` keeps those in that state, ``partner`` those of that partner.
    """
    if status and status not in STATES:
        raise Refusal("bad-status", f"--status が「{status}」です。", f"{'・'.join(STATES)} から選んでください。")
    found = queries.named_debits(session)
    if partner:
        found = found.filter(pl.col("partner_id") == partner_id(session, partner))
    if status:
        found = found.filter(pl.col("state") == status)
    by = codes(session).rename({"partner_id": "collector_id", "code": "collector"})
    told = found.join(by, on="collector_id", how="left", maintain_order="left").with_columns(
        request=pl.col("request_id") - session.low, partner="code", partner_name="name"
    )
    order = "request collector debit_on partner partner_name customer_no amount state reason next".split()
    return Rows(told.select(order))
