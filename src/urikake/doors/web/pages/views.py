"""見え方: a list kept under a name, and given up again."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse

from .. import views
from ..book import Deed, Undo, deed


@deed("view-save", "views/save", permission="home.read")
def save(doing: Deed) -> HttpResponse:
    """Keep the list as it is shown, for oneself or for all."""
    view = views.save(
        doing.company.code, doing.person.name, page=doing.field("list"), title=doing.field("title"),
        query=doing.field("query"), shared=bool(doing.field("shared")),
    )  # fmt: skip
    undo = Undo(
        f"views/{view.pk}/delete", {"path": doing.field("path")}, "見え方を消します。一覧の中身は変わりません。"
    )
    return doing.done(f"見え方「{view.title}」を保存しました。", _back(doing, view.query), undo)


@deed("view-delete", "views/<int:number>/delete", permission="home.read")
def delete(doing: Deed, number: int) -> HttpResponse:
    """Give up a view of one's own."""
    was = views.taken_away(doing.company.code, doing.person.name, number)
    undo = Undo("views/save", {**was, "path": doing.field("path")}, "同じ名前と条件で保存し直します。")
    return doing.done(f"見え方「{was['title']}」を消しました。", _back(doing), undo)


def _back(doing: Deed, query: str = "") -> str:
    """The list from which the form was sent."""
    path = quote(doing.field("path").removeprefix(f"/{doing.company.code}/").lstrip("/"))
    return path + (f"?{query}" if query else "")
