"""Files of journals: what is new in a span laid out for a package, proved against the ledger, kept, and marked as handed over."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import accounts, dimensions
from urikake.base.errors import Refusal
from urikake.base.progress import step
from urikake.core.formats import journals
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties.queries import profiles

from .. import queries
from ..models import Batch, Mark, Numbered
from .naming import named, written
from .printing import printed
from .proving import prove

SPEED: Final = 1
"""How hard files are deflated: a tenth larger than with more effort, in a fraction of its time."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was made: its facts (one row), and its bytes."""

    batch: dict[str, Any]
    file: bytes


@action("exports.export")
def export(
    session: Session, *, target: str, since: date, until: date, style: str = "detail", again: bool = False
) -> Exported | None:
    """The entries from day to day that no file of the package holds yet (all of them ``again``) as a file; None without any.

    Refused whole, with everything that is missing: names or codes that the package needs, letters that its file cannot hold.
    """
    if target == queries.BEANCOUNT:
        return _print(session, style, since, until)
    known = _known(target, style, since, until)
    step("仕訳を読む")
    heads = ledger.entries(session, since, until)
    done = queries.exported(session, target, heads)
    fresh = heads.filter(~done)
    chosen = heads if again else fresh
    if chosen.is_empty():
        return None
    if again and style != "detail" and fresh.height and done.any():
        raise Refusal(
            "again-with-new",
            f"渡した仕訳とまとめて出すと、まだ渡していない仕訳 {fresh.height:,}件がどの伝票にあるか分からなくなります。",
            "先に、渡した仕訳を含めずに出力してください。",
        )
    lines = _lines(session, chosen)
    missing: list[str] = []
    whole = queries.classed(session, target, lines, missing)
    step("伝票にする")
    slips = _summed(whole, style, until) if style != "detail" else whole
    rows = named(session, known, journals.paired(slips), missing)
    rows = _placed(session, known, rows, _texts(session, chosen, slips, style))
    step("ファイルを作る")
    file = known.written(rows, queries.columns(session, target))
    prove(session, known, file, lines)
    batch = {
        "target": target, "since_on": since, "until_on": until, "style": style, "again": bool(again and done.any()),
        "entry_count": chosen.height, "row_count": rows.height, "amount": int(rows["debit_amount"].fill_null(0).sum()),
        "digest": hashlib.sha256(file).hexdigest(), "file_deflated": zlib.compress(file, SPEED),
    }  # fmt: skip
    batch_id = int(facts.record(session, Batch, pl.DataFrame([batch]))["id"][0])
    if fresh.height:
        facts.record(session, Mark, _spans(fresh).with_columns(target=pl.lit(target), batch_id=pl.lit(batch_id)))
    facts.record(session, Numbered, _last(known, rows).with_columns(target=pl.lit(target), batch_id=pl.lit(batch_id)))
    return Exported(batch | {"batch_id": batch_id}, file)


def _print(session: Session, style: str, since: date, until: date) -> Exported | None:
    """All entries from day to day as a beancount ledger, which is kept as a file, but holds nothing as handed over."""
    if style != "detail":
        raise Refusal("unknown-style", "beancount には、仕訳を一件ずつ出します。", "まとめ方を detail にしてください。")
    _ascends(since, until)
    heads = ledger.entries(session, since, until)
    if heads.is_empty():
        return None
    file, rows, amount = printed(session, since, until, heads)
    batch = {
        "target": queries.BEANCOUNT, "since_on": since, "until_on": until, "style": style, "again": False,
        "entry_count": heads.height, "row_count": rows, "amount": amount, "digest": hashlib.sha256(file).hexdigest(),
        "file_deflated": zlib.compress(file, SPEED),
    }  # fmt: skip
    batch_id = int(facts.record(session, Batch, pl.DataFrame([batch]))["id"][0])
    return Exported(batch | {"batch_id": batch_id}, file)


def _ascends(since: date, until: date) -> None:
    """Refuse a span that ends before it begins."""
    if since > until:
        raise Refusal(
            "bad-span", f"{since} から {until} までが期間になりません。", "初めの日を終わりの日より前にしてください。"
        )


def _known(target: str, style: str, since: date, until: date) -> journals.Target:
    """The package; refused where there is no such, or the span or the style is none."""
    if target not in journals.TARGETS:
        raise Refusal(
            "unknown-target",
            f"会計ソフト「{target[:40]}」には出せません。",
            f"{'・'.join(queries.TITLES)} から選んでください。",
        )
    if style not in queries.STYLES:
        raise Refusal(
            "unknown-style",
            f"まとめ方「{style[:40]}」はありません。",
            f"{'・'.join(queries.STYLES)} から選んでください。",
        )
    _ascends(since, until)
    return journals.TARGETS[target]


def _lines(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """The lines of the entries as the ledger has them, in the order of entries, with their names, days and rates."""
    chart = accounts(session).select(account_id="id", account="name")
    people = profiles(session, "name").select("partner_id", partner_code="code", partner="name")
    placed = dimensions(session).select("dimension_id", "department")
    days = heads.select("entry_id", "posted_on", "source", "source_id")
    found = ledger.lines(session, heads)
    for other, key in ((chart, "account_id"), (people, "partner_id"), (placed, "dimension_id"), (days, "entry_id")):
        found = found.join(other, on=key, how="left", maintain_order="left")
    return found.with_columns(
        pl.col("department").fill_null(""), entry="entry_id", rate_micro=queries.rates(session, found)
    ).sort("posted_on", "entry_id", "id")


def _summed(lines: pl.DataFrame, style: str, until: date) -> pl.DataFrame:
    """The lines of entries of one source and day (or month) as one slip each, debits and credits apart.

    Summed are lines of one account, tax, department and partner. A month that is not over ends with the span.
    """
    month_end = pl.min_horizontal(pl.col("posted_on").dt.month_end(), pl.lit(until))
    day = pl.col("posted_on") if style == "day" else month_end
    keyed = lines.with_columns(posted_on=day, debit=pl.col("amount") > 0)
    slips = keyed.select("posted_on", "source").unique().sort("posted_on", "source").with_row_index("entry", 1)
    facts_ = ["account", "tax_key", "rate_micro", "department", "partner_code", "partner"]
    summed = (
        keyed.drop("entry")
        .join(slips.cast({"entry": pl.Int64}), on=["posted_on", "source"])
        .group_by("entry", "posted_on", "source", "debit", *facts_, maintain_order=True)
        .agg(pl.col("amount", "tax_amount").sum())
    )
    return summed.sort("entry", "debit", *facts_, descending=[False, True, *[False] * len(facts_)], nulls_last=True)


def _texts(session: Session, heads: pl.DataFrame, slips: pl.DataFrame, style: str) -> pl.DataFrame:
    """Of every slip its day, its text and its memo: ``entry, date, text, memo``."""
    if style == "detail":
        named = ledger.described(session, heads)
        memo = pl.concat_str(pl.lit("urikake "), (pl.col("entry_id") - session.low).cast(pl.String))
        return named.select(entry="entry_id", date="posted_on", text="description", memo=memo)
    form = "%Y/%m/%d" if style == "day" else "%Y年%m月分"
    told = slips.select("entry", "posted_on", "source").unique(maintain_order=True)
    word = pl.col("source").replace_strict(ledger.WORDS, return_dtype=pl.String)
    text = pl.concat_str(word, pl.lit(" "), pl.col("posted_on").dt.strftime(form))
    return told.select("entry", date="posted_on", text=text, memo=pl.lit(""))


def _placed(session: Session, known: journals.Target, rows: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """The rows by day with their texts and the number of their slip, as the file can hold them."""
    placed = rows.join(texts, on="entry", how="left", maintain_order="left")
    return written(session, known, _numbered(session, known, placed.sort("date", "entry", "at", maintain_order=True)))


def _numbered(session: Session, known: journals.Target, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the number of their slip, after those of earlier files; refused where the package cannot count so many.

    Two slips of one day and number would be one: numbers go on from file to file, and begin anew only where they run out.
    """
    before = queries.last_numbers(session, known.name)
    first = (pl.col("at") == 1).cast(pl.Int64).cum_sum()
    if known.numbering == "day":
        days = before.select(date="on_day", last="last").cast({"date": pl.Date})
        counted = rows.join(days, on="date", how="left", maintain_order="left")
        numbered = counted.with_columns(slip=first.over("date") + pl.col("last").fill_null(0)).drop("last")
    else:
        last = int(before["last"].max() or 0)  # type: ignore[arg-type]
        count = int((rows["at"] == 1).sum())
        numbered = rows.with_columns(slip=first + (last if last + count <= known.most else 0))
    most = numbered["slip"].max()
    if isinstance(most, int) and most > known.most:
        raise Refusal(
            "too-many-slips",
            f"{known.title}の伝票番号は {known.most:,} までですが、{most:,} 件あります。",
            "期間を短くするか、日ごと・月ごとにまとめてください。",
        )
    return numbered


def _last(known: journals.Target, rows: pl.DataFrame) -> pl.DataFrame:
    """The last number that the file gave, of each day where slips are numbered by day: ``on_day, last``."""
    if known.numbering == "day":
        return rows.group_by(on_day="date", maintain_order=True).agg(last=pl.col("slip").max())
    return pl.DataFrame({"on_day": [None], "last": [rows["slip"].max()]}, schema={"on_day": pl.Date, "last": pl.Int64})


def _spans(fresh: pl.DataFrame) -> pl.DataFrame:
    """The ids of the entries as runs of neighbours: ``first_id, last_id``; between two of a run no other entry lies."""
    ids = fresh.select("entry_id").sort("entry_id")
    step_ = (pl.col("entry_id").diff().fill_null(1) != 1).cum_sum()
    return (
        ids.group_by(run=step_, maintain_order=True)
        .agg(first_id=pl.col("entry_id").min(), last_id=pl.col("entry_id").max())
        .drop("run")
    )
