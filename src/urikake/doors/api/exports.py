"""Journals for the accounting package: made as a file, taken, and names in the package (仕訳出力)."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from pydantic import Field

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.doors import exports as door
from urikake.rooms.exports import actions
from urikake.rooms.exports import queries as exports

from .once import writes
from .operation import Call, Day, Known, Text, filed, reads
from .resources import Number
from .verbs import Strict

GROUP: Final = "仕訳出力"
MEDIA: Final = "application/octet-stream"


class Exporting(Strict):
    """What a file is to hold."""

    target: Text = Field(description="会計ソフト（yayoi・kanjo-bugyo・kanjo-bugyo-i・pca・freee・moneyforward・csv）")
    since: Day = Field(description="この日から", alias="from")
    until: Day = Field(description="この日まで", alias="to")
    style: Text = Field("detail", description="detail 一件ずつ・day 日ごと・month 月ごとにまとめる")
    again: bool = Field(False, description="渡した仕訳も、もう一度出すか")


class Exported(Strict):
    """What came of an export."""

    batch: int | None = Field(None, description="ファイルの番号。新しい仕訳がなければ null")
    entries: int = Field(description="仕訳の数")
    rows: int = Field(description="行の数")
    amount: int = Field(description="借方の合計（円）")
    again: bool = Field(False, description="渡した仕訳を含むか")
    digest: str = Field("", description="ファイルの SHA-256")
    dry_run: bool


@writes("exports", verb=door.EXPORT, permission="exports.export", summary="仕訳を会計ソフトのファイルにする", group=GROUP,
        body=Exporting, response=Exported, subject=lambda call: f"{call.body.target} {call.body.since} {call.body.until}",
        example={"target": "yayoi", "from": "2026-04-01", "to": "2026-04-30"},
        description="まだ渡していない仕訳を一つのファイルにする。一つの仕訳は、一つの会計ソフトに一度だけ渡る。")  # fmt: skip
def export(session: Session, call: Call) -> dict[str, Any]:
    """What is new, as a file of the package."""
    asked = call.body
    made = actions.export(
        session, target=asked.target, since=asked.since, until=asked.until, style=asked.style, again=asked.again
    )
    told = door.figures(session, made)
    told |= {"batch": None} if call.options.dry_run else {}
    kept = {name: told[name] for name in ("batch", "entries", "rows", "amount", "again", "digest") if name in told}
    return kept | {"dry_run": call.options.dry_run}


@reads("exports/{int:key}/file", permission="exports.read", summary="仕訳のファイル", group=GROUP, response=str, options=Known,
       media=MEDIA, key=Number, description="会計ソフトに取り込むファイルを、作ったときのまま返す。")  # fmt: skip
def file(session: Session, call: Call) -> HttpResponse:
    """A file, 304 where the caller has it already."""
    number = int(call.key or 0)
    if session.low + number not in exports.batches(session)["batch_id"]:
        raise Refusal("no-export", f"仕訳のファイル「{number}」はありません。", "exports で番号を確かめてください。")
    return filed(
        call.request, exports.file_of(session, session.low + number), door.named(session, number), MEDIA, kept=True
    )
