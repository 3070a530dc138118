"""The changes put on a database by the ordinary actions, in one session: on a copy, or reserved on the company's own."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.base.errors import Refusal
from urikake.rooms.catalog.actions import PRODUCTS, import_products
from urikake.rooms.catalog.queries import as_rows, products, raised
from urikake.rooms.contracts.actions import EVENTS, import_events, reprice
from urikake.rooms.contracts.actions.reprice import MOVES
from urikake.rooms.intake.queries import Sheet, given, raw, read

from .changes import EVERY, Changes, Price


def put(session: Session, changes: Changes) -> dict[str, int]:
    """Put prices, cancellations and changes of contracts on the database; how many versions, events and moved lines."""
    versions = [(row["code"], price) for price in changes.prices for row in _versions(session, price)]
    events = sum(import_events(session, sheet=sheet) for sheet in _sheets(changes))
    moved = [reprice(session, product=code, since=price.since) for code, price in versions]
    lines = sum(found.filter(pl.col("fate") == MOVES)["line_id"].n_unique() for found in moved)
    return {"products": len(versions), "events": events, "lines": lines}


def _sheets(changes: Changes) -> Iterator[Sheet]:
    """The changes of contracts as sheets: those that end, rows that were handed over, and the file."""
    if changes.cancels:
        rows = [
            {"契約番号": c.contract, "変更種別": "cancel", "最終利用日": c.on, "理由": "もしも計算"}
            for c in changes.cancels
        ]
        yield given(rows, EVENTS, "解約")
    if changes.events:
        yield given(changes.events, EVENTS, "契約の変更")
    if changes.file:
        yield read(raw(changes.file[1], changes.file[0]), EVENTS)


def _versions(session: Session, price: Price) -> list[dict[str, str]]:
    """The versions with the new prices, registered; of a product named alone there must be one to start from."""
    held = (
        products(session)
        .filter(pl.col("valid_from_on") < price.since)
        .unique("product", keep="last", maintain_order=True)
    )
    if price.product == EVERY:
        held = held.filter(pl.col("revenue") != "deposit")
    else:
        held = held.filter(pl.col("product") == price.product)
        if held.is_empty():
            why = f"商品「{price.product}」は、{price.since} より前からの料金がありません。"
            raise Refusal("unknown-product", why, "商品コードと日付を確かめてください。")
    new = raised(held, price.percent)
    changed = new.join(held, on=[name for name in held.columns if name != "tier_list"], how="anti", nulls_equal=True)
    rows = [row | {"valid_from": str(price.since)} for row in as_rows(changed.sort("product"), accounts(session))]
    if not rows:
        raise Refusal("no-price", "この割合で変わる料金がありません。", "商品と割合を確かめてください。")
    import_products(session, sheet=given(rows, PRODUCTS, "料金の変更"))
    return rows
