"""The record of a file that was taken, the mappings of columns, and the users file."""

from __future__ import annotations

import json
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import ROLES, SYSTEM, action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.base.models import User
from urikake.base.users import users

from . import models, queries
from .models import File
from .queries import Column, Kind, Sheet, options

LONGEST_NAME: Final = 60


def record_file(session: Session, *, sheet: Sheet) -> None:
    """Keep which file was taken in this run: kind, name, SHA-256 and number of rows."""
    record_parts(session, parts=queries.whole(sheet), rows=sheet.frame.height)


def record_parts(session: Session, *, parts: queries.Parts, rows: int) -> None:
    """Keep which file was taken part by part in this run, as `record_file`."""
    row = {"kind": parts.kind.name, "file_name": parts.name, "sha256": parts.sha256, "row_count": rows}
    facts.record(session, File, pl.DataFrame([row | {"read_by": parts.read_by}]))


def keep_new(
    session: Session,
    *,
    sheet: Sheet,
    model: type[facts.Fact],
    rows: pl.DataFrame,
    known: pl.DataFrame,
    names: list[str],
) -> int:
    """Record the rows that say something else than what stands; return how many."""
    fresh = rows.join(known, on=names, how="anti", maintain_order="left")
    if fresh.height:
        facts.record(session, model, fresh)
        record_file(session, sheet=sheet)
    return fresh.height


@action("imports.map")
def save_mapping(session: Session, *, kind: Kind, name: str, mapping: queries.Mapping) -> bool:
    """Keep a mapping for the kind of file under a name, in place of the one of that name; return whether that is new."""
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME:
        raise Refusal(
            "mapping-name", f"対応づけの名前が「{name}」です。", "前後に空白のない、60字までの名前を付けてください。"
        )
    strange = {*filter(None, mapping.columns.values()), *mapping.fixed} - {column.name for column in kind.columns}
    if foreign := sorted(column for column in strange if not column.startswith("x_")):
        raise Refusal(
            "mapping-column", f"列「{foreign[0]}」はこの種類のファイルにありません。", "別の列を選んでください。"
        )
    if queries.mappings(session, kind.name).get(name) == mapping:
        return False
    row = {"kind": kind.name, "mapping_name": name, "content": json.dumps(mapping.told(), ensure_ascii=False)}
    facts.record(session, models.Mapping, pl.DataFrame([row]))
    return True


@action("users.import")
def import_users(session: Session, *, sheet: Sheet) -> int:
    """Take users with their roles; a user that is there in another role changes to it. Return how many are new."""
    sheet.check(pl.col("name") == SYSTEM, "name", "system は組み込みの利用者です")
    sheet.check(pl.col("name").is_duplicated() & pl.col("name").is_not_null(), "name", "同じ名前の行が二つあります")
    known = users(session)
    own = known.filter(pl.col("name") == session.user).select("name", was="role")
    sheet.frame = sheet.frame.join(own, on="name", how="left", maintain_order="left")
    sheet.check(pl.col("role") != pl.col("was"), "role", "自分の役割は自分では変えられません")
    sheet.accept()
    words = ["name", "role", "email"]
    fresh = sheet.frame.join(known, on=words, how="anti", maintain_order="left")
    if fresh.height:
        facts.record(session, User, fresh.select(words))
        record_file(session, sheet=sheet)
    return fresh.height


USERS: Final = Kind(
    "users",
    (
        Column("name", "利用者名", required=True),
        options("role", "役割", *ROLES, required=True),
        Column("email", "メール", required=True),
    ),
)
