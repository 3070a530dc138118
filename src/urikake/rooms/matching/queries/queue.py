"""The queue of the matching screen (入金消込): what kind of decision each waiting receipt asks for, and how far the work is.

All of it is decided on whole columns, for thousands of receipts at a time.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .evidence import cleared, evidence
from .repeats import repeated

KINDS: Final = (
    "exact",
    "fee",
    "sum",
    "parts",
    "misc",
    "withheld",
    "part",
    "over",
    "duplicate",
    "ambiguous",
    "none",
    "unknown",
)
"""What a receipt may ask for, what needs the least thought first."""
SURE: Final = ("exact", "fee", "sum", "parts", "misc", "withheld")
"""The kinds with one answer, which may be confirmed many at a time."""


class Judged(NamedTuple):
    """The waiting receipts and what each asks for; the items that the sure ones settle."""

    rows: pl.DataFrame
    """``receipt_id, partner_id, received_on, unapplied, kind, difference, candidates, documents``, by id."""
    pairs: pl.DataFrame
    """``receipt_id, item_id, amount`` of receipts of a kind that is `SURE`."""
    waiting: pl.DataFrame
    items: pl.DataFrame


def judged(session: Session, on: date) -> Judged:
    """What each receipt that waits on the day, and that nobody holds, asks for.

    ``difference`` is receipt − items; ``documents`` are the numbers of what it would settle. A receipt without one answer
    is ``parts`` where it and others of its partner make one document, ``part`` or ``over`` by what the partner has open
    (with ``documents`` only where a rule that the company has released settles them), ``duplicate`` where the same amount
    came under the same name shortly before and is not owed again.
    """
    found = evidence(session, on)
    waiting, open_items = found.receipts, found.items
    items = receivables.labels(session, open_items)
    paying = items.select("partner_id", "document_id", amount="balance")
    pairs, outcomes = cleared(session, found)
    numbers = pairs.join(items.select("item_id", "number"), on="item_id", maintain_order="left")
    named = numbers.group_by("receipt_id", maintain_order=True).agg(
        documents=pl.col("number").unique(maintain_order=True)
    )
    rows = (
        waiting.select("receipt_id", "partner_id", "received_on", "folded", "unapplied")
        .join(outcomes, on="receipt_id", how="left", maintain_order="left")
        .join(named, on="receipt_id", how="left", maintain_order="left")
    )
    doubted = _doubted(session, rows, paying).drop("folded")
    return Judged(doubted, pairs, waiting, open_items)


def _doubted(session: Session, rows: pl.DataFrame, paying: pl.DataFrame) -> pl.DataFrame:
    """The rows with the kinds that tell why there is not one answer."""
    documents = paying.drop_nulls("partner_id").group_by("partner_id", "document_id").agg(pl.col("amount").sum())
    totals = documents.group_by("partner_id").agg(owed=pl.col("amount").sum())
    left = rows.filter(pl.col("kind") == "none")
    found = rows.join(totals, on="partner_id", how="left", maintain_order="left").join(
        repeated(session, left), on="receipt_id", how="left", maintain_order="left"
    )
    none, total = pl.col("kind") == "none", pl.col("owed").fill_null(0)
    kind = (
        pl.when(none & pl.col("twice").fill_null(False))
        .then(pl.lit("duplicate"))
        .when(none & (total > pl.col("unapplied")))
        .then(pl.lit("part"))
        .when(none & (total > 0))
        .then(pl.lit("over"))
        .otherwise("kind")
    )
    return found.with_columns(
        kind=kind, documents=pl.col("documents").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    ).drop("owed", "twice")


def progress(session: Session, since: date, on: date) -> pl.DataFrame:
    """The receipts of the days that are wholly applied: ``receipt_id, amount, automatic``."""
    standing = (
        "SELECT a.receipt_id, max(CASE WHEN b.action = 'match' THEN 0 ELSE 1 END) AS by_hand"
        " FROM receipts_receipt r JOIN matching_application a ON a.receipt_id = r.id JOIN base_run b ON b.id = a.run_id"
        " WHERE r.id >= ? AND r.id < ? AND r.received_on BETWEEN ? AND ? AND a.reverses_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM matching_application v WHERE v.reverses_id = a.id)"
        " AND NOT EXISTS (SELECT 1 FROM receipts_unapplied u WHERE u.receipt_id = r.id) GROUP BY a.receipt_id"
    )
    found = session.read(standing, (session.low, session.high, since, on), by_hand=pl.Int64)
    amounts = receipts.receipts(session, "received_on BETWEEN ? AND ?", (since, on)).select("receipt_id", "amount")
    joined = found.join(amounts, on="receipt_id", maintain_order="left")
    return joined.select("receipt_id", "amount", automatic=pl.col("by_hand") == 0).sort("receipt_id")


def last_uses(session: Session, wanted: pl.Series) -> pl.DataFrame:
    """Who applied each of the receipts last, and when: ``receipt_id, actor, recorded_at``; none of which nothing is applied."""
    session.stage(pl.DataFrame({"wanted_id": wanted.unique()}, schema={"wanted_id": pl.Int64}))
    found = session.read(
        "SELECT a.receipt_id, b.actor, b.recorded_at FROM stage s JOIN matching_application a ON a.receipt_id = s.wanted_id"
        " JOIN base_run b ON b.id = a.run_id WHERE a.reverses_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM matching_application v WHERE v.reverses_id = a.id) ORDER BY a.id"
    )
    return found.unique("receipt_id", keep="last", maintain_order=True)


def used_by(session: Session, receipt_id: int) -> dict[str, Any] | None:
    """Who applied the receipt last, and when: ``actor, recorded_at``; None where nothing of it is applied."""
    found = last_uses(session, pl.Series([receipt_id], dtype=pl.Int64))
    return found.row(0, named=True) if found.height else None


def touched(session: Session, applications: int, holds: int) -> pl.DataFrame:
    """What was done to receipts since those two numbers: ``receipt_id, actor, recorded_at``, the newest of each."""
    parts = [
        session.read(
            f"SELECT t.receipt_id, b.actor, b.recorded_at FROM {table} t JOIN base_run b ON b.id = t.run_id"
            " WHERE t.id > ? AND t.id < ? ORDER BY t.id",
            (session.low + after, session.high),
        )
        for table, after in (("matching_application", applications), ("matching_hold", holds))
    ]
    return pl.concat(parts).unique("receipt_id", keep="last", maintain_order=True)


def newest(session: Session) -> tuple[int, int]:
    """The numbers of the newest application and the newest hold, to ask `touched` from later."""
    tops = [session.next_id(table) - 1 - session.low for table in ("matching_application", "matching_hold")]
    return max(tops[0], 0), max(tops[1], 0)
