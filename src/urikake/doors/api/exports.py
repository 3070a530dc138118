"""Journals for the accounting package: made as a file, taken, and names in the package (仕訳出力)."""

from __future__ import annotations

import base64
import binascii
from datetime import date
from typing import Any, Final

import polars as pl
from django.http import HttpResponse
from pydantic import Field

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.doors import exports as door
from urikake.rooms.exports import actions
from urikake.rooms.exports import queries as exports
from urikake.rooms.intake import queries as intake

from . import examples
from .once import writes
from .operation import Call, Day, Known, Text, filed, reads
from .resources import Number
from .verbs import Strict

GROUP: Final = "仕訳出力"
MEDIA: Final = "application/octet-stream"


class Exporting(Strict):
    """What a file is to hold."""

    target: Text = Field(
        description="会計ソフト（yayoi・kanjo-bugyo・kanjo-bugyo-i・pca・freee・moneyforward・csv）。beancount は帳簿の印刷"
    )
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


class Tying(Strict):
    """Books of a package, to be compared with ours."""

    target: Text = Field(description="会計ソフト")
    name: Text = Field(description="ファイルの名前")
    content: str = Field(min_length=1, max_length=1 << 25, description="仕訳帳・総勘定元帳か試算表のファイル（Base64）")
    on: Day | None = Field(None, description="試算表の残高の日。なければ、ファイルは仕訳帳・総勘定元帳")
    since: Day | None = Field(None, description="仕訳帳のこの日から（なければファイルの初めの月）", alias="from")
    until: Day | None = Field(None, description="仕訳帳のこの日まで（なければファイルの終わりの月）", alias="to")
    mapping: Text = Field("", description="保存した列の対応づけ（会計ソフトの形でないとき）")


class TiedOut(Strict):
    """What came of a comparison."""

    tie_out: int | None = Field(None, description="照合の番号")
    accounts: int = Field(description="照合した科目（月ごと）の数")
    off: int = Field(description="差のある科目の数（債権・前受・仮受・消費税）")
    other_accounts: int = Field(description="差のある、ほかの科目の数")
    slips_waiting: int = Field(description="まだ渡していない仕訳の数（千件まで）")
    slips_missing: int = Field(description="会計ソフトにない伝票の数")
    slips_extra: int = Field(description="会計ソフトだけにある伝票の数")
    slips_double: int = Field(description="会計ソフトに二つある伝票の数")
    slips_changed: int = Field(description="内容の違う伝票の数")
    dry_run: bool


class Line(Strict):
    """An account of a comparison in a month: theirs = ours − not_exported + moved − missing + extra + changed + unexplained."""

    group: str = Field(description="区分（債権・前受・仮受・消費税・ほか）")
    month_on: date = Field(description="残高の日。仕訳帳では、その月の末日")
    called: str = Field(description="会計ソフトの科目")
    account: str | None = Field(description="当社の科目。当社になければ null")
    theirs: int = Field(description="会計ソフトの残高（仕訳帳では、月の動き）。借方が正")
    ours: int = Field(description="当社の残高（仕訳帳では、月の動き）")
    not_exported: int = Field(description="まだ渡していない仕訳の分")
    moved: int = Field(description="課税仕入の税額を仮払消費税に移した分")
    missing: int = Field(description="会計ソフトにない伝票の分")
    extra: int = Field(description="会計ソフトだけにある伝票の分")
    changed: int = Field(description="内容の違う伝票の分")
    unexplained: int = Field(description="説明のつかない差")


class Slip(Strict):
    """What a slip that differs does to an account, here and there."""

    kind: str = Field(description="waiting・missing・extra・double・changed")
    slip: str = Field(description="伝票番号")
    on: date | None = Field(description="当社の日付")
    there_on: date | None = Field(description="会計ソフトの日付")
    text: str = Field(description="摘要")
    account: str = Field(description="科目")
    here: int = Field(description="当社の額。借方が正")
    there: int = Field(description="会計ソフトの額")
    row: int = Field(description="会計ソフトのファイルの行。なければ 0")


class Compared(Strict):
    """A comparison with its accounts and slips."""

    target: str = Field(description="会計ソフト")
    since: date | None = Field(description="仕訳帳の初めの日。試算表なら null")
    until: date = Field(description="仕訳帳の終わりの日、試算表の残高の日")
    file_name: str = Field(description="ファイルの名前")
    digest: str = Field(description="ファイルの SHA-256")
    lines: list[Line] = Field(description="科目")
    slips: list[Slip] = Field(description="違う伝票")


@writes("tie-outs", verb=door.TIE_OUT, permission="exports.export", summary="会計ソフトの帳簿と照合する", group=GROUP,
        body=Tying, response=TiedOut, subject=lambda call: f"{call.body.target} {call.body.name}",
        example={"target": "yayoi", "name": "shiwake.csv", "content": examples.JOURNAL},
        description="会計ソフトの仕訳帳・総勘定元帳か試算表（on を指定）を、科目ごとに当社と比べる。")  # fmt: skip
def tie_out(session: Session, call: Call) -> dict[str, Any]:
    """What comes of the file."""
    asked = call.body
    try:
        data = base64.b64decode(asked.content, validate=True)
    except binascii.Error:
        raise Refusal(
            "bad-base64", "content が Base64 ではありません。", "ファイルの中身を Base64 にしてください。"
        ) from None
    if asked.on:
        sheet = intake.read(intake.raw(data, asked.name), actions.BALANCES)
        number = actions.tie_out(session, sheet=sheet, target=asked.target, on=asked.on)
    else:
        mapping = intake.named(session, exports.JOURNAL.name, asked.mapping) if asked.mapping else None
        came = exports.journal(data, asked.name, asked.target, mapping)
        since, until = exports.months_of(came)
        number = actions.tie_out_journal(
            session, came=came, target=asked.target, since=asked.since or since, until=asked.until or until
        )
    told = door.tied_figures(session, number) | ({"tie_out": None} if call.options.dry_run else {})
    return told | {"dry_run": call.options.dry_run}


@reads("tie-outs/{int:key}/comparison", permission="exports.read", summary="照合の結果", group=GROUP, response=Compared, options=Known,
       key=Number, description="照合した科目を月ごとに、違う伝票を一枚ずつ返す。")  # fmt: skip
def compared(session: Session, call: Call) -> dict[str, Any]:
    """One comparison."""
    number = session.low + int(call.key or 0)
    found = exports.tie_outs(session).filter(pl.col("tie_out_id") == number)
    if found.is_empty():
        raise Refusal("no-tie-out", f"照合「{call.key}」はありません。", "tie-outs で番号を確かめてください。")
    head = found.row(0, named=True)
    return {
        "target": head["target"], "since": head["since_on"], "until": head["on_day"], "file_name": head["file_name"],
        "digest": head["digest"], "lines": exports.tied(session, number).to_dicts(),
        "slips": exports.tied_slips(session, number).to_dicts(),
    }  # fmt: skip


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
