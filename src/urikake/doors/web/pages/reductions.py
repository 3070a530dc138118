"""値引: the discounts that were given as money came in, and whether each needs a return invoice."""

from __future__ import annotations

from typing import Final

import polars as pl
from django.http import HttpResponse

from urikake.rooms.reports.queries.reductions import reductions

from ..book import Shown, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, table

STATES: Final = (("needed", "交付する"), ("exempt", "要らない(1万円未満)"))
TONES: Final = {"交付する": "wait", "要らない(1万円未満)": ""}


@page("reductions", "matching/reductions", permission="matching.read", title="消込での売上値引")
def listed(desk: Desk) -> Shown:
    """The discounts that stand on the day, each with its return invoice."""
    names = dict(STATES)
    found = reductions(desk.session, desk.on).frame.with_columns(
        state=pl.col("return_invoice").replace_strict(names, return_dtype=pl.String), paper=pl.lit("PDF")
    )
    columns = [
        Column("application", "消込"),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("date", "消込日", "date"),
        Column("documents", "請求書"),
        Column("amount", "値引(円)", "yen", summed=True, ref=lambda row: f"application-{row['application']}"),
        Column("net", "税抜(円)", "yen", summed=True),
        Column("tax", "消費税(円)", "yen", summed=True),
        Column("state", "返還請求書", "state", tone=TONES),
        Column("paper", "帳票", url=lambda row: desk.link(f"matching/reductions/{row['application']}.pdf")),
        Column("partner", "取引先コード", hidden=True),
    ]
    listing = table(
        desk, found, columns, key="application", name="reductions", filters=[Choice("return_invoice", "返還請求書", STATES)],
        find=["application", "partner_name", "partner", "documents", "amount"], sort="-date",
        empty=Empty("消込での売上値引はありません。"),
    )  # fmt: skip
    return listing if isinstance(listing, HttpResponse) else {"table": listing}
