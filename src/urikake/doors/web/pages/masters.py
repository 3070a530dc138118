"""商品・料金, 利用量, 設定: prices by date, usage by contract and month, what the company has decided."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.base import access, periods, policies
from urikake.base.users import users
from urikake.doors import people
from urikake.rooms.billing.queries import LATE, MISSING, PRESENT, completeness, scope
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.intake.queries.words import WORDS
from urikake.rooms.usage.queries import totals

from .. import signin
from ..book import Deed, Shown, deed, page
from ..desk import ROLES, Desk, quoted
from ..frame import month_before
from ..table import Choice, Column, Empty, listed_as, table

WORST: Final = {LATE: 0, MISSING: 1, PRESENT: 2}
"""Of two products of a line in one month, whose state is told."""
MODELS: Final = {
    "flat": "定額",
    "unit": "単価×数量",
    "graduated": "段階(積上げ)",
    "volume": "段階(全量)",
    "package": "パッケージ",
    "included": "基本+超過",
    "free": "無料",
}
REVENUES: Final = {
    "monthly": "月割り",
    "daily": "日割り",
    "usage": "使用量",
    "point": "一時点",
    "contract_start": "契約開始時",
    "lifetime": "見込期間",
    "progress": "進捗度・検収",
    "deposit": "預り保証金",
}


@page("products", "products", permission="products.read", title="商品・料金")
def listed(desk: Desk) -> Shown:
    """The version of every product that holds on the day, with its price in words."""
    every = products(desk.session).filter(pl.col("valid_from_on") <= desk.on)
    found = every.unique("product", keep="last", maintain_order=True).with_columns(
        model=pl.col("price_model").replace(MODELS),
        pattern=pl.col("revenue").replace(REVENUES),
        tax_name=pl.col("tax").replace(WORDS["tax"]),
        priced=pl.when("inclusive").then(pl.lit("税込")).otherwise(pl.lit("税抜")),
    )
    counts = contracts.in_force(desk.session, desk.on).group_by("product").agg(lines=pl.len())
    columns = [
        Column("product", "商品コード"),
        Column("product_name", "商品名"),
        Column("model", "料金体系"),
        Column("unit_price_micro", "単価(円)", "quantity"),
        Column("priced", "税"),
        Column("tax_name", "税区分"),
        Column("pattern", "収益認識"),
        Column("lines", "契約明細", "number", summed=True),
        Column("valid_from_on", "適用開始", "date"),
        Column("tiers", "段階", hidden=True),
        Column("service", "サービス区分", hidden=True),
    ]
    shown = found.join(counts, on="product", how="left", maintain_order="left").with_columns(
        pl.col("lines").fill_null(0)
    )
    return listed_as(
        table(
            desk,
            shown,
            columns,
            key="product",
            name="products",
            url=lambda row: desk.link(f"products/{quoted(row['product'])}"),
            filters=[Choice("model", "料金体系"), Choice("tax_name", "税区分")],
            find=["product", "product_name", "service"],
            sort="product",
            empty=Empty("まだ商品がありません。", "商品を取り込む", desk.link("imports")),
        )
    )


@page("usage", "usage", permission="usage.read", title="利用量")
def usage(desk: Desk) -> Shown:
    """Usage by metered contract line over six months; a month without any is a gap."""
    months = _six(desk.on)
    wide = _by_month(desk, months)
    names = [f"{month:%Y-%m}" for month in months]
    columns = [
        Column("contract_no", "契約番号", url=lambda row: desk.link(f"contracts/{quoted(row['contract_no'])}")),
        Column("product_name", "商品"),
        *[Column(name, f"{int(name[5:])}月", "quantity", gap=partial(_lacks, name)) for name in names],
        Column("late", "遅れ"),
        Column("gap", "今月", "state", tone={"欠け": "bad", "あり": "good"}),
    ]
    listing = table(
        desk,
        wide,
        columns,
        key="line_id",
        name="usage",
        filters=[Choice("gap", "今月"), Choice("product_name", "商品")],
        find=["contract_no", "product_name"],
        sort="contract_no",
        empty=Empty("従量の契約はありません。"),
    )
    if isinstance(listing, HttpResponse):
        return listing
    return {"table": listing, "gaps": wide.filter(pl.col("gap") == "欠け").height, "lines": wide.height}


def _lacks(name: str, row: dict[str, Any]) -> bool:
    """Whether usage of the month is to be there and is not."""
    return bool(row[f"{name} state"] == MISSING)


def _by_month(desk: Desk, months: list[date]) -> pl.DataFrame:
    """The metered lines in force with the usage of each month (``2026-04``), its ``state``, and in which it came late."""
    wide = lines = _metered(desk)
    calendar_months = pl.DataFrame({"from_on": months, "to_on": [periods.following(month) for month in months]})
    spans = lines.select("line_id", "meter").join(calendar_months, how="cross")
    sums = totals(desk.session, spans).select("line_id", month="from_on", quantity="usage_micro")
    states = completeness(desk.session, months[0], periods.last_day(months[-1]))
    for month in months:
        name = f"{month:%Y-%m}"
        quantity = sums.filter(pl.col("month") == month).select("line_id", pl.col("quantity").alias(name))
        state = states.filter(pl.col("period_on") == month).group_by("line_id").agg(
            pl.col("state").sort_by(pl.col("state").replace_strict(WORST, return_dtype=pl.Int64)).first().alias(f"{name} state")
        )  # fmt: skip
        for part in (quantity, state):
            wide = wide.join(part, on="line_id", how="left", maintain_order="left")
    late = [pl.when(pl.col(f"{month:%Y-%m} state") == LATE).then(pl.lit(f"{month.month}月")) for month in months]
    now = pl.col(f"{months[-1]:%Y-%m}")
    return wide.with_columns(
        late=pl.concat_str(late, separator="・", ignore_nulls=True),
        gap=pl.when(now.is_null()).then(pl.lit("欠け")).otherwise(pl.lit("あり")),
    )


def _six(on: date) -> list[date]:
    found = [on.replace(day=1)]
    for _ in range(5):
        found.insert(0, month_before(found[0]))
    return found


def _metered(desk: Desk) -> pl.DataFrame:
    """The metered lines in force on the day."""
    by_usage = scope(desk.session).lines.filter("metered")["line_id"]
    held = contracts.in_force(desk.session, desk.on)
    meters = products(desk.session).select("product_id", "meter")
    mine = held.filter(pl.col("line_id").is_in(by_usage.implode())).join(meters, on="product_id", maintain_order="left")
    return mine.select("line_id", "contract_no", "product_name", "meter", "start_on", "end_on")


@page("settings", "settings", permission="settings.read", title="設定")
def settings(desk: Desk) -> Shown:
    """The company's policies, bank accounts and users, as they stand."""
    banks = desk.session.rows("base_bank_account", "id, code, bank, branch, deposit, bank_number, holder_kana")
    return {
        "policies": policies.listed(desk.session),
        "users": [
            row | {"role_label": ROLES.get(row["role"], row["role"])}
            for row in users(desk.session).iter_rows(named=True)
        ],
        "roles": [(role, ROLES[role]) for role in access.ROLES],
        "banks": banks.to_dicts(),
        "accounts": desk.session.table("base_account", "id, name")["name"].to_list(),
    }


@deed("user-add", "settings/users/add", permission="users.change")
def add_user(doing: Deed) -> HttpResponse:
    """Register a user with a role, and give the link under which they set their password."""
    name, email = doing.field("name"), doing.field("email")
    people.add(doing.books, name, doing.field("role"), email=email, user=doing.person.name)
    link = signin.invitation(doing.request, signin.account(name, doing.field("shown"), email))
    return doing.done(
        f"利用者 {name} を登録しました。本人に次のアドレスを渡してください(一度だけ使えます)。\n{link}", "settings"
    )


@deed("user-role", "settings/users/role", permission="users.change")
def change_role(doing: Deed) -> HttpResponse:
    """Give a user another role; their sessions end."""
    name, role = doing.field("name"), doing.field("role")
    changed = people.change(doing.books, name, role, user=doing.person.name)
    said = f"利用者 {name} の役割を{ROLES.get(role, role)}に変えました。" if changed else "役割は変わっていません。"
    return doing.done(said, "settings")
