"""取込: a file is brought, its columns are matched with ours, it is tried with every check, and only then taken."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from urikake.base import access, runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import ahead, files
from urikake.rooms.intake.queries import LINE, Kind, Mapping, Raw, guessed, mappings, raw, read
from urikake.rooms.receipts.queries import CSV, Format, format_of, formats

from .. import jobs
from ..book import Deed, Shown, deed, page
from ..desk import Desk, today
from ..models import Job, Upload
from ..table import Column, export
from .runs import FILES, WORDS

KEPT: Final = timedelta(days=1)
MOST: Final = 100
TOLD: Final = 1_000
SUMMED: Final = ("amount", "balance")
TAKEN: Final = FILES | {"settlement": "精算明細"}
"""What files that were taken are called: also those that have a page of their own."""


@page("imports", "imports", permission="imports.read", title="取込")
def imports(desk: Desk) -> Shown:
    """What can be taken in, with its columns, and what was taken before."""
    taken = desk.session.rows("intake_file", "id, run_id, kind, file_name, row_count").reverse().head(30)
    who = desk.session.rows("base_run", "id, actor, recorded_at").rename({"id": "run_id"})
    taken = taken.join(who, on="run_id", how="left", maintain_order="left")
    banks = desk.session.table("base_bank_account", "id, code")["code"].to_list()
    waiting = Upload.objects.filter(
        company=desk.company.code, actor=desk.person.name, came_at__gt=oldest(), kind__in=FILES
    )
    return {
        "kinds": [
            {"kind": kind, "title": title, "columns": files.kind_of(kind).columns}
            for kind, title in FILES.items()
            if access.may(desk.person.role, files.permission_of(kind))
        ],
        "taken": [row | {"title": TAKEN.get(row["kind"], row["kind"])} for row in taken.iter_rows(named=True)],
        "waiting": [
            {"id": one.pk, "name": one.name, "title": FILES[one.kind], "came_at": one.came_at}
            for one in waiting.defer("content").order_by("-id")
        ],
        "banks": banks,
        "formats": _offered(desk),
        "picked": desk.ask("kind"),
        "picked_format": desk.ask("format"),
    }


def _offered(desk: Desk) -> list[dict[str, Any]]:
    """The formats of banks to choose from: those that the company made, then those that are shipped."""
    every = formats(desk.session).values()
    groups = (("自社で作った形式", True), ("はじめからある形式", False))
    found = [{"title": title, "formats": [each for each in every if each.own == own]} for title, own in groups]
    return [group for group in found if group["formats"]]


def oldest() -> Any:
    """The moment before which an undecided file is put away."""
    return timezone.now() - KEPT


@deed("import-read", "imports/read", permission="imports.read")
def bring(doing: Deed) -> HttpResponse:
    """Keep the file until it is decided on, match its columns as well as can be guessed, and try it."""
    kind, sent = doing.field("kind"), doing.request.FILES.get("file")
    if kind not in FILES or sent is None:
        raise Refusal("no-file", "取り込むファイルか種類が選ばれていません。", "種類とファイルを選んでください。")
    _allow(doing, kind)
    account = doing.field("account") if kind == files.RECEIPT else ""
    format_ = _format(doing.books, doing.person.name, doing.field("format")) if kind == files.RECEIPT else None
    lenient = bool(doing.field("lenient"))
    found = files.looked_at(sent.read(), (sent.name or "file.csv")[-200:], format_, lenient=lenient)
    Upload.objects.filter(came_at__lt=oldest()).delete()
    upload, new = Upload.objects.get_or_create(
        company=doing.company.code, actor=doing.person.name, key=doing.field("key"),
        defaults={
            "kind": kind, "account": account, "format": format_.name if format_ else "", "lenient": lenient,
            "name": found.name, "content": found.data,
        },
    )  # fmt: skip
    if new:
        with runs.reading(doing.books, doing.person.name) as session:
            earlier = list(mappings(session, kind).values())
        own = Mapping() if format_ else guessed(found.headers, files.kind_of(kind), earlier)
        _try(doing, upload, found, own)
    return redirect(f"/{doing.company.code}/imports/{upload.pk}")


def _format(books: str, name: str, format_: str) -> Format | None:
    """The format of banks of that name; None where the file has columns to be matched."""
    if format_ in ("", CSV):
        return None
    with runs.reading(books, name) as session:
        return format_of(session, format_)


def _allow(doing: Deed, kind: str) -> None:
    """Refuse whoever may not take in that kind."""
    if not access.may(doing.person.role, files.permission_of(kind)):
        raise Refusal("not-permitted", f"{FILES[kind]}を取り込む権限がありません。", "権限のある人に頼んでください。")


def _try(doing: Deed, upload: Upload, found: Raw, mapping: Mapping) -> None:
    """Try the file with the mapping and keep what came of it; nothing is stored in the books."""
    came = files.tried(
        doing.books, upload.kind, found, mapping=mapping, account=upload.account,
        format_=_format(doing.books, doing.person.name, upload.format), lenient=upload.lenient, user=doing.person.name,
    )  # fmt: skip
    upload.mapping = mapping.told()
    upload.tried = {
        "new": came.new,
        "cause": came.refusal.cause if came.refusal else "",
        "remedy": came.refusal.remedy if came.refusal and not came.errors else "",
        "errors": [[e.line, e.column, e.value, e.why] for e in came.errors[:TOLD]],
        "count": len(came.errors),
        "bad": len({e.line for e in came.errors}),
        "sums": [] if upload.format else _sums(found, files.kind_of(upload.kind), mapping),
        "told": [[WORDS[name], count] for name, count in came.figures.items() if count] if upload.format else [],
        "ahead": _ahead(doing, found, mapping) if upload.kind == "events" and came.new else [],
    }
    upload.save(update_fields=["mapping", "tried"])


def _ahead(doing: Deed, found: Raw, mapping: Mapping) -> list[dict[str, Any]]:
    """What a file of events does to the next bills of all contracts that it names, in sum; nothing is stored."""
    since = today(doing.company.code)
    seen = ahead.look_all(
        doing.books, lambda: read(found, files.kind_of("events"), mapping), since=since, user=doing.person.name
    )
    return [row | {"closing": row["closing"].isoformat()} for row in seen.bills()]


def _sums(found: Raw, kind: Kind, mapping: Mapping) -> list[dict[str, Any]]:
    """The sums of the columns of money; none where the columns cannot be told yet."""
    try:
        frame = read(found, kind, mapping).frame
    except FileRefusal:
        return []
    used = {*mapping.columns.values(), *mapping.fixed}
    return [
        {"label": column.label, "amount": int(frame[column.name].sum())}
        for column in kind.columns
        if column.name in SUMMED and column.name in used
    ]


@page("import", "imports/<int:number>", permission="imports.read", title="取込の確認")
def one(desk: Desk, number: int) -> Shown:
    """A file before it is taken: how it was read, how its columns are matched, and each error at its cell."""
    upload = _upload(desk.company.code, desk.person.name, number)
    format_ = format_of(desk.session, upload.format) if upload.format else None
    found = files.looked_at(bytes(upload.content), upload.name, format_, lenient=upload.lenient)
    mapping, tried = Mapping.read(upload.mapping), upload.tried
    kind = files.kind_of(upload.kind)
    errors = pl.DataFrame(tried["errors"], schema=ERRORS, orient="row")
    if desk.ask("format"):
        return export(desk, errors, [Column(name, title) for name, title in TITLES.items()], "errors")
    shown = found.frame
    if desk.ask("only"):
        shown = shown.filter(pl.col(LINE).is_in(errors["line"].implode()))
    whole = errors.filter(~pl.col("line").is_in(found.frame[LINE].implode()))
    return {
        "upload": upload,
        "kind_title": FILES[upload.kind],
        "listed": format_ is not None and format_.place == "列目",
        "form": found.form,
        "rows": found.frame.height,
        "good": None if whole.height else found.frame.height - tried["bad"],
        "tried": tried,
        "ahead": [row | {"closing": date.fromisoformat(row["closing"])} for row in tried.get("ahead", [])],
        "touched": _touched(found, mapping) if tried.get("ahead") else 0,
        "whole": whole.to_dicts(),
        "columns": _columns(found, kind, mapping),
        "lacking": _lacking(kind, mapping) if not upload.format else {},
        "choices": kind.columns,
        "table": _cells(found, shown.head(MOST), errors),
        "shown": min(shown.height, MOST),
        "hidden": max(shown.height - MOST, 0),
        "only": bool(desk.ask("only")),
        "saved": list(mappings(desk.session, upload.kind)),
        "page": {"title": f"取込の確認 {upload.name}", "name": "import"},
    }


ERRORS: Final = {"line": pl.Int64, "column": pl.String, "value": pl.String, "why": pl.String}
TITLES: Final = {"line": "行", "column": "列", "value": "値", "why": "理由"}


def _touched(found: Raw, mapping: Mapping) -> int:
    """How many contracts a file of events names."""
    return int(read(found, files.kind_of("events"), mapping).frame["contract_no"].n_unique())


def _upload(code: str, name: str, number: int) -> Upload:
    """The file of that number, which is its bringer's alone."""
    own = Upload.objects.filter(company=code, actor=name, pk=number, came_at__gt=oldest(), kind__in=FILES)
    upload = own.first()
    if upload is None:
        raise Http404(str(number))
    return upload


def _columns(found: Raw, kind: Kind, mapping: Mapping) -> list[dict[str, Any]]:
    """The file's columns with their first values and what each becomes."""
    head = found.frame.drop(LINE).head(3)
    return [
        {
            "at": at,
            "header": header,
            "samples": "、".join(filter(None, head.to_series(at).fill_null("").to_list())),
            "name": mapping.columns.get(header, header),
            "label": own.label if (own := kind.column(mapping.columns.get(header, header))) else "",
            "free": header.startswith("x_"),
        }
        for at, header in enumerate(found.headers)
    ]


def _lacking(kind: Kind, mapping: Mapping) -> dict[str, list[dict[str, Any]]]:
    """Our columns that no column of the file becomes: those that must be there, and the others, with their fixed values."""
    used = set(mapping.columns.values())
    lacking = [
        {"column": column, "value": mapping.fixed.get(column.name, "")}
        for column in kind.columns
        if column.name not in used
    ]
    return {
        "must": [one for one in lacking if one["column"].required],
        "may": [one for one in lacking if not one["column"].required],
        "given": [one for one in lacking if one["value"]],
    }


def _cells(found: Raw, rows: pl.DataFrame, errors: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows as a table of cells, each error at its cell; one of a column that the file lacks at the row's end."""
    wrong: dict[int, dict[str, list[str]]] = {}
    for line, column, _, why in errors.iter_rows():
        wrong.setdefault(line, {}).setdefault(column, []).append(why)
    shown = []
    for row in rows.select(LINE, *[name for name in rows.columns if name != LINE]).iter_rows():
        line, reasons = row[0], wrong.get(row[0], {})
        cells = [
            {"text": text or "", "why": "。".join(reasons.get(header, ()))}
            for header, text in zip(found.headers, row[1:], strict=True)
        ]
        rest = [f"{column}: {'。'.join(why)}" for column, why in reasons.items() if column not in found.headers]
        shown.append({"line": line, "cells": cells, "bad": bool(reasons), "rest": rest})
    return shown


@deed("import-map", "imports/<int:number>/map", permission="imports.read")
def match(doing: Deed, number: int) -> HttpResponse:
    """Match the columns as the form says, or as a saved mapping does, save that if asked, and try the file again."""
    upload = _upload(doing.company.code, doing.person.name, number)
    _allow(doing, upload.kind)
    found, kind, said = raw(bytes(upload.content), upload.name), files.kind_of(upload.kind), "確かめ直しました。"
    if doing.field("do") == "use":
        with runs.reading(doing.books, doing.person.name) as session:
            known = mappings(session, upload.kind)
        mapping = _fitted(known[doing.field("saved")], found) if doing.field("saved") in known else None
        said = f"対応づけ「{doing.field('saved')}」を当てはめました。"
    else:
        mapping = _asked(doing, found, kind)
    if mapping is None:
        raise Refusal("no-mapping", "使う対応づけが選ばれていません。", "保存した対応づけから一つ選んでください。")
    _try(doing, upload, found, mapping)
    if doing.field("do") == "save":
        files.save_mapping(doing.books, upload.kind, doing.field("title"), mapping, user=doing.person.name)
        said = f"対応づけ「{doing.field('title')}」を保存しました。次からこの名前で選べます。"
    return doing.done(said, f"imports/{number}")


def _fitted(mapping: Mapping, found: Raw) -> Mapping:
    """The mapping for the columns that this file has; one that it does not speak of is not used."""
    return Mapping({header: mapping.columns.get(header, "") for header in found.headers}, mapping.fixed)


def _asked(doing: Deed, found: Raw, kind: Kind) -> Mapping:
    """The mapping that the form says; a column that the file has needs no fixed value."""
    columns = {header: doing.field(f"c-{at}") for at, header in enumerate(found.headers)}
    fixed = {column.name: doing.field(f"f-{column.name}") for column in kind.columns}
    return Mapping(columns, {n: value for n, value in fixed.items() if value and n not in columns.values()})


@deed("import-take", "imports/<int:number>/take", permission="imports.read")
def take(doing: Deed, number: int) -> HttpResponse:
    """Take the file in as a run; whole, or not at all."""
    asked = Job.objects.filter(company=doing.company.code, key=doing.field("key"), actor=doing.person.name).first()
    if asked is None:
        upload = _upload(doing.company.code, doing.person.name, number)
        _allow(doing, upload.kind)
        options = {
            "kind": upload.kind, "account": upload.account, "format": upload.format, "mapping": upload.mapping,
            "lenient": upload.lenient,
        }  # fmt: skip
        asked = jobs.ask(
            doing.company.code, "import", subject=upload.name, actor=doing.person.name, options=options,
            content=bytes(upload.content), key=doing.field("key"),
        )  # fmt: skip
        upload.delete()
    return redirect(f"/{doing.company.code}/runs/{asked.pk}")


@deed("import-drop", "imports/<int:number>/drop", permission="imports.read")
def put_away(doing: Deed, number: int) -> HttpResponse:
    """Put the file away untaken."""
    upload = _upload(doing.company.code, doing.person.name, number)
    upload.delete()
    return doing.done(f"{upload.name} をやめました。何も取り込んでいません。", "imports")
