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
from urikake.base.company import accounts, dimensions, tax_rates
from urikake.base.errors import Refusal
from urikake.base.progress import step
from urikake.core import tax
from urikake.core.formats import journals
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties.queries import profiles

from .. import queries
from ..models import Batch, Mark

TAX: Final = "仮受消費税"
SHOWN: Final = 20
"""How many things that are missing are told one by one."""


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
    known = _known(target, style, since, until)
    step("仕訳を読む")
    heads = ledger.entries(session, since, until)
    done = queries.exported(session, target, heads)
    fresh = heads.filter(~done)
    chosen = heads if again else fresh
    if chosen.is_empty():
        return None
    lines = _lines(session, chosen)
    step("伝票にする")
    slips = _summed(lines, style) if style != "detail" else lines
    rows = _mapped(session, known, journals.paired(slips), _texts(session, chosen, slips, style))
    step("ファイルを作る")
    file = known.written(rows)
    _prove(session, known, file, lines)
    batch = {
        "target": target, "since_on": since, "until_on": until, "style": style, "again": bool(again and done.any()),
        "entry_count": chosen.height, "row_count": rows.height, "amount": int(rows["debit_amount"].fill_null(0).sum()),
        "digest": hashlib.sha256(file).hexdigest(), "file_deflated": zlib.compress(file),
    }  # fmt: skip
    batch_id = int(facts.record(session, Batch, pl.DataFrame([batch]))["id"][0])
    if fresh.height:
        facts.record(session, Mark, _spans(fresh).with_columns(target=pl.lit(target), batch_id=pl.lit(batch_id)))
    return Exported(batch | {"batch_id": batch_id}, file)


def _known(target: str, style: str, since: date, until: date) -> journals.Target:
    """The package; refused where there is no such, or the span or the style is none."""
    if target not in journals.TARGETS:
        raise Refusal(
            "unknown-target",
            f"会計ソフト「{target[:40]}」には出せません。",
            f"{'・'.join(journals.TARGETS)} から選んでください。",
        )
    if style not in queries.STYLES:
        raise Refusal(
            "unknown-style",
            f"まとめ方「{style[:40]}」はありません。",
            f"{'・'.join(queries.STYLES)} から選んでください。",
        )
    if since > until:
        raise Refusal(
            "bad-span", f"{since} から {until} までが期間になりません。", "初めの日を終わりの日より前にしてください。"
        )
    return journals.TARGETS[target]


def _lines(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """The lines of the entries with their tax inside, in the order of entries: facts as `journals.paired` takes them."""
    chart = accounts(session).select(account_id="id", account="name")
    people = profiles(session, "name").select("partner_id", partner_code="code", partner="name")
    placed = dimensions(session).select("dimension_id", "department")
    days = heads.select("entry_id", "posted_on", "source")
    found = ledger.lines(session, heads)
    for other, key in ((chart, "account_id"), (people, "partner_id"), (placed, "dimension_id"), (days, "entry_id")):
        found = found.join(other, on=key, how="left", maintain_order="left")
    rate = tax.rate_micro(pl.col("tax"), pl.col("posted_on"), tax_rates(session))
    told = found.with_columns(
        pl.col("department").fill_null(""),
        entry="entry_id",
        role=pl.col("account").replace_strict(queries.ROLE, default="none", return_dtype=pl.String),
        rate_micro=rate,
    ).sort("posted_on", "entry_id", "id")
    return journals.folded(told, TAX).with_columns(
        tax_key=journals.tax_key(pl.col("role"), pl.col("tax"), pl.col("rate_micro"))
    )


def _summed(lines: pl.DataFrame, style: str) -> pl.DataFrame:
    """The lines of entries of one source and day (or month) as one slip each, summed by account, tax, department, partner."""
    day = pl.col("posted_on") if style == "day" else pl.col("posted_on").dt.month_end()
    keyed = lines.with_columns(posted_on=day)
    slips = keyed.select("posted_on", "source").unique().sort("posted_on", "source").with_row_index("entry", 1)
    facts_ = ["account", "tax_key", "rate_micro", "department", "partner_code", "partner"]
    summed = (
        keyed.drop("entry")
        .join(slips.cast({"entry": pl.Int64}), on=["posted_on", "source"])
        .group_by("entry", "posted_on", "source", *facts_, maintain_order=True)
        .agg(pl.col("amount", "tax_amount").sum())
    )
    return summed.sort("entry", *facts_, nulls_last=True)


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


# --- names ---------------------------------------------------------------------------------------------------------


def _mapped(session: Session, known: journals.Target, rows: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """The rows with everything as the package calls it; refused with all that it has no name for."""
    missing: list[str] = []
    for side in journals.SIDES:
        rows = _side(session, known, rows, side, missing)
    if missing:
        told = "、".join(dict.fromkeys(missing[:SHOWN]))
        more = len(dict.fromkeys(missing)) - SHOWN
        raise Refusal(
            "unmapped",
            f"{known.title}での名前やコードが決まっていないものがあります: {told}{f'、ほか{more}件' if more > 0 else ''}。",
            "仕訳出力の画面か urikake import export-mappings で決めてください。",
        )
    placed = rows.join(texts, on="entry", how="left", maintain_order="left").sort(
        "date", "entry", "at", maintain_order=True
    )
    return _written(session, known, _numbered(known, placed))


def _side(session: Session, known: journals.Target, rows: pl.DataFrame, side: str, missing: list[str]) -> pl.DataFrame:
    """One side of the rows with the package's names; what has none is added to ``missing``."""
    names = rows[f"{side}_account"].drop_nulls()
    chart = queries.accounts(session, known.name, names)
    places = queries.departments(
        session,
        known.name,
        rows[f"{side}_department"].drop_nulls().filter(rows[f"{side}_department"].drop_nulls() != ""),
    )
    classes = queries.taxes(session, known.name)
    if known.coded:
        missing += [f"勘定科目 {name}" for name in chart.filter(pl.col("code").is_null())["account"]]
        missing += [f"部門 {name}" for name in places.filter(pl.col("code").is_null())["department"]]
    keys = rows[f"{side}_tax_key"].drop_nulls().unique().sort()
    missing += [f"税区分 {key}" for key in keys if key not in classes]
    own = {name: f"{side}_{name}" for name in ("account", "department")}
    there = pl.col(own["account"]).is_not_null()
    partner, partner_code = pl.col(f"{side}_partner"), pl.col(f"{side}_partner_code")
    by_partner = pl.col("sub") == queries.PARTNER
    joined = rows.join(chart.rename({"account": own["account"]}), on=own["account"], how="left", maintain_order="left")
    named = joined.with_columns(
        pl.col("called").alias(f"{side}_called"),
        pl.col("code").alias(f"{side}_account_code"),
        pl.when(by_partner).then(partner).when(pl.col("sub") != "").then("sub").alias(f"{side}_sub"),
        pl.when(by_partner).then(partner_code).when(pl.col("sub") != "").then("sub").alias(f"{side}_sub_code"),
        pl.col(f"{side}_tax_key").replace_strict(classes, default=None, return_dtype=pl.String).alias(f"{side}_tax"),
        pl.when(there & (pl.col(f"{side}_tax_key").str.count_matches(":") == 2))
        .then(pl.col(f"{side}_rate_micro") // 1_000_000)
        .alias(f"{side}_percent"),
        pl.col(f"{side}_tax_key").str.contains(":reduced:").alias(f"{side}_reduced"),
    ).drop("called", "code", "sub")
    placed = named.join(
        places.rename({"department": own["department"]}), on=own["department"], how="left", maintain_order="left"
    )
    return placed.with_columns(
        pl.col("called").alias(own["department"]),
        pl.col("code").alias(f"{side}_department_code"),
        pl.col(f"{side}_called").alias(own["account"]),
    ).drop("called", "code", f"{side}_called")


def _numbered(known: journals.Target, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the number of their slip; refused where the package cannot count so many."""
    first = (pl.col("at") == 1).cast(pl.Int64).cum_sum()
    numbered = rows.with_columns(slip=first.over("date") if known.numbering == "day" else first)
    most = numbered["slip"].max()
    if isinstance(most, int) and most > known.most:
        raise Refusal(
            "too-many-slips",
            f"{known.title}の伝票番号は {known.most:,} までですが、{most:,} 件あります。",
            "期間を短くするか、日ごと・月ごとにまとめてください。",
        )
    return numbered


def _written(session: Session, known: journals.Target, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with texts that the file can hold: letters that the company replaces, cut to their width."""
    swaps = queries.letters(session, known.name)
    columns = [name for name, kind in rows.schema.items() if kind == pl.String]
    spelt: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name in columns:
        for text in rows[name].drop_nulls().unique():
            swapped = "".join(swaps.get(letter, letter) for letter in text)
            spelt[text] = journals.cut(swapped, known.wide)
            if letters := known.unwritable(spelt[text]):
                wrong[text] = letters
    if wrong:
        shown = "、".join(f"「{text[:30]}」の {letters}" for text, letters in list(wrong.items())[:SHOWN])
        raise Refusal(
            "unwritable", f"{known.title}のファイルに書けない文字があります: {shown}。",
            "代わりの文字を、仕訳出力の画面か export-mappings（種類 letter）で決めてください。",
        )  # fmt: skip
    return (
        rows.with_columns(pl.col(columns).replace_strict(spelt, default=None, return_dtype=pl.String))
        if spelt
        else rows
    )


# --- proof ---------------------------------------------------------------------------------------------------------


def _prove(session: Session, known: journals.Target, file: bytes, lines: pl.DataFrame) -> None:
    """Read the file back: nothing in it that the package would not take, and by account the sums that the ledger has."""
    step("読み戻して確かめる")
    sides, problems = journals.read(known.name, file)
    if problems:
        raise AssertionError(f"{known.name}: {problems[0]}")
    chart = queries.accounts(session, known.name, lines["account"])
    name = "code" if known.coded else "called"
    called = dict(chart.select("account", name).iter_rows())
    expected: dict[str, int] = {}
    for account, amount in lines.group_by("account").agg(pl.col("amount").sum()).iter_rows():
        expected[called[account]] = expected.get(called[account], 0) + amount
    told: dict[str, int] = dict.fromkeys(expected, 0)
    for one in sides:
        told[one.account] = told.get(one.account, 0) + (one.amount if one.debit else -one.amount)
    if told != expected:
        raise AssertionError(f"{known.name}: the file does not say what the ledger says")


def _spans(fresh: pl.DataFrame) -> pl.DataFrame:
    """The ids of the entries as runs of neighbours: ``first_id, last_id``; between two of a run no other entry lies."""
    ids = fresh.select("entry_id").sort("entry_id")
    step_ = (pl.col("entry_id").diff().fill_null(1) != 1).cum_sum()
    return (
        ids.group_by(run=step_, maintain_order=True)
        .agg(first_id=pl.col("entry_id").min(), last_id=pl.col("entry_id").max())
        .drop("run")
    )
