"""Files of journals: what is new in a span laid out for a package, proved against the ledger, kept, and marked as handed over."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
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
from ..models import Batch, Mark, Numbered

TAX: Final = "仮受消費税"
BASE: Final = "売上高"
"""The account on which the base of tax stands that is no line's own."""
BASES: Final = frozenset({"売上高", "雑収入", "売上値引", "貸倒損失"})
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
    missing: list[str] = []
    whole = _classed(session, target, lines, missing)
    step("伝票にする")
    slips = _summed(whole, style, until) if style != "detail" else whole
    rows = _mapped(session, known, journals.paired(slips), _texts(session, chosen, slips, style), missing)
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
    facts.record(session, Numbered, _last(known, rows).with_columns(target=pl.lit(target), batch_id=pl.lit(batch_id)))
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
    """The lines of the entries as the ledger has them, in the order of entries, with their names, days and rates."""
    chart = accounts(session).select(account_id="id", account="name")
    people = profiles(session, "name").select("partner_id", partner_code="code", partner="name")
    placed = dimensions(session).select("dimension_id", "department")
    days = heads.select("entry_id", "posted_on", "source")
    found = ledger.lines(session, heads)
    for other, key in ((chart, "account_id"), (people, "partner_id"), (placed, "dimension_id"), (days, "entry_id")):
        found = found.join(other, on=key, how="left", maintain_order="left")
    return found.with_columns(
        pl.col("department").fill_null(""), entry="entry_id", rate_micro=_rates(session, found)
    ).sort("posted_on", "entry_id", "id")


def _rates(session: Session, lines: pl.DataFrame) -> pl.Series:
    """The rate of each line: that of its day, or, in the years after a change, the one before where its entry's tax is of that.

    What is given back or billed late bears the rate of its supply.
    """
    today = lines.with_columns(
        rate_micro=tax.rate_micro(pl.col("tax"), pl.col("posted_on"), tax_rates(session)), at=pl.int_range(pl.len())
    )
    rates = tax_rates(session).sort("tax", "from_on").with_columns(before=pl.col("rate_micro").shift(1).over("tax"))
    late = today.join(rates.select("tax", "from_on", "before"), on="tax").filter(
        (pl.col("posted_on") >= pl.col("from_on"))
        & (pl.col("posted_on") < pl.col("from_on") + pl.duration(days=_LATE_DAYS))
    )
    if late.is_empty():
        return today["rate_micro"]
    key = ["entry_id", "tax"]
    of_tax = pl.when(pl.col("account") == TAX).then("amount").otherwise(0).sum()
    of_base = pl.when(pl.col("account").is_in(list(BASES))).then("amount").otherwise(0).sum()
    sums = late.group_by(key).agg(pl.col("rate_micro", "before").first(), pl.len(), taxed=of_tax, base=of_base)
    fits = {name: _off(name) <= (pl.col("len") + 2).cast(pl.Int128) * 100_000_000 for name in ("rate_micro", "before")}
    older = sums.filter((pl.col("taxed") != 0) & ~fits["rate_micro"] & fits["before"]).select(*key, older="before")
    found = today.join(older, on=key, how="left", maintain_order="left").sort("at")
    return found.select(rate_micro=pl.coalesce("older", "rate_micro")).to_series()


_LATE_DAYS: Final = 730
"""So long after a change of the rate what is of the rate before may still be posted."""


def _off(rate: str) -> pl.Expr:
    """By how much (in hundred-millionths of a yen) the tax of an entry and class is not that of its base at the rate."""
    return (pl.col("taxed").cast(pl.Int128) * 100_000_000 - pl.col("base").cast(pl.Int128) * pl.col(rate)).abs()


def _classed(session: Session, target: str, lines: pl.DataFrame, missing: list[str]) -> pl.DataFrame:
    """The lines with their tax inside and the key of their class; accounts whose role is not known are added to ``missing``."""
    roles = queries.roles(session, target)
    named = lines.with_columns(role=pl.col("account").replace_strict(roles, default=None, return_dtype=pl.String))
    taxed = named.filter(pl.col("role").is_null() & (pl.col("tax") != ""))
    missing += [f"消費税の役割 {name}" for name in taxed["account"].unique().sort()]
    whole = journals.folded(named.with_columns(pl.col("role").fill_null("none")), TAX, BASE)
    key = journals.tax_key(pl.col("role"), pl.col("tax"), pl.col("rate_micro"))
    return whole.with_columns(tax_key=pl.when("taxed").then(key).otherwise(pl.lit("none")))


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


# --- names ---------------------------------------------------------------------------------------------------------


def _mapped(
    session: Session, known: journals.Target, rows: pl.DataFrame, texts: pl.DataFrame, missing: list[str]
) -> pl.DataFrame:
    """The rows with everything as the package calls it; refused with all that it has no name for, or none that fits."""
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
    return _written(session, known, _numbered(session, known, placed))


def _side(session: Session, known: journals.Target, rows: pl.DataFrame, side: str, missing: list[str]) -> pl.DataFrame:
    """One side of the rows with the package's names; what has none, or one that does not fit, is added to ``missing``."""
    account, department, key = (f"{side}_{name}" for name in ("account", "department", "tax_key"))
    chart = queries.accounts(session, known.name, rows[account].drop_nulls())
    places = queries.departments(session, known.name, rows[department].drop_nulls().replace("", None).drop_nulls())
    classes = queries.taxes(session, known.name)
    missing += _unfit(known, chart.rename({"account": "ours"}), "勘定科目", known.digits[0])
    missing += _unfit(known, places.rename({"department": "ours"}), "部門", known.digits[1])
    missing += [f"税区分 {journals.told(one)}" for one in rows[key].drop_nulls().unique().sort() if one not in classes]
    people = _people(session, known)
    by_partner, fixed = pl.col("sub") == queries.PARTNER, pl.when(pl.col("sub") != "").then("sub")
    partner = pl.col(f"{side}_partner_code")
    named = rows.join(chart.rename({"account": account}), on=account, how="left", maintain_order="left").with_columns(
        pl.col("called").alias(f"{side}_called"),
        pl.col("code").alias(f"{side}_account_code"),
        pl.when(by_partner)
        .then(partner.replace_strict(people, default=None, return_dtype=pl.String))
        .otherwise(fixed)
        .alias(f"{side}_sub"),
        pl.when(by_partner).then(partner).otherwise(fixed).alias(f"{side}_sub_code"),
        pl.col(key).replace_strict(classes, default=None, return_dtype=pl.String).alias(f"{side}_tax"),
        pl.when(pl.col(key).str.count_matches(":") == 2)
        .then(pl.col(f"{side}_rate_micro") // 1_000_000)
        .alias(f"{side}_percent"),
        pl.col(key).str.contains(":reduced:").alias(f"{side}_reduced"),
    )
    told = places.rename({"department": department, "called": "place", "code": "place_code"})
    placed = named.drop("called", "code", "sub").join(told, on=department, how="left", maintain_order="left")
    renamed = {account: f"{side}_called", department: "place", f"{side}_department_code": "place_code"}
    return placed.with_columns(pl.col(old).alias(new) for new, old in renamed.items()).drop(
        "place", "place_code", f"{side}_called"
    )


def _unfit(known: journals.Target, named: pl.DataFrame, kind: str, digits: int) -> list[str]:
    """What has no code where the package wants one, or a name or code that is too long for it."""
    found = (
        [f"{kind} {name} のコード" for name in named.filter(pl.col("code").is_null())["ours"]] if known.coded else []
    )
    for name, called, code in named.select("ours", "called", "code").iter_rows():
        if not known.coded and journals.cut(called, known.narrow) != called:
            found.append(f"{kind} {name} の短い名前（半角{known.narrow}字まで）")
        if known.coded and digits and code and len(code) > digits:
            found.append(f"{kind} {name} の短いコード（{digits}桁まで）")
    return found


def _people(session: Session, known: journals.Target) -> dict[str, str]:
    """What each partner is called as a sub-account: its name as far as it fits, with its code where that is another's too."""
    every = profiles(session, "name").select("code", "name")
    short = every.with_columns(
        short=pl.col("name").map_elements(lambda name: journals.cut(name, known.narrow), return_dtype=pl.String)
    )
    alone = pl.len().over("short") == 1
    told = short.with_columns(alone=alone).iter_rows(named=True)
    return {
        row["code"]: row["short"]
        if row["alone"]
        else f"{journals.cut(row['name'], known.narrow - len(row['code']) - 1)} {row['code']}"
        for row in told
    }


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


def _written(session: Session, known: journals.Target, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with texts as the file can hold them: letters that the company replaces, cut to their width."""
    wrong: dict[str, str] = {}
    spell = _speller(session, known, wrong)
    columns = [name for name, kind in rows.schema.items() if kind == pl.String]
    spelt = {text: spell(text) for name in columns for text in rows[name].drop_nulls().unique()}
    if wrong:
        shown = "、".join(f"「{text[:30]}」の {letters}" for text, letters in list(wrong.items())[:SHOWN])
        raise Refusal(
            "unwritable",
            f"{known.title}のファイルに書けない文字があります: {shown}。",
            "代わりの文字を、仕訳出力の画面か export-mappings（種類 letter）で決めてください。",
        )
    return (
        rows.with_columns(pl.col(columns).replace_strict(spelt, default=None, return_dtype=pl.String))
        if spelt
        else rows
    )


def _speller(session: Session, known: journals.Target, wrong: dict[str, str]) -> Callable[[str], str]:
    """What makes of a text what stands in the file; a text that cannot is added to ``wrong`` with its letters."""
    swaps = queries.letters(session, known.name)

    def spell(text: str) -> str:
        if known.unwritable(text):
            text = "".join(swaps.get(letter, letter) for letter in text)
            if letters := known.unwritable(text):
                wrong[text] = letters
        return known.fitting(text)

    return spell


# --- proof ---------------------------------------------------------------------------------------------------------


def _prove(session: Session, known: journals.Target, file: bytes, lines: pl.DataFrame) -> None:
    """Read the file back: nothing in it that the package would not take, and by account what the ledger has, tax apart.

    Compared are the ledger's own lines, before anything was made of them.
    """
    step("読み戻して確かめる")
    told: dict[str, int] = {}
    taxes, problems = 0, list[journals.Problem]()
    for one in journals.sides(known.name, file, problems):
        sign = 1 if one.debit else -1
        told[one.account] = told.get(one.account, 0) + sign * (one.amount - one.tax_amount)
        taxes += sign * one.tax_amount
    if problems:
        raise AssertionError(f"{known.name}: {problems[0]}")
    chart = queries.accounts(session, known.name, pl.concat([lines["account"], pl.Series([TAX, BASE])]))
    spell = _speller(session, known, {})
    called = {
        account: spell(name or "")
        for account, name in chart.select("account", "code" if known.coded else "called").iter_rows()
    }
    told[called[TAX]] = told.get(called[TAX], 0) + taxes
    expected: dict[str, int] = {}
    for account, amount in lines.group_by("account").agg(pl.col("amount").sum()).iter_rows():
        expected[called[account]] = expected.get(called[account], 0) + amount
    for name in told.keys() | expected.keys():
        if told.get(name, 0) != expected.get(name, 0):
            raise AssertionError(f"{known.name}: {name} is {told.get(name, 0)}, not {expected.get(name, 0)}")


def _spans(fresh: pl.DataFrame) -> pl.DataFrame:
    """The ids of the entries as runs of neighbours: ``first_id, last_id``; between two of a run no other entry lies."""
    ids = fresh.select("entry_id").sort("entry_id")
    step_ = (pl.col("entry_id").diff().fill_null(1) != 1).cum_sum()
    return (
        ids.group_by(run=step_, maintain_order=True)
        .agg(first_id=pl.col("entry_id").min(), last_id=pl.col("entry_id").max())
        .drop("run")
    )
