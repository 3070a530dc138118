"""根拠: the panel and the page of why an amount is what it is."""

from __future__ import annotations

from django.shortcuts import render

from urikake.base import access
from urikake.rooms.reports.queries.explain import explain, permission

from ..book import Shown, page
from ..desk import Desk


@page("explain", "explain/<path:ref>", permission="home.read", title="根拠")
def why(desk: Desk, ref: str) -> Shown:
    """The explanation of the reference, as a page; as a fragment where the panel asks for it."""
    access.allow(desk.session, permission(ref))
    found = explain(desk.session, ref)
    context = {"why": found, "page": {"title": "根拠", "name": "explain"}}
    if desk.ask("panel"):
        return render(
            desk.request, "web/why.html", context | {"company": desk.company, "day": desk.asof, "panel": True}
        )
    return context
