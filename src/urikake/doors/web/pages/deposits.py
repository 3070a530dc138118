"""預り保証金: what customers gave into our keeping, beside the account of the ledger on the same day."""

from __future__ import annotations

from typing import Final

import polars as pl
from django.http import HttpResponse

from urikake.rooms.catalog.queries import DEPOSITS
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.reports.queries.deposits import deposits

from ..book import Shown, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, table

STATES: Final = (("held", "預り中"), ("returned", "返還済"))


@page("deposits", "receivables/deposits", permission="receivables.read", title="預り保証金")
def listed(desk: Desk) -> Shown:
    """The deposits of every contract line on the day: those that are held unless others are asked for, and the proof."""
    every = deposits(desk.session, desk.on).frame
    state = pl.when(pl.col("held") != 0).then(pl.lit("held")).otherwise(pl.lit("returned"))
    found = every.with_columns(
        state=state, ref=pl.concat_str(pl.lit("deposit:"), "contract_no"), key=pl.int_range(pl.len())
    ).with_columns(state_name=pl.col("state").replace_strict(dict(STATES), return_dtype=pl.String))
    shown = found if desk.ask("state") else found.filter(pl.col("state") == "held")
    columns = [
        Column("contract_no", "契約", url=lambda row: desk.link(f"contracts/{quoted(row['contract_no'])}")),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("product_name", "商品"),
        Column("taken_on", "預かった日", "date"),
        Column("amount", "預り(円)", "yen", summed=True, ref=lambda row: row["ref"]),
        Column("returned", "返還(円)", "yen", summed=True, ref=lambda row: row["ref"]),
        Column("held", "残高(円)", "yen", summed=True, ref=lambda row: row["ref"]),
        Column("state_name", "状態", "state", tone={"預り中": "wait", "返還済": "good"}),
        Column("partner", "取引先コード", hidden=True),
        Column("product", "商品コード", hidden=True),
    ]
    listing = table(
        desk, shown, columns, key="key", name="deposits", filters=[Choice("state", "状態", STATES)],
        find=["contract_no", "partner_name", "partner", "held"], sort="contract_no",
        empty=Empty("この日に預かっている保証金はありません。"),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    taken, back = int(every["amount"].sum()), int(every["returned"].sum())
    books = -int(ledger.course(desk.session, [DEPOSITS], [desk.on])[0])
    return {"table": listing, "proof": {"taken": taken, "returned": back, "held": taken - back, "books": books}}
