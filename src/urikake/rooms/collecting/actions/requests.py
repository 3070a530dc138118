"""Requests (振替依頼): who is asked for what, the file that asks for it, and its withdrawal."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core.formats import zengin91
from urikake.rooms.intake.queries import made

from .. import queries
from ..models import Debit, DebitItem, Outcome, Request
from .masters import LINE_ENDS, collector_of

LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A request (None where nobody can be asked), whether it is new, its file, and the items that it leaves out with the reason."""

    request: dict[str, Any] | None
    new: bool
    file: bytes
    left_out: pl.DataFrame


@action("collecting.request")
def request_debits(session: Session, *, collector: str, on: date, due: date | None = None) -> Asked:
    """Ask the collector to debit on a day all that is due by it (or ``due``), once: the same request gives the same file.

    Every partner is one record, of all its open items of direct debit that stand in no other unanswered request.
    """
    head = collector_of(session, collector, debit=True)
    rows = queries.askable(session, head["collector_id"], on, due or on)
    left_out = rows.filter(pl.col("reason") != "")
    standing = queries.requests(session).filter(
        (pl.col("collector_id") == head["collector_id"]) & (pl.col("debit_on") == on)
    )
    valid = standing.filter(pl.col("state") != "withdrawn")
    if valid.height:
        request = valid.row(0, named=True)
        return Asked(request, False, queries.file_of(session, request["request_id"]), left_out)
    periods.require_open(session, on)
    wanted = rows.filter(pl.col("reason") == "")
    if wanted.is_empty():
        return Asked(None, False, b"", left_out)
    debits = _debits(session, wanted, head["collector_id"])
    file = _written(head, on, debits)
    request = {
        "collector_id": head["collector_id"],
        "debit_on": on,
        "attempt": standing.height + 1,
        "due_until_on": due or on,
        "debit_count": debits.height,
        "amount": int(debits["amount"].sum()),
        "digest": hashlib.sha256(file).hexdigest(),
        "file_deflated": zlib.compress(file),
    }
    return Asked(_record_request(session, request, debits, wanted), True, file, left_out)


def _record_request(
    session: Session, request: dict[str, Any], debits: pl.DataFrame, wanted: pl.DataFrame
) -> dict[str, Any]:
    """Record a request with its debits and their items; the request with its ``request_id``."""
    request_id = facts.record(session, Request, pl.DataFrame([request]))["id"][0]
    made = facts.record(session, Debit, debits.with_columns(request_id=pl.lit(request_id, dtype=pl.Int64)))
    owner = made.select("partner_id", debit_id="id")
    items = wanted.select("partner_id", "item_id", amount="balance").join(owner, on="partner_id", maintain_order="left")
    facts.record(session, DebitItem, items.sort("debit_id", maintain_order=True))
    return request | {"request_id": request_id}


def _debits(session: Session, wanted: pl.DataFrame, collector_id: int) -> pl.DataFrame:
    """One debit a partner, in order of their codes, with the account and whether the bank sees it for the first time."""
    account = [*queries.ACCOUNT, "bank_name", "branch_name", "holder_kana", "customer_no", "mandate_id"]
    debits = wanted.group_by("partner_id", maintain_order=True).agg(
        pl.col(account).first(), amount=pl.col("balance").sum()
    )
    before = queries.last_accounts(session, collector_id)
    joined = debits.join(before, on="partner_id", how="left", suffix="_before", maintain_order="left")
    other = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_before") for name in queries.ACCOUNT)
    change = (
        pl.when(pl.col("bank_before").is_null())
        .then(pl.lit("first"))
        .when(other)
        .then(pl.lit("changed"))
        .otherwise(pl.lit("other"))
    )
    return joined.with_columns(change=change)


def _written(head: dict[str, Any], on: date, debits: pl.DataFrame) -> bytes:
    """The file of the request; refused with what cannot stand in it."""
    ours = zengin91.Collector(
        code=head["client_code"],
        name=head["client_name"],
        bank=head["bank"],
        branch=head["branch"],
        bank_name=head["bank_name"],
        branch_name=head["branch_name"],
        deposit=head["deposit"],
        number=head["bank_number"],
    )
    names = {"number": "bank_number", "holder": "holder_kana", "customer": "customer_no"}
    same = ["bank", "bank_name", "branch", "branch_name", "deposit", "amount", "change"]
    rows = debits.select(*same, **names).iter_rows(named=True)
    batch = zengin91.Batch(collector=ours, on=on, debits=tuple(zengin91.Debit(**row) for row in rows))
    return made(lambda: zengin91.written([batch], LINE_ENDS[head["line_end"]]), "debit-file", "口座振替")


@action("collecting.request")
def withdraw_request(session: Session, *, request_id: int, why: str) -> dict[str, Any]:
    """Withdraw a request that is not answered yet; its items can be asked for again. Returns the request."""
    if not why.strip():
        raise Refusal("no-reason", "依頼を取り下げる理由がありません。", "--why で書いてください。")
    if len(why.strip()) > LONGEST:
        raise Refusal("long-reason", f"依頼を取り下げる理由が{LONGEST}字を超えています。", "短く書いてください。")
    found = queries.requests(session).filter(pl.col("request_id") == request_id)
    if found.is_empty():
        raise Refusal(
            "no-request",
            f"振替依頼「{request_id - session.low}」はありません。",
            "urikake report debits で番号を確かめてください。",
        )
    request = found.row(0, named=True)
    if request["state"] != queries.OPEN:
        raise Refusal(
            "request-done",
            f"振替依頼「{request_id - session.low}」は、結果を取り込んだか取り下げたかで終わっています。",
            "urikake report debits で確かめてください。",
        )
    end = {"request_id": request_id, "state": "withdrawn", "why": why.strip(), "digest": "", "paid_count": 0, "paid": 0}
    facts.record(session, Outcome, pl.DataFrame([end]))
    return request
