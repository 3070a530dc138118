"""Refunds (返金) explained: what one is of, to which account, in which file, and what took it back."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.ledger import actions as postings
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.refunds import queries as refunds

from . import reads
from .made import Cause, Explanation, Step, number, recorded


def refund(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """What was paid back at once: each advance and each credit of it."""
    row = reads.one(session, "refunds_refund", refunds.REFUND, number(session, text))
    if row is None:
        return None
    parts = refunds.parts(session, "refund_id = ?", (row["id"],))
    moved = _moved(session, row)
    steps = [
        Step(
            "前受金を返す" if part["amount"] > 0 else "前受金に戻す", amount=part["amount"], ref=_advance(session, part)
        )
        for part in parts.iter_rows(named=True)
    ]
    steps += [
        Step("返す残高" if amount > 0 else "残高に戻す", amount=amount, ref=f"item-{item_id - session.low}")
        for item_id, amount in moved.select("item_id", "moved").iter_rows()
    ]
    owner = reads.partner(session, row["partner_id"])
    return Explanation(
        ref=f"refund-{text}",
        title=f"{owner['name']} への返金 {text}" + ("（取消）" if row["reverses_id"] else ""),
        amount=row["amount"],
        recomputed=int(parts["amount"].sum()) + int(moved["moved"].sum()),
        steps=tuple(steps),
        sources=_sources(session, row),
        path=_path(session, row, owner["code"], text),
        recorded=recorded(session, "refunds.Refund", row["id"], row["run_id"]),
    )


def _advance(session: Session, part: dict[str, Any]) -> str:
    """The reference of what an advance is from."""
    if part["application_id"] is not None:
        return f"application-{part['application_id'] - session.low}"
    found = reads.one(session, "collecting_advance", "id, collection_id", part["collected_id"])
    assert found is not None
    return f"collection-{found['collection_id'] - session.low}"


def _sources(session: Session, row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Why, to which account, and who did it."""
    payee = reads.one(session, "refunds_payee", f"id, {refunds.PAYEE}", row["payee_id"])
    assert payee is not None
    account = " ".join([*(payee[name] for name in refunds.ACCOUNT), payee["holder_kana"]])
    return ("理由", row["why"]), ("返金先", account), ("した人", reads.run(session, row["run_id"])["actor"])


def _path(session: Session, row: dict[str, Any], code: str, text: str) -> tuple[Cause, ...]:
    """The stations: the partner's advances, what is taken back, the refund, its entry."""
    posted = reads.entries_of(session, row["run_id"], "refund", row["id"])
    back = (
        () if row["reverses_id"] is None else (Cause("取り消した返金", f"refund-{row['reverses_id'] - session.low}"),)
    )
    return (
        Cause("前受金の残高", f"advances:{code}"),
        *back,
        Cause("返金", f"refund-{text}", row["pay_on"], row["amount"]),
        *(Cause("仕訳", f"entry-{entry - session.low}", day) for entry, day in posted.iter_rows()),
    )


def _moved(session: Session, row: dict[str, Any]) -> pl.DataFrame:
    """The movements of a refund: within its run's block."""
    names, what = "id, item_id, moved, moved_on, source_id", "source_id = ? AND kind IN ('refunded', 'unrefunded')"
    return reads.of_run(
        session, "receivables_movement", "receivables.Movement", names, row["run_id"], what, (row["id"],)
    )


def lines_again(session: Session, refund_id: int, run_id: int) -> pl.DataFrame:
    """The lines of the entry of a refund from what it is of."""
    made = refunds.refunds(session, "id = ?", (refund_id,))
    moved = _moved(session, {"id": refund_id, "run_id": run_id})
    items = reads.by_ids(session, "receivables_item", receivables.ITEM, moved["item_id"].unique())
    parts = refunds.parts(session, "refund_id = ?", (refund_id,))
    return postings.refund_lines(session, made, parts, moved, items.rename({"id": "item_id"}))
