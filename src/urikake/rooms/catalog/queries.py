"""What other rooms may read of products."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import polars as pl

from urikake.base.bulk import Session, columns
from urikake.core import pricing
from urikake.core.money import MICRO, divide, micro, wide
from urikake.core.pricing import TIERS

from .models import Product

DEPOSITS: Final = "預り保証金"
"""The account on which deposits are held, which only invoices of them move."""
RESIDUAL: Final = "residual"
"""That a standalone selling price is what a contract's price leaves of it (残余アプローチ, 適用指針31項(3))."""


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


def deposits(session: Session) -> pl.Series:
    """The products that are deposits (預り保証金): held for the customer and given back, never revenue."""
    return products(session).filter(pl.col("revenue") == "deposit")["product_id"]


def tier_lists(texts: pl.Series) -> pl.Series:
    """The tiers written ``100@10;*@5`` (up to @ price) as lists of tiers for the price kernel; null where none are."""

    def tier(part: str) -> dict[str, int | None]:
        up_to, price = part.split("@")
        upper = None if up_to == "*" else micro(up_to)
        return {"up_to_micro": upper, "unit_price_micro": micro(price), "flat": 0, "package_size_micro": None}

    table = {text: [tier(part) for part in text.split(";")] if text else None for text in texts.unique()}
    return pl.Series("tier_list", [table[text] for text in texts], dtype=TIERS)


PRICES: Final = ("unit_price_micro", "overage_price_micro", "ssp_micro")
_TEXTS: Final = ("price_model", "tiers", "revenue", "obligation", "service", "meter", "ssp_basis")
_YEN: Final = ("minimum", "maximum", "life_months", "commitment_months")
_MICRO: Final = ("unit_price", "included", "overage_price", "package_size", "ssp")


def as_rows(versions: pl.DataFrame, accounts: pl.DataFrame) -> list[dict[str, str]]:
    """The versions as the rows of a file of products, without the day from which they hold.

    ``accounts`` is the chart: ``id``, ``name``.
    """
    chart = accounts.select(revenue_account_id="id", revenue_account="name")
    numbers = [_spelt(pl.col(f"{name}_micro")).alias(name) for name in _MICRO]
    rows = versions.join(chart, on="revenue_account_id", how="left", maintain_order="left").select(
        *_TEXTS, "revenue_account", *[pl.col(name).cast(pl.String) for name in _YEN], *numbers, code="product",
        name="product_name", tax=pl.col("tax") + pl.when("inclusive").then(pl.lit("_incl")).otherwise(pl.lit("")),
    )  # fmt: skip
    return rows.with_columns(pl.all().fill_null("")).to_dicts()


def _spelt(value: pl.Expr) -> pl.Expr:
    """Millionths as people write them; nothing where it is 0."""
    rest = (value % MICRO).cast(pl.String).str.zfill(6).str.strip_chars_end("0")
    spelt = pl.concat_str((value // MICRO).cast(pl.String), pl.lit("."), rest).str.strip_chars_end(".")
    return pl.when(value != 0).then(spelt)


def raised(versions: pl.DataFrame, percent: Decimal) -> pl.DataFrame:
    """The versions with all their prices higher by so many percent (negative: lower), rounded as `core.pricing.raised` does.

    That is unit prices, tiers, prices of what is over, least and greatest charges, and standalone selling prices.
    """
    share = int(percent * MICRO)
    bounds = [divide(wide(name) * (100 * MICRO + share), 100 * MICRO, "half_up").alias(name) for name in _YEN[:2]]
    texts = {text: _raised_tiers(text, share) for text in versions["tiers"].unique()}
    return versions.with_columns(
        *[pricing.raised(pl.col(name), share).alias(name) for name in PRICES], *bounds,
        tiers=pl.col("tiers").replace(texts),
    )  # fmt: skip


def _raised_tiers(text: str, share: int) -> str:
    """The tiers with each price raised."""
    parts = [part.split("@") for part in text.split(";") if part]
    prices = pl.DataFrame({"price": [micro(price) for _, price in parts]}, schema={"price": pl.Int64})
    new = prices.select(_spelt(pricing.raised(pl.col("price"), share)).fill_null("0")).to_series()
    return ";".join(f"{upper}@{price}" for (upper, _), price in zip(parts, new, strict=True))


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
