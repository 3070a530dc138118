"""残高照合: balances and journals that a package gave out, compared with ours by account and month, and the slips that differ."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base.errors import Refusal
from urikake.core import written
from urikake.doors import exports as door
from urikake.rooms.exports import queries as exports
from urikake.rooms.exports.actions import BALANCES
from urikake.rooms.intake import queries as intake

from ..book import Deed, Shown, deed, page
from ..desk import Desk, today
from ..table import Choice, Column, Empty, table
from .export_names import PLACE, TARGETS

LAST: Final = 6
TONES: Final = {"まだ渡していない": "wait"} | dict.fromkeys(
    ("会計ソフトにない", "会計ソフトだけにある", "会計ソフトに二つある", "内容が違う"), "bad"
)


PARTS: Final = {
    "not_exported": "まだ渡していない", "moved": "税の振替", "missing": "会計ソフトにない", "extra": "会計ソフトだけ",
    "changed": "内容の違い", "unexplained": "説明のつかない差",
}  # fmt: skip
"""What tells both sides apart; of these only what does so anywhere is shown unasked."""


def newest(desk: Desk) -> list[dict[str, Any]]:
    """The newest comparisons with the books of packages."""
    made = exports.tie_outs(desk.session).reverse().head(LAST)
    titles = dict(TARGETS)
    return [
        row | {"number": row["tie_out_id"] - desk.session.low, "title": titles[row["target"]]}
        for row in made.iter_rows(named=True)
    ]


def mappings(desk: Desk) -> list[str]:
    """The names of the column layouts that the company has saved for journals of packages."""
    return list(intake.mappings(desk.session, exports.JOURNAL.name))


def day_of(typed: str, now: date) -> date:
    """The day however it is typed."""
    text = written.day(typed, now)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad-date", f"「{text}」は日付ではありません。", "2026-05-31 の形で指定してください。") from None


@deed("tie-out-make", f"{PLACE}/tie-out", permission="exports.export")
def tie_out(doing: Deed) -> HttpResponse:
    """Tie the balances of the package out that are in the file sent."""
    name, data = _sent(doing)
    found = intake.read(intake.raw(data, name), BALANCES)
    on = day_of(doing.field("on"), today(doing.company.code))
    return _shown(doing, door.tie_out(doing.books, found, doing.field("target"), on, user=doing.person.name)[0])


@deed("tie-out-journal", f"{PLACE}/tie-out-journal", permission="exports.export")
def tie_out_journal(doing: Deed) -> HttpResponse:
    """Tie the journal of the package out that is in the file sent."""
    now, typed = today(doing.company.code), (doing.field("since"), doing.field("until"))
    span = (day_of(typed[0], now), day_of(typed[1], now)) if all(typed) else None
    found = door.tie_out_journal(
        doing.books,
        _sent(doing),
        doing.field("target"),
        span,
        mapping=doing.field("mapping") or None,
        user=doing.person.name,
    )
    return _shown(doing, found[0])


def _sent(doing: Deed) -> tuple[str, bytes]:
    """The file that was sent: its name and content."""
    sent = doing.request.FILES.get("file")
    if sent is None:
        raise Refusal("no-file", "ファイルが選ばれていません。", "会計ソフトから書き出したファイルを選んでください。")
    return (sent.name or "file")[-120:], sent.read()


def _shown(doing: Deed, figures: dict[str, Any]) -> HttpResponse:
    return doing.done(door.summary(figures), f"{PLACE}/tie-outs/{figures['tie_out']}")


def _head(desk: Desk, number: int) -> dict[str, Any]:
    """The comparison of that number."""
    found = exports.tie_outs(desk.session).filter(pl.col("tie_out_id") == desk.session.low + number)
    if found.is_empty():
        raise Http404(str(number))
    head = found.row(0, named=True)
    return head | {"title": dict(TARGETS)[head["target"]], "number": number}


@page("tie-out", f"{PLACE}/tie-outs/<int:number>", permission="exports.read", title="残高照合")
def tied(desk: Desk, number: int) -> Shown:
    """One comparison: every account and month with both figures and what tells them apart."""
    head = _head(desk, number)
    lines = exports.tied(desk.session, head["tie_out_id"])
    off = exports.off(lines)
    wrong = off.select("called", "month_on", state=pl.lit("差がある"))
    rows = lines.join(wrong, on=["called", "month_on"], how="left", maintain_order="left").with_columns(
        pl.col("state").fill_null(
            pl.when(pl.col("group") == exports.OTHERS).then(pl.lit("—")).otherwise(pl.lit("合う"))
        ),
        key=pl.int_range(pl.len()),
        month=pl.col("month_on").dt.strftime("%Y/%m/%d"),
        slips=pl.when(pl.col("missing").ne(0) | pl.col("extra").ne(0) | pl.col("changed").ne(0)).then(
            pl.lit("伝票を見る")
        ),
    )
    kind = "残高" if head["since_on"] is None else "動き"
    columns = [
        Column("called", "会計ソフトの科目"),
        Column("group", "区分"),
        Column("month", "月"),
        Column("state", "結果", "state", tone={"差がある": "bad", "合う": "good"}),
        Column("theirs", f"会計ソフトの{kind}(円)", "yen"),
        Column(
            "ours", f"当社の{kind}(円)", "yen",
            ref=lambda row: f"account:{row['account']}:{row['month_on']}" if row["account"] and kind == "残高" else None,
        ),
        *(Column(name, f"{word}(円)", "yen", hidden=not (lines[name] != 0).any()) for name, word in PARTS.items()),
        Column(
            "slips", "伝票",
            url=lambda row: desk.link(f"{PLACE}/tie-outs/{number}/slips", account=row["called"]) if row["slips"] else None,
        ),
        Column("account", "当社の科目", hidden=True),
    ]  # fmt: skip
    listing = table(
        desk, rows, columns, key="key", name=f"tie-out-{number}", find=["called", "account"], sort="",
        filters=[Choice("group", "区分", tuple((name, name) for name in (*exports.GROUPS, exports.OTHERS)))],
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    figures = door.tied_figures(desk.session, head["tie_out_id"])
    kinds = door.counted(figures)
    return {
        "table": listing, "head": head, "off": off.height, "holds": off.is_empty(), "count": rows.height,
        "others": figures["other_accounts"],
        "kinds": kinds,
        "journal": head["since_on"] is not None,
        "page": {"title": f"残高照合 {head['on_day']:%Y/%m/%d}", "name": "tie-out"},
    }  # fmt: skip


@page("tie-out-slips", f"{PLACE}/tie-outs/<int:number>/slips", permission="exports.read", title="違う伝票")
def slips(desk: Desk, number: int) -> Shown:
    """The slips that are not the same on both sides, account by account."""
    head = _head(desk, number)
    found = exports.tied_slips(desk.session, head["tie_out_id"]).with_columns(
        key=pl.int_range(pl.len()),
        state=pl.col("kind").replace_strict(exports.DIFFERENCES, return_dtype=pl.String),
        difference=pl.col("there") - pl.col("here"),
        row=pl.when(pl.col("row") > 0).then("row"),
    )
    columns = [
        Column("text", "摘要"),
        Column("state", "違い", "state", tone=TONES),
        Column("account", "科目"),
        Column("slip", "伝票番号"),
        Column("on", "当社の日付", "date"),
        Column("there_on", "会計ソフトの日付", "date"),
        Column("here", "当社(円)", "yen"),
        Column("there", "会計ソフト(円)", "yen"),
        Column("difference", "差(円)", "yen"),
        Column("row", "ファイルの行", "number"),
    ]
    names = found["account"].unique().sort()
    listing = table(
        desk, found, columns, key="key", name=f"tie-out-{number}-slips", find=["text", "account", "slip"], sort="",
        filters=[
            Choice("kind", "違い", tuple(exports.DIFFERENCES.items())),
            Choice("account", "科目", tuple((name, name) for name in names)),
        ],
        empty=Empty("違う伝票はありません。"),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    return {
        "table": listing, "head": head,
        "page": {"title": f"違う伝票 {head['on_day']:%Y/%m/%d}", "name": "tie-out-slips"},
    }  # fmt: skip
