"""Papers as PDF or PNG, set by one compiler that stays ready between them."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

HOME: Final = Path(__file__).parent
MAIN: Final = HOME / "templates" / "main.typ"
STANDARD: Final = "a-2b"
"""PDF/A-2b: a file that will look the same in ten years, for which documents have to be kept."""
PPI: Final = 110.0
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

    def text(self) -> str:
        """The data as the templates take it."""
        names = ("title", "author", "letterheads", "images", "papers")
        return json.dumps({name: getattr(self, name) for name in names}, ensure_ascii=False, separators=(",", ":"))


@functools.cache
def _compiler() -> Any:
    """The compiler, with the shipped fonts and no others."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(HOME / "fonts")])
    return typst.Compiler(input=MAIN, root=HOME / "templates", font_paths=fonts)


def pdf(book: Book) -> bytes:
    """The papers as one PDF/A file."""
    return _set(book, format="pdf", pdf_standards=STANDARD)[0]


def png(book: Book, ppi: float = PPI) -> list[bytes]:
    """The papers as pictures, one a page."""
    return _set(book, format="png", ppi=ppi)


def _set(book: Book, **how: Any) -> list[bytes]:
    """What the compiler makes of the papers; one call at a time, for it keeps what it has set before."""
    noon = datetime.fromisoformat(f"{book.issued}T12:00:00").replace(tzinfo=UTC)
    with _setting:
        made = _compiler().compile(sys_inputs={"data": book.text()}, timestamp=noon, **how)
    return made if isinstance(made, list) else [made]
