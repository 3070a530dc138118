"""Reports of payer names: what was learned, and how it holds against what was matched before."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts import queries as receipts

from .rows import rows

STATES: Final = {"released": "許可済み", "revoked": "取りやめ", "": "許可待ち"}


def payer_names(session: Session) -> list[dict[str, Any]]:
    """The learned payer names, tried against history: ``partner, payer, times, right, wrong, waiting, state, in_use``.

    ``times`` is how many matches by hand taught it; ``right`` and ``wrong`` how many receipts of that name were matched
    to the partner and to others, automatic ones included; ``waiting`` how many of that name wait. ``state``: ``許可済み``,
    ``取りやめ`` or ``許可待ち``; ``in_use`` whether the automatic run knows the payer by it.
    """
    known = matching.standing_names(session)
    if known.is_empty():
        return []
    used = parties.payer_names(session).with_columns(in_use=pl.lit(value=True))
    tried = _tried(session, known)
    named = known.join(parties.codes(session).select("partner_id", partner="code"), on="partner_id", how="left")
    joined = named.join(used, on=["partner_id", "folded"], how="left").join(
        tried, on=["partner_id", "folded"], how="left"
    )
    waiting = receipts.unapplied(session).group_by("folded").agg(waiting=pl.len())
    full = joined.join(waiting, on="folded", how="left").with_columns(
        pl.col("right", "wrong", "waiting").fill_null(0),
        pl.col("in_use").fill_null(value=False),
        state=pl.col("decision").replace_strict(STATES),
    )
    wanted = "partner payer times right wrong waiting state in_use".split()
    return rows(full.sort("partner", "folded").select(wanted))


def _tried(session: Session, known: pl.DataFrame) -> pl.DataFrame:
    """By learned name and partner: the receipts of the name matched to the partner (``right``) and to others (``wrong``)."""
    every = matching.applications(session)
    stands = pl.col("reverses_id").is_null() & ~pl.col("application_id").is_in(
        every["reverses_id"].drop_nulls().implode()
    )
    paid = every.filter(stands).select("receipt_id", payer_id="partner_id").unique()
    names = receipts.receipts(session).select("receipt_id", "folded").join(known.select("folded").unique(), on="folded")
    both = known.select("partner_id", "folded").join(names.join(paid, on="receipt_id"), on="folded")
    mine = pl.col("payer_id") == pl.col("partner_id")
    summed = both.group_by("partner_id", "folded", "receipt_id").agg(right=mine.any())
    return summed.group_by("partner_id", "folded").agg(right=pl.col("right").sum(), wrong=(~pl.col("right")).sum())
