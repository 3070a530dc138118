"""What other rooms may read of deliveries."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.formats import email_addresses
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties.queries import profiles

NONE: Final = "waiting"
ON_ITS_WAY: Final = "sending"
UNDELIVERABLE: Final = "no_address"
OPEN: Final = (NONE, "failed")
"""The states in which a document goes out with the next delivery, without a reason."""
AGAIN: Final = (ON_ITS_WAY, "partial", "bounced")
"""The states in which somebody has to decide whether it goes out again."""
ARRIVED: Final = ("sent", "partial", "printed", "handed")
"""What may have reached the customer, and so may come back."""


def attempts(session: Session) -> pl.DataFrame:
    """The newest attempt of every document that has any, with its newest outcome.

    Columns: ``invoice_id, delivery_id, attempt, sent_by (method), recipients, message_id, digest, why, state, said, run_id``;
    an attempt without an outcome is ``sending``: the sender was interrupted, or is at it.
    """
    made = session.table(
        "deliveries_delivery", "id, run_id, invoice_id, attempt, method, recipients, message_id, digest, why"
    )
    told = session.table("deliveries_outcome", "id, run_id, delivery_id, state, said")
    newest = made.sort("id").unique("invoice_id", keep="last").rename({"id": "delivery_id", "method": "sent_by"})
    last = told.sort("id").unique("delivery_id", keep="last").select("delivery_id", "state", "said", told_in="run_id")
    joined = newest.join(last, on="delivery_id", how="left")
    return joined.with_columns(
        state=pl.col("state").fill_null(ON_ITS_WAY),
        said=pl.col("said").fill_null(""),
        run_id=pl.coalesce("told_in", "run_id"),
    ).drop("told_in")


def deliveries(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The documents with how they are to be delivered and how that stands, in their order.

    Adds ``code, name, method, to`` (the profile's addresses), those of `attempts`, and ``state``: ``waiting`` before the
    first attempt, ``no_address`` where it goes by e-mail and the partner has none that is one.
    """
    mine = profiles(session, "name, email, delivery").select("partner_id", "code", "name", "delivery", "email")
    mine = mine.rename({"delivery": "method", "email": "to"})
    joined = found.join(mine, on="partner_id", how="left", maintain_order="left").join(
        attempts(session).drop("run_id"), on="invoice_id", how="left", maintain_order="left"
    )
    addresses = joined["to"].unique()
    bad = [text for text in addresses if not text or email_addresses.problem(text)]
    nobody = (pl.col("method") == "email") & pl.col("to").is_in(bad)
    state = pl.col("state").fill_null(NONE)
    return joined.with_columns(
        state=pl.when(state.is_in(OPEN) & nobody).then(pl.lit(UNDELIVERABLE)).otherwise(state),
        attempt=pl.col("attempt").fill_null(0),
        why=pl.col("why").fill_null(""),
        said=pl.col("said").fill_null(""),
    )


def of_closing(session: Session, closing_on: date) -> pl.DataFrame:
    """The documents of a closing as `deliveries` tells them."""
    return deliveries(session, invoices.at_closing(session, closing_on))
