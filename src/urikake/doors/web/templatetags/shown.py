"""Template words: amounts, days and addresses as the screens write them."""

from __future__ import annotations

from typing import Any

from django import template

from urikake.doors.web import shown
from urikake.doors.web.desk import link, quoted

register = template.Library()
register.filter("yen", shown.yen)
register.filter("quantity", shown.plain)
register.filter("day", shown.day)
register.filter("shortday", lambda value: shown.day(value, full=False))
register.filter("month", shown.month)
register.filter("instant", shown.instant)
register.filter("percent", shown.percent)
register.filter("quoted", quoted)


@register.simple_tag(takes_context=True)
def to(context: Any, path: str = "", *parts: Any, **params: Any) -> str:
    """The address of a page of this company that shows the same day: ``{% to "invoices" number %}``."""
    whole = "/".join([path.strip("/"), *(quoted(part) for part in parts)]) if parts else path.strip("/")
    return link(context["company"].code, context["day"], whole, **params)


@register.simple_tag(takes_context=True)
def do(context: Any, path: str, *parts: Any) -> str:
    """The address that a form posts to."""
    whole = "/".join([path.strip("/"), *(quoted(part) for part in parts)])
    return f"/{context['company'].code}/{whole}"
