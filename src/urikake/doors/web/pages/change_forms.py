"""契約の変更: one event of a contract typed in, through the same door as a file of events."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl
from django.http import Http404, HttpResponse
from django.shortcuts import render

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core.search import meant
from urikake.doors import ahead, files
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.contracts.actions import EVENTS
from urikake.rooms.contracts.queries import WORDS

from .. import forms, shown
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted, today
from ..forms import Field, Group

KINDS: Final = tuple(kind for kind in (*WORDS, "correct") if kind != "start")
LEAVING: Final = ("cancel", "remove_option")
STARTING: Final = tuple(kind for kind in KINDS if kind not in LEAVING)
ON_ONE: Final = ("change_plan", "change_quantity", "change_price", "remove_option")
ON_SOME: Final = (*ON_ONE, "discount", "suspend", "resume", "change_start", "cancel")
VALUED: Final = ("change_plan", "change_quantity", "add_option", "correct")
HINTS: Final = {
    "discount": "その日から値引した料金になります。",
    "suspend": "その日から使えず、請求も収益もありません。",
    "resume": "その日からまた使えます。",
    "change_start": "契約はその日から始まります。",
    "change_bill_to": "その日から始まる請求期間から、新しい請求先へ請求します。請求した分はそのままです。",
    "correct": "訂正した内容を、もとの変更の代わりにします。もとの記録も残ります。",
}


def _groups(session: Session, contract_no: str) -> tuple[Group, ...]:
    """The fields of a change; which there are depends on what changes."""
    lines = _lines(session, contract_no)
    if len(lines) > 1:
        lines = [("", "契約全体（または一つだけの明細）"), *lines]
    return (
        Group("何を変えるか", (
            Field("type", label="変更", options=[(kind, _word(kind)) for kind in KINDS], leads=True),
            Field("line", label="どの明細を", options=lines, when=ON_SOME),
            Field("event_id", label="どの変更を", hint="空欄なら、下の日の変更", options=_named(session, contract_no),
                  when=("correct", "withdraw")),
            Field("product", label="どの商品に", pick="products", when=("change_plan", "add_option", "correct")),
            Field("bill_to", label="どの取引先へ請求するか", pick="partners", when=("change_bill_to", "correct")),
            Field("quantity", label="数量", hint="変えたあとの数", when=VALUED),
            Field("unit_price", label="単価", hint="円。空欄なら商品の単価", when=(*VALUED, "change_price")),
            Field("discount", hint="10% か 500（円）。0 でそれまでの値引を終える", when=("discount", "correct")),
            Field("discount_months", label="値引する月数", hint="空欄はずっと、0 はその請求期間だけ", when=("discount",),
                  plain=True),
        )),
        Group("いつから", (
            Field("effective", label="新しい状態の最初の日", hint="この日から変わります。前の日までは今のままです", when=STARTING),
            Field("last_day", label="使える最後の日", hint="この日まで使い、次の日から終わります", when=LEAVING),
            Field("reason", wide=True),
        )),
    )  # fmt: skip


def _named(session: Session, contract_no: str) -> list[tuple[str, str]]:
    """The standing events of the contract that bear an id, to pick from, the newest first."""
    mine = contracts.contracts(session).filter(pl.col("contract_no") == contract_no).select("contract_id")
    found = contracts.events(session).join(mine, on="contract_id", how="semi").filter(pl.col("event_code") != "")
    rows = found.sort("effective_on", descending=True).select("event_code", "effective_on", "kind").iter_rows()
    return [("", ""), *((code, f"{on:%Y/%m/%d} {WORDS.get(kind, kind)}（{code}）") for code, on, kind in rows)]


def _word(kind: str) -> str:
    """What people call the kind of change."""
    return WORDS.get(kind, "訂正")


def _lines(session: Session, contract_no: str) -> list[tuple[str, str]]:
    """The products that lines of the contract bear, now or once, to pick from; the newest first."""
    found = contracts.lines_of(session, contract_no)
    return list(found.select("product", "product_name").unique(maintain_order=True).iter_rows())


@page("contract-change", "contracts/<path:contract_no>/change", permission="contracts.change", title="契約の変更")
def change(desk: Desk, contract_no: str) -> Shown:
    """A form for one change, with the lines as they stand beside it."""
    held = contracts.in_force(desk.session, desk.on).filter(pl.col("contract_no") == contract_no)
    if contract_no not in contracts.contracts(desk.session)["contract_no"]:
        raise Http404(contract_no)
    values = {name: desk.ask(name) for name in ("type", "effective", "line", "event_id")}
    form = forms.drawn(
        desk, EVENTS, _groups(desk.session, contract_no), values | {"type": values["type"] or "change_quantity"},
        submit="変更を予約する", back=desk.link(f"contracts/{quoted(contract_no)}"),
    )  # fmt: skip
    return {
        "form": form,
        "contract_no": contract_no,
        "lines": held.to_dicts(),
        "picks": forms.picks(products=forms.kinds_of_product(desk.session), partners=forms.partners(desk.session)),
        "page": {"title": f"契約 {contract_no} の変更", "name": "contract-change"},
    }


@deed(
    "contract-change-save", "contracts/<path:contract_no>/change", permission="contracts.change", form="contract-change"
)
def reserve(doing: Deed, contract_no: str) -> HttpResponse:
    """Record the change; from which day it holds is said in words."""
    row = _row(doing, contract_no)
    files.enter(
        doing.books,
        "events",
        [row],
        subject=f"契約 {contract_no}",
        user=doing.person.name,
        request=forms.once(doing, [row]),
    )
    return doing.done(
        f"{_word(row['type'])}を登録しました。{_when(row)}",
        f"contracts/{quoted(contract_no)}",
    )


@deed("contract-change-ahead", "contracts/<path:contract_no>/change/ahead", permission="contracts.change")
def look_ahead(doing: Deed, contract_no: str) -> HttpResponse:
    """What the change that is being typed would do to the next three bills; nothing is stored."""
    row = _row(doing, contract_no)
    try:
        found = ahead.look(doing.books, contract_no, [row], since=today(doing.company.code), user=doing.person.name)
    except Refusal as refusal:
        labels = {column.name: column.label for column in EVENTS.columns}
        shown_ = {"errors": forms.summary(refusal, labels), "cause": refusal}
    else:
        shown_ = {"bills": found.bills(), "rows": found.changed(), "earned": found.revenue(), "said": _when(row)}
    return render(doing.request, "web/ahead.html", shown_)


def _row(doing: Deed, contract_no: str) -> dict[str, str]:
    """What was typed as the row of a file of events."""
    with runs.reading(doing.books, doing.person.name) as session:
        groups, known = _groups(session, contract_no), forms.kinds_of_product(session)
    row = forms.row(doing, EVENTS, groups) | {"contract_no": contract_no}
    return row | {"product": meant(known, row["product"])}


def _when(row: dict[str, str]) -> str:
    """From when the change holds, in words."""
    if row["last_day"]:
        return shown.ends(date.fromisoformat(row["last_day"]))
    first = date.fromisoformat(row["effective"])
    if row["type"] == "withdraw":
        return f"{shown.day(first)} に予約していた変更は行いません。"
    if row["type"] == "decline_renewal":
        return "いまの期間が終わると、更新せずに終わります。"
    if row["type"] in HINTS:
        return f"{shown.day(first)}: {HINTS[row['type']]}"
    return shown.turns(first)
