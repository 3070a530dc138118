"""What a receipt may pay: the candidates for a person to choose from."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import clearing, payer
from urikake.core.likeness import likely
from urikake.core.reading import readings
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .evidence import document, entire
from .learned import standing_names

NAMED: Final = ("receipts_receipt", "matching_application", "parties_profile", "parties_payer_name")
"""What tells whose names the receipts that wait bear."""
FEW: Final = 3
"""Of so many partners a name may be that of any; of more it says nothing."""
PROTECTED: Final = "取適法の対象の契約です。差し引かれた分は、残して請求できます"


def candidates(session: Session, ref: str) -> list[dict[str, Any]]:
    """What the receipt may pay, best first: ``items, amount, score, why``; only what is still open."""
    found = receipts.named(session, ref)
    left = receipts.unapplied(session).join(found.select("receipt_id"), on="receipt_id", how="semi")
    if left.is_empty():
        return []
    row = left.row(0, named=True)
    items = receivables.labels(session, receivables.open_items(session)).with_columns(document_id=document())
    open_items = items.select("item_id", "partner_id", "due_on", "number", "document_id", amount="balance")
    names = parties.profiles(session, "name, kana").select("partner_id", name="kana")
    spelled = pl.concat([names, parties.payer_names(session).select("partner_id", name="folded")])
    proposals = clearing.proposals(
        row["unapplied"],
        open_items,
        spelled,
        payer=row["payer"],
        reference=row["reference"],
        fee_tolerance=policies(session).number("fee_tolerance"),
        fees=(),
        known=_known(session, row),
    )
    number = dict(items.select("item_id", "number").iter_rows())
    protected = items.join(entire(session, items), on="document_id", how="semi")["item_id"]
    return [
        {"items": [number[i] for i in p.item_ids], "amount": p.amount, "score": p.score, "why": _warned(p, protected)}
        for p in proposals
    ]


def _warned(proposal: clearing.Proposal, protected: pl.Series) -> str:
    """Why the proposal, and a warning where money was kept back from a price that is protected (取適法)."""
    if proposal.difference < 0 and protected.is_in(proposal.item_ids).any():
        return f"{proposal.why}／{PROTECTED}"
    return proposal.why


def _known(session: Session, row: dict[str, Any]) -> clearing.Payer:
    """What was learned of the payer's name, who belongs together, and what else waits under the name."""
    lessons = standing_names(session).filter((pl.col("folded") == row["folded"]) & (pl.col("decision") != "revoked"))
    beside = receipts.unapplied(session, receipts.TO_MATCH).filter(
        (pl.col("folded") == row["folded"]) & (pl.col("receipt_id") != row["receipt_id"]) & (pl.col("unapplied") > 0)
    )
    return clearing.Payer(
        spoken_for=_spoken_for(session, row["folded"]),
        learned=dict(lessons.select("partner_id", "times").iter_rows()),
        groups=parties.groups(session),
        beside=beside["unapplied"].to_list(),
        received_on=row["received_on"],
        readings=_readings(session),
    )


def _spoken_for(session: Session, folded: str) -> frozenset[int]:
    """The partners whose name receipts that wait under other names bear, or nearly."""

    def like() -> pl.DataFrame:
        waiting = receipts.unapplied(session, receipts.TO_MATCH).unique("folded").select("receipt_id", "folded")
        kana = parties.profiles(session, "kana").drop_nulls("kana")
        borne = pl.concat([
            kana.select("partner_id", folded=payer.folded(kana["kana"])),
            parties.payer_names(session).select("partner_id", "folded"),
            _readings(session).select("partner_id", folded="name"),
        ])  # fmt: skip
        return likely(waiting, borne).join(waiting, on="receipt_id")

    others = session.derived("spoken_for", NAMED, like).filter(
        (pl.col("folded") != folded) & pl.col("how").is_in(["same", "spelling", "slip"])
    )
    return frozenset(others.filter(pl.len().over("receipt_id") <= FEW)["partner_id"])


def _readings(session: Session) -> pl.DataFrame:
    """How the names of partners without a reading, or with Latin letters in them, may be read: ``partner_id, name``."""

    def read() -> pl.DataFrame:
        named = parties.profiles(session, "name, kana").select("partner_id", "name", "kana")
        unread = named.filter(pl.col("kana").fill_null("").eq("") | pl.col("name").str.contains("[A-Za-zＡ-Ｚａ-ｚ]"))
        return unread.select("partner_id", name=readings(unread["name"]))

    return session.derived("readings", ("parties_profile",), read)
