"""会計ソフトでの名前: what our accounts, departments, partners, classes of tax and letters are in a package, and its columns."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.base.company import dimensions
from urikake.core.formats import journals
from urikake.doors import files
from urikake.rooms.exports import queries as exports
from urikake.rooms.ledger import queries as ledger

from ..book import Deed, Shown, deed, page
from ..desk import Desk

PLACE: Final = "exports"
TARGETS: Final = tuple((name, target.title) for name, target in journals.TARGETS.items())
FIELDS: Final = ("code", "called", "sub")
TOLD: Final = ("account", "department", "partner", "tax", "letter", "column")
"""The kinds that are told of one package."""
MOST: Final = 200
"""How many partners are shown; a file takes any number."""


@page("export-mapping", f"{PLACE}/mapping", permission="exports.name", title="会計ソフトでの名前")
def mapping(desk: Desk) -> Shown:
    """What everything of ours is in a package, to be filled in."""
    usual = exports.package(desk.session) or TARGETS[0][0]
    target = desk.ask("target") if desk.ask("target") in journals.TARGETS else usual
    known = journals.TARGETS[target]
    people = exports.told(desk.session, target).filter((pl.col("kind") == "partner") & _says())
    return {
        "targets": TARGETS, "target": target, "title": known.title, "coded": known.coded, "partner": exports.PARTNER,
        "treatments": tuple(journals.TREATMENTS.items()), "roles": _roles(desk),
        "accounts": _accounts(desk, target), "departments": _departments(desk, target), "taxes": _taxes(desk, target),
        "invoiced": bool(journals.invoices(target)), "columns": _columns(desk, target),
        "partners": people.head(MOST).to_dicts(), "more_partners": max(people.height - MOST, 0),
        "letters": [
            {"ours": one, "called": other} for one, other in sorted(exports.letters(desk.session, target).items())
        ],
    }  # fmt: skip


def lacking(desk: Desk, target: str) -> list[str]:
    """What has to be told before a file can be made, of all accounts and departments there are."""
    named = [row["ours"] for row in (*_accounts(desk, target), *_departments(desk, target)) if row["lacks"]]
    return [f"{name} のコード" for name in named] + [
        f"{row['ours']} の消費税の扱い" for row in _roles(desk) if row["lacks"]
    ]


def _moved(desk: Desk) -> pl.Series:
    """The accounts that ever moved."""
    return ledger.balances(desk.session, date.max)["account"]


def _accounts(desk: Desk, target: str) -> list[dict[str, Any]]:
    """The accounts that ever moved: what the company said of each, what it is called without, and whether it lacks a code."""
    return _named(desk, target, "account", _moved(desk))


def _departments(desk: Desk, target: str) -> list[dict[str, Any]]:
    names = dimensions(desk.session)["department"]
    return _named(desk, target, "department", names.filter(names != ""))


def _named(desk: Desk, target: str, kind: str, names: pl.Series) -> list[dict[str, Any]]:
    said = exports.told(desk.session, target).filter(pl.col("kind") == kind).select("ours", *FIELDS)
    rows = pl.DataFrame({"ours": names.unique().sort()}).join(said, on="ours", how="left", maintain_order="left")
    told = rows.with_columns(pl.col(FIELDS).fill_null(""))
    return told.with_columns(lacks=(pl.col("code") == "") & journals.TARGETS[target].coded).to_dicts()


def _says() -> pl.Expr:
    return pl.any_horizontal(pl.col(name) != "" for name in FIELDS)


def _roles(desk: Desk) -> list[dict[str, Any]]:
    """What each account that ever moved, or has to be told, is to consumption tax; ``lacks`` where it moved and nobody said."""
    moved = set(_moved(desk))
    told = exports.treatments(desk.session)
    names = [*sorted(moved), *sorted(exports.ASKED - moved)]
    return [{"ours": name, "code": told.get(name, ""), "lacks": name in moved and name not in told} for name in names]


def _taxes(desk: Desk, target: str) -> list[dict[str, Any]]:
    """Every class of tax: what the company said, and what the package's own list says (empty where it does not)."""
    said = exports.told(desk.session, target).filter((pl.col("kind") == "tax") & _says())
    mine = {row["ours"]: row for row in said.iter_rows(named=True)}
    usual, invoices = journals.names(target), journals.invoices(target)
    keys = dict.fromkeys([*journals.KEYS, *mine])
    nothing = dict.fromkeys(FIELDS, "")
    return [
        {
            "ours": key, "words": journals.told(key), "called": mine.get(key, nothing)["called"] or mine.get(key, nothing)["code"],
            "usual": usual.get(key, ""), "sub": mine.get(key, nothing)["sub"], "invoice": invoices.get(key),
        }
        for key in keys
    ]  # fmt: skip


def _columns(desk: Desk, target: str) -> list[dict[str, Any]]:
    """The columns that the company may choose: whether the file has each, and what of its own stands in it."""
    known, chosen = journals.TARGETS[target], exports.columns(desk.session, target)
    return [
        {
            "ours": code, "words": words, "needed": code in known.needed, "extra": code in known.extra,
            "on": chosen.get(code, "") is not None, "called": chosen.get(code) or "",
        }
        for code, words in known.titles.items()
    ]  # fmt: skip


@deed("export-map", f"{PLACE}/map", permission="exports.name")
def save(doing: Deed) -> HttpResponse:
    """Keep what was filled in, all of it or nothing; what was cleared is as usual again."""
    target, typed = doing.field("target"), doing.request.POST
    rows = [
        {
            "target": target,
            "kind": kind,
            "ours": ours,
            **{name: typed.get(f"{kind}-{name}-{ours}", "").strip() for name in FIELDS},
        }
        for kind in TOLD
        for ours in typed.getlist(f"{kind}-ours")
    ]
    nothing = dict.fromkeys(FIELDS, "")
    rows += [
        {"target": exports.EVERY, "kind": "role", "ours": ours} | nothing | {"code": typed.get(f"role-code-{ours}", "")}
        for ours in typed.getlist("role-ours")
        if typed.get(f"role-code-{ours}", "") != typed.get(f"role-was-{ours}", "")
    ]
    if letter := doing.field("letter"):
        rows.append(nothing | {"target": target, "kind": "letter", "ours": letter, "called": doing.field("instead")})
    if partner := doing.field("partner"):
        names = {"code": doing.field("partner-code"), "called": doing.field("partner-called")}
        rows.append(nothing | {"target": target, "kind": "partner", "ours": partner} | names)
    count = (
        files.enter(doing.books, "export-mappings", rows, subject=f"{target} の名前", user=doing.person.name)
        if rows
        else 0
    )
    return doing.done(
        f"{count}件の名前を決めました。" if count else "変わったところはありません。",
        f"{PLACE}/mapping?target={target}",
    )
