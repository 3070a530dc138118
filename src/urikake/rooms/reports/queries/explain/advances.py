"""Advances received (前受金) explained: what of one was applied to items, and what a partner has left of all."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.ledger import actions as postings
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import codes
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.refunds import queries as refunds

from . import lines, reads, words
from .made import Cause, Explanation, Step, number, recorded


def use(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """What of an advance was applied at once: the items that it settled."""
    row = reads.one(session, "matching_advance_use", matching.ADVANCE_USE, number(session, text))
    if row is None:
        return None
    moved = _moved(session, row)
    steps = tuple(
        Step("債権を減らす" if m < 0 else "債権を戻す", amount=-m, ref=f"item-{item_id - session.low}")
        for item_id, m in moved.select("item_id", "moved").iter_rows()
    )
    posted = reads.entries_of(session, row["run_id"], "advance", row["id"])
    owner = reads.partner(session, row["partner_id"])
    back = (
        () if row["reverses_id"] is None else (Cause("取り消した充当", f"advance-{row['reverses_id'] - session.low}"),)
    )
    return Explanation(
        ref=f"advance-{text}",
        title=f"{owner['name']} の前受金の充当 {text}" + ("（取消）" if row["reverses_id"] else ""),
        amount=row["used"],
        recomputed=-int(moved["moved"].sum()),
        steps=steps,
        sources=(("した人", reads.run(session, row["run_id"])["actor"]),),
        path=(
            _source(session, row),
            Cause("前受金の残高", f"advances:{owner['code']}"),
            Cause("充当", f"advance-{text}", row["applied_on"], row["used"]),
            *back,
            *(Cause("仕訳", f"entry-{entry - session.low}", day) for entry, day in posted.iter_rows()),
        ),
        recorded=recorded(session, "matching.AdvanceUse", row["id"], row["run_id"]),
    )


def _moved(session: Session, row: dict[str, Any]) -> pl.DataFrame:
    """The movements of a use: within its run's block."""
    names, what = "id, item_id, moved, moved_on, source_id", "source_id = ? AND kind IN ('advanced', 'unadvanced')"
    return reads.of_run(
        session, "receivables_movement", "receivables.Movement", names, row["run_id"], what, (row["id"],)
    )


def _source(session: Session, row: dict[str, Any]) -> Cause:
    """Where the advance came from: what was kept of a receipt, or collected beyond what was owed."""
    if row["application_id"] is not None:
        return Cause("前受金にした消込", f"application-{row['application_id'] - session.low}")
    found = reads.one(session, "collecting_advance", "id, collection_id", row["collected_id"])
    assert found is not None
    return Cause("前受金にした収納", f"collection-{found['collection_id'] - session.low}")


def left(session: Session, code: str, as_of: date | None = None) -> Explanation | None:
    """What is left of a partner's advances on the day: each as it was kept, less what of it was applied."""
    known = codes(session).filter(pl.col("code") == code)
    if known.is_empty():
        return None
    partner_id, on = known["partner_id"][0], as_of or lines.newest_day(session)
    found = matching.advances(session, on).filter(pl.col("partner_id") == partner_id)
    uses = matching.advance_uses(session, "partner_id = ? AND applied_on <= ?", (partner_id, on))
    steps = [
        Step(f"{words.day(row['booked_on'])} 前受金", row["name"], row["amount"], _source(session, row).ref)
        for row in found.iter_rows(named=True)
    ]
    steps += [
        Step(
            f"{words.day(row['applied_on'])} " + ("充当の取消" if row["reverses_id"] else "充当"),
            amount=-row["used"],
            ref=f"advance-{row['use_id'] - session.low}",
        )
        for row in uses.iter_rows(named=True)
    ]
    steps += _refunded(session, partner_id, on)
    return Explanation(
        ref=f"advances:{code}",
        title=f"{reads.partner(session, partner_id)['name']} の前受金の残り {words.day(on)} 現在",
        amount=int(found["left"].sum()),
        recomputed=sum(step.amount or 0 for step in steps),
        steps=tuple(steps),
        path=(Cause("科目の残高", f"account:前受金:{on}", on),),
        as_of=on,
    )


def _refunded(session: Session, partner_id: int, on: date) -> list[Step]:
    """What of the partner's advances was paid back by the day, each refund a step."""
    own = refunds.refunds(session, "partner_id = ? AND pay_on <= ?", (partner_id, on))
    sums = refunds.parts(session).group_by("refund_id").agg(kept=pl.col("amount").sum())
    return [
        Step(
            f"{words.day(row['pay_on'])} " + ("返金の取消" if row["reverses_id"] else "返金"),
            amount=-row["kept"],
            ref=f"refund-{row['refund_id'] - session.low}",
        )
        for row in own.join(sums, on="refund_id", maintain_order="left").iter_rows(named=True)
    ]


def lines_again(session: Session, use_id: int, run_id: int) -> pl.DataFrame:
    """The lines of the entry of a use from what it moved."""
    made = matching.advance_uses(session, "id = ?", (use_id,))
    moved = _moved(session, {"id": use_id, "run_id": run_id})
    items = reads.by_ids(session, "receivables_item", receivables.ITEM, moved["item_id"].unique())
    return postings.advance_lines(session, made, moved, items.rename({"id": "item_id"}))
