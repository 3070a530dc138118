"""本番の前に: opening balances tied to the old system's total, and the first bill held against its last one."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl
from django.http import HttpResponse
from django.shortcuts import render

from urikake.base.errors import FileRefusal, Refusal
from urikake.core import written
from urikake.core.comparison import EQUAL
from urikake.doors import rehearsal as door
from urikake.rooms.closing.actions import OLD_BILLS
from urikake.rooms.intake.queries import Sheet, raw, read
from urikake.rooms.reports.queries.openings import amount, by_partner, tied

from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted, today
from ..frame import last_day
from ..table import Column, Empty, table

PLACE: Final = "going-live"
TONES: Final = {"equal": "", "different": "warn", "ours_only": "warn", "theirs_only": "warn"}
MOST: Final = 500
"""How many rows a page shows; the command and the API tell all."""


@page("going-live", PLACE, permission="receivables.read", title="移行残高とリハーサル")
def going_live(desk: Desk) -> Shown:
    """What came in as opening balances, by partner, tied to the ledger and the total stated; the form of the rehearsal."""
    found = by_partner(desk.session)
    columns = [
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("items", "明細", "number"),
        Column("balance", "移行残高(円)", "yen", summed=True),
        Column("left", "まだ残っている額(円)", "yen", summed=True),
        Column("partner", "コード", hidden=True),
    ]
    listing = table(
        desk, found, columns, key="partner", name=PLACE, find=["partner_name", "partner"], sort="",
        empty=Empty("移行残高はまだありません。", "取込の画面へ", desk.link("imports")),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    stated, wrong = _stated(desk.ask("total"))
    return {
        "table": listing, "count": found.height, "sums": tied(desk.session, found, stated), "total": desk.ask("total"),
        "wrong": wrong, "closing": last_day(desk.on.replace(day=1)),
    }  # fmt: skip


def _stated(text: str) -> tuple[int | None, str]:
    """The total that was typed, or what is wrong with it."""
    try:
        return amount(text), ""
    except Refusal as refusal:
        return None, f"{refusal.cause}{refusal.remedy}"


@deed("rehearse", f"{PLACE}/rehearse", permission=door.PERMISSION)
def rehearse(doing: Deed) -> HttpResponse:
    """The closing held against the file sent; nothing is stored."""
    try:
        on = _day(doing)
        found = door.rehearse(doing.books, _sheet(doing), on, user=doing.person.name)
    except Refusal as refusal:
        rows = [str(error) for error in refusal.errors[:20]] if isinstance(refusal, FileRefusal) else []
        return render(doing.request, "web/rehearsed.html", {"cause": refusal, "errors": rows})
    return render(doing.request, "web/rehearsed.html", _told(found, on))


def _sheet(doing: Deed) -> Sheet:
    sent = doing.request.FILES.get("file")
    if sent is None:
        raise Refusal("no-file", "ファイルが選ばれていません。", "旧システムの請求の一覧を選んでください。")
    return read(raw(sent.read(), (sent.name or "file")[-120:]), OLD_BILLS)


def _day(doing: Deed) -> date:
    text = written.day(doing.field("closing"), today(doing.company.code))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad-date", f"「{text}」は日付ではありません。", "2026-04-30 の形で指定してください。") from None


def _told(found: pl.DataFrame, on: date) -> dict[str, Any]:
    """What differs, the largest first, with the figures of the whole."""
    differing = found.filter(pl.col("state") != EQUAL).sort(
        pl.col("difference").abs(), descending=True, maintain_order=True
    )
    figures = door.figures(found)
    return {
        "on": on, "figures": figures, "keys": [k for k in ("contract_no", "product") if k in found.columns],
        "rows": [
            row | {"label": door.STATES[row["state"]], "tone": TONES[row["state"]]}
            for row in differing.head(MOST).iter_rows(named=True)
        ],
        "more": max(differing.height - MOST, 0),
        "counts": [(word, figures[state]) for state, word in door.STATES.items()],
    }  # fmt: skip
