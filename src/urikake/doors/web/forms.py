"""Forms (入力): the fields of a file's row as a person fills them in, and back from what was typed to such a row.

A form has no checks of its own: what is typed becomes the row of a file of that kind and goes through the same action, and
each error comes back to the field of its column.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal, Refusal
from urikake.base.requests import Request
from urikake.core import cells, written
from urikake.rooms.catalog.queries import products
from urikake.rooms.intake.queries import Column, Kind
from urikake.rooms.parties.queries import profiles

from .book import Deed
from .desk import Desk, today

MOST: Final = 2_000
SPELL: Final = {cells.amount: "yen", cells.micro: "number", cells.day: "date"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: the file's column that it fills, how it is called, a hint, a list to pick from.

    ``when`` names the choices of the form's leading field with which it is used; ``plain`` is a number that is no money;
    a ``fixed`` one is only shown.
    """

    name: str
    label: str = ""
    hint: str = ""
    pick: str = ""
    options: Sequence[tuple[str, str]] = ()
    when: Sequence[str] = ()
    plain: bool = False
    wide: bool = False
    leads: bool = False
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together; ``folded`` ones stand closed until something is in them."""

    title: str
    fields: Sequence[Field]
    folded: bool = False


def drawn(
    desk: Desk, kind: Kind, groups: Sequence[Group], values: Mapping[str, Any], *, submit: str, back: str
) -> dict[str, Any]:
    """The form as its template draws it: with ``values``, or with what was typed and what is wrong with it."""
    typed = desk.request.POST if desk.refusal else values
    reasons = wrong(desk.refusal, line=1)
    labels = {field.name: field.label or _column(kind, field).label for group in groups for field in group.fields}
    return {
        "groups": [_group(kind, group, typed, reasons) for group in groups],
        "summary": summary(desk.refusal, labels),
        "cause": desk.refusal,
        "submit": submit,
        "back": back,
        "seen": typed.get("seen", ""),
    }


def _group(kind: Kind, group: Group, typed: Mapping[str, Any], reasons: Mapping[str, str]) -> dict[str, Any]:
    fields = [_field(_column(kind, field), field, typed, reasons) for field in group.fields]
    used = any(field["error"] or (field["value"] and field["kind"] != "choice") for field in fields)
    return {"title": group.title, "fields": fields, "folded": group.folded, "open": used}


def _column(kind: Kind, field: Field) -> Column:
    found = kind.column(field.name)
    assert found is not None, field.name
    return found


def _field(column: Column, field: Field, typed: Mapping[str, Any], reasons: Mapping[str, str]) -> dict[str, Any]:
    value = typed.get(field.name)
    options = field.options or tuple((code, column.words[code]) for code in column.choices)
    if options and not column.required and "" not in dict(options):
        options = (("", ""), *options)
    return {
        "name": field.name,
        "label": field.label or column.label,
        "required": column.required,
        "hint": field.hint,
        "kind": "choice" if options else "number" if field.plain else SPELL.get(column.read, "text"),
        "options": options,
        "pick": field.pick,
        "wide": field.wide,
        "leads": field.leads,
        "fixed": field.fixed,
        "when": " ".join(field.when),
        "value": "" if value is None else str(value),
        "error": reasons.get(field.name, ""),
    }


def wrong(refusal: Refusal | None, *, line: int) -> dict[str, str]:
    """By column, what is wrong with the row of that number."""
    found: dict[str, str] = {}
    for error in refusal.errors if isinstance(refusal, FileRefusal) else ():
        if error.line == line:
            found[error.column] = found.get(error.column, "") + error.why + "。"
    return found


def summary(refusal: Refusal | None, labels: Mapping[str, str]) -> list[dict[str, str]]:
    """Everything that is wrong, each with the field that it leads to."""
    errors = refusal.errors if isinstance(refusal, FileRefusal) else ()
    told = {
        (error.column if error.line == 1 else f"{error.column}-{error.line}", error.column, error.why): None
        for error in errors
    }
    return [{"field": field, "label": labels.get(column, column), "why": why} for field, column, why in told]


def row(doing: Deed, kind: Kind, groups: Sequence[Group]) -> dict[str, str]:
    """What was typed as a row of the kind: days, amounts and choices spelt as in files; fields out of use left out."""
    fields = [field for group in groups for field in group.fields]
    leading = next((doing.field(field.name) for field in fields if field.leads), "")
    on = today(doing.company.code)
    return {
        field.name: spelt(_column(kind, field), doing.field(field.name), on)
        if not field.when or leading in field.when
        else ""
        for field in fields
    }


def spelt(column: Column, text: str, on: date) -> str:
    """What was typed, as a file has it."""
    if column.read is cells.day:
        return written.day(text, on)
    return written.number(text) if text and column.read in (cells.amount, cells.micro) else text


def once(doing: Deed, rows: Sequence[Mapping[str, str]]) -> Request | None:
    """The request by which the same form, sent twice with the same content, is taken once."""
    content = json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()
    mark = hashlib.sha256(doing.request.path.encode() + b"\n" + content).hexdigest()
    key = doing.field("key")[:80]
    return Request(f"form:{doing.person.name}:{key}:{mark[:16]}", mark) if key.isascii() and key else None


def partners(session: Session) -> pl.DataFrame:
    """The partners to pick from: ``code, name, kana``."""
    return profiles(session, "name, kana").select("code", "name", "kana").sort("code")


def kinds_of_product(session: Session) -> pl.DataFrame:
    """The products to pick from: ``code, name``."""
    newest = products(session).unique("product", keep="last", maintain_order=True)
    return newest.select(code="product", name="product_name").sort("code")


def picks(**lists: pl.DataFrame) -> list[dict[str, Any]]:
    """The lists of a page's fields to pick from, each cut to what a browser can show."""
    return [{"name": name, "rows": frame.head(MOST).to_dicts()} for name, frame in lists.items()]
