"""The record of a file that was taken, and the users file."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import ROLES, SYSTEM, action
from urikake.base.bulk import Session
from urikake.base.models import User
from urikake.base.users import users

from .models import File
from .queries import Column, Kind, Sheet, options


def record_file(session: Session, *, sheet: Sheet) -> None:
    """Keep which file was taken in this run: kind, name, SHA-256 and number of rows."""
    row = {"kind": sheet.kind.name, "file_name": sheet.name, "sha256": sheet.sha256, "row_count": sheet.frame.height}
    facts.record(session, File, pl.DataFrame([row]))


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
