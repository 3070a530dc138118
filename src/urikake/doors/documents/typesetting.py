"""Papers as PDF or PNG, set by one compiler that stays ready between them."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

from .glyphs import FONTS, printable

HOME: Final = Path(__file__).parent
MAIN: Final = HOME / "templates" / "main.typ"
STANDARD: Final = "a-2b"
"""PDF/A-2b: a file that will look the same in ten years, for which documents have to be kept."""
PPI: Final = 110.0
MANY: Final = 100
"""Beyond so many papers what the compiler keeps of them is worth its memory no more."""
_setting: Final = Lock()


@dataclass(frozen=True, slots=True)
class Book:
    """Papers that make up one file: its title, its author, its day, the letterheads and images they share, and each one's data."""

    title: str
    author: str
    issued: str
    letterheads: list[dict[str, Any]]
    images: list[list[int]]
    papers: list[dict[str, Any]]

    def text(self, sure: Collection[int] = ()) -> str:
        """The data as the templates take it, in letters that the fonts have; papers that are ``sure`` take one page."""
        told = {name: getattr(self, name) for name in ("title", "author", "letterheads", "images")}
        papers = [paper | {"sure": at in sure} for at, paper in enumerate(self.papers)]
        return printable(json.dumps(told | {"papers": papers}, ensure_ascii=False, separators=(",", ":")))


@functools.cache
def _compiler() -> Any:
    """The compiler, with the shipped fonts and no others."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    return typst.Compiler(input=MAIN, root=HOME / "templates", font_paths=fonts)


def pdf(book: Book) -> bytes:
    """The papers as one PDF/A file; one alone is tagged for those who have it read out, a batch is for the printer."""
    return _set(book, format="pdf", pdf_standards=STANDARD, pdf_tags=len(book.papers) == 1)[0]


def png(book: Book, ppi: float = PPI) -> list[bytes]:
    """The papers as pictures, one a page."""
    return _set(book, format="png", ppi=ppi)


def _set(book: Book, **how: Any) -> list[bytes]:
    """What the compiler makes of the papers; one call at a time, for it keeps what it has set before.

    A page that tells its number is set twice, once to learn the number. So papers that are not long are taken to have
    one page, which halves the work of a batch, and only where one has more, all that differs is set again.
    """
    sure = {at for at, paper in enumerate(book.papers) if not paper["long"]}
    with _setting:
        made = _made(book, sure, how)
        if more := {at for at, count in enumerate(_pages(len(book.papers))) if count > 1} & sure:
            made = _made(book, sure - more, how)
        if len(book.papers) > MANY:
            _forget()
    return made if isinstance(made, list) else [made]


def _made(book: Book, sure: Collection[int], how: Mapping[str, Any]) -> Any:
    noon = datetime.fromisoformat(f"{book.issued}T12:00:00").replace(tzinfo=UTC)
    return _compiler().compile(input=MAIN, sys_inputs={"data": book.text(sure)}, timestamp=noon, **how)


def _pages(papers: int) -> list[int]:
    """How many pages each of the papers took that were set last."""
    place = 'locate(label("{}-" + str(at))).page()'
    asked = f"range({papers}).map(at => {place.format('last')} - {place.format('first')} + 1)"
    found: list[int] = json.loads(_compiler().eval(asked))
    return found


def _forget() -> None:
    """Have the compiler let go of what it kept of a batch: it does so with what its last ten calls did not use."""
    for _ in range(11):
        _compiler().compile(input=b"", sys_inputs={}, format="png", ppi=1.0)


def told(label: str) -> list[Any]:
    """What the papers that were set last tell under a label of the templates, page by page."""
    with _setting:
        found: list[Any] = json.loads(_compiler().query(f"<{label}>", field="value"))
    return found
