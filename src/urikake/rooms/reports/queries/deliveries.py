"""How the documents of a closing reach the customer."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.deliveries import queries

from .rows import rows


def deliveries(session: Session, *, closing: date, status: str = "") -> list[dict[str, Any]]:
    """The documents of a closing with their delivery, by number: ``number, partner, partner_name, method, state, …``.

    ``status`` keeps those in that state; ``open`` those that are not delivered yet, whatever the cause.
    """
    found = queries.of_closing(session, closing)
    if status == "open":
        found = found.filter(pl.col("state").is_in([*queries.OPEN, *queries.AGAIN, queries.UNDELIVERABLE]))
    elif status:
        found = found.filter(pl.col("state") == status)
    opened = queries.openings(session).group_by("delivery_id").agg(opened=pl.len())
    found = found.join(opened, on="delivery_id", how="left", maintain_order="left")
    used = pl.coalesce("sent_by", "method")
    mailed = pl.when(used == "email").then(pl.coalesce("recipients", "to")).otherwise(pl.lit(""))
    told = found.select(
        "number",
        "total",
        "state",
        "attempt",
        "said",
        "why",
        partner="code",
        partner_name="name",
        method=used,
        recipients=mailed,
        message_id=pl.col("message_id").fill_null(""),
        digest=pl.col("digest").fill_null(""),
        link_until=pl.col("expires_on").cast(pl.String).fill_null(""),
        opened=pl.col("opened").fill_null(0),
    )
    order = "number partner partner_name total method recipients state attempt said why message_id digest link_until opened".split()
    return rows(told.select(order))
