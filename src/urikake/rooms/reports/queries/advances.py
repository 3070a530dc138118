"""Advances received (前受金) by partner: what was kept, applied, and is left."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.matching import queries
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receipts.queries import receipts

from .chosen import partner_id
from .rows import Rows


def advances(session: Session, as_of: date, partner: str = "") -> Rows:
    """The advances kept by the day: ``advance, partner, partner_name, receipt, date, amount, used, refunded, left, uses``.

    ``receipt`` is the receipt's id at the bank, else our number; ``uses`` the numbers of what was applied and stands.
    ``partner`` keeps those of that partner.
    """
    found = queries.advances(session, as_of)
    if partner:
        found = found.filter(pl.col("partner_id") == partner_id(session, partner))
    people = profiles(session, "name").select("partner_id", partner="code", partner_name="name")
    number = (pl.col("receipt_id") - session.low).cast(pl.String)
    label = pl.when(pl.col("bank_code") != "").then("bank_code").otherwise(number)
    came = receipts(session).select("receipt_id", receipt=label)
    named = (
        found.join(people, on="partner_id", maintain_order="left")
        .join(came, on="receipt_id", how="left", maintain_order="left")
        .join(_standing(session, as_of), on=queries.ADVANCE, how="left", nulls_equal=True, maintain_order="left")
    )
    order = "partner partner_name receipt date amount used refunded left uses".split()
    return Rows(
        named.rename({"name": "advance", "booked_on": "date"})
        .with_columns(pl.col("receipt", "uses").fill_null(""))
        .select("advance", *order)
    )


def _standing(session: Session, as_of: date) -> pl.DataFrame:
    """The numbers of the uses of each advance that stand, as one text."""
    every = queries.advance_uses(session, "applied_on <= ?", (as_of,))
    gone = every["reverses_id"].drop_nulls().implode()
    stand = every.filter(pl.col("reverses_id").is_null() & ~pl.col("use_id").is_in(gone))
    number = (pl.col("use_id") - session.low).cast(pl.String)
    return stand.group_by(queries.ADVANCE, maintain_order=True).agg(uses=number.str.join(" "))
