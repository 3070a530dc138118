"""Commitments over several cycles (約束料金) explained: what their cycles charged, what was agreed on, what settles it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.billing import queries as billing

from . import lines, words
from .made import Step

SUMS: Final = ["line_id", "months", "cycle_from_on", "charged", "before"]


def months_of(session: Session, product_id: int) -> int | None:
    """For how many months the version of the product has a commitment; None where it has none."""
    found = billing.commitments(session).filter(pl.col("product_id") == product_id)["months"]
    return int(found[0]) if found.len() else None


def window(
    session: Session, row: dict[str, Any], known: lines.Folded, charged: pl.DataFrame, upto: date
) -> dict[str, Any]:
    """The window of the row's cycle as settled from those charges: `billing.settled_commitments`."""
    own = known.lines.filter(pl.col("line_id") == row["line_id"])
    found = billing.settled_commitments(session, own, known.segments, charged, upto)
    mine = found.filter((pl.col("window_from_on") <= row["cycle_from_on"]) & (pl.col("months") == row["months"]))
    return mine.sort("window_from_on").row(mine.height - 1, named=True)


def sums(session: Session, charges: pl.DataFrame) -> pl.DataFrame:
    """The charges of products with a commitment, columns `SUMS`."""
    named = charges.join(billing.commitments(session).select("product_id", "months"), on="product_id")
    settles = pl.col("nature") == billing.TRUE_UP
    charged, before = (pl.when(which).then("amount").otherwise(0) for which in (~settles, settles))
    return named.select(*SUMS[:3], charged=charged, before=before)


def settled(session: Session, row: dict[str, Any], known: lines.Folded) -> tuple[int, tuple[Step, ...]]:
    """A charge that settles a commitment, worked out again from the charges of its window that its run knew."""
    own = known.lines.filter(pl.col("line_id") == row["line_id"])
    every = lines.charges(session, own, row["closing_on"])
    earlier = (pl.col("run_id") < row["run_id"]) | (
        (pl.col("run_id") == row["run_id"]) & (pl.col("nature") != billing.TRUE_UP)
    )
    charged = sums(session, every.filter(earlier))
    found = window(session, row | {"months": months_of(session, row["product_id"])}, known, charged, row["closing_on"])
    return found["due"], _steps(found)


def _steps(found: dict[str, Any]) -> tuple[Step, ...]:
    """What was charged, what was agreed on, and the difference."""
    days = words.days(found["window_from_on"], found["window_to_on"])
    used = Step("約束期間に使った分の料金", days, found["charged"])
    least, most = found["least"], found["most"]
    low = f"最低 {words.yen(least)}" if least is not None else ""
    high = f"上限 {words.yen(most)}" if most is not None else ""
    waits = "" if found["complete"] or least is None else "（最低は、期間の最後のサイクルで精算します）"
    said = "・".join(part for part in (low, high) if part) + waits
    before = (Step("すでに精算した額", "", -found["before"]),) if found["before"] else ()
    owed = found["due"] + found["before"]
    return (
        used,
        Step("約束した料金にするための精算", f"{days} の合計を {said} に合わせます", owed, kind="formula"),
        *before,
    )
