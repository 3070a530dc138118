"""仕訳出力: what is new for the accounting package, the files that were made, and what our names are called there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base.errors import Refusal
from urikake.doors import exports as door
from urikake.rooms.exports import queries as exports

from ..book import Deed, Shown, deed, page
from ..desk import Desk, today
from ..table import Choice, Column, Empty, table
from .export_names import PLACE, TARGETS, lacking
from .tie_outs import day_of, mappings, newest

TITLES: Final = tuple(exports.TITLES.items())


@page("exports", PLACE, permission="exports.read", title="仕訳出力")
def listed(desk: Desk) -> Shown:
    """What a file of a package would hold from day to day, what it lacks, and every file that was made."""
    found = exports.batches(desk.session).with_columns(
        number=pl.col("batch_id") - desk.session.low,
        title=pl.col("target").replace_strict(exports.TITLES, return_dtype=pl.String),
        style_name=pl.col("style").replace_strict(exports.STYLES, return_dtype=pl.String),
        kind=pl.when("again").then(pl.lit("再出力")).otherwise(pl.lit("新しい仕訳")),
        take=pl.lit("受け取る"),
    )
    columns = [
        Column("number", "出力"),
        Column("title", "会計ソフト"),
        Column("since_on", "この日から", "date"),
        Column("until_on", "この日まで", "date"),
        Column("style_name", "まとめ方"),
        Column("kind", "中身", "state", tone={"再出力": "wait", "新しい仕訳": "good"}),
        Column("entry_count", "仕訳", "number"),
        Column("row_count", "行", "number"),
        Column("amount", "借方(円)", "yen"),
        Column("take", "ファイル", url=lambda row: desk.link(f"{PLACE}/{row['number']}.csv")),
        Column("digest", "ファイルの SHA-256", hidden=True),
    ]
    listing = table(
        desk, found, columns, key="number", name="exports", filters=[Choice("target", "会計ソフト", TITLES)],
        find=["number", "title", "digest"], sort="-number", empty=Empty("まだ会計ソフトに出していません。"),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    asked = asked_for(desk)
    return {
        "table": listing,
        "targets": TITLES,
        "printed": asked["target"] == exports.BEANCOUNT,
        "styles": tuple(exports.STYLES.items()),
        "asked": asked,
        "ahead": _ahead(desk, asked),
        "tie_outs": newest(desk),
        "mappings": mappings(desk),
    }


def asked_for(desk: Desk) -> dict[str, Any]:
    """What the form asks for: by default the last month that is over, for the package of the newest file."""
    first = desk.on.replace(day=1)
    if (desk.on + timedelta(1)).day != 1:
        first = (first - timedelta(1)).replace(day=1)
    last = (first.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
    usual = exports.package(desk.session) or TARGETS[0][0]
    target = desk.ask("target")
    return {
        "target": target if target in exports.TITLES else usual,
        "since": day_of(desk.ask("since"), desk.on) if desk.ask("since") else first,
        "until": day_of(desk.ask("until"), desk.on) if desk.ask("until") else last,
        "style": desk.ask("style") if desk.ask("style") in exports.STYLES else "detail",
    }


def _ahead(desk: Desk, asked: dict[str, Any]) -> dict[str, Any]:
    """How many entries there are from day to day, how many of them no file of the package holds, and what nobody has told yet."""
    if asked["since"] > asked["until"]:
        raise Refusal("bad-span", "初めの日が終わりの日より後です。", "期間を直してください。")
    if asked["target"] == exports.BEANCOUNT:
        return {
            "entries": exports.handed_over(desk.session, "", asked["since"], asked["until"])[0],
            "new": 0,
            "lacking": [],
        }
    entries, done = exports.handed_over(desk.session, asked["target"], asked["since"], asked["until"])
    return {"entries": entries, "new": entries - done, "lacking": lacking(desk, asked["target"])}


@deed("export-make", f"{PLACE}/make", permission="exports.export")
def make(doing: Deed) -> HttpResponse:
    """Make the file that was looked at."""
    now = today(doing.company.code)
    made = door.export(
        doing.books, doing.field("target"), day_of(doing.field("since"), now), day_of(doing.field("until"), now),
        style=doing.field("style") or "detail", again=doing.field("again") == "1", user=doing.person.name,
    )  # fmt: skip
    told = made.figures
    if not told["entries"]:
        return doing.done(
            "新しく渡す仕訳はありません。渡した仕訳も出すときは「渡した仕訳も出す」を選んでください。", PLACE
        )
    return doing.done(
        f"仕訳 {told['entries']:,}件（{told['rows']:,}行、借方 {told['amount']:,}円）のファイル {told['batch']} を作りました。",
        PLACE,
    )


@page("export-file", f"{PLACE}/<int:number>.csv", permission="exports.read", title="仕訳のファイル")
def file(desk: Desk, number: int) -> Shown:
    """A file, as it was made."""
    found = exports.batches(desk.session).filter(pl.col("batch_id") == desk.session.low + number)
    if found.is_empty():
        raise Http404(str(number))
    row = found.row(0, named=True)
    name = door.named(desk.session, number)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(
        exports.file_of(desk.session, row["batch_id"]), content_type="application/octet-stream", headers=headers
    )
