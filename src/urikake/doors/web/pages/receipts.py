"""入金: what came in, and what of it is not applied yet."""

from __future__ import annotations

import polars as pl

from urikake.rooms.parties.queries import profiles
from urikake.rooms.receipts import queries as receipts

from ..book import Shown, page
from ..desk import Desk
from ..table import Choice, Column, Empty, listed_as, table


@page("receipts", "receipts", permission="receipts.read", title="入金")
def listed(desk: Desk) -> Shown:
    """Every receipt up to the day with what of it is unapplied."""
    found = _receipts(desk)
    columns = [
        Column("number", "入金番号", url=lambda row: desk.link("matching", receipt=row["number"])),
        Column("received_on", "入金日", "date"),
        Column("payer", "振込名義"),
        Column("partner_name", "取引先"),
        Column("amount", "入金額(円)", "yen", summed=True, ref=lambda row: f"receipt-{row['number']}"),
        Column("unapplied", "未消込(円)", "yen", summed=True),
        Column("state", "状態", "state", tone={"消込済": "good", "一部": "wait", "未消込": "bad", "銀行の取消": "off"}),
        Column("reference", "摘要", hidden=True),
        Column("bank_code", "取引番号", hidden=True),
    ]
    return listed_as(
        table(
            desk, found, columns, key="receipt_id", name="receipts", filters=[Choice("state", "状態")],
            find=["payer", "partner_name", "amount", "bank_code", "reference"], sort="-received_on",
            empty=Empty("まだ入金がありません。", "入金データを取り込む", desk.link("imports")),
        )
    )  # fmt: skip


def _receipts(desk: Desk) -> pl.DataFrame:
    every = receipts.receipts(desk.session, "received_on <= ?", (desk.on,))
    left = desk.session.read(
        "SELECT receipt_id, unapplied FROM receipts_unapplied WHERE receipt_id >= ? AND receipt_id < ?",
        (desk.session.low, desk.session.high),
    )
    names = profiles(desk.session, "name").select("partner_id", partner_name="name")
    back = pl.col("reverses_id").is_not_null() | pl.col("receipt_id").is_in(every["reverses_id"].drop_nulls().implode())
    state = pl.when(back).then(pl.lit("銀行の取消")).when(pl.col("unapplied") == 0).then(pl.lit("消込済"))
    state = state.when(pl.col("unapplied") < pl.col("amount")).then(pl.lit("一部")).otherwise(pl.lit("未消込"))
    return (
        every.with_columns(
            partner_id=receipts.payers(desk.session, every), number=pl.col("receipt_id") - desk.session.low
        )
        .join(left, on="receipt_id", how="left", maintain_order="left")
        .join(names, on="partner_id", how="left", maintain_order="left")
        .with_columns(pl.col("unapplied").fill_null(0))
        .with_columns(state=state)
    )
