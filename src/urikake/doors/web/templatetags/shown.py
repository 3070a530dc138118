"""Template words: amounts, days and addresses as the screens write them."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.utils.html import format_html

from urikake.doors.web import shown
from urikake.doors.web.desk import ROLES, link, quoted
from urikake.rooms.contracts.queries import WORDS

register = template.Library()
register.filter("yen", shown.yen)
register.filter("quantity", shown.plain)
register.filter("day", shown.day)
register.filter("shortday", lambda value: shown.day(value, full=False))
register.filter("month", shown.month)
register.filter("instant", shown.instant)
register.filter("percent", shown.percent)
register.filter("tax", shown.tax)
register.filter("quoted", quoted)
register.filter("magnitude", lambda value: f"{abs(value):,}")
register.filter("number", lambda value: f"{value:,}")
register.filter("unlocalized", lambda value: str(value))
register.filter("words", lambda text: text.split())
register.filter("role", lambda value: ROLES.get(value, value))


@register.simple_tag(takes_context=True)
def to(context: Any, path: str = "", *parts: Any, **params: Any) -> str:
    """The address of a page of this company that shows the same day: ``{% to "invoices" number %}``."""
    return link(context["company"].code, context["day"], _joined(path, parts), **params)


@register.simple_tag(takes_context=True)
def do(context: Any, path: str, *parts: Any) -> str:
    """The address that a form posts to."""
    return f"/{context['company'].code}/{_joined(path, parts)}"


def _joined(path: str, parts: tuple[Any, ...]) -> str:
    return "/".join([path.strip("/"), *(quoted(part) for part in parts)])


@register.simple_tag
def undone(message: Message) -> dict[str, Any] | None:
    """The opposite deed that a message offers (see `book.Undo`), or nothing."""
    tags = message.extra_tags or ""
    return dict(json.loads(tags)) if tags.startswith("{") else None


@register.simple_tag
def once() -> str:
    """A key made when the form is drawn, so that sending it twice does its work once."""
    return secrets.token_urlsafe(16)


@register.simple_tag
def jsonfield(name: str, value: Any) -> str:
    """A hidden field that carries a value as JSON."""
    return format_html('<input type="hidden" name="{}" value="{}">', name, json.dumps(value, ensure_ascii=False))


register.filter("has", lambda table, name: bool(table.get(name)))
register.filter("same", lambda one, other: one == other)
register.filter("minus", lambda one, other: one - other)
register.filter("event", lambda kind: WORDS.get(kind, kind))
register.filter("runtone", lambda state: {"done": "good", "failed": "bad", "running": "wait"}.get(state, ""))
register.filter(
    "closingtone",
    lambda state: {"発行済": "good", "下書き": "warn", "一部のみ": "warn", "未計算": "bad"}.get(state, ""),
)
