"""商品を登録・料金を改定: one version of a product typed in, through the same door as a file of products."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.core.money import micro
from urikake.doors import files
from urikake.rooms.catalog.actions import PRODUCTS
from urikake.rooms.catalog.queries import as_rows, products
from urikake.rooms.intake.queries import Sheet

from .. import forms, shown
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..forms import Field, Group

USUAL: Final = {
    "tax": "standard",
    "price_model": "flat",
    "revenue": "monthly",
    "obligation": "service",
    "revenue_account": "売上高",
}

NUMBERS: Final = ("unit_price", "included", "overage_price", "package_size", "ssp")


def _groups(session: Session) -> tuple[Group, ...]:
    """The fields of a product; which prices there are depends on how it is priced."""
    chart = [(name, name) for name in accounts(session)["name"]]
    tiers = "いくつまで@単価 を ; で区切り、最後は *（100@10;*@5）"
    return (
        Group("商品", (
            Field("code"), Field("name"), Field("tax"), Field("service", hint="分析の区分"),
            Field("valid_from", hint="この料金を使い始める日。空欄ははじめから"),
        )),
        Group("料金", (
            Field("price_model", leads=True),
            Field("unit_price", hint="円。小数は6桁まで", when=("flat", "unit", "included", "package")),
            Field("tiers", hint=tiers, wide=True, when=("graduated", "volume", "package")),
            Field("included", hint="料金に含まれる数", when=("unit", "included", "package")),
            Field("overage_price", hint="含む数量を超えた1つの単価", when=("included",)),
            Field("package_size", hint="1組の数", when=("package",)), Field("minimum"), Field("maximum"),
            Field("commitment_months", label="約束期間月", plain=True,
                  hint="最低・上限を何か月の合計で約束するか。空欄は請求サイクルごと（収益認識が使用量のとき）"),
        )),
        Group("収益認識", (
            Field("revenue"), Field("meter", hint="収益認識が使用量のとき。空欄は合計"),
            Field("life_months", label="見込月数", hint="収益認識が見込期間のとき", plain=True),
            Field("ssp", hint="単独で売るときの1サイクルの単価（税抜）。空欄の商品のある契約には、取引価格を配分しない"),
            Field("ssp_basis", hint="どう求めたか。残余は、契約の価格からほかの商品の独立販売価格を引いた残り（独立販売価格は空欄）"),
            Field("obligation"), Field("revenue_account", options=chart),
        )),
    )  # fmt: skip


@page("product-new", "products/new", permission="products.import", title="商品を登録", template="web/pages/form.html")
def new(desk: Desk) -> Shown:
    """An empty form; with ``product`` the newest version of that product, for a new price from a day on."""
    code = desk.ask("product")
    values = _newest(desk.session, code) if code else USUAL
    if values is None:
        raise Http404(code)
    submit = "料金を改定する" if code else "登録する"
    form = forms.drawn(desk, PRODUCTS, _groups(desk.session), values, submit=submit, back=desk.link("products"))
    title = f"{values['name']} の料金を改定" if code else "商品を登録"
    return {"form": form, "page": {"title": title, "name": "product-new"}}


def _newest(session: Session, code: str) -> dict[str, Any] | None:
    """The newest version of the product as the row of a file, without the day from which it holds."""
    found = products(session).filter(pl.col("product") == code)
    if found.is_empty():
        return None
    row = as_rows(found.tail(1), accounts(session))[0]
    return row | {name: shown.plain(micro(row[name])) for name in NUMBERS if row[name]}


@deed("product-new-save", "products/new", permission="products.import", form="product-new")
def add(doing: Deed) -> HttpResponse:
    """Register the product, or a new version of it from a day on; a version that is there never changes."""
    with runs.reading(doing.books, doing.person.name) as session:
        groups = _groups(session)
    row = forms.row(doing, PRODUCTS, groups)
    files.enter(
        doing.books, "products", [row], subject=f"商品 {row['code']}", user=doing.person.name,
        request=forms.once(doing, [row]), before=_later,
    )  # fmt: skip
    since = f"{row['valid_from'].replace('-', '/')} から" if row["valid_from"] else "はじめから"
    return doing.done(f"商品 {row['name']} を登録しました（{since}）。", f"products/{quoted(row['code'])}")


def _later(session: Session, sheet: Sheet) -> None:
    """Note a product that is there already without the day from which its new price holds."""
    known = products(session)["product"]
    why = "この商品は登録済みです。料金を改定するときは、新しい料金を使い始める日を書いてください"
    sheet.check(pl.col("valid_from").is_null() & pl.col("code").is_in(known.implode()), "valid_from", why)
