"""Rows of slips with everything as an accounting package calls it, and as its file can hold it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core.formats import journals
from urikake.rooms.parties.queries import profiles

from .. import queries

SHOWN: Final = 20
"""How many things that are missing are told one by one."""


def named(session: Session, known: journals.Target, rows: pl.DataFrame, missing: list[str]) -> pl.DataFrame:
    """The rows with everything as the package calls it; refused with all that it has no name for, or none that fits."""
    for side in journals.SIDES:
        rows = _side(session, known, rows, side, missing)
    if missing:
        every = list(dict.fromkeys(missing))
        more = len(every) - SHOWN
        raise Refusal(
            "unmapped",
            f"{known.title}での名前やコードが決まっていないものがあります: {'、'.join(every[:SHOWN])}"
            f"{f'、ほか{more}件' if more > 0 else ''}。",
            "仕訳出力の画面か urikake import export-mappings で決めてください。",
        )
    return rows


def _side(session: Session, known: journals.Target, rows: pl.DataFrame, side: str, missing: list[str]) -> pl.DataFrame:
    """One side of the rows with the package's names; what has none, or one that does not fit, is added to ``missing``."""
    account, department, key = (f"{side}_{name}" for name in ("account", "department", "tax_key"))
    chart = queries.accounts(session, known.name, rows[account].drop_nulls())
    places = queries.departments(session, known.name, rows[department].drop_nulls().replace("", None).drop_nulls())
    classes, invoices = queries.taxes(session, known.name), queries.invoices(session, known.name)
    missing += _unfit(known, chart.rename({"account": "ours"}), "勘定科目", known.digits[0])
    missing += _unfit(known, places.rename({"department": "ours"}), "部門", known.digits[1])
    missing += [f"税区分 {journals.told(one)}" for one in rows[key].drop_nulls().unique().sort() if one not in classes]
    missing += [
        f"インボイス {journals.told(one)}" for one in rows[key].drop_nulls().unique().sort() if invoices.get(one) == ""
    ]
    by_partner, fixed = pl.col("sub") == queries.PARTNER, pl.when(pl.col("sub") != "").then("sub")
    partner = f"{side}_partner_code"
    people = _people(session, known).rename({"partner": partner})
    joined = rows.join(chart.rename({"account": account}), on=account, how="left", maintain_order="left")
    named = joined.join(people, on=partner, how="left", maintain_order="left").with_columns(
        pl.col("called").alias(f"{side}_called"),
        pl.col("code").alias(f"{side}_account_code"),
        pl.when(by_partner).then("person").otherwise(fixed).alias(f"{side}_sub"),
        pl.when(by_partner).then("person_code").otherwise(fixed).alias(f"{side}_sub_code"),
        pl.col("person_code").alias(partner),
        pl.col("person_name").alias(f"{side}_partner"),
        pl.col(key).replace_strict(classes, default=None, return_dtype=pl.String).alias(f"{side}_tax"),
        pl.col(key).replace_strict(invoices, default=None, return_dtype=pl.String).alias(f"{side}_invoice"),
        pl.when(pl.col(key).str.contains(r":\d"))
        .then(pl.col(f"{side}_rate_micro") // 1_000_000)
        .alias(f"{side}_percent"),
        pl.col(key).str.contains(":reduced:").alias(f"{side}_reduced"),
    )
    told = places.rename({"department": department, "called": "place", "code": "place_code"})
    placed = named.drop("called", "code", "sub", "person", "person_code", "person_name").join(
        told, on=department, how="left", maintain_order="left"
    )
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


def _people(session: Session, known: journals.Target) -> pl.DataFrame:
    """What each partner is called: ``partner, person, person_code``; its name is told as far as it fits.

    A name that is another's too has its code behind it. ``person_code`` is the code in the package, ours until told.
    """
    every = profiles(session, "name").select(partner="code", name="name")
    mine = queries.partners(session, known.name)
    joined = every.join(mine, on="partner", how="left", maintain_order="left").with_columns(
        name=pl.coalesce("called", "name"), person_code=pl.coalesce("code", "partner")
    )
    short = joined.with_columns(
        short=pl.col("name").map_elements(lambda name: journals.cut(name, known.narrow), return_dtype=pl.String)
    )
    told = short.with_columns(alone=pl.len().over("short") == 1)
    names = [
        row["short"]
        if row["alone"]
        else f"{journals.cut(row['name'], known.narrow - len(row['partner']) - 1)} {row['partner']}"
        for row in told.select("short", "alone", "name", "partner").iter_rows(named=True)
    ]
    return told.select("partner", "person_code", person=pl.Series(names, dtype=pl.String), person_name="name")


def written(session: Session, known: journals.Target, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with texts as the file can hold them: letters that the company replaces, cut to their width."""
    wrong: dict[str, str] = {}
    spell = speller(session, known, wrong)
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


def speller(session: Session, known: journals.Target, wrong: dict[str, str]) -> Callable[[str], str]:
    """What makes of a text what stands in the file; a text that cannot is added to ``wrong`` with its letters."""
    swaps = queries.letters(session, known.name)

    def spell(text: str) -> str:
        if known.unwritable(text):
            text = "".join(swaps.get(letter, letter) for letter in text)
            if letters := known.unwritable(text):
                wrong[text] = letters
        return known.fitting(text)

    return spell
