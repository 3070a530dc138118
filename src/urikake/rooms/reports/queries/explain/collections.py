"""What others collected for us, explained: what was collected, what it settled, what of it the collector owes."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.formats import zengin91
from urikake.rooms.collecting import queries as collecting
from urikake.rooms.ledger import actions as postings
from urikake.rooms.receivables import queries as receivables

from . import papers, reads, words
from .made import Cause, Explanation, Step, number, recorded

MANY: Final = 200  # items shown one by one; more are shown as one sum


def collection(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """What a collector collected at once: the customers' items that it settled, less its fee, is what it owes."""
    row = reads.one(session, "collecting_collection", collecting.COLLECTION, number(session, text))
    if row is None:
        return None
    moved, over = _moved(session, row), _advances(session, row)
    owner = reads.partner(session, row["collector_id"])
    steps = [*_settling(session, moved)]
    steps += [
        Step("前受金にする（債権を超えて集めた額）", reads.partner(session, partner)["name"], amount)
        for partner, amount in over.select("partner_id", "amount").iter_rows()
    ]
    steps += [Step("収納機関の手数料", amount=-row["fee"])] if row["fee"] else []
    return Explanation(
        ref=f"collection-{text}",
        title=f"{owner['name']} の収納 {text}（{words.day(row['collected_on'])}）",
        amount=row["amount"] - row["fee"],
        recomputed=settled(session, row) - row["fee"],
        steps=tuple(steps),
        sources=(("入金予定日", words.day(row["payout_on"])), *_asked(session, row), *_file(session, row)),
        path=_path(session, row, text),
        recorded=recorded(session, "collecting.Collection", row["id"], row["run_id"]),
    )


def settled(session: Session, row: dict[str, Any]) -> int:
    """What was collected, from what it settled and what is beyond."""
    return int(_advances(session, row)["amount"].sum()) - int(_moved(session, row)["moved"].sum())


def _moved(session: Session, row: dict[str, Any]) -> pl.DataFrame:
    """The movements of a collection: within its run's block."""
    names, what = "id, item_id, moved, moved_on, source_id", "source_id = ? AND kind = 'collected'"
    return reads.of_run(
        session, "receivables_movement", "receivables.Movement", names, row["run_id"], what, (row["id"],)
    )


def _advances(session: Session, row: dict[str, Any]) -> pl.DataFrame:
    return collecting.advances(session, "collection_id = ?", (row["id"],))


def _settling(session: Session, moved: pl.DataFrame) -> list[Step]:
    """The items that were settled; of very many their sum."""
    if moved.height > MANY:
        return [Step("消し込んだ債権", f"{moved.height:,}件", -int(moved["moved"].sum()))]
    return [
        Step("債権を減らす" if m < 0 else "債権を戻す", amount=-m, ref=f"item-{item_id - session.low}")
        for item_id, m in moved.select("item_id", "moved").iter_rows()
    ]


def _asked(session: Session, row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What was asked of the collector, where it was asked, and what it answered."""
    if row["request_id"] is None:
        return ()
    asked = collecting.requests(session).row(by_predicate=pl.col("request_id") == row["request_id"], named=True)
    counts = collecting.debits(session, row["request_id"]).group_by("result").len().sort("result").iter_rows()
    told = "・".join(f"{zengin91.RESULTS[code]} {count:,}件" for code, count in counts if code is not None)
    said = f"{row['request_id'] - session.low}（{asked['debit_count']:,}件 {words.yen(asked['amount'])}）"
    return (("振替依頼", said), ("振替結果", told))


def _file(session: Session, row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    name = reads.file_of(session, row["run_id"]) or reads.run(session, row["run_id"])["subject"]
    return (("取込", name or "—"),)


def _path(session: Session, row: dict[str, Any], text: str) -> tuple[Cause, ...]:
    """収納代行 → 収納機関の債権 → 入金 → 消込 → 仕訳."""
    stations = [Cause("収納代行", f"collection-{text}", row["collected_on"], row["amount"])]
    what = "source = 'collection' AND source_id = ?"
    names = f"{receivables.ITEM}, run_id"
    items = reads.of_run(session, "receivables_item", "receivables.Item", names, row["run_id"], what, (row["id"],))
    for item in items.rename({"id": "item_id"}).iter_rows(named=True):
        stations += papers.paid(session, item)
    posted = reads.entries_of(session, row["run_id"], "collection", row["id"])
    return (*stations, *(Cause("仕訳", f"entry-{entry - session.low}", day) for entry, day in posted.iter_rows()))


def lines_again(session: Session, collection_id: int, run_id: int) -> pl.DataFrame:
    """The lines of a collection's entry from what it moved."""
    made = collecting.collections(session, "id = ?", (collection_id,))
    row = {"id": collection_id, "run_id": run_id}
    moved = _moved(session, row)
    items = reads.by_ids(session, "receivables_item", receivables.ITEM, moved["item_id"].unique())
    return postings.collection_lines(session, made, moved, items.rename({"id": "item_id"}), _advances(session, row))
