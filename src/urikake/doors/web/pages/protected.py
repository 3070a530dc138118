"""取適法の確認: what was done to prices that are protected."""

from __future__ import annotations

from typing import Final

import polars as pl
from django.http import HttpResponse

from urikake.rooms.contracts.queries import commissioned
from urikake.rooms.reports.queries.protected import WORDS, protected

from ..book import Shown, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, table

TONES: Final = {
    WORDS["reduced"]: "bad", WORDS["late"]: "bad", WORDS["terms"]: "wait", WORDS["note"]: "wait",
}  # fmt: skip


@page("protected", "receivables/protected", permission="receivables.read", title="取適法の確認")
def listed(desk: Desk) -> Shown:
    """What was kept back, paid late, or is to be paid too late or by note, of contracts that are marked, by the day."""
    found = protected(desk.session, desk.on).frame.with_columns(key=pl.int_range(pl.len()))
    columns = [
        Column("what", "確かめること", "state", tone=TONES),
        Column("number", "請求書", url=lambda row: desk.link(f"invoices/{quoted(row['number'])}")),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("date", "日付", "date"),
        Column("amount", "金額(円)", "yen"),
        Column("days", "日数", "number"),
        Column("partner", "取引先コード", hidden=True),
    ]
    marked = not commissioned(desk.session).is_empty()
    why = (
        "確かめることはありません。"
        if marked
        else "取適法の対象とした契約はありません。契約の登録で「取適法の対象」を選びます。"
    )
    listing = table(
        desk, found, columns, key="key", name="protected", filters=[Choice("kind", "種類", tuple(WORDS.items()))],
        find=["number", "partner_name", "partner", "amount"], sort="-date", empty=Empty(why),
    )  # fmt: skip
    return listing if isinstance(listing, HttpResponse) else {"table": listing}
