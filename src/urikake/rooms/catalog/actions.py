"""Products and what they may be sold with, taken from files: every new (code, first day) is a new version."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import company, facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.core import cells
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet, options

from . import queries
from .models import OptionRule, Product

TAXES: Final = "standard reduced exempt out_of_scope export".split()
MODELS: Final = "flat unit graduated volume package included free".split()
METERS: Final = "max last unique".split()
BASES: Final = ("observed", "adjusted_market", "cost_plus", queries.RESIDUAL)
"""How a standalone selling price may be known: seen where it is sold alone (29号69項), or estimated (適用指針31項)."""
NO_REST: Final = ("usage", "lifetime", "deposit", "progress")
"""Revenue of which there is no selling price that others leave: as used, over a life, none at all, as performed."""
PRODUCTS: Final = Kind(
    "products",
    (
        Column("code", "商品コード", required=True),
        Column("name", "商品名", required=True),
        options("tax", "税区分", *TAXES, *(f"{tax}_incl" for tax in TAXES), required=True),
        options("price_model", "料金体系", *MODELS, required=True),
        Column("unit_price", "単価", cells.micro),
        Column("tiers", "段階"),
        Column("included", "含む数量", cells.micro),
        Column("overage_price", "超過単価", cells.micro),
        Column("package_size", "入数", cells.micro),
        Column("minimum", "最低料金", cells.amount),
        Column("maximum", "上限料金", cells.amount),
        options(
            "revenue",
            "収益認識",
            "monthly",
            "daily",
            "usage",
            "point",
            "contract_start",
            "lifetime",
            "deposit",
            "progress",
        ),
        Column("life_months", "見込月数", cells.amount, why="月数を 1 以上の整数で書いてください"),
        Column("ssp", "独立販売価格", cells.micro),
        options("obligation", "履行義務種別", "service", "goods", "lease", "right"),
        Column("revenue_account", "売上科目"),
        Column("service", "サービス区分"),
        Column("valid_from", "適用開始", cells.day),
        options("meter", "集計", "sum", *METERS),
        Column("commitment_months", "約束期間月", cells.amount, why="月数を 1〜120 の整数で書いてください"),
        options("ssp_basis", "独立販売価格の根拠", *BASES),
    ),
)
ALWAYS: Final = date(1900, 1, 1)
TIERED: Final = ("graduated", "volume", "package")


@action("products.import")
def import_products(session: Session, *, sheet: Sheet) -> int:
    """Take the product versions of the sheet and return how many are new; refused whole if any row is wrong."""
    _check(session, sheet)
    wanted = _versions(session, sheet.sift())
    known = queries.products(session).rename({"product": "code"})
    keys = ["code", "valid_from_on"]
    same = wanted.join(known.drop("product_id"), on=wanted.columns, how="semi", nulls_equal=True)
    clash = wanted.join(same, on=keys, how="anti").join(known, on=keys, how="semi")["code"]
    sheet.check(
        pl.col("code").is_in(clash.implode()),
        "code",
        "同じ商品コード・適用開始で内容の違う版が登録済みです。価格などを変えるときは適用開始を新しくしてください",
    )
    sheet.accept()
    fresh = wanted.join(known, on=keys, how="anti", maintain_order="left")
    if fresh.height:
        facts.record(session, Product, fresh)
        record_file(session, sheet=sheet)
    return fresh.height


def _check(session: Session, sheet: Sheet) -> None:
    """Note everything that is wrong with the rows beyond their cells."""
    keys = pl.struct("code", pl.col("valid_from").fill_null(ALWAYS))
    sheet.check(
        keys.is_duplicated() & pl.col("code").is_not_null(), "code", "同じ商品コード・適用開始の行が二つあります"
    )
    priced = pl.col("price_model").is_in(["flat", "unit", "included"])
    sheet.check(priced & pl.col("unit_price").is_null(), "unit_price", "この料金体系には単価が必要です")
    tiered = pl.col("price_model").is_in(["graduated", "volume"])
    sheet.check(tiered & pl.col("tiers").is_null(), "tiers", "この料金体系には段階が必要です（例 100@10;*@5）")
    sheet.check(
        pl.col("tiers").is_not_null() & ~pl.col("tiers").str.contains(TIERS),
        "tiers",
        "100@10;500@8;*@5 の形で書いてください",
    )
    package = pl.col("price_model") == "package"
    sheet.check(
        package & ~(pl.col("package_size").fill_null(0) > 0), "package_size", "この料金体系には入数（正の数）が必要です"
    )
    lifetime = pl.col("revenue") == "lifetime"
    sheet.check(
        lifetime & ~(pl.col("life_months").fill_null(0) > 0),
        "life_months",
        "lifetime には見込月数（正の整数）が必要です",
    )
    for name in ("unit_price", "included", "overage_price", "minimum", "maximum"):
        sheet.check(pl.col(name) < 0, name, "0 以上で書いてください")
    metered = pl.col("meter").is_in(METERS) & ~(pl.col("revenue") == "usage").fill_null(False)
    sheet.check(metered, "meter", "集計は、使用量で課金する商品（収益認識 usage）だけで選べます")
    _check_commitment(sheet)
    _check_selling_price(sheet)
    _check_deposit(session, sheet)
    chart = company.accounts(session)["name"].to_list()
    sheet.check(~pl.col("revenue_account").is_in(chart), "revenue_account", "科目表にない科目です")


def _check_commitment(sheet: Sheet) -> None:
    """Note what is wrong with the months for which the least or greatest charge is agreed on together."""
    months = pl.col("commitment_months")
    sheet.check(~months.is_between(1, 120), "commitment_months")
    unused = months.is_not_null() & ~(pl.col("revenue") == "usage").fill_null(False)
    sheet.check(unused, "commitment_months", "約束期間は、使用量で課金する商品（収益認識 usage）だけに書けます")
    bare = months.is_not_null() & pl.col("minimum").is_null() & pl.col("maximum").is_null()
    sheet.check(bare, "commitment_months", "約束期間には、その期間の最低料金か上限料金が必要です")
    sheet.check(pl.col("maximum") < pl.col("minimum"), "maximum", "最低料金より低くなっています")


def _check_selling_price(sheet: Sheet) -> None:
    """Note what is wrong with how a standalone selling price is known."""
    rest = (pl.col("ssp_basis") == queries.RESIDUAL).fill_null(False)
    sheet.check(
        rest & pl.col("ssp").is_not_null(),
        "ssp",
        "residual（残余アプローチ）では、独立販売価格を空欄にしてください",
    )
    sheet.check(
        ~rest & pl.col("ssp_basis").is_not_null() & pl.col("ssp").is_null(), "ssp", "この根拠には独立販売価格が必要です"
    )
    sheet.check(
        rest & pl.col("revenue").is_in(NO_REST), "ssp_basis",
        "残余アプローチ（residual）は、使用量・見込期間・預り保証金・進捗度の商品では選べません",
    )  # fmt: skip


def _check_deposit(session: Session, sheet: Sheet) -> None:
    """Note what a deposit (預り保証金) cannot have: it is taken and given back, never sold, so it has no tax and no revenue."""
    held = (pl.col("revenue") == "deposit").fill_null(False)
    sheet.check(held & (pl.col("tax") != "out_of_scope"), "tax", "預り保証金（deposit）は不課税（out_of_scope）です")
    plain = pl.col("price_model").is_in(["flat", "unit"])
    sheet.check(held & ~plain, "price_model", "預り保証金（deposit）の料金体系は flat か unit です")
    for name in ("minimum", "maximum", "ssp"):
        sheet.check(
            held & pl.col(name).is_not_null(), name, "預り保証金（deposit）には書けません。売上にならないからです"
        )
    on_it = pl.col("revenue_account") == queries.DEPOSITS
    sheet.check(
        held & ~on_it, "revenue_account", f"預り保証金（deposit）の科目は {queries.DEPOSITS} です。空欄でもかまいません"
    )
    sheet.check(~held & on_it, "revenue_account", f"{queries.DEPOSITS} は、預り保証金（deposit）の商品だけの科目です")
    kinds = queries.products(session).select("product", was=pl.col("revenue") == "deposit").unique()
    before = pl.col("code").replace_strict(dict(kinds.iter_rows()), default=held, return_dtype=pl.Boolean)
    several = held.n_unique().over("code") > 1
    why = "同じ商品コードで、預り保証金（deposit）とそれ以外を変えることはできません。別の商品コードにしてください"
    sheet.check((before != held) | several, "revenue", why)


TIERS: Final = r"^(\d+(\.\d+)?@\d+(\.\d{1,6})?;)*\*@\d+(\.\d{1,6})?$"


def _versions(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    held = pl.col("revenue") == "deposit"
    if frame.select(held.any()).item():
        company.open_account(session, queries.DEPOSITS)
    account = dict(company.accounts(session).select("name", "id").iter_rows())
    usual = pl.when(held).then(pl.lit(queries.DEPOSITS)).otherwise(pl.lit("売上高"))
    return frame.select(
        "code",
        pl.col("tax").str.strip_suffix("_incl"),
        "price_model",
        "minimum",
        "maximum",
        "life_months",
        "commitment_months",
        revenue=pl.col("revenue").fill_null(company.policies(session)["recognition"]),
        product_name="name",
        inclusive=pl.col("tax").str.ends_with("_incl"),
        unit_price_micro=pl.col("unit_price").fill_null(0),
        tiers=pl.col("tiers").fill_null(""),
        included_micro=pl.col("included").fill_null(0),
        overage_price_micro=pl.col("overage_price").fill_null(0),
        package_size_micro=pl.col("package_size").fill_null(0),
        ssp_micro="ssp",
        obligation=pl.col("obligation").fill_null("service"),
        revenue_account_id=pl.coalesce("revenue_account", usual).replace_strict(account, return_dtype=pl.Int64),
        service=pl.col("service").fill_null(""),
        valid_from_on=pl.col("valid_from").fill_null(ALWAYS),
        meter=pl.when(pl.col("meter").is_in(METERS)).then("meter").otherwise(pl.lit("")),
        ssp_basis=pl.col("ssp_basis").fill_null(""),
    )


FEE: Final = "解約金"
FEES: Final = dict(zip(TAXES, ("標準税率", "軽減税率", "非課税", "不課税", "輸出免税"), strict=True))
"""What the code of the product of a fee says of its tax class."""


@action("products.import")
def fee_versions(session: Session, taxes: pl.Series) -> pl.Series:
    """The product of the fee for leaving (解約金) of each tax class; it is made where a contract first needs it."""
    code = pl.format(f"{FEE}（{{}}）", pl.col("tax").replace_strict(FEES))
    asked = taxes.rename("tax").to_frame().with_columns(code=code)
    known = queries.products(session)["product"]
    fresh = asked.unique("code").filter(~pl.col("code").is_in(known.implode())).sort("code")
    if fresh.height:
        empty = {name: pl.lit(None, dtype=pl.Int64) for name in ("unit_price", "included", "overage_price", "package_size",
                 "minimum", "maximum", "life_months", "ssp", "commitment_months")}  # fmt: skip
        texts = {
            name: pl.lit(None, dtype=pl.String)
            for name in ("tiers", "obligation", "revenue_account", "service", "meter", "ssp_basis")
        }
        rows = fresh.with_columns(
            name=pl.lit(FEE), price_model=pl.lit("flat"), revenue=pl.lit("point"),
            valid_from=pl.lit(None, dtype=pl.Date), **empty, **texts,
        )  # fmt: skip
        facts.record(session, Product, _versions(session, rows))
    made = queries.products(session).select("product_id", code="product")
    return asked.join(made, on="code", how="left", maintain_order="left")["product_id"]


RULES: Final = "needs excludes alone".split()
OPTION_RULES: Final = Kind(
    "option-rules",
    (
        Column("product", "商品コード", required=True),
        options("rule", "決まり", *RULES, required=True),
        Column("other", "相手の商品コード"),
        Column("valid_from", "適用開始", cells.day),
        Column("valid_to", "適用終了", cells.day),
    ),
)


@action("products.import")
def import_option_rules(session: Session, *, sheet: Sheet) -> int:
    """Take what products may be sold with and return how many rows say something new; refused whole if any is wrong.

    A rule is ended by its row with a last day.
    """
    _check_rules(session, sheet)
    sheet.accept()
    wanted = sheet.frame.select(
        "rule",
        product="product",
        other=pl.col("other").fill_null(""),
        from_on=pl.col("valid_from").fill_null(ALWAYS),
        until_on=pl.col("valid_to").dt.offset_by("1d"),
    ).unique(maintain_order=True)
    known = queries.option_rules(session)
    fresh = wanted.join(known, on=wanted.columns, how="anti", nulls_equal=True, maintain_order="left")
    if fresh.height:
        names = {"product": "code", "other": "other_code", "from_on": "valid_from_on"}
        facts.record(session, OptionRule, fresh.rename(names))
        record_file(session, sheet=sheet)
    return fresh.height


def _check_rules(session: Session, sheet: Sheet) -> None:
    """Note what is wrong with the rules beyond their cells."""
    codes = queries.products(session)["product"].implode()
    sheet.check(~pl.col("product").is_in(codes), "product", "この商品はありません")
    sheet.check(~pl.col("other").is_in(codes), "other", "この商品はありません")
    alone = pl.col("rule") == "alone"
    sheet.check(alone & pl.col("other").is_not_null(), "other", "alone（単独で契約）には相手を書けません")
    sheet.check(~alone & pl.col("other").is_null(), "other", "needs と excludes には相手の商品コードが必要です")
    sheet.check(pl.col("other") == pl.col("product"), "other", "自分自身は相手にできません")
    first = pl.col("valid_from").fill_null(ALWAYS)
    sheet.check(pl.col("valid_to") < first, "valid_to", "適用開始より前です")
    key = pl.struct("product", "rule", pl.col("other").fill_null(""), first.alias("first"))
    sheet.check(key.is_duplicated(), "product", "同じ決まり・適用開始の行が二つあります")
