"""Usage events taken from a file, each id once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from urikake.base import bulk, facts, indexes
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal
from urikake.core.money import MICRO
from urikake.rooms.intake.actions import record_parts
from urikake.rooms.intake.queries import Parts, Sheet, taken_before, whole

from ..models import UsageEvent
from .placing import CLASH, WORDS, Gathered, day_in_japan, placed

LARGE: Final = 1_000_000


@action("usage.import")
def import_usage(session: Session, *, sheet: Sheet) -> int:
    """Take the usage events of the sheet and return how many are new; refused whole if any row is wrong."""
    return import_usage_parts(session, parts=whole(sheet))


@action("usage.import")
def import_usage_parts(session: Session, *, parts: Parts) -> int:
    """Take the usage events of a file part by part and return how many are new; refused whole if any row is wrong.

    What is wrong is gathered over all parts, up to `MOST_ERRORS` rows; from the first error on nothing more is written, so
    that an id used twice is then looked for only among what was written before. A file that was taken before as it is
    brings nothing new, and is not read again.
    """
    if taken_before(session, parts):
        return 0
    seen, gathered, fresh = _Seen(session), Gathered(), 0
    for new in gathered.each(parts, lambda sheet: _new(session, sheet, seen)):
        if new.height and not gathered.errors:
            _make_way(session, parts)
            facts.record(session, UsageEvent, new)
            fresh += new.height
    if gathered.errors:
        raise FileRefusal(parts.name, gathered.errors)
    if fresh:
        record_parts(session, parts=parts, rows=gathered.rows)
    return fresh


def _make_way(session: Session, parts: Parts) -> None:
    """Lay the index of lines and days by where the file brings more than twice what is there."""
    table = UsageEvent._meta.db_table
    if parts.about >= LARGE and (session.next_id(table) - session.low) * 2 < parts.about:
        indexes.lay_by(session, table)


@dataclass
class _Seen:
    """The event ids of the parts taken so far, by their hashes; and whether any were there before."""

    session: Session
    hashes: list[pl.Series] = field(default_factory=list)
    before: bool = False

    def __post_init__(self) -> None:
        self.before = self.session.next_id(UsageEvent._meta.db_table) > self.session.low + 1

    def maybe(self, codes: pl.Series) -> pl.Series:
        """Those of the ids that may be there already: all of them where the books had any before this file."""
        own = codes.hash()
        hits = [each.filter(each.is_in(own.implode())) for each in self.hashes]
        self.hashes.append(own)
        if self.before:
            return codes
        return codes.filter(own.is_in(pl.concat(hits).implode())) if hits else codes.clear()


def _new(session: Session, sheet: Sheet, seen: _Seen) -> pl.DataFrame:
    """The events of the sheet that are not there yet, each once; refused if any row is wrong."""
    rows = sheet.sift(placed(session, sheet))
    there = _known(session, seen.maybe(rows["event_code"]))
    twice, fresh = rows["event_code"].n_unique() < rows.height, rows
    if there.height or twice:
        distinct = rows.unique(WORDS, keep="first", maintain_order=True) if twice else rows
        own = distinct.filter(pl.col("event_code").is_duplicated())["event_code"]
        both = there.join(distinct.select(WORDS), on="event_code", suffix="_here")
        other = both.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name}_here") for name in WORDS[1:]))
        clash = pl.concat([own, other["event_code"]]).unique()
        sheet.check(pl.col("event_id").is_in(clash.implode()), "event_id", CLASH)
        fresh = sheet.sift(distinct.join(there, on="event_code", how="anti", maintain_order="left"))
    _check_corrections(session, sheet, fresh)
    sheet.accept()
    return fresh


def _check_corrections(session: Session, sheet: Sheet, fresh: pl.DataFrame) -> None:
    """Note negative quantities (訂正) that take more than the line's usage of that day, on record and in the file."""
    keys = ["line_id", "used_on"]
    days = fresh.filter(pl.col("quantity_micro") < 0).select(keys).unique()
    if days.is_empty():
        return
    indexes.restore(session, UsageEvent._meta.db_table)
    session.stage(days)
    there = session.read(
        "SELECT e.line_id, e.used_on, e.quantity_micro FROM stage s"
        " JOIN usage_event e ON e.line_id = s.line_id AND e.used_on = s.used_on"
    )
    every = pl.concat([there, fresh.select(there.columns)])
    sums = every.group_by(keys).agg(total=pl.col("quantity_micro").sum())
    names = ["contract_no", "product", "used_on"]  # where another row of that day is wrong, the sum is not known
    missing = sheet.lost().with_columns(used_on=day_in_japan()).select(*names, missing=pl.lit(True)).unique()
    joined = fresh.join(sums, on=keys, how="left", maintain_order="left")
    sheet.frame = joined.join(missing, on=names, how="left", maintain_order="left")
    below = (pl.col("quantity_micro") < 0) & (pl.col("total") < 0) & pl.col("missing").is_null()
    total = (pl.col("total") / MICRO).cast(pl.String).str.strip_suffix(".0")
    why = "訂正すると、この日のこの明細の使用量の合計が {} になります。合計が 0 を下回らない数量にしてください"
    sheet.check(below, "quantity", pl.format(why, total))


def _known(session: Session, wanted: pl.Series) -> pl.DataFrame:
    """The events already there among the wanted ids."""
    if wanted.is_empty():
        return pl.DataFrame(schema={name: bulk.types()[name] for name in WORDS})
    session.stage(pl.DataFrame({"code": wanted.unique()}))
    return session.read(
        "SELECT e.event_code, e.line_id, e.used_at, e.quantity_micro, e.subject FROM stage s"
        " JOIN usage_event e ON e.company_id = ? AND e.event_code = s.code",
        (session.company_id,),
    )
