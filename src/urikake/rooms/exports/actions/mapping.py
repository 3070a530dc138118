"""What accounts, departments, tax classes and letters are called in each package."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.base.errors import Refusal
from urikake.core.formats import journals
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet, options

from .. import queries
from ..models import Mapping

MAPPINGS: Final = Kind(
    "export-mappings",
    (
        options("target", "会計ソフト", *journals.TARGETS, required=True),
        options("kind", "種類", *queries.KINDS, required=True),
        Column("ours", "当社の名前", required=True),
        Column("code", "コード"),
        Column("called", "会計ソフトの名前"),
        Column("sub", "補助科目"),
    ),
)
KEY: Final = ["target", "kind", "ours"]
LONGEST: Final = {"code": 20, "called": 60, "sub": 60, "ours": 60}


@action("exports.name")
def import_mappings(session: Session, *, sheet: Sheet) -> int:
    """Take what things are called in packages and return how many rows say something new; refused whole if any row is wrong."""
    named = pl.all_horizontal(pl.col(name).is_not_null() for name in KEY)
    sheet.check(pl.struct(KEY).is_duplicated() & named, "ours", "同じ種類と名前の行が二つあります")
    for name, most in LONGEST.items():
        sheet.check(pl.col(name).str.len_chars() > most, name, f"{most}字までで書いてください")
    account, tax, letter = (pl.col("kind") == kind for kind in ("account", "tax", "letter"))
    sheet.check(
        account & ~pl.col("ours").is_in(accounts(session)["name"].implode()), "ours", "この勘定科目はありません"
    )
    sheet.check(
        tax & ~pl.col("ours").is_in(list(journals.KEYS)), "ours", f"税区分は {'・'.join(journals.KEYS)} のどれかです"
    )
    sheet.check(letter & (pl.col("ours").str.len_chars() != 1), "ours", "一文字だけ書いてください")
    sheet.accept()
    texts = [pl.col(name).fill_null("") for name in ("code", "called", "sub")]
    rows = sheet.frame.with_columns(texts)
    fresh = _fresh(session, rows)
    if fresh.height:
        facts.record(session, Mapping, fresh)
        record_file(session, sheet=sheet)
    return fresh.height


@action("exports.name")
def map_one(
    session: Session, *, target: str, kind: str, ours: str, code: str = "", called: str = "", sub: str = ""
) -> bool:
    """Say what one thing is called in a package; whether that is new."""
    if target not in journals.TARGETS or kind not in queries.KINDS or not ours:
        raise Refusal(
            "export-mapping",
            f"対応づけ「{target} {kind} {ours[:60]}」が使えません。",
            "会計ソフトと種類を確かめてください。",
        )
    for name, text in (("code", code), ("called", called), ("sub", sub), ("ours", ours)):
        if len(text) > LONGEST[name]:
            raise Refusal(
                "export-mapping", f"「{text[:60]}…」が長すぎます。", f"{LONGEST[name]}字までで書いてください。"
            )
    row = {"target": target, "kind": kind, "ours": ours, "code": code, "called": called, "sub": sub}
    fresh = _fresh(session, pl.DataFrame([row]))
    if fresh.height:
        facts.record(session, Mapping, fresh)
    return fresh.height > 0


def _fresh(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that say something else than what stands."""
    known = session.table("exports_mapping", f"id, {queries.MAPPING}").sort("id")
    newest = known.unique(KEY, keep="last", maintain_order=True)
    return rows.join(newest, on=queries.MAPPING.split(", "), how="anti", maintain_order="left")
