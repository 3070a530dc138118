"""お知らせ: what happened that concerns the person."""

from __future__ import annotations

from .. import notices
from ..book import Shown, page
from ..desk import Desk
from .runs import figures


@page("notices", "notices", permission="home.read", title="お知らせ")
def listed(desk: Desk) -> Shown:
    """The newest notices; having been shown, they are read."""
    found = [row | {"figures": figures(row["figures"])} for row in notices.latest(desk)]
    if not desk.asof.past:
        notices.read(desk)
    return {"notices": found, "unread": sum(row["unread"] for row in found)}
