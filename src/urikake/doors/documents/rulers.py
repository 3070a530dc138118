"""The sheet that is held against an envelope: the recipient's frame where it is set, with scales in millimetres."""

from __future__ import annotations

from datetime import date
from typing import Final

from urikake.base import company, runs
from urikake.base.bulk import Session

from .bills import addressed
from .letterheads import Heads
from .typesetting import Book

ADDRESS: Final = {
    "code": "SAMPLE",
    "name": "株式会社見本商事",
    "postal_code": "100-0000",
    "address": "東京都千代田区見本町1-2-3\n見本ビル 4階",
}
"""Whom a paper is addressed to that nobody gets."""


def book(session: Session, heads: Heads, *, lang: str = "ja", on: date | None = None) -> Book:
    """The sheet with the window as it is set for papers of the day, today unless one is named."""
    day = on or runs.day(session)
    number = company.policies(session)["registration_number"]
    told = {
        "kind": "ruler", "lang": lang, "letterhead": heads.at(day, number), **addressed(ADDRESS, lang),
        "number": "", "issued": day.isoformat(), "lines": [], "long": False,
    }  # fmt: skip
    return Book("ruler", heads.name, day.isoformat(), heads.rows, heads.images, [told])
