"""What other rooms may read of deliveries."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.formats import email_addresses
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties.queries import profiles

LATE: Final = ("bounced", "refused", "accepted")
"""What another program says of a delivery, which holds whenever it was told of what we said ourselves."""
NONE: Final = "waiting"
ON_ITS_WAY: Final = "sending"
UNDELIVERABLE: Final = "no_address"
TAKEN_BACK: Final = "taken_back"
"""The state of what was taken back before it ever left, and of what took it back: the customer need see neither."""
OPEN: Final = (NONE, "failed")
"""The states in which a document goes out with the next delivery, without a reason."""
AGAIN: Final = (ON_ITS_WAY, "partial", "bounced", "refused")
"""The states in which somebody has to decide whether it goes out again."""
ARRIVED: Final = ("sent", "partial", "printed", "handed", "accepted")
"""What may have reached the customer, and so may come back."""
GONE: Final = (*ARRIVED, ON_ITS_WAY)
"""What has left, or may have: another program may still say that it came back."""

MADE: Final = "id, run_id, invoice_id, attempt, method, recipients, message_id, digest, why, link, expires_on"


def attempts(session: Session) -> pl.DataFrame:
    """The newest attempt of every document that has any, with its newest outcome.

    Columns: ``invoice_id, delivery_id, attempt, sent_by (method), recipients, message_id, digest, why, link, expires_on, state,
    said, run_id``;
    an attempt without an outcome is ``sending``: the sender was interrupted, or is at it.
    """
    told = session.table("deliveries_outcome", "id, run_id, delivery_id, state, said")
    newest = (
        session.table("deliveries_delivery", MADE)
        .sort("id")
        .unique("invoice_id", keep="last")
        .rename({"id": "delivery_id", "method": "sent_by"})
    )
    last = (
        told.sort(pl.col("state").is_in(LATE), "id")
        .unique("delivery_id", keep="last")
        .select("delivery_id", "state", "said", told_in="run_id")
    )
    joined = newest.join(last, on="delivery_id", how="left")
    return joined.with_columns(
        state=pl.col("state").fill_null(ON_ITS_WAY),
        said=pl.col("said").fill_null(""),
        run_id=pl.coalesce("told_in", "run_id"),
    ).drop("told_in")


def deliveries(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The documents with how they are to be delivered and how that stands, in their order.

    Adds ``code, name, method, to`` (the profile's addresses), those of `attempts`, and ``state``: ``waiting`` before the
    first attempt, ``no_address`` where it goes by e-mail and the partner has no address that is one, or on paper and there
    is none to write on the envelope.
    """
    names = "partner_id", "code", "name", "delivery", "email", "address"
    mine = profiles(session, "name, email, delivery, address").select(*names)
    mine = mine.rename({"delivery": "method", "email": "to"})
    joined = found.join(mine, on="partner_id", how="left", maintain_order="left").join(
        attempts(session).drop("run_id"), on="invoice_id", how="left", maintain_order="left"
    )
    addresses = joined["to"].unique()
    bad = [text for text in addresses if not text or email_addresses.problem(text)]
    nobody = (pl.col("method") == "email") & pl.col("to").is_in(bad)
    nobody |= (pl.col("method") == "paper") & (pl.col("address") == "")
    state = pl.col("state").fill_null(NONE)
    told = pl.when(state.is_in(OPEN) & nobody).then(pl.lit(UNDELIVERABLE)).otherwise(state)
    needless = state.is_in(OPEN) & pl.col("invoice_id").is_in(_needless(session).implode())
    return joined.with_columns(
        state=pl.when(needless).then(pl.lit(TAKEN_BACK)).otherwise(told),
        attempt=pl.col("attempt").fill_null(0),
        why=pl.col("why").fill_null(""),
        said=pl.col("said").fill_null(""),
        link=pl.col("link").fill_null(""),
    )


def _needless(session: Session) -> pl.Series:
    """The documents taken back before they left, and those that took them back: the ids of both."""
    back = invoices.corrections(session).filter(pl.col("kind") == "cancel").select("invoice_id", "original_id")
    left = attempts(session).filter(~pl.col("state").is_in(OPEN))["invoice_id"]
    unseen = back.filter(~pl.col("original_id").is_in(left.implode()))
    return pl.concat([unseen["invoice_id"], unseen["original_id"]])


def of_closing(session: Session, closing_on: date) -> pl.DataFrame:
    """The documents of a closing as `deliveries` tells them."""
    return deliveries(session, invoices.at_closing(session, closing_on))


def by_link(session: Session, link: str) -> dict[str, Any] | None:
    """The delivery whose mail bears the link, with ``delivery_id`` and ``withdrawn``; None where there is none."""
    found = session.rows("deliveries_delivery", MADE, "link = ?", (link,)) if link else pl.DataFrame()
    if found.is_empty():
        return None
    row = found.rename({"id": "delivery_id"}).row(0, named=True)
    gone = session.rows("deliveries_withdrawal", "id, delivery_id", "delivery_id = ?", (row["delivery_id"],))
    return row | {"withdrawn": gone.height > 0}


def withdrawn(session: Session) -> pl.DataFrame:
    """The deliveries whose link was taken back: ``delivery_id``, ``why``."""
    return session.table("deliveries_withdrawal", "id, delivery_id, why").drop("id")


def openings(session: Session) -> pl.DataFrame:
    """Every opening of a link, oldest first: ``delivery_id, part, opened_at, address, agent, digest, nonce``."""
    names = "id, delivery_id, part, opened_at, address, agent, digest, nonce"
    return session.table("deliveries_opening", names).sort("opened_at", "id").drop("id")


def opened(session: Session, invoice_id: int) -> list[dict[str, Any]]:
    """Every opening of the links to a document, newest first, with the ``attempt`` whose mail bore the link."""
    own = session.rows("deliveries_delivery", "id, attempt", "invoice_id = ?", (invoice_id,)).rename(
        {"id": "delivery_id"}
    )
    return openings(session).join(own, on="delivery_id", how="inner", maintain_order="left").reverse().to_dicts()


def by_message(session: Session) -> pl.DataFrame:
    """Every attempt by e-mail: ``delivery_id``, ``invoice_id``, ``name`` of its message, and the states that were ``told``."""
    made = session.table("deliveries_delivery", MADE).filter(pl.col("message_id") != "")
    name = pl.col("message_id").str.extract(r"^<?([0-9a-f-]{36})@", 1)
    return _told(session, made.select("invoice_id", delivery_id="id", name=name))


def by_network(session: Session) -> pl.DataFrame:
    """Every attempt by the network, oldest first: ``delivery_id``, ``invoice_id``, the states ``told``, and their ``sources``."""
    made = session.table("deliveries_delivery", MADE).filter(pl.col("method") == "peppol").sort("id")
    return _told(session, made.select("invoice_id", delivery_id="id"))


def _told(session: Session, made: pl.DataFrame) -> pl.DataFrame:
    """The attempts with every state that was told of each, and the digests of the files that told."""
    said = session.table("deliveries_outcome", "id, delivery_id, state, source").group_by("delivery_id")
    joined = made.join(said.agg(told="state", sources="source"), on="delivery_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("told", "sources").fill_null(pl.lit([], dtype=pl.List(pl.String))))
