"""The parts of the screens (部品) with all their states on one page, for those who build screens; only where the demo is served."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final, cast

import polars as pl
from django.conf import settings
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from urikake.base.bulk import Session

from . import pictures
from .book import Undo
from .bridge import bridge
from .desk import AsOf, Company, Desk, Person
from .pictures import Part
from .table import Choice, Column, Empty, Table, table
from .views import Shipped

SAMPLE: Final = Company(0, "demo", "部品の見本")
DAY: Final = date(2026, 11, 30)
COLUMNS: Final = (
    Column("name", "名前", url=lambda row: "#"),
    Column("on", "日付", "date"),
    Column("amount", "金額(円)", "yen", summed=True),
    Column("quantity", "数量", "quantity"),
    Column("state", "状態", "state", tone={"済": "good", "未": "bad"}),
)
ROWS: Final = pl.DataFrame(
    {
        "name": ["ふつうの行", "負の行", "何もない行"],
        "on": [DAY, DAY, None],
        "amount": [1_234_567, -440, None],
        "quantity": [2_000_000, 1_500_000, None],
        "state": ["済", "未", None],
    }
)
PROPOSAL: Final = {
    "title": "方針の変更",
    "text": "消費税の端数: 切り捨て → 四捨五入",
    "why": "取引先とそろえるため",
    "actor": "kanri",
    "recorded_at": datetime(2026, 11, 30, 9, 2, tzinfo=UTC),
}
BRIDGE: Final = bridge(
    Part("10月", 1_000),
    [Part("新規", 300, url="#", note="2件"), Part("解約", -100)],
    Part("11月", 1_200),
    label="見本の差",
)


def page(request: HttpRequest) -> HttpResponse:
    """Every part; 404 where the demo is not served."""
    if not settings.DEMO:
        raise Http404
    listing = _list(request)
    return listing if isinstance(listing, HttpResponse) else render(request, "web/parts.html", _context(listing))


def _list(request: HttpRequest) -> Table | HttpResponse:
    """The list; empty where the address asks for what is not there (``?q=``)."""
    desk = Desk(request, "", SAMPLE, Person("sample", "auditor"), AsOf(DAY, DAY), cast(Session, None))
    return table(
        desk, ROWS, COLUMNS, key="name", name="parts", filters=[Choice("state", "状態")], find=["name"], select=True,
        shipped=[Shipped("負だけ", "q=負")], empty=Empty("条件に合うものはありません。", "すべて見る", "/dev/parts"),
    )  # fmt: skip


def _context(listing: Table) -> dict[str, Any]:
    undo = Undo("views/save", {"title": "見本"}, "同じ名前と条件で保存し直します。")
    return {
        "company": SAMPLE,
        "day": AsOf(DAY, DAY),
        "can_write": True,
        "sample_day": DAY,
        "no_day": None,
        "asked_for": [dict(PROPOSAL, number=n, own=n == 1, decidable=n == 2) for n in (1, 2, 3)],
        "table": listing,
        "bridge": BRIDGE,
        "shares": pictures.shares([Part("期日前", 900), Part("1-30日", 300)], label="見本の内訳"),
        "spark": pictures.spark([Part(f"{n}月", 100 * n) for n in range(1, 13)], label="見本の動き"),
        "amounts": [1_234_567, -440, 0, None],
        "tones": [("good", "済"), ("wait", "進行中"), ("warn", "注意"), ("bad", "未"), ("", "なし")],
        "icons": ["house", "bell", "receipt", "settings"],
        "messages_shown": [
            Message(constants.SUCCESS, "見え方を消しました。", extra_tags=undo.kept("demo")),
            Message(constants.SUCCESS, "承認しました。"),
            Message(constants.ERROR, "締められません。差額が 440円 あります。突合の行を確かめてください。"),
        ],
    }
