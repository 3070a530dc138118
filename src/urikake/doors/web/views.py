"""Saved views (見え方): the address of a list under a name, one's own or for all of the company; and those that are shipped.

A view keeps what the address asks for (filters, text, order, columns), never the day: it shows the day that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q

from urikake.base.errors import Refusal

from .desk import Desk

if TYPE_CHECKING:
    from .models import View

PASSING: Final = frozenset({"page", "format", "encoding", "as_of", "known_at"})
LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Shipped:
    """A view that every company has: its name and what its address asks for."""

    title: str
    query: str


def wanted(params: Iterable[tuple[str, str]]) -> str:
    """What of an address a view keeps, in one order, so that two addresses of the same list are the same text.

    >>> wanted([("sort", "-amount"), ("page", "3"), ("q", ""), ("as_of", "2026-10-31"), ("cycle", "毎月")])
    'cycle=%E6%AF%8E%E6%9C%88&sort=-amount'
    """
    return urlencode(sorted({name: value for name, value in params if name not in PASSING and value}.items()))


def asked(desk: Desk) -> str:
    """What the address of the page asks for."""
    return wanted(desk.request.GET.items())


def _kept() -> Any:
    """The saved views; asked for late, so that lists can be read about without the tables of the web."""
    from .models import View

    return View.objects


def tabs(desk: Desk, name: str, shipped: Iterable[Shipped]) -> list[dict[str, Any]]:
    """The tabs above a list: all of it, the shipped views, the company's, one's own; the one that is looked at is marked."""
    own = Q(owner=desk.person.name) | Q(shared=True)
    saved = _kept().filter(own, company=desk.company.code, page=name).order_by("-shared", "title")
    entries: list[dict[str, Any]] = [{"title": "すべて", "query": ""}]
    entries += [{"title": view.title, "query": wanted(parse_qsl(view.query))} for view in shipped]
    entries += [
        {"id": v.pk, "title": v.title, "query": v.query, "shared": v.shared, "own": v.owner == desk.person.name}
        for v in saved
    ]
    here = asked(desk)
    return [entry | {"url": _address(desk, entry["query"]), "current": entry["query"] == here} for entry in entries]


def _address(desk: Desk, query: str) -> str:
    text = "&".join(filter(None, (urlencode(desk.asof.params), query)))
    return desk.request.path + (f"?{text}" if text else "")


def save(company: str, owner: str, *, page: str, title: str, query: str, shared: bool) -> View:
    """The view kept under its name; refused without one, or where the person has one of that name."""
    if not title or len(title) > 60:
        raise Refusal("no-title", "見え方に名前がありません(60字まで)。", "一覧の上に出る名前を付けてください。")
    if len(query) > LONGEST or len(page) > 60:
        raise Refusal("too-long", "条件が長すぎて保存できません。", "さがす文字を短くしてください。")
    kept = {"query": wanted(parse_qsl(query)), "shared": shared}
    view, made = _kept().get_or_create(company=company, page=page, title=title, owner=owner, defaults=kept)
    if not made:
        raise Refusal(
            "same-title", f"「{title}」という見え方がすでにあります。", "別の名前にするか、前のものを消してください。"
        )
    return view


def taken_away(company: str, owner: str, number: int) -> Mapping[str, Any]:
    """What the view was, which is no more; refused where it is not one's own."""
    view = _kept().filter(company=company, owner=owner, pk=number).first()
    if view is None:
        raise Refusal("no-view", "消せる見え方がありません。", "消せるのは、自分で保存した見え方だけです。")
    was = {"list": view.page, "title": view.title, "query": view.query, "shared": "1" if view.shared else ""}
    view.delete()
    return was
