"""What a partner owes on a day, item by item (債権残高), found through the documents that bear its name.

Items carry no index by partner. But what a billing run issued stands in order of the payers' codes, and its items in
order of the invoices: both are found by halving the runs' blocks.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import aging

from . import papers, payments, reads, words
from .made import Cause, Explanation, Step

BOUNDS: Final = (30, 60, 90)


def balance(session: Session, code: str, on: date, as_of: date | None = None) -> Explanation | None:
    """What a partner owes on a day: its open items; made again from its documents and what settled them."""
    found = session.read(
        "SELECT id AS partner_id FROM parties_partner WHERE company_id = ? AND code = ?", (session.company_id, code)
    )
    if found.is_empty():
        return None
    partner_id = found["partner_id"][0]
    bills = _invoices(session, code)
    items = _items(session, partner_id, bills)
    raised = items.filter(pl.col("posted_on") <= on)
    moved = _movements(session, items)
    rows = _balances(session, raised, moved, on)
    owed = rows.filter(pl.col("balance") != 0)
    last = date.fromordinal(on.replace(day=1).toordinal() - 1)
    opened = items.filter(pl.col("posted_on") <= last).height
    before = _opening(items, moved, last) if opened else None
    return Explanation(
        ref=f"balance:{code}:{on}",
        title=f"{reads.partner(session, partner_id)['name']} の未回収 {words.day(on)} 現在",
        amount=int(rows["balance"].sum()),
        recomputed=_documents(session, partner_id, bills, on)
        + int(moved.filter(pl.col("moved_on") <= on)["moved"].sum()),
        steps=tuple(_owed(session, row) for row in owed.iter_rows(named=True)),
        sources=_aged(owed, on),
        path=(Cause("前月末の残高", f"balance:{code}:{last}", last, before),) if opened else (),
        as_of=on,
        previous=before,
        previous_ref=f"balance:{code}:{last}" if opened else "",
    )


def _opening(items: pl.DataFrame, moved: pl.DataFrame, on: date) -> int:
    """What was owed at the end of the month before."""
    raised = items.filter(pl.col("posted_on") <= on)["gross"].sum()
    return int(raised) + int(moved.filter(pl.col("moved_on") <= on)["moved"].sum())


def _invoices(session: Session, code: str) -> pl.DataFrame:
    """The invoices of a payer: in every billing run's block, which is in order of the payers' codes."""
    keyed = (
        "SELECT t.id, p.code AS key_value FROM invoices_invoice t JOIN parties_partner p ON p.id = t.partner_id WHERE"
    )
    blocks = _blocks(session, "invoices.Invoice")
    spans = reads.ordered(session, keyed, blocks, [(code, code)] * len(blocks))
    return reads.within(session, "invoices_invoice", papers.HEAD, spans)


def _blocks(session: Session, relation: str) -> list[reads.Span]:
    """The blocks that billing runs wrote into the table."""
    found = reads.spans_of_runs(session, ("bill",), relation)
    return [(first, first + count) for first, count in found.select("first_id", "count").iter_rows()]


def _items(session: Session, partner_id: int, bills: pl.DataFrame) -> pl.DataFrame:
    """The items of the invoices and of the partner's slips and openings."""
    spans: list[reads.Span] = []
    wanted: list[tuple[int, int]] = []
    for run_id, first, last in (
        bills.group_by("run_id", maintain_order=True).agg(first=pl.col("id").min(), last=pl.col("id").max()).iter_rows()
    ):
        own = reads.spans_of_run(session, run_id, "receivables.Item")
        spans, wanted = spans + own, wanted + [(first, last)] * len(own)
    keyed = "SELECT t.id, t.source_id AS key_value FROM receivables_item t WHERE"
    billed = reads.within(session, "receivables_item", payments.ITEM, reads.ordered(session, keyed, spans, wanted))
    return pl.concat([billed, payments.items_of_slips(session, "partner_id = ?", (partner_id,))]).sort("id")


def _movements(session: Session, items: pl.DataFrame) -> pl.DataFrame:
    """What moved the items, by their index."""
    return reads.by_key(session, "receivables_movement", "id, item_id, moved, moved_on", "item_id", items["id"])


def _balances(session: Session, raised: pl.DataFrame, moved: pl.DataFrame, on: date) -> pl.DataFrame:
    """The items with their ``balance`` as the books keep it, taken back to the day by what moved since."""
    parts = [pl.DataFrame(schema={"id": pl.Int64, "kept": pl.Int64})]
    for at in range(0, raised.height, reads.FEW):
        marks = ", ".join(map(str, raised["id"][at : at + reads.FEW]))
        found = session.read(f"SELECT item_id, balance FROM receivables_open WHERE item_id IN ({marks})")
        parts.append(found.select(id="item_id", kept="balance"))
    since = moved.filter(pl.col("moved_on") > on).group_by(id="item_id").agg(since=pl.col("moved").sum())
    joined = raised.join(pl.concat(parts), on="id", how="left", maintain_order="left").join(
        since, on="id", how="left", maintain_order="left"
    )
    return joined.with_columns(balance=pl.col("kept").fill_null(0) - pl.col("since").fill_null(0))


def _documents(session: Session, partner_id: int, bills: pl.DataFrame, on: date) -> int:
    """What the partner's documents up to the day come to: lines of invoices, slips, openings and collections."""
    issued = bills.filter(pl.col("issue_on") <= on)
    total = 0
    ends = pl.col("first_line_id") + pl.col("line_count")
    for first, beyond in (
        issued.group_by("run_id")
        .agg(first=pl.col("first_line_id").min(), beyond=ends.max())
        .select("first", "beyond")
        .iter_rows()
    ):
        lines = reads.within(session, "invoices_line", "id, invoice_id, net, tax_amount", [(first, beyond)])
        own = lines.filter(pl.col("invoice_id").is_in(issued["id"].implode()))
        total += int(own["net"].sum()) + int(own["tax_amount"].sum())
    raised = payments.items_of_slips(session, "partner_id = ? AND posted_on <= ?", (partner_id, on))
    kinds = {
        source: raised.filter(pl.col("source") == source)["source_id"] for source in ("slip", "opening", "collection")
    }
    entered = reads.by_ids(session, "receivables_slip", "id, gross", pl.concat([kinds["slip"], kinds["opening"]]))
    owed = reads.by_ids(session, "collecting_collection", "id, amount, fee", kinds["collection"])
    return total + int(entered["gross"].sum()) + int(owed["amount"].sum()) - int(owed["fee"].sum())


def _owed(session: Session, row: dict[str, Any]) -> Step:
    name, _ = payments.source(session, row)
    return Step(f"{name} 回収予定 {words.day(row['due_on'])}", "", row["balance"], f"item-{row['id'] - session.low}")


def _aged(owed: pl.DataFrame, on: date) -> tuple[tuple[str, str], ...]:
    """How long the amounts have been due, by the aging kernel."""
    if owed.is_empty():
        return ()
    aged = aging.age(owed.select("partner_id", amount="balance", basis_on="due_on"), on, BOUNDS, by=("partner_id",))
    row = aged.row(0, named=True)
    parts = [("期日前", row["not_due"]), *[(f"{label}日超過", row[label]) for label in aging.labels(BOUNDS)]]
    return tuple((label, words.yen(amount)) for label, amount in parts if amount)
