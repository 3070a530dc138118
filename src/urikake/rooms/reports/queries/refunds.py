"""Refunds (返金): what is paid back to whom, when, and how each stands."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.refunds import queries

from .chosen import partner_id
from .rows import Rows

STATES: Final = ("unfiled", "filed", "came_back")


def refunds(session: Session, as_of: date, status: str = "", partner: str = "") -> Rows:
    """Every refund dated by the day: ``refund, partner, …, amount, payee_account, transfer, state``; also what came back, with why.

    ``payee_account`` is the payee's, ``transfer`` the number of the transfer file. ``status`` and ``partner`` keep those.
    """
    if status and status not in STATES:
        raise Refusal("bad-status", f"--status が「{status}」です。", f"{'・'.join(STATES)} から選んでください。")
    found = queries.standing(session, as_of)
    if partner:
        found = found.filter(pl.col("partner_id") == partner_id(session, partner))
    if status:
        found = found.filter(pl.col("state") == status)
    account = pl.concat_str([pl.col(name) for name in queries.ACCOUNT], separator="-")
    told = found.select(
        refund=pl.col("refund_id") - session.low, partner="code", partner_name="name", date="pay_on", amount="amount",
        payee_account=account, holder="holder_kana", transfer=pl.col("transfer_id") - session.low, state="state", reason="why",
        returned_on="returned_on", returned_reason=pl.col("returned_why").fill_null(""),
    )  # fmt: skip
    return Rows(told)
