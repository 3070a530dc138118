"""Contracts judged to be one (契約の結合, 29号27項): which may be joined, and which may be parted again.

Contracts made with the same customer, or with companies that belong together, at or near the same time are one where they were
negotiated as a package with one purpose, where the price of one depends on the other, or where what they promise is one
obligation. Which of the three it is, people say as their reason.
"""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.parties.queries import groups

from .. import queries

COMBINED: Final = "combined"
APART: Final = "apart"


def contract(session: Session, number: str) -> int:
    """The contract with the number; refused where there is none."""
    found = contracts.contracts(session).filter(pl.col("contract_no") == number)["contract_id"]
    if found.is_empty():
        raise Refusal("unknown-contract", f"契約「{number}」はありません。", "契約番号を確かめてください。")
    return int(found[0])


def number_of(session: Session, contract_id: int) -> str:
    """The number of the contract."""
    return str(contracts.contracts(session).filter(pl.col("contract_id") == contract_id)["contract_no"][0])


def _joined(session: Session) -> dict[int, int]:
    """The contracts that are combined, each with the one that they were joined to; that one with itself."""
    return dict(queries.combined(session).select("contract_id", "arrangement_id").iter_rows())


def members(session: Session, contract_id: int) -> list[int]:
    """The contract and all that are one with it."""
    joined = _joined(session)
    head = joined.get(contract_id, contract_id)
    return sorted({contract_id, *(key for key, value in joined.items() if value == head)})


def joined_to(session: Session, number: str) -> str:
    """The number of the contract that the one with the number was joined to; refused where it was joined to none."""
    contract_id = contract(session, number)
    head = _joined(session).get(contract_id, contract_id)
    if head == contract_id:
        raise Refusal(
            "not-combined", f"契約「{number}」は、ほかの契約に結合していません。",
            "結合を申請したときの、初めの契約番号を指定してください（K-2 を K-1 に結合したなら K-2）。",
        )  # fmt: skip
    return number_of(session, head)


def told(session: Session, contract_id: int, number: str) -> dict[str, Any]:
    """What a judgement says of the contract and the one with the number: ``with_contract_id``, ``treatment``; or a refusal.

    Without a number the contract is to be one of its own again.
    """
    joined = _joined(session)
    if not number:
        head = contract(session, joined_to(session, number_of(session, contract_id)))
        _unchanged(session, members(session, contract_id))
        return {"with_contract_id": head, "treatment": APART}
    head = contract(session, number)
    if head == contract_id or contract_id in joined or joined.get(head, head) != head:
        first = number_of(session, joined[head] if head in joined else joined.get(contract_id, head))
        raise Refusal(
            "bad-combination", f"この契約を「{number}」には結合できません。",
            f"まだ結合していない別の契約を、初めに結合した相手の契約（{first}）に結合してください。",
        )  # fmt: skip
    _same_customer(session, contract_id, head)
    _unchanged(session, [contract_id, *members(session, head)])
    return {"with_contract_id": head, "treatment": COMBINED}


def _same_customer(session: Session, *numbers: int) -> None:
    """Refuse contracts of customers that do not belong together."""
    owners = contracts.contracts(session).filter(pl.col("contract_id").is_in(list(numbers))).select("partner_id")
    own = owners.join(groups(session), on="partner_id", how="left")
    if own.select(pl.coalesce("group_id", "partner_id").n_unique()).item() > 1:
        raise Refusal(
            "other-customer", "取引先の違う契約は結合できません。",
            "同じ取引先か、名寄せ先でつながる取引先（関連当事者）の契約を選んでください。",
        )  # fmt: skip


def followed(session: Session, numbers: list[int]) -> bool:
    """Whether a change of any of the contracts was followed."""
    newest = queries.newest(session).filter(pl.col("contract_id").is_in(numbers))
    return bool((newest["treatment"] != "inception").any())


def _unchanged(session: Session, numbers: list[int]) -> None:
    """Refuse contracts of which a change was followed: what was decided of it would no longer be so."""
    if followed(session, numbers):
        raise Refusal(
            "changed-since", "契約変更を配分に取り込んだあとなので、結合のしかたを変えられません。",
            "結合は、最初の契約変更より前に判断してください。変更の扱いは「契約変更の扱い」で判断できます。",
        )  # fmt: skip
