"""契約を登録: one contract with its lines typed in, through the same door as a file of contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal
from urikake.core.search import meant
from urikake.doors import files
from urikake.rooms.contracts.actions import CONTRACTS
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.intake.queries import Sheet

from .. import forms
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted, today
from ..forms import Field, Group

USUAL: Final = {"cycle_months": 1, "timing": "current"}
LINE: Final = ("product", "quantity", "unit_price")
SPARE: Final = 3
PROTECTED: Final = (("no", "対象外"), ("yes", "対象"))
HEADS: Final = (
    Group("契約", (
        Field("contract_no"), Field("partner", hint="コード・名前・カナのどれでも", pick="partners"),
        Field("start", hint="使い始める日"), Field("end", hint="使える最後の日。空欄は期限なし"),
    )),
    Group("請求", (
        Field("cycle_months", label="請求の間隔(月)", hint="1 は毎月、12 は毎年、0 は一回だけ", plain=True),
        Field("timing", hint="前払は期間の前、当月は期間の始まり、後払は期間の終わりの締日"),
        Field("proration", hint="空欄は会社の決まり"), Field("bill_day", hint="空欄は取引先の締日", plain=True),
    )),
    Group("更新と区分", (
        Field("auto_renew", label="自動更新(月)", hint="空欄は更新しない", plain=True),
        Field("notice_days", label="通知(日前)", plain=True),
        Field("anchor_day", hint="請求の期間が始まる日。空欄は会社の決まり", plain=True), Field("order_no"), Field("group"),
        Field("management_group"), Field("project"), Field("department"),
    ), folded=True),
    Group("この契約だけの回収条件", (
        Field("closing_day", hint="空欄は取引先の締日"), Field("payment_months", label="回収月", plain=True),
        Field("payment_day", hint="1〜28、月末は 31", plain=True), Field("holiday_shift", label="回収日が休日なら"),
        Field("method"), Field("split", hint="transfer:50%;densai:rest:60d"),
        Field("tax_point", hint="税率が変わるとき、どの日の税率か。空欄は会社の方針"),
        Field("commissioned", hint="委託を受けた仕事で、減額や支払遅延が禁じられた契約", options=PROTECTED),
    ), folded=True),
)  # fmt: skip


@page("contract-new", "contracts/new", permission="contracts.import", title="契約を登録")
def new(desk: Desk) -> Shown:
    """A form for the contract's head and as many lines as it takes."""
    back = desk.link("contracts")
    usual = {**USUAL, "partner": desk.ask("partner")}
    return {
        "form": _summed_up(desk, forms.drawn(desk, CONTRACTS, HEADS, usual, submit="登録する", back=back)),
        "lines": _drawn_lines(desk),
        "picks": forms.picks(partners=forms.partners(desk.session), products=forms.kinds_of_product(desk.session)),
    }


def _summed_up(desk: Desk, form: dict[str, Any]) -> dict[str, Any]:
    """The form with what is wrong told once of the head and by line of the lines."""
    told: dict[tuple[str, str], dict[str, str]] = {}
    for error in desk.refusal.errors if isinstance(desk.refusal, FileRefusal) else ():
        own = error.column in LINE
        field = f"{error.column}-{error.line}" if own else error.column
        column = CONTRACTS.column(error.column)
        label = column.label if column else error.column
        told[field, error.why] = {
            "field": field, "label": f"明細{error.line} {label}" if own else label, "why": error.why,
        }  # fmt: skip
    return form | {"summary": list(told.values())}


def _drawn_lines(desk: Desk) -> list[dict[str, Any]]:
    """The lines as typed, each with what is wrong with it, and some empty ones after them."""
    typed = _typed(desk.request.POST) if desk.refusal else []
    rows = typed + [dict.fromkeys(LINE, "")] * SPARE
    return [row | {"at": at, "wrong": forms.wrong(desk.refusal, line=at)} for at, row in enumerate(rows, 1)]


def _typed(sent: Any) -> list[dict[str, str]]:
    """The lines of which anything was filled in."""
    columns = [[text.replace("\0", "").strip() for text in sent.getlist(name)] for name in LINE]
    rows = [dict(zip(LINE, texts, strict=True)) for texts in zip(*columns, strict=False)]
    return [row for row in rows if any(row.values())]


@deed("contract-new-save", "contracts/new", permission="contracts.import", form="contract-new")
def add(doing: Deed) -> HttpResponse:
    """Register the contract with its lines; refused where the number is taken."""
    lines, head = _typed(doing.request.POST), forms.row(doing, CONTRACTS, HEADS)
    with runs.reading(doing.books, doing.person.name) as session:
        head["partner"] = meant(forms.partners(session), head["partner"])
        known = forms.kinds_of_product(session)
        rows = [head | _line(doing, line) for line in lines or [dict.fromkeys(LINE, "")]]
        rows = [row | {"product": meant(known, row["product"])} for row in rows]
    request = forms.once(doing, rows)
    files.enter(
        doing.books, "contracts", rows, subject=f"契約 {head['contract_no']}", user=doing.person.name, request=request,
        before=_new,
    )  # fmt: skip
    return doing.done(f"契約 {head['contract_no']} を登録しました。", f"contracts/{quoted(head['contract_no'])}")


def _line(doing: Deed, line: Mapping[str, str]) -> dict[str, str]:
    """A line as files spell it."""
    on = today(doing.company.code)
    return {name: forms.spelt(column, line[name], on) for name in LINE if (column := CONTRACTS.column(name))}


def _new(session: Session, sheet: Sheet) -> None:
    """Note a contract number that is taken."""
    taken = contracts(session)["contract_no"]
    why = "この契約番号は使われています。別の番号にするか、その契約を開いて変更してください"
    sheet.check(pl.col("contract_no").is_in(taken.implode()), "contract_no", why)
