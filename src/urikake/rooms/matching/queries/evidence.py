"""What is known of the receipts that wait, and what the cascade makes of it: the one answer, or why there is none."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import clearing, likeness
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .fees import learned_fees
from .holds import free
from .learned import decisions
from .repeats import repeated
from .rules import released

_SOURCES: Final = {"invoice": 0, "slip": 1, "opening": 2, "collection": 3}
_DIGITS: Final = r"[0-9０-９]"


class Evidence(NamedTuple):
    """Receipts that wait and items that are open, with what speaks for whom (see `clearing.match`)."""

    receipts: pl.DataFrame
    items: pl.DataFrame
    alike: pl.DataFrame
    cited: pl.DataFrame
    groups: pl.DataFrame


def evidence(session: Session, on: date | None = None) -> Evidence:
    """The receipts that nobody holds and the items up to a day, all without one, and what is known of them.

    ``receipts``: as `receipts.unapplied` gives them. ``items``: open ones with ``document_id``. ``alike``: for receipts
    of no one partner, the partners whose names resemble the payer's, and ``how``. ``cited``: the documents that payers
    name. ``groups``: the partners that belong together (名寄せ先).
    """
    waiting = free(session, receipts.unapplied(session, receipts.TO_MATCH))
    items = receivables.open_items(session)
    if on is not None:
        waiting, items = waiting.filter(pl.col("received_on") <= on), items.filter(pl.col("posted_on") <= on)
    items = items.with_columns(document_id=document())
    unknown = waiting.filter(pl.col("partner_id").is_null()).select("receipt_id", "folded", "payer")
    alike = likeness.likely(unknown, parties.payer_names(session))
    revoked = decisions(session).filter(pl.col("decision") == "revoked")
    said = unknown.select("receipt_id", "folded").join(revoked, on="folded").select("receipt_id", "partner_id")
    alike = alike.join(said, on=["receipt_id", "partner_id"], how="anti", maintain_order="left")
    if alike["receipt_id"].is_duplicated().any():
        alike = likeness.told_by_form(alike, unknown, parties.written_names(session))
    return Evidence(waiting, items, alike, _cited(session, waiting, items), parties.groups(session))


def cleared(
    session: Session, found: Evidence, rules: Collection[str] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The applications that are beyond doubt and the outcome of every receipt, as `clearing.match` gives them.

    By the ``rules`` that the company has released, unless others are given.
    """
    rules = released(session) if rules is None else rules
    known = found.receipts.filter(pl.col("partner_id").is_not_null())
    tolerance = policies(session).number("fee_tolerance")
    return clearing.match(
        found.receipts.select("receipt_id", "partner_id", "received_on", amount="unapplied"),
        found.items.select("item_id", "partner_id", "document_id", "due_on", amount="balance", net=_net()),
        tolerance,
        [fee for fee in clearing.USUAL_FEES if fee <= tolerance],
        alike=found.alike,
        cited=found.cited,
        groups=found.groups,
        rounding=policies(session).number("rounding_tolerance"),
        bearing=parties.bearing_fees(session),
        entire=entire(session, found.items),
        learned=learned_fees(session),
        rules=rules,
        repeated=_not_alone(session, known, found.items) if rules else None,
        allocation=policies(session)["allocation"],  # type: ignore[arg-type]
    )


def _not_alone(session: Session, known: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The receipts that repeat what came shortly before, and those of payers of whom another is held, or who owe costs or
    interest, which come first: ``receipt_id``.
    """
    every = receipts.unapplied(session, receipts.TO_MATCH)
    held = every.join(free(session, every), on="receipt_id", how="anti").select("partner_id")
    first = items.join(receivables.claims(session), on="item_id", how="semi").select("partner_id")
    beside = known.join(pl.concat([held, first]), on="partner_id", how="semi").select("receipt_id")
    return pl.concat([repeated(session, known).select("receipt_id"), beside]).unique()


def entire(session: Session, items: pl.DataFrame) -> pl.DataFrame:
    """The documents among the items from which nothing may be kept back (取適法): ``document_id``."""
    marked = invoices.commissioned(session)["invoice_id"]
    papers = items.filter((pl.col("source") == "invoice") & pl.col("source_id").is_in(marked.implode()))
    return papers.select("document_id").unique(maintain_order=True)


def _net() -> pl.Expr:
    """What of an item is no consumption tax; unknown of one that is paid in part, and of one taken over from before."""
    whole = (pl.col("balance") == pl.col("gross")) & (pl.col("source") != "opening")
    return pl.when(whole).then("net")


def document() -> pl.Expr:
    """One number per document: items of one invoice are cleared together."""
    return pl.col("source_id") * len(_SOURCES) + pl.col("source").replace_strict(_SOURCES, return_dtype=pl.Int64)


def _cited(session: Session, waiting: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The open documents that payers name beside their money, or in their name."""
    said = waiting.select("receipt_id", text=pl.concat_str("payer", "reference", separator=" "))
    said = said.filter(pl.col("text").str.contains(_DIGITS))
    if said.is_empty() or items.is_empty():
        return clearing.citations(said, pl.DataFrame(schema={"document_id": pl.Int64, "number": pl.String}))
    numbered = receivables.labels(session, items.unique("document_id"))
    return clearing.citations(said, numbered.select("document_id", "number"))
