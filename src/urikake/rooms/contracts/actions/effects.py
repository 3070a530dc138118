"""Whether an event has any effect: what ends, pauses or resumes a contract that has ended, rests or runs already is refused."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.timeline import ENDINGS, PAUSES
from urikake.rooms.intake.queries import LINE as AT
from urikake.rooms.intake.queries import Sheet

from .. import queries

CHECKED: Final = ("cancel", *PAUSES)
ENDED: Final = "この契約（明細）は {} で終わっているため、登録しても何も変わりません。契約番号と日付を確かめてください"
IDLE: Final = {
    "suspend": "この日は既に休止しています。日付を確かめるか、再開（resume）してから登録してください",
    "resume": "この日は休止していません。日付を確かめるか、休止（suspend）を先に登録してください",
}


def check_day(sheet: Sheet, bad: pl.Expr, why: str | pl.Expr) -> None:
    """Note what is wrong with the day of a row, at the cell in which it was written: 適用日 or 最終利用日."""
    last = pl.col("last_day").is_not_null()
    sheet.check(bad & ~last, "effective", why)
    sheet.check(bad & last, "last_day", why)


def checked(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without cancellations, suspensions and resumptions that would change nothing, which are noted.

    A row counts as idle where it is so for every line that it is about. Rows of one file follow each other; what the
    file withdraws or corrects is gone. A cancellation on the day on which a term runs out is a notice, and is kept.
    """
    asked = rows.filter(pl.col("kind").is_in(CHECKED))
    if asked.is_empty():
        return rows
    spread = _spread(session, rows, asked)
    found = _paused(spread).join(_ended(session, rows, spread), on=AT, how="left")
    sheet.frame = asked.join(found, on=AT, how="left", maintain_order="left")
    check_day(sheet, pl.col("ended_on").is_not_null(), pl.format(ENDED, pl.col("ended_on").dt.offset_by("-1d")))
    for kind, why in IDLE.items():
        sheet.check((pl.col("kind") == kind) & pl.col("idle") & pl.col("ended_on").is_null(), "type", why)
    return sheet.sift(rows)


def _spread(session: Session, rows: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """What ends, pauses and resumes each line of the contracts asked about: on record (no ``file_line``), and in the file."""
    names = ["contract_id", "line_id", "kind", "effective_on", "recorded_at", "event_id", AT]
    none = pl.lit(None, dtype=pl.Int64)
    there = queries.events(session).filter(~pl.col("event_id").is_in(rows["target_id"].drop_nulls().implode()))
    every = pl.concat(
        [there.with_columns(none.alias(AT)).select(names), rows.with_columns(event_id=none).select(names)]
    )
    every = every.filter(pl.col("kind").is_in([*ENDINGS, *PAUSES]))
    mine = every.join(asked.select("contract_id").unique(), on="contract_id", how="semi", maintain_order="left")
    return queries.by_line(mine, queries.first_lines(session))


def _paused(spread: pl.DataFrame) -> pl.DataFrame:
    """By row, whether it leaves all its lines as they were, resting or not: ``file_line, idle``; so no cancellation does."""
    pauses = spread.filter(pl.col("kind").is_in(PAUSES))
    ordered = pauses.sort("line_id", "effective_on", "recorded_at", "event_id", AT, nulls_last=True)
    before = pl.col("kind").shift(1).over("line_id").fill_null("resume")
    own = ordered.with_columns(idle=pl.col("kind") == before).select(AT, "idle")
    left = spread.filter(pl.col("kind").is_in(ENDINGS)).select(AT, idle=pl.lit(False))
    return pl.concat([own, left]).filter(pl.col(AT).is_not_null()).group_by(AT).agg(pl.col("idle").all())


def _ended(session: Session, rows: pl.DataFrame, spread: pl.DataFrame) -> pl.DataFrame:
    """The rows all lines of which had ended before them, by rows above them or by their term: ``file_line, ended_on``."""
    lines, _ = queries.folded(session)
    open_ = rows.filter((pl.col("kind") == "renew") | pl.col("target_id").is_not_null())["contract_id"]
    term = pl.when(~pl.col("contract_id").is_in(open_.implode())).then("term_end_on")  # else the file moves it
    ordered = spread.sort("line_id", AT, nulls_last=False).join(
        lines.select("line_id", term=term), on="line_id", how="left", maintain_order="left"
    )
    left = pl.when(pl.col("kind").is_in(ENDINGS)).then("effective_on")
    before = left.cum_min().forward_fill().shift(1).over("line_id")
    day = pl.col("effective_on")
    over = pl.min_horizontal(pl.when(before <= day).then(before), pl.when(pl.col("term") < day).then("term"))
    judged = ordered.with_columns(ended_on=over).filter(pl.col(AT).is_not_null())
    whole = judged.group_by(AT).agg(pl.col("ended_on").max(), all=pl.col("ended_on").is_not_null().all())
    return whole.filter("all").drop("all")
