"""Payer names learned from what people confirmed: with which applications, and whether they may be used."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session

LEARNED: Final = "id, run_id, partner_id, payer, folded, application_id"
DECISION: Final = "id, run_id, partner_id, folded, kind"


def learned(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Each lesson by id: that an application told a payer name to be a partner's; ``stands`` until it is reversed."""
    rows = session.rows("matching_learned_name", LEARNED, where, params)
    back = session.read(
        "SELECT reverses_id AS application_id FROM matching_application"
        " WHERE id >= ? AND id < ? AND reverses_id IS NOT NULL",
        (session.low, session.high),
    )
    return rows.with_columns(stands=~pl.col("application_id").is_in(back["application_id"].implode()))


def standing_names(session: Session) -> pl.DataFrame:
    """Every learned name: ``partner_id, payer, folded, times, application_id, decision``, by partner and name.

    ``times`` counts the applications that stand and ``application_id`` is the newest of them; ``decision`` is the last
    one taken, ``released`` or ``revoked``, and empty before. Names whose lessons are all reversed are left out.
    """
    keys = ["partner_id", "folded"]
    lessons = learned(session).filter("stands")
    known = lessons.group_by(keys).agg(pl.col("payer", "application_id").last(), times=pl.len())
    joined = known.join(decisions(session), on=keys, how="left")
    return joined.with_columns(pl.col("decision").fill_null("")).sort(keys)


def decisions(session: Session) -> pl.DataFrame:
    """The last decision on each name, standing or not: ``partner_id, folded, decision``."""
    rows = session.rows("matching_name_decision", DECISION).sort("id")
    newest = rows.unique(["partner_id", "folded"], keep="last", maintain_order=True)
    return newest.select("partner_id", "folded", decision="kind")
