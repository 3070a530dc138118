"""The letterhead at the door: as it stands, tried on a paper, and changed."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from urikake.base import access, letterhead, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal, cause_of

READ = "settings.read"
CHANGE = "settings.change"


def listed(url: str, on: date | None = None, *, user: str = access.SYSTEM) -> list[dict[str, Any]]:
    """Every entry as it stands on documents of the day (today)."""
    with runs.reading(url, user) as session:
        access.allow(session, READ)
        return letterhead.listed(session, on or runs.day(session))


def propose(
    url: str, values: Mapping[str, Any], *, since: date | None = None, why: str = "", user: str = access.SYSTEM
) -> int | None:
    """Change entries for documents of the day (today) and later; the number of the proposal where it has to wait."""
    subject = "・".join(letterhead.BY_KEY[key].title for key in values if key in letterhead.BY_KEY)
    with runs.run(url, "change letterhead", subject=subject[:120], permission=CHANGE, user=user) as (session, outcome):
        number = changed(session, values, since, why)
        outcome.figures["proposal"] = number or 0
    return number


def changed(session: Session, values: Mapping[str, Any], since: date | None, why: str) -> int | None:
    """Change entries in a run: what has an image is set once before it is kept, so that no document fails on it later."""
    from .documents import sample

    checked = letterhead.checked(values)
    if any(letterhead.BY_KEY[key].kind == "image" and value for key, value in checked.items()):
        sample.picture(session, checked)
    return letterhead.propose(session, checked, since, why)


def image(file: Path) -> str:
    """An image file as the letterhead keeps it."""
    try:
        return base64.b64encode(file.read_bytes()).decode()
    except OSError as error:
        why = f"{file} を開けません（{cause_of(error)}）。"
        raise Refusal("no-file", why, "場所を確かめてください。") from None


def told(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The ``[document]`` of a company.toml, its images read from their files beside it."""
    document: Mapping[str, Any] = settings.get("document", {})
    kinds = {key: entry.kind for key, entry in letterhead.BY_KEY.items()}
    return {
        key: image(folder / str(value)) if kinds.get(key) == "image" and value else value
        for key, value in document.items()
    }
