"""送付: how the documents reach the customer, what came back, and what waits."""

from __future__ import annotations

from typing import Final

import polars as pl
from django.http import HttpResponse

from urikake.doors import deliver
from urikake.rooms.deliveries import queries as deliveries
from urikake.rooms.invoices import queries as invoices

from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, listed_as, table

METHODS: Final = {"email": "メール", "paper": "紙", "peppol": "デジタルインボイス"}
STATES: Final = {
    "waiting": "未送付", "no_address": "宛先なし", "sending": "送信中", "sent": "送信済み", "partial": "一部の宛先に不達",
    "failed": "失敗", "bounced": "不達", "printed": "印刷に回した", "handed": "書き出した",
}  # fmt: skip
TONES: Final = {
    STATES[state]: "good" if state in {"sent", "printed", "handed"} else "wait" if state == "waiting" else "bad"
    for state in STATES
}


@page("deliveries", "deliveries", permission="invoices.read", title="請求書の送付")
def listed(desk: Desk) -> Shown:
    """Every document issued by the day with how it goes to the customer and how that stands now."""
    found = deliveries.deliveries(desk.session, invoices.invoices(desk.session, "issue_on <= ?", (desk.on,)))
    used = pl.coalesce("sent_by", "method")
    shown = found.with_columns(
        method_name=used.replace_strict(METHODS, default=used),
        state_name=pl.col("state").replace_strict(STATES, return_dtype=pl.String),
        sent_to=pl.when(used == "email").then(pl.coalesce("recipients", "to")).otherwise(pl.lit("")),
        cause=pl.concat_str("said", "why", separator=" ").str.strip_chars(),
    )
    columns = [
        Column("number", "請求書番号"),
        Column("name", "請求先", url=lambda row: desk.link(f"partners/{quoted(row['code'])}")),
        Column("closing_on", "締日", "date"),
        Column("total", "税込合計(円)", "yen", summed=True, ref=lambda row: row["number"]),
        Column("method_name", "送り方"),
        Column("sent_to", "宛先"),
        Column("state_name", "状態", "state", tone=TONES),
        Column("cause", "わけ"),
        Column("attempt", "回数", "number"),
        Column("message_id", "メールの番号", hidden=True),
        Column("digest", "送ったファイルの SHA-256", hidden=True),
    ]
    return listed_as(
        table(
            desk, shown, columns, key="number", name="deliveries",
            url=lambda row: desk.link(f"invoices/{quoted(row['number'])}"),
            filters=[
                Choice("waits", "送付", (("open", "済んでいないもの"),), {"open": ~pl.col("state").is_in(["sent", "printed", "handed"])}),
                Choice("state_name", "状態"), Choice("method_name", "送り方"), Choice("closing_on", "締日"),
            ],
            find=["number", "name", "code", "sent_to", "total"], sort="-closing_on",
            empty=Empty("まだ発行した請求書がありません。", "請求を計算する", desk.link("billing")),
        )
    )  # fmt: skip


@deed("bounce", "deliveries/bounce", permission="invoices.deliver")
def bounce(doing: Deed) -> HttpResponse:
    """Note that what was sent came back."""
    number = doing.field("number")
    deliver.bounce(doing.books, number, doing.field("why"), user=doing.person.name)
    return doing.done(f"{number} を不達と記録しました。宛先を直して送り直してください。", f"invoices/{quoted(number)}")
