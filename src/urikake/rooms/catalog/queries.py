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
