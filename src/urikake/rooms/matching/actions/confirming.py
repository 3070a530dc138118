"""Many proposals confirmed at once (一括確定): each that is still what the person saw, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import polars as pl

from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.core import clearing
from urikake.rooms.receipts import queries as receipts

from .. import queries
from .named import STATES, stamp
from .posting import Applied, nothing, post, sure_heads

CHANGED: Final = "見ていたときと候補が変わりました。開いて確かめてください"


class Seen(NamedTuple):
    """A proposal as the person saw it: the receipt by its number, what was unapplied, and the documents it would settle."""

    number: int
    unapplied: int
    documents: tuple[str, ...]


class Confirmed(NamedTuple):
    """What came of it: what was applied, and why the others were not, by the number of the receipt."""

    applied: Applied
    refused: dict[int, str]


@action("matching.apply")
def confirm(session: Session, *, seen: Sequence[Seen], on: date) -> Confirmed:
    """Apply the sure proposal of each receipt if it is still as it was seen; the others are told with the reason.

    Dated as `posting.sure_heads` tells.
    """
    now = queries.judged(session, on)
    schema: dict[str, Any] = {"receipt_id": pl.Int64, "was": pl.Int64, "docs": pl.List(pl.String)}
    asked = pl.DataFrame(
        [(session.low + one.number, one.unapplied, sorted(one.documents)) for one in seen], schema=schema, orient="row"
    ).unique("receipt_id", keep="first", maintain_order=True)
    there = asked.join(now.rows, on="receipt_id", how="left", maintain_order="left")
    same = (
        (pl.col("kind").is_in(queries.SURE) | pl.col("by").is_in(clearing.RULES))
        & (pl.col("was") == pl.col("unapplied"))
        & (pl.col("docs") == pl.col("documents").list.sort())
    )
    good = there.filter(same.fill_null(False))
    rest = there.join(good, on="receipt_id", how="anti", maintain_order="left")
    return Confirmed(_posted(session, now, good), _reasons(session, rest))


def _posted(session: Session, now: queries.Judged, good: pl.DataFrame) -> Applied:
    pairs = now.pairs.join(good, on="receipt_id", how="semi", maintain_order="left")
    if pairs.is_empty():
        return nothing(session, {})
    heads = sure_heads(session, pairs, good.select("receipt_id", "kind", by=pl.lit("")), now.waiting, now.items)
    made, moved = post(session, heads, pairs, now.waiting, now.items)
    return Applied(made, moved, now.items, dict(good.group_by("kind").len().sort("kind").iter_rows()))


def _reasons(session: Session, rest: pl.DataFrame) -> dict[int, str]:
    """Why each of the receipts was left alone, in words."""
    found: dict[int, str] = {}
    holds = {row["receipt_id"]: row for row in queries.held(session).iter_rows(named=True)}
    uses = {row["receipt_id"]: row for row in queries.last_uses(session, rest["receipt_id"]).iter_rows(named=True)}
    left = set(receipts.unapplied(session)["receipt_id"])
    for receipt_id in rest["receipt_id"]:
        use, hold = uses.get(receipt_id), holds.get(receipt_id)
        why = CHANGED
        if receipt_id not in left:
            why = (
                f"{stamp(use['recorded_at'])} に {use['actor']} が消し込みました"
                if use
                else "未消込の入金ではありません"
            )
        elif hold:
            why = f"{STATES[hold['state']]}です({stamp(hold['recorded_at'])} {hold['actor']}: {hold['why']})"
        found[receipt_id - session.low] = why
    return found
