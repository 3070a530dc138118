"""収益認識の判断: how a change is treated, what is distinct, varies or is one contract, asked for in a form."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.base import runs
from urikake.base.company import policies
from urikake.base.errors import FileRefusal, RowError
from urikake.core import cells, written
from urikake.doors.judging import judge
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.intake.queries import Column, Kind, options
from urikake.rooms.obligations.queries import AMOUNTS, KINDS, TREATMENTS
from urikake.rooms.parties.queries import groups

from .. import forms
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..forms import Field, Group

PLACE: Final = "revenue/judgements"
JUDGEMENT: Final = Kind(
    "judgement",
    (
        Column("contract", "契約番号", required=True),
        options("kind", "判断すること", *KINDS, required=True),
        options("treatment", "変更の扱い", *[name for name in TREATMENTS if name != "inception"]),
        Column("line", "明細の商品"),
        Column("lines", "値引の対象の商品"),
        Column("with_line", "一つにする相手の商品"),
        Column("with_contract", "結合する相手の契約"),
        Column("amount", "額", cells.amount),
        Column("rate", "年利(%)"),
        Column("why", "理由", required=True),
    ),
)


def _groups(desk: Desk) -> tuple[Group, ...]:
    """The fields, with the lines of the contract to choose from."""
    own = contracts.contracts(desk.session).filter(pl.col("contract_no") == desk.ask("contract"))["contract_id"]
    lines = contracts.first_lines(desk.session).filter(pl.col("contract_id").is_in(own.implode()))
    sold = products(desk.session).select("product_id", "product", "product_name")
    named = lines.join(sold, on="product_id").unique("product", maintain_order=True)
    chosen = [("", "（選ばない）"), *named.select("product", "product_name").iter_rows()]
    told = [(name, word) for name, word in TREATMENTS.items() if name != "inception"]
    return (
        Group("何を判断するか", (
            Field("contract"),
            Field("kind", options=list(KINDS.items()), leads=True),
            Field("treatment", options=[("", "（選ばない）"), *told], when=("treatment",), hint="直近の変更を、規則と違う扱いにする"),
            Field("line", options=chosen, when=("bundle", "estimate"), hint="見積りがすべての明細に関わるなら選ばない"),
            Field("lines", when=("discount",), hint="商品コードを , で区切って並べる（" + "・".join(named["product"]) + "）"),
            Field("with_line", options=chosen, when=("bundle",), hint="選ばなければ、別個の履行義務に戻す"),
            Field("with_contract", options=_others(desk, own), when=("combine",), hint="選ばなければ、結合をやめる"),
            Field("amount", when=(*AMOUNTS, "discount"),
                  hint="税抜。見積りでは、値引・返金の見込みと顧客に支払う額は負の数。0 ならなくす"),
            Field("rate", when=("financing",), hint="契約の初めの割引率。4.5 のように。0 なら判断をやめる"),
        )),
        Group("理由", (Field("why", hint="承認する人に示し、記録に残る", wide=True),)),
    )  # fmt: skip


def _others(desk: Desk, own: pl.Series) -> list[tuple[str, str]]:
    """The other contracts of the customer and of companies that belong to it, to choose from."""
    every = contracts.contracts(desk.session)
    mine = every.filter(pl.col("contract_id").is_in(own.implode()))["partner_id"]
    family = groups(desk.session)
    of = family.filter(pl.col("partner_id").is_in(mine.implode()))["group_id"]
    near = pl.concat([mine, family.filter(pl.col("group_id").is_in(of.implode()))["partner_id"]])
    other = every.filter(pl.col("partner_id").is_in(near.implode()) & ~pl.col("contract_id").is_in(own.implode()))
    return [("", "（選ばない）"), *((number, number) for number in other["contract_no"].sort())]


@page("judgement", PLACE, permission="revenue.judge", title="収益認識の判断", template="web/pages/form.html")
def form(desk: Desk) -> Shown:
    """An empty form for the contract."""
    contract = desk.ask("contract")
    values = {"contract": contract, "kind": "treatment"}
    second = policies(desk.session).needs_second_person("judgement")
    back = desk.link(f"contracts/{quoted(contract)}") if contract else desk.link("revenue/obligations")
    submit = "承認に回す" if second else "記録する"
    return {"form": forms.drawn(desk, JUDGEMENT, _groups(desk), values, submit=submit, back=back), "picks": []}


@deed("judgement-save", PLACE, permission="revenue.judge", form="judgement")
def save(doing: Deed) -> HttpResponse:
    """Judge as the form says, or ask for it."""
    with runs.reading(doing.books, doing.person.name) as session:
        known = contracts.contracts(session)["contract_no"]
    row = {column.name: doing.field(column.name).strip() for column in JUDGEMENT.columns}
    wrong = [
        RowError(1, name, row[name], why)
        for name, why, bad in (
            ("contract", "この契約はありません", row["contract"] not in known),
            ("why", "理由を書いてください", not row["why"]),
            (
                "amount",
                "整数で書いてください",
                row["kind"] in (*AMOUNTS, "discount") and _amount(row["amount"]) is None,
            ),
        )
        if bad
    ]
    if wrong:
        raise FileRefusal("判断", wrong)
    used: dict[str, tuple[str, ...]] = {
        "treatment": ("treatment",),
        "bundle": ("line", "with_line"),
        "estimate": ("line",),
        "combine": ("with_contract",),
        "financing": ("rate",),
    }
    what: dict[str, Any] = {name: row[name] for name in used.get(row["kind"], ())}
    if row["kind"] in (*AMOUNTS, "discount"):
        what["amount"] = _amount(row["amount"])
    if row["kind"] == "discount":
        what["line"] = row["lines"]
    number = judge(doing.books, row["contract"], row["kind"], row["why"], user=doing.person.name, **what)["proposal"]
    said = (
        "承認に回しました。別の人が承認すると、次の収益認識から効きます。"
        if number
        else "記録しました。次の収益認識から効きます。"
    )
    return doing.done(f"{row['contract']} の判断を{said}", f"contracts/{quoted(row['contract'])}")


def _amount(text: str) -> int | None:
    """What was typed as a whole number, full-width digits, commas and ▲ read; None where it is none."""
    spelt = written.number(text).replace(",", "")
    return int(spelt) if spelt.lstrip("-").isdigit() else None
