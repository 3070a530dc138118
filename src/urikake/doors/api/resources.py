"""The resources: what the books keep, listed by id from any point on, or one by its name.

A list goes on from its cursor, so that rows which are added meanwhile neither repeat nor skip any. One page is one query
for its rows and one for each thing that belongs to them.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Final, cast

import polars as pl
from ninja import Path, Schema
from pydantic import Field, create_model

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.reports.queries.rows import rows

from .kept import RESOURCES, Resource
from .operation import Call, Known, reads
from .problems import Problem

MOST: Final = 1000
Number = Annotated[int, Path(..., ge=1, lt=1 << 40, description="番号")]


class Page(Known):
    """The parameters of a list."""

    limit: int = Field(100, ge=1, le=MOST, description="一度に受け取る件数")
    cursor: str = Field("", max_length=40, description="前の答えの next。空なら最初から")
    fields: str = Field("", max_length=400, description="受け取る項目だけをカンマで区切って書く。空ならすべて")


class One(Known):
    """The parameters of one thing."""

    fields: str = Field("", max_length=400, description="受け取る項目だけをカンマで区切って書く。空ならすべて")


def cursor(number: int) -> str:
    """Where a list goes on after the row of that number, as text that says nothing.

    >>> after(cursor(42))
    42
    """
    return base64.urlsafe_b64encode(f"n{number}".encode()).decode().rstrip("=")


def after(text: str) -> int:
    """The number after which a list goes on; refused where the text is none that a list gave."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii") if text else "n0"
    except (ValueError, binascii.Error):
        plain = ""
    if not plain.startswith("n") or not plain[1:].isdigit() or len(plain) > 14:
        raise Refusal(
            "bad-cursor", "cursor がこの一覧のものではありません。", "前の答えの next をそのまま付けてください。"
        )
    return int(plain[1:])


def chosen(found: list[dict[str, Any]], names: str, every: list[str]) -> list[dict[str, Any]]:
    """The rows with only the named fields; refused where a name is not one of ``every``."""
    if not names.strip():
        return found
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in every]
    if unknown:
        raise Refusal("unknown-field", f"項目「{unknown[0]}」はありません。", f"使えるのは {'・'.join(every)} です。")
    return [{name: row.get(name) for name in wanted} for row in found]


def page(session: Session, resource: Resource, beyond: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
    """Up to ``limit`` rows after the number ``beyond``, and the number of the last where more follow."""
    also = f" AND {resource.where}" if resource.where else ""
    sql = f"SELECT {resource.columns} FROM {resource.tables} WHERE t.id > ? AND t.id < ?{also} ORDER BY t.id LIMIT {limit + 1}"
    found = session.read(sql, (session.low + beyond, session.high))
    more = found.height > limit
    here = found.head(limit)
    if here.is_empty():
        return [], None
    last = int(here["id"][-1]) - session.low
    return _spelled(session, resource, here), last if more else None


def _spelled(session: Session, resource: Resource, here: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows with their fields in the order in which they are declared."""
    shaped = resource.shape(session, here)
    mine = resource.belongs(session, here)
    names = [name if name in shaped.columns else f"{name}_micro" for name in resource.fields if name not in mine]
    found = rows(shaped.select(names))
    for id_, row in zip(here["id"], found, strict=True):
        row |= {name: by_id.get(id_, []) for name, by_id in mine.items()}
    return [{name: row[name] for name in resource.fields} for row in found]


def one(session: Session, resource: Resource, key: str | int) -> dict[str, Any] | None:
    """The row of that name or number, or None."""
    id_ = resource.find(session, key)
    if id_ is None or not session.low < id_ < session.high:
        return None
    found, _ = page(session, resource, id_ - session.low - 1, 1)
    same = found and str(found[0][resource.key]) == str(key)
    return found[0] if same else None


def _model(resource: Resource) -> tuple[type[Schema], type[Schema]]:
    """What an item and a list of them look like."""
    name = "".join(part.title() for part in resource.name.split("-"))
    fields = {field: (kind | None, Field(None, description=why)) for field, (kind, why) in resource.fields.items()}
    item = create_model(f"{name}Item", __base__=Schema, **cast(Any, fields))
    listed = create_model(
        f"{name}List",
        __base__=Schema,
        items=(list[item], Field(description=resource.title)),  # type: ignore[valid-type]
        next=(str | None, Field(description="続きの cursor。もうなければ null")),
    )
    return item, listed


def _enter(resource: Resource) -> None:
    """Enter the list and the single thing of a resource."""
    item, listed = _model(resource)
    every = list(resource.fields)

    @reads(resource.name, permission=resource.permission, summary=f"{resource.title}の一覧", group=resource.title,
           response=listed, options=Page, description=resource.about)  # fmt: skip
    def several(session: Session, call: Call) -> dict[str, Any]:
        found, last = page(session, resource, after(call.options.cursor), call.options.limit)
        return {"items": chosen(found, call.options.fields, every), "next": None if last is None else cursor(last)}

    numbered = resource.numbered
    kind = (
        Number if numbered else Annotated[str, Path(..., max_length=200, description=resource.fields[resource.key][1])]
    )

    part = (
        "{int:key}" if numbered else "{path:key}" if resource.named else "{key}"
    )  # codes may have a slash, numbers not

    @reads(f"{resource.name}/{part}", permission=resource.permission,
           summary=f"{resource.title}を一つ", group=resource.title, response=item, options=One, key=kind)  # fmt: skip
    def single(session: Session, call: Call) -> dict[str, Any]:
        found = one(session, resource, call.key)
        if found is None:
            why = f"{resource.title}「{str(call.key)[:60]}」はありません。"
            raise Problem(404, "not-found", why, "一覧で番号かコードを確かめてください。")
        return chosen([found], call.options.fields, every)[0]


for _resource in RESOURCES:
    _enter(_resource)
