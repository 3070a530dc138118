"""What a report was asked for, looked up: partners, contracts and spans of days; refused where there is no such thing."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.parties.queries import codes


def partner_id(session: Session, code: str) -> int:
    """The id of a partner by its code; refused where there is none."""
    found = codes(session).filter(pl.col("code") == code)
    if found.is_empty():
        raise Refusal("no-partner", f"取引先「{code}」はありません。", "取引先コードを確かめてください。")
    return int(found["partner_id"][0])


def contract_ids(session: Session, contract_no: str) -> pl.Series:
    """The id of a contract by its number, as a column; refused where there is none."""
    found = contracts(session).filter(pl.col("contract_no") == contract_no)["contract_id"]
    if found.is_empty():
        raise Refusal("no-contract", f"契約「{contract_no}」はありません。", "契約番号を確かめてください。")
    return found


def require_span(since: date, until: date) -> None:
    """Return if the days are a span; refused where it would end before it begins."""
    if since > until:
        raise Refusal(
            "bad-span",
            f"期間の初め {since} が終わり {until} より後です。",
            "初めの日（from）と終わりの日（to）を確かめてください。",
        )
