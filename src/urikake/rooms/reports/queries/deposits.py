"""What customers gave into our keeping (預り保証金), contract by contract."""

from __future__ import annotations

from datetime import date

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.deposits import queries
from urikake.rooms.parties.queries import profiles

from .chosen import partner_id
from .rows import Rows


def deposits(session: Session, as_of: date, partner: str = "") -> Rows:
    """The deposits of each contract line and payer by the day: when first taken, how much, given back, and held.

    ``partner`` keeps those of that payer. What is held sums to the balance of the account 預り保証金.
    """
    found = queries.held(session, as_of)
    if partner:
        found = found.filter(pl.col("partner_id") == partner_id(session, partner))
    people = profiles(session, "name").select("partner_id", partner="code", partner_name="name")
    named = (
        found.join(contracts(session).select("contract_id", "contract_no"), on="contract_id")
        .join(people, on="partner_id")
        .join(products(session).select("product_id", "product", "product_name"), on="product_id")
    )
    names = "contract_no partner partner_name product product_name taken_on amount returned held".split()
    return Rows(named.sort("contract_no", "line_id", "partner").select(names))
