"""Where the demo company stands on its closing day: the work that waits, for whom, and the way to the close."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

import polars as pl

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.doors.asked import answer
from urikake.rooms.billing import queries as billing
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .calendar import LAST

MONTH: Final = f"{LAST:%Y-%m}"


class Queue(NamedTuple):
    """A heap of work: its name, how much it is, and whose it is."""

    name: str
    size: int
    unit: str
    amount: int
    who: str


def queues(url: str) -> list[Queue]:
    """The heaps of work of the day, in the order of the close."""
    with runs.reading(url) as session:
        found = [_drafts(session), _slips(session), _receipts(session), _overdue(session)]
    renewals = answer(url, "renewals", {"as_of": LAST, "days": 60})
    return [*found, Queue("60日以内に更新する契約", len(renewals), "件", 0, "鈴木 suzuki")]


def _drafts(session: Session) -> Queue:
    drafts = billing.waiting(session)
    return Queue("発行していない請求明細", drafts.height, "件", int(drafts["amount"].sum()), "高橋 takahashi")


def _slips(session: Session) -> Queue:
    slips = receivables.waiting_slips(session)
    return Queue("承認待ちの債権伝票", slips.height, "件", int(slips["gross"].sum()), "山本 yamamoto")


def _receipts(session: Session) -> Queue:
    left = receipts.unapplied(session)
    return Queue("消し込んでいない入金", left.height, "件", int(left["unapplied"].sum()), "佐藤 sato")


def _overdue(session: Session) -> Queue:
    late = receivables.open_items(session).filter((pl.col("due_on") < LAST - timedelta(30)) & (pl.col("balance") > 0))
    return Queue("30日を超えて遅れている債権", late.height, "件", int(late["balance"].sum()), "佐藤 sato")


def to_close(url: str) -> list[str]:
    """The commands that take the company through the close of the month."""
    with runs.reading(url) as session:
        slips = receivables.waiting_slips(session)["slip_no"].to_list()
    approve = [f"urikake approve receivables {' '.join(slips)} --as yamamoto"] if slips else []
    return [
        f"urikake match --date {LAST} --as sato",
        *approve,
        f"urikake bill --closing {LAST} --issue --as takahashi",
        f"urikake close {MONTH} --as sato",
        f"urikake report trial-balance --as-of {LAST}",
        "urikake verify",
    ]
