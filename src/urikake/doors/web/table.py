"""Lists: rows of a frame filtered, sorted, summed and paged as the address says; and exactly the same rows as a file.

Everything about a list lives in its address: ``q`` (text to find), ``sort`` (``-name`` descends), ``page``, ``cols``, and one
parameter a filter. Totals are over all rows that match, not over the page.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.core import search

from . import shown, views
from .desk import Desk
from .views import Shipped

PAGE: Final = 100
RIGHT: Final = ("yen", "number", "quantity", "percent")
Link = Callable[[dict[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``name`` in the frame, ``title``, ``kind`` (how it is shown), and what a cell leads to.

    ``ref`` gives the reference that explains the cell's amount, ``url`` the page it leads to, ``summed`` whether the
    total row sums it, ``tone`` the colour word of a state. ``hidden`` ones show only when asked for. ``gap`` tells the
    rows in which an empty cell lacks something (欠け).
    """

    name: str
    title: str
    kind: str = "text"
    ref: Link | None = None
    url: Link | None = None
    summed: bool = False
    tone: Mapping[str, str] | None = None
    hidden: bool = False
    gap: Callable[[dict[str, Any]], bool] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter that picks one value of a column; ``options`` are (value, label), else the values that are there.

    With ``where`` each value stands for a condition of its own instead.
    """

    name: str
    title: str
    options: Sequence[tuple[str, str]] = ()
    where: Mapping[str, pl.Expr] | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list says: why it is empty, and the first step."""

    why: str
    step_label: str = ""
    step_url: str = ""


@dataclass
class Table:
    """A list as its template draws it."""

    columns: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    total: dict[str, Any]
    pager: dict[str, Any]
    filters: list[dict[str, Any]]
    query: str
    csv_url: str
    xlsx_url: str
    column_choices: list[dict[str, Any]]
    empty: Empty
    select: bool = False
    name: str = ""
    kept: list[tuple[str, str]] = field(default_factory=list)
    tabs: list[dict[str, Any]] = field(default_factory=list)
    asked: str = ""
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def known(self) -> bool:
        """Whether what the address asks for stands under a name already."""
        return any(tab["current"] for tab in self.tabs)


def table(
    desk: Desk,
    frame: pl.DataFrame,
    columns: Sequence[Column],
    *,
    key: str,
    name: str,
    url: Link | None = None,
    filters: Sequence[Choice] = (),
    find: Sequence[str] = (),
    sort: str = "",
    empty: Empty | None = None,
    select: bool = False,
    shipped: Sequence[Shipped] = (),
) -> Table | HttpResponse:
    """The list that the address asks for; a file where it asks for ``format=csv`` or ``xlsx``.

    ``frame`` holds every row of the list, ``key`` names the column that names a row, ``find`` the columns searched by
    ``q``, ``sort`` the order without any in the address,
    ``shipped`` the views that every company has.
    """
    picked = _picked(desk, columns)
    options = [_options(desk, frame, choice) for choice in filters]
    found = _found(desk, frame, filters, find)
    found = _sorted(desk, found, columns, sort)
    if desk.ask("format") in ("csv", "xlsx"):
        return export(desk, found, picked, name)
    at, pages = _page(desk, found.height)
    part = found.slice((at - 1) * PAGE, PAGE)
    return Table(
        columns=[_head(desk, column, sort) for column in picked],
        rows=[_row(row, picked, key, url) for row in part.iter_rows(named=True)],
        total=_total(found, picked),
        pager=_pager(desk, at, pages),
        filters=options,
        query=desk.ask("q"),
        csv_url=_with(desk, format="csv", page=None),
        xlsx_url=_with(desk, format="xlsx", page=None),
        column_choices=_choices(desk, columns, picked),
        empty=empty or Empty("条件に合うものはありません。"),
        select=select,
        frame=found,
        name=name,
        kept=_kept(desk, filters),
        tabs=views.tabs(desk, name, shipped),
        asked=views.asked(desk),
    )


def _picked(desk: Desk, columns: Sequence[Column]) -> list[Column]:
    """The columns that the address names, else those shown by default; the first always."""
    wanted = [name for name in desk.ask("cols").split(",") if name]
    return [c for c in columns if (c.name in wanted if wanted else not c.hidden) or c is columns[0]]


def _found(desk: Desk, frame: pl.DataFrame, filters: Sequence[Choice], find: Sequence[str]) -> pl.DataFrame:
    """The rows that match the filters and the text of the address; width, kana kind and legal forms do not matter."""
    for choice in filters:
        if wanted := desk.ask(choice.name):
            frame = frame.filter(_meant(choice, wanted))
    text = desk.ask("q")
    if not text or not find or frame.is_empty():
        return frame
    wanted = search.searched(text)
    hit = pl.any_horizontal(
        search.searchable(pl.col(column).cast(pl.String)).str.contains(wanted, literal=True) for column in find
    )
    return frame.filter(hit.fill_null(False))


def _meant(choice: Choice, wanted: str) -> pl.Expr:
    """The condition for which a value of a filter stands."""
    if choice.where is not None:
        return choice.where.get(wanted, pl.lit(False))
    return pl.col(choice.name).cast(pl.String) == wanted


def _kept(desk: Desk, filters: Sequence[Choice]) -> list[tuple[str, str]]:
    """What of the address the form of filters carries on without showing it."""
    shown_ones = {"q", "page", "format", *(choice.name for choice in filters)}
    return [(name, value) for name, value in desk.request.GET.items() if name not in shown_ones]


def _sorted(desk: Desk, frame: pl.DataFrame, columns: Sequence[Column], default: str) -> pl.DataFrame:
    """The rows in the order that the address asks for; equal ones as they came."""
    order = desk.ask("sort", default)
    name = order.removeprefix("-")
    if not name or name not in {c.name for c in columns} or name not in frame.columns:
        return frame
    return frame.sort(name, descending=order.startswith("-"), maintain_order=True, nulls_last=True)


def _page(desk: Desk, height: int) -> tuple[int, int]:
    pages = max(1, -(-height // PAGE))
    asked = desk.ask("page", "1")
    return min(max(int(asked) if asked.isdecimal() else 1, 1), pages), pages


def _with(desk: Desk, **changes: Any) -> str:
    """The address of this page with some parameters changed; None takes one away."""
    query = desk.request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = value
    text = query.urlencode()
    return desk.request.path + (f"?{text}" if text else "")


def _head(desk: Desk, column: Column, default: str) -> dict[str, Any]:
    order = desk.ask("sort", default)
    now = {column.name: "asc", f"-{column.name}": "desc"}.get(order, "")
    down_first = column.kind in RIGHT
    after = f"-{column.name}" if now == "asc" or (not now and down_first) else column.name
    return {
        "name": column.name,
        "title": column.title,
        "kind": column.kind,
        "sorted": now,
        "sort_url": _with(desk, sort=after, page=None),
    }


def _row(row: dict[str, Any], columns: Sequence[Column], key: str, url: Link | None) -> dict[str, Any]:
    leads = url(row) if url else None
    cells = [_cell(row, column) for column in columns]
    if leads and cells and not cells[0]["url"]:
        cells[0]["url"] = leads
    return {"key": row[key], "url": leads, "cells": cells}


def _cell(row: dict[str, Any], column: Column) -> dict[str, Any]:
    value = row[column.name]
    if value is None and column.gap and column.gap(row):
        return {"kind": "state", "value": None, "text": "欠け", "tone": "bad", "right": True}
    return {
        "kind": column.kind,
        "value": value,
        "text": shown.cell(column.kind, value),
        "ref": column.ref(row) if column.ref and value is not None else None,
        "url": column.url(row) if column.url else None,
        "tone": (column.tone or {}).get(str(value), "") if column.kind == "state" else "",
        "negative": column.kind in RIGHT and isinstance(value, int | float) and value < 0,
    }


def _total(frame: pl.DataFrame, columns: Sequence[Column]) -> dict[str, Any]:
    """The count and the sums over all rows that match."""
    names = [c.name for c in columns if c.summed]
    sums = frame.select(pl.col(names).sum()).row(0, named=True) if names else {}
    cells = [
        {
            "kind": c.kind,
            "value": sums.get(c.name),
            "text": shown.cell(c.kind, sums[c.name]) if c.name in sums else "",
            "negative": (sums.get(c.name) or 0) < 0,
        }
        for c in columns
    ]
    return {"count": frame.height, "cells": cells, "any": bool(names)}


def _pager(desk: Desk, at: int, pages: int) -> dict[str, Any]:
    return {
        "page": at,
        "pages": pages,
        "prev_url": _with(desk, page=at - 1) if at > 1 else None,
        "next_url": _with(desk, page=at + 1) if at < pages else None,
    }


def _options(desk: Desk, frame: pl.DataFrame, choice: Choice) -> dict[str, Any]:
    """A filter with its choices; without given ones, the values that are there."""
    options = list(choice.options)
    if not options:
        values = frame[choice.name].drop_nulls().unique().sort().to_list() if choice.name in frame.columns else []
        options = [(str(value), str(value)) for value in values[:200] if value != ""]
    return {
        "name": choice.name,
        "title": choice.title,
        "value": desk.ask(choice.name),
        "kind": "choice",
        "choices": [{"value": value, "label": label} for value, label in options],
    }


def _choices(desk: Desk, columns: Sequence[Column], picked: Sequence[Column]) -> list[dict[str, Any]]:
    """The entries of [列]: each with the address that turns it on or off."""
    on = [c.name for c in picked]
    entries = []
    for column in columns[1:]:
        after = [n for n in on if n != column.name] if column.name in on else [*on, column.name]
        entries.append(
            {"title": column.title, "on": column.name in on, "url": _with(desk, cols=",".join(after), page=None)}
        )
    return entries


def export(desk: Desk, frame: pl.DataFrame, columns: Sequence[Column], name: str) -> HttpResponse:
    """The rows as a file: what is shown, with real numbers and dates; CSV in UTF-8 with BOM, or CP932."""
    shaped = frame.select(_exported(frame, column) for column in columns)
    file = f"{name}-{desk.on:%Y%m%d}"
    if desk.ask("format") == "xlsx":
        return _answer(_xlsx(shaped, columns), f"{file}.xlsx", XLSX)
    text = safe(shaped).write_csv(line_terminator="\r\n", date_format="%Y-%m-%d")
    cp932 = desk.ask("encoding") == "cp932"
    data = text.encode("cp932", errors="replace") if cp932 else b"\xef\xbb\xbf" + text.encode()
    return _answer(data, f"{file}.csv", f"text/csv; charset={'Shift_JIS' if cp932 else 'utf-8'}")


XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _exported(frame: pl.DataFrame, column: Column) -> pl.Expr:
    found = pl.col(column.name)
    if column.kind == "quantity":
        found = found.cast(pl.Decimal(38, 0)).cast(pl.Float64) / shown.MICRO
    return found.alias(column.title)


def safe(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with texts that a spreadsheet would take for formulas made plain by a leading apostrophe.

    >>> safe(pl.DataFrame({"a": ["=1+1", "株式会社", "-5", "@x"]}))["a"].to_list()
    ["'=1+1", '株式会社', "'-5", "'@x"]
    """

    def plain(name: str) -> pl.Expr:
        text = pl.col(name)
        return (
            pl.when(text.str.contains(r"^[=+\-@\t\r]"))
            .then(pl.concat_str(pl.lit("'"), text))
            .otherwise(text)
            .alias(name)
        )

    return frame.with_columns(plain(name) for name, dtype in frame.schema.items() if dtype == pl.String)


def _xlsx(frame: pl.DataFrame, columns: Sequence[Column]) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet("一覧")
        formats = {
            "yen": book.add_format({"num_format": "#,##0;[Red]△#,##0"}),
            "date": book.add_format({"num_format": "yyyy/mm/dd"}),
            "head": book.add_format({"bold": True, "bottom": 1}),
        }
        for at, column in enumerate(columns):
            sheet.write_string(0, at, column.title, formats["head"])
            sheet.set_column(at, at, 14 if column.kind in (*RIGHT, "date") else 22)
        for line, row in enumerate(frame.iter_rows(), start=1):
            for at, value in enumerate(row):
                _write(sheet, line, at, value, formats)
        sheet.freeze_panes(1, 1)
    return buffer.getvalue()


def _write(sheet: Any, line: int, at: int, value: Any, formats: dict[str, Any]) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, at, value)
    elif isinstance(value, int | float):
        sheet.write_number(line, at, value, formats["yen"])
    elif isinstance(value, datetime):
        sheet.write_string(line, at, shown.instant(value))
    elif isinstance(value, date):
        sheet.write_datetime(line, at, value, formats["date"])
    else:
        sheet.write_string(line, at, str(value))


def _answer(data: bytes, file: str, kind: str) -> HttpResponse:
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{file}"'})


def shorter(columns: Sequence[Column], *hidden: str) -> list[Column]:
    """The columns with some of them hidden by default."""
    return [replace(c, hidden=True) if c.name in hidden else c for c in columns]


def listed_as(found: Table | HttpResponse) -> dict[str, Any] | HttpResponse:
    """What a page of one list answers: its context, or the file that was asked for."""
    return found if isinstance(found, HttpResponse) else {"table": found}
