"""Settlements (精算明細) of card processors and couriers: each payment settles its document, once."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import cells, clearing
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet
from urikake.rooms.receivables import queries as receivables

from .. import queries
from ..models import Collection, Line
from .collected import Collected, settle
from .masters import collector_of

SETTLEMENT: Final = Kind(
    "settlement",
    (
        Column("date", "精算日", cells.day, required=True),
        Column("id", "取引番号", required=True),
        Column("invoice_no", "請求書番号", required=True),
        Column("amount", "金額", cells.amount, required=True),
        Column("fee", "手数料", cells.amount),
        Column("payout_on", "入金予定日", cells.day, required=True),
    ),
)
LINE: Final = ["transaction_code", "document", "amount", "fee", "collected_on", "payout_on"]


@action("collecting.settle")
def take_settlement(session: Session, *, sheet: Sheet, collector: str) -> Collected:
    """Take a settlement file (精算明細) of a card processor or a courier: each payment settles its document, once.

    What the collector owes is one item a settlement day and payout day, less the fees that it keeps.
    """
    head = collector_of(session, collector, debit=False)
    _check_settlement(session, sheet)
    good = sheet.sift()
    rows = good.with_columns(
        pl.col("fee").fill_null(0), transaction_code="id", document="invoice_no", collected_on="date"
    )
    there = _lines_of(session, head["collector_id"])
    again = rows.join(there, on="transaction_code", how="semi")
    other = again.join(there, on=LINE, how="anti")["transaction_code"]
    sheet.check(pl.col("id").is_in(other.implode()), "id", "この取引番号は別の内容で登録済みです")
    fresh = rows.join(there, on="transaction_code", how="anti", maintain_order="left")
    sheet.frame = fresh
    closed = [day for day in fresh["collected_on"].unique() if not periods.is_open(session, day)]
    sheet.check(pl.col("date").is_in(closed), "date", "締め済みの月です")
    items = receivables.of_documents(session, rows["document"].unique())
    sheet.check(~pl.col("invoice_no").is_in(items["number"].implode()), "invoice_no", "この請求書はありません")
    sheet.accept()
    return _settle_lines(session, sheet, fresh.sort("collected_on", "payout_on", maintain_order=True), head, items)


def _check_settlement(session: Session, sheet: Sheet) -> None:
    """Note everything that is wrong with the rows by themselves."""
    sheet.check(pl.col("id").is_duplicated() & pl.col("id").is_not_null(), "id", "同じ取引番号の行が二つあります")
    sheet.check(pl.col("amount") <= 0, "amount", "正の整数で書いてください（返金は取り込めません）")
    sheet.check((pl.col("fee") < 0) | (pl.col("fee") > pl.col("amount")), "fee", "0 から金額までで書いてください")
    sheet.check(pl.col("payout_on") < pl.col("date"), "payout_on", "精算日より前です")


def _lines_of(session: Session, collector_id: int) -> pl.DataFrame:
    """The lines of the collector that were taken, as files tell them."""
    days = queries.collections(session, "collector_id = ?", (collector_id,)).select(
        "collection_id", "collected_on", "payout_on"
    )
    taken = queries.lines(session, "collector_id = ?", (collector_id,))
    return taken.join(days, on="collection_id", maintain_order="left").select(LINE)


def _settle_lines(
    session: Session, sheet: Sheet, lines: pl.DataFrame, head: dict[str, Any], items: pl.DataFrame
) -> Collected:
    """Record what the lines tell, and settle their documents."""
    collector = pl.lit(head["collector_id"], dtype=pl.Int64)
    days = ["collected_on", "payout_on"]
    sums = (
        lines.group_by(days, maintain_order=True)
        .agg(pl.col("amount", "fee").sum())
        .with_columns(collector_id=collector)
    )
    collections = facts.record(session, Collection, sums).rename({"id": "collection_id"})
    placed = lines.join(collections.select("collection_id", *days), on=days, maintain_order="left")
    facts.record(session, Line, placed.with_columns(collector_id=collector))
    paid = placed.group_by("document", "collection_id", "collected_on", maintain_order=True).agg(pl.col("amount").sum())
    mine = items.filter(pl.col("number").is_in(paid["document"].implode()))
    known = receivables.standing(session, mine["item_id"])
    settled = _of_documents(session, paid, mine.select("item_id", document="number"), known)
    sums = settled.group_by("document", "collection_id").agg(settled=pl.col("amount").sum())
    owner = mine.unique("number", keep="first").select("partner_id", document="number")
    beyond = paid.join(sums, on=["document", "collection_id"], how="left", maintain_order="left").join(
        owner, on="document", how="left", maintain_order="left"
    )
    over = beyond.with_columns(amount=pl.col("amount") - pl.col("settled").fill_null(0))
    if lines.height:
        record_file(session, sheet=sheet)
    return settle(session, collections, settled, known, over, pl.DataFrame())


def _of_documents(session: Session, paid: pl.DataFrame, mine: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """What each document and collection settles of the document's open items: ``document, collection_id, item_id, amount``.

    A document's payments together are shared over its items by the company's policy, then one after the other.
    """
    numbered = paid.select("document", total=pl.col("amount").sum().over("document")).unique(maintain_order=True)
    open_ = mine.join(numbered.with_row_index("receipt_id"), on="document", maintain_order="left").join(
        known.select("item_id", "balance", "due_on", on="posted_on"), on="item_id", maintain_order="left"
    )
    rows = open_.filter(pl.col("balance") > 0).select(
        "receipt_id", "item_id", "due_on", "on", receipt_amount="total", amount="balance"
    )
    shares = clearing.allocate(rows, policies(session)["allocation"])  # type: ignore[arg-type]
    named = shares.join(open_.select("item_id", "document"), on="item_id", maintain_order="left")
    upto = named.with_columns(to=pl.col("amount").cum_sum().over("document"))
    parts = paid.with_columns(part_to=pl.col("amount").cum_sum().over("document"))
    parts = parts.with_columns(part_from=pl.col("part_to") - pl.col("amount")).drop("amount")
    both = upto.with_columns(since=pl.col("to") - pl.col("amount")).drop("amount").join(parts, on="document")
    shared = pl.min_horizontal("to", "part_to") - pl.max_horizontal("since", "part_from")
    return both.with_columns(amount=shared).filter(pl.col("amount") > 0)
