"""The worked tables of the pages in docs/algorithms: prose, table and program hold the same figures.

Above a table stands ``<!-- 計算 NAME REQUEST FIGURES -->``. Figures are ``name`` or ``list.name`` (down the last column) or
``list: name name`` (the last columns of each row). A cell without a figure (null) is ``—``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from urikake.core.calculators import answer

PAGES = Path(__file__).parents[2] / "docs" / "algorithms"
_ASKED = re.compile(r"<!-- 計算 (\S+) (\{.*\}) ([a-z_.: ]+) -->\n\n((?:\|.*\n)+)")


class Example(NamedTuple):
    """One table and what is asked for it."""

    title: str
    calculator: str
    request: str
    figures: str
    rows: list[list[str]]

    def told(self) -> list[list[str]]:
        """The figures in the table, row by row."""
        many = len(self.figures.partition(":")[2].split()) or 1
        return [row[-many:] for row in self.rows]

    def computed(self) -> list[list[str]]:
        """The figures in the answer, row by row."""
        found = json.loads(answer(self.calculator, self.request))
        listed, several, names = self.figures.partition(":")
        if several:
            return [[_written(row[name]) for name in names.split()] for row in found[listed]]
        return [[_written(figure)] for path in self.figures.split() for figure in _under(found, path)]


def examples(page: str) -> list[Example]:
    """The worked tables of a page, each under the heading it stands below."""
    text = (PAGES / page).read_text(encoding="utf-8")
    headings = [(found.start(), found[1]) for found in re.finditer(r"^#+ (.*)$", text, re.MULTILINE)]
    return [
        Example(
            [title for at, title in headings if at < found.start()][-1], found[1], found[2], found[3], _cells(found[4])
        )
        for found in _ASKED.finditer(text)
    ]


def _cells(table: str) -> list[list[str]]:
    """The rows of a Markdown table, without its head."""
    return [
        [cell.strip().replace(",", "") for cell in line.strip("|").split("|")] for line in table.strip().split("\n")[2:]
    ]


def _under(found: dict[str, Any], path: str) -> list[Any]:
    """The figures of an answer under ``name`` or ``list.name``."""
    name, _, inner = path.partition(".")
    return [row[inner] for row in found[name]] if inner else [found.get(name, found)]


def _written(figure: Any) -> str:
    """The figure as a table has it."""
    return "—" if figure is None else str(figure)
