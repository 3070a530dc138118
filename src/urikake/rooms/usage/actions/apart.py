"""The usage of a file placed on contract lines and not taken: to be rated by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal, RowError
from urikake.core.metering import EVENT
from urikake.rooms.intake.queries import LINE, Parts, Sheet

from .placing import CLASH, MOST_ERRORS, WORDS, Gathered, placed

BELOW: Final = "訂正すると、この日のこの明細の使用量の合計が 0 を下回ります。合計が 0 を下回らない数量にしてください"
DAY: Final = ["line_id", "used_on"]


@action("usage.read")
def place_usage(session: Session, *, parts: Parts) -> Iterator[pl.DataFrame]:
    """The events of the file part by part, each id once, with the columns `core.metering.EVENT`; nothing is kept of them.

    It is checked as if it were taken into empty books: refused whole, after its last part, if any row is wrong. Renewals
    (自動更新) that the file's days reach into are made, so it is for sessions that are undone.
    """
    return _placed_parts(session, parts)


def _placed_parts(session: Session, parts: Parts) -> Iterator[pl.DataFrame]:
    seen, days, gathered = _Ids(), _Days(), Gathered()
    for found in gathered.each(parts, lambda sheet: _distinct(session, sheet, seen)):
        days.add(found)
        named = found.with_columns(pl.col("used_at").dt.epoch("us"), id=pl.col(LINE))
        yield named.select(pl.col(name).cast(dtype) for name, dtype in EVENT.items())
    if errors := gathered.errors or days.wrong():
        raise FileRefusal(parts.name, errors)


def _distinct(session: Session, sheet: Sheet, seen: _Ids) -> pl.DataFrame:
    """The events of the sheet, those told before left out; refused if any row is wrong."""
    rows = sheet.sift(placed(session, sheet))
    once = rows.unique(WORDS, keep="first", maintain_order=True)
    own = once.filter(pl.col("event_code").is_duplicated())["event_code"]
    again, other = seen.told(once)
    clash = pl.concat([own, other]).unique()
    sheet.check(pl.col("event_id").is_in(clash.implode()), "event_id", CLASH)
    fresh = sheet.sift(once.filter(~pl.col("event_code").is_in(again.implode())))
    sheet.accept()
    return fresh


@dataclass
class _Ids:
    """The ids of the parts so far with what they said, both by their hashes of 64 bits."""

    parts: list[pl.DataFrame] = field(default_factory=list)

    def told(self, rows: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """Those of the rows' ids that an earlier part had: with the same content, and with other; they count as told now."""
        own = rows.select("event_code", id=pl.col("event_code").hash(), said=pl.struct(WORDS).hash())
        hits = [own.join(each, on="id", suffix="_before") for each in self.parts]
        self.parts.append(own.select("id", "said"))
        found = pl.concat(hits) if hits else own.clear().with_columns(said_before="said")
        same = pl.col("said") == pl.col("said_before")
        return found.filter(same)["event_code"], found.filter(~same)["event_code"]


@dataclass
class _Days:
    """The sums of the lines' days, and the corrections (negative quantities) among them."""

    sums: list[pl.DataFrame] = field(default_factory=list)
    corrections: list[pl.DataFrame] = field(default_factory=list)

    def add(self, rows: pl.DataFrame) -> None:
        """Count the rows in."""
        self.sums.append(rows.group_by(DAY).agg(pl.col("quantity_micro").sum()))
        below = rows.filter(pl.col("quantity_micro") < 0)
        self.corrections += [below.select(LINE, *DAY, "quantity")] if below.height else []

    def wrong(self) -> list[RowError]:
        """The corrections that take more than there is of their day."""
        if not self.corrections:
            return []
        sums = pl.concat(self.sums).group_by(DAY).agg(pl.col("quantity_micro").sum())
        bad = pl.concat(self.corrections).join(sums.filter(pl.col("quantity_micro") < 0), on=DAY, how="semi")
        told = bad.sort(LINE).head(MOST_ERRORS).select(LINE, (pl.col("quantity") / 1_000_000).cast(pl.String))
        return [RowError(line, "数量", value.removesuffix(".0"), BELOW) for line, value in told.iter_rows()]
