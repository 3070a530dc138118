"""What other rooms may read of products."""

from __future__ import annotations

import polars as pl

from urikake.base.bulk import Session, columns
from urikake.core.money import micro
from urikake.core.pricing import TIERS

from .models import Product


def products(session: Session) -> pl.DataFrame:
    """Every version of every product, oldest first: ``product_id`` and its columns (``product`` is the code)."""

    def read() -> pl.DataFrame:
        names = ", ".join(name for name in columns(Product) if name not in {"run_id", "company_id"})
        rows = session.table("catalog_product", names)
        named = rows.rename({"id": "product_id", "code": "product"}).with_columns(tier_list=tier_lists(rows["tiers"]))
        return named.sort("product", "valid_from_on")

    return session.derived("products", ("catalog_product",), read)


def by_cycle(session: Session) -> pl.DataFrame:
    """As `products`, as a single cycle is priced: minimum and maximum of a commitment over several (約束期間) are null."""
    bounded = pl.col("commitment_months").is_null()
    return products(session).with_columns(pl.when(bounded).then(pl.col("minimum", "maximum")))


def tier_lists(texts: pl.Series) -> pl.Series:
    """The tiers written ``100@10;*@5`` (up to @ price) as lists of tiers for the price kernel; null where none are."""

    def tier(part: str) -> dict[str, int | None]:
        up_to, price = part.split("@")
        upper = None if up_to == "*" else micro(up_to)
        return {"up_to_micro": upper, "unit_price_micro": micro(price), "flat": 0, "package_size_micro": None}

    table = {text: [tier(part) for part in text.split(";")] if text else None for text in texts.unique()}
    return pl.Series("tier_list", [table[text] for text in texts], dtype=TIERS)


def version_ids(session: Session, codes: pl.Series, on: pl.Series) -> pl.Series:
    """The ``product_id`` of the version of each code that holds on each day; the first version where none does yet.

    Null where there is no such product.
    """
    versions = products(session).select("product", "product_id", day="valid_from_on").sort("day")
    asked = pl.DataFrame({"product": codes, "day": on}).with_row_index("at").sort("day", nulls_last=True)
    held = asked.join_asof(versions, on="day", by="product", check_sortedness=False).sort("at")
    first = asked.sort("at").join(
        versions.unique("product", keep="first"), on="product", how="left", maintain_order="left"
    )
    return held.select(pl.coalesce("product_id", first["product_id"])).to_series().alias("product_id")


def option_rules(session: Session) -> pl.DataFrame:
    """Which products may be sold together: ``product, rule, other, from_on, until_on`` (exclusive), as last said."""

    def read() -> pl.DataFrame:
        rows = session.table("catalog_option_rule", "id, code, rule, other_code, valid_from_on, until_on").sort("id")
        named = rows.rename({"code": "product", "other_code": "other", "valid_from_on": "from_on"}).drop("id")
        return named.unique(["product", "rule", "other", "from_on"], keep="last", maintain_order=True)

    return session.derived("option_rules", ("catalog_option_rule",), read)


def conflicts(session: Session, held: pl.DataFrame) -> pl.DataFrame:
    """What may not be sold as it is held: ``at, product, other, rule, why``; ``other`` is each product it turns on.

    In: the products held in a contract at each moment looked at, ``at, day, product``.
    """
    rules = option_rules(session)
    held = held.unique(maintain_order=True)
    since = (pl.col("from_on") <= pl.col("day")) & (pl.col("until_on").is_null() | (pl.col("day") < pl.col("until_on")))
    mine = held.join(rules, on="product", maintain_order="left").filter(since).drop("from_on", "until_on")
    others = held.select("at", other="product")
    lacking = _lacking(mine.filter(pl.col("rule") == "needs"), others)
    barred = mine.filter(pl.col("rule") == "excludes").join(others, on=["at", "other"], how="semi")
    sole = mine.filter(pl.col("rule") == "alone").drop("other").join(others, on="at", maintain_order="left")
    sole = sole.filter(pl.col("other") != pl.col("product"))
    both = "{} は {} と一緒に契約できません。どちらか一方にしてください"
    only = "{} は単独で契約する商品です。{} は別の契約にしてください"
    told = [
        lacking,
        barred.with_columns(why=pl.format(both, "product", "other")),
        sole.with_columns(why=pl.format(only, "product", "other")),
    ]
    return pl.concat(part.select("at", "product", "other", "rule", "why") for part in told)


def _lacking(needs: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The products held without any of those that they need, a row for each of these."""
    met = needs.join(others, on=["at", "other"], how="semi").select("at", "product")
    bad = needs.join(met, on=["at", "product"], how="anti", maintain_order="left")
    names = pl.col("other").str.join("・").over("at", "product")
    says = "{} は {} のどれかと一緒に契約する商品です。同じ日までに、そのどれかを契約に加えてください"
    return bad.with_columns(why=pl.format(says, "product", names))
