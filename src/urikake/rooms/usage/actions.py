"""Usage events taken from a file, each id once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from urikake.base import bulk, facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal, RowError
from urikake.base.progress import step
from urikake.core import cells, timeline
from urikake.core.money import MICRO
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.contracts.actions import renew_upto
from urikake.rooms.intake.actions import record_parts
from urikake.rooms.intake.queries import LINE, Column, Kind, Parts, Sheet, whole

from .models import UsageEvent

USAGE: Final = Kind(
    "usage",
    (
        Column("event_id", "使用量ID", required=True),
        Column("contract_no", "契約番号", required=True),
        Column("product", "商品コード", required=True),
        Column("timestamp", "日時", cells.instant, required=True),
        Column("quantity", "数量", cells.micro, required=True),
        Column("subject", "対象"),
    ),
)
WORDS: Final = ["event_code", "line_id", "used_at", "quantity_micro", "subject"]


JAPAN: Final = "9h"  # Japan has kept one offset since 1952
MOST_ERRORS: Final = 100_000
CLASH: Final = "この使用量ID は別の内容で使われています（先に登録した内容と、この行の内容が違います）"


@action("usage.import")
def import_usage(session: Session, *, sheet: Sheet) -> int:
    """Take the usage events of the sheet and return how many are new; refused whole if any row is wrong."""
    return import_usage_parts(session, parts=whole(sheet))


@action("usage.import")
def import_usage_parts(session: Session, *, parts: Parts) -> int:
    """Take the usage events of a file part by part and return how many are new; refused whole if any row is wrong.

    What is wrong is gathered over all parts, up to `MOST_ERRORS` rows; from the first error on nothing more is written, so
    that an id used twice is then looked for only among what was written before.
    """
    seen, errors, rows = _Seen(session), list[RowError](), 0
    fresh = 0
    for sheet in parts.sheets:
        rows += sheet.frame.height
        try:
            new = _new(session, sheet, seen)
        except FileRefusal as refusal:
            errors += refusal.errors
            if len(errors) >= MOST_ERRORS:
                break
            continue
        if new.height and not errors:
            facts.record(session, UsageEvent, new)
            fresh += new.height
        step(f"使用量 {rows:,}行")
    if errors:
        raise FileRefusal(parts.name, errors)
    if fresh:
        record_parts(session, parts=parts, rows=rows)
    return fresh


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
    rows = sheet.sift(_placed(session, sheet))
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
    session.stage(days)
    there = session.read(
        "SELECT e.line_id, e.used_on, e.quantity_micro FROM stage s"
        " JOIN usage_event e ON e.line_id = s.line_id AND e.used_on = s.used_on"
    )
    every = pl.concat([there, fresh.select(there.columns)])
    sums = every.group_by(keys).agg(total=pl.col("quantity_micro").sum())
    names = ["contract_no", "product", "used_on"]  # where another row of that day is wrong, the sum is not known
    missing = sheet.lost().with_columns(used_on=_day()).select(*names, missing=pl.lit(True)).unique()
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


def _day() -> pl.Expr:
    """The day in Japan of the instant."""
    return pl.col("timestamp").dt.offset_by(JAPAN).dt.date()


def _placed(session: Session, sheet: Sheet) -> pl.DataFrame:
    """The rows with the contract line that each measures."""
    rows = sheet.frame.with_columns(
        used_on=_day(),
        event_code="event_id",
        used_at="timestamp",
        quantity_micro="quantity",
        subject=pl.col("subject").fill_null(""),
    )
    newest = rows.group_by("contract_no").agg(day=pl.col("used_on").max())
    renew_upto(session, reached=newest.join(contracts.contracts(session), on="contract_no"))
    known = contracts.contracts(session)["contract_no"].implode()
    sheet.frame = rows
    sheet.check(~pl.col("contract_no").is_in(known), "contract_no", "この契約はありません")
    chosen = _borne(rows, _spans(session))
    rows = rows.join(chosen, on=LINE, how="left", maintain_order="left")
    readable = pl.col("used_on").is_not_null() & pl.col("product").is_not_null()
    missing = pl.col("line_id").is_null() & readable & pl.col("contract_no").is_in(known)
    sheet.frame = rows
    sheet.check(missing, "product", "この日に、契約にこの商品の明細がありません")
    sheet.check(pl.col("revenue") != "usage", "product", "使用量で課金する商品（収益認識 usage）ではありません")
    whose = (pl.col("meter") == "unique") & (pl.col("subject") == "")
    sheet.check(whose, "subject", "対象の数で課金する商品です。対象（利用者や機器の番号など）を書いてください")
    return rows


def _spans(session: Session) -> pl.DataFrame:
    """The days on which each line bears each product: with its ``revenue`` and ``meter``."""

    def find() -> pl.DataFrame:
        lines, found = contracts.folded(session)
        held = timeline.segments(lines, found).join(lines.select("line_id", "contract_id", "position"), on="line_id")
        numbers = contracts.contracts(session).select("contract_id", "contract_no")
        code = products(session).select("product_id", "product", "revenue", "meter")
        named = held.join(numbers, on="contract_id").join(code, on="product_id")
        return named.select("contract_no", "product", "line_id", "position", "revenue", "meter", "from_on", "to_on")

    return session.derived("usage_spans", (*contracts.TABLES, "contracts_terms", "catalog_product"), find)


def _borne(rows: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The line of each row: ``file_line, line_id, revenue, meter``; of several the one that stands first in its contract."""
    names = ["contract_no", "product"]
    asked = rows.lazy().select(LINE, *names, "used_on").join(spans.lazy(), on=names)
    open_ended = pl.col("to_on").is_null() | (pl.col("used_on") < pl.col("to_on"))
    within = asked.filter((pl.col("from_on") <= pl.col("used_on")) & open_ended)
    found = within.select(LINE, "line_id", "revenue", "meter", "position").collect()
    if found[LINE].n_unique() < found.height:
        found = found.sort("position").unique(LINE, keep="first")
    return found.drop("position")
