"""What accounts, departments, tax classes and letters are called in each package."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.core.formats import journals
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet, options
from urikake.rooms.parties.queries import profiles

from .. import queries
from ..models import Mapping

MAPPINGS: Final = Kind(
    "export-mappings",
    (
        options("target", "会計ソフト", queries.EVERY, *journals.TARGETS, required=True),
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
    kind, ours = pl.col("kind"), pl.col("ours")
    known = accounts(session)["name"].implode()
    sheet.check(kind.is_in(["account", "role"]) & ~ours.is_in(known), "ours", "この勘定科目はありません")
    sheet.check(
        (pl.col("target") == queries.EVERY) & (kind != "role"),
        "target",
        f"{queries.EVERY} と書けるのは消費税の扱い（role）だけです",
    )
    said = pl.col("code").fill_null("")
    sheet.check(
        (kind == "role") & ~said.is_in(["", *journals.TREATMENTS]),
        "code",
        f"{'・'.join(journals.TREATMENTS)} のどれかです",
    )
    people = profiles(session, "name")["code"].implode()
    sheet.check((kind == "partner") & ~ours.is_in(people), "ours", "この取引先コードはありません")
    _check_columns(sheet)
    keys = [key for key in sheet.frame.filter(kind == "tax")["ours"].drop_nulls() if not journals.known(key)]
    sheet.check((kind == "tax") & ours.is_in(keys), "ours", "sale:standard:10 の形で書いてください")
    plain = [letter for letter in sheet.frame.filter(kind == "letter")["ours"].drop_nulls() if not _unwritable(letter)]
    sheet.check((kind == "letter") & ours.is_in(plain), "ours", "ファイル（Shift_JIS）に書けない一文字を書いてください")
    instead = [text for text in sheet.frame.filter(kind == "letter")["called"].drop_nulls() if _SAMPLE.unwritable(text)]
    sheet.check((kind == "letter") & pl.col("called").is_in(instead), "called", "代わりの文字もファイルに書けません")
    sheet.accept()
    texts = [pl.col(name).fill_null("") for name in ("code", "called", "sub")]
    rows = sheet.frame.with_columns(texts)
    fresh = _fresh(session, rows)
    if fresh.height:
        facts.record(session, Mapping, fresh)
        record_file(session, sheet=sheet)
    return fresh.height


def _check_columns(sheet: Sheet) -> None:
    """Refuse a column that the package does not know, or one that its file must have."""
    kind, ours = pl.col("kind") == "column", pl.col("ours")
    for name, target in journals.TARGETS.items():
        mine = kind & (pl.col("target") == name)
        sheet.check(mine & ~ours.is_in([*target.titles]), "ours", f"{target.title}のこの列は選べません")
        sheet.check(
            mine & (pl.col("code") == queries.OFF) & ours.is_in([*target.needed]),
            "ours",
            "この列を除くと、仕訳になりません",
        )
        sheet.check(
            mine & pl.col("called").is_not_null() & ~ours.is_in([*target.extra]),
            "called",
            "この列の中身は、仕訳から決まります",
        )
    sheet.check(
        kind & ~pl.col("code").fill_null("").is_in(["", queries.OFF]), "code", f"除く列は {queries.OFF}、ほかは空欄です"
    )


_SAMPLE: Final = journals.TARGETS["yayoi"]


def _unwritable(letter: str) -> bool:
    """Whether it is one letter that a file in Shift_JIS cannot hold."""
    return len(letter) == 1 and bool(_SAMPLE.unwritable(letter))


def _fresh(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that say something else than what stands; one that says nothing is new only where something was said."""
    known = session.table("exports_mapping", f"id, {queries.MAPPING}").sort("id")
    newest = known.unique(KEY, keep="last", maintain_order=True)
    fresh = rows.join(newest, on=queries.MAPPING.split(", "), how="anti", maintain_order="left")
    says = pl.any_horizontal(pl.col(name) != "" for name in ("code", "called", "sub"))
    before = fresh.join(newest.select(KEY), on=KEY, how="semi", maintain_order="left")
    return pl.concat([fresh.filter(says), before.filter(~says)])
