"""The pages that the code writes are up to date, and the guide leaves out no calculator, report or command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from tests.stories import reference
from urikake.base import facts
from urikake.core.calculators import ADDRESSES, answer
from urikake.doors.cli.main import app
from urikake.doors.files import TAKERS
from urikake.rooms.collecting.actions import SETTLEMENT
from urikake.rooms.receipts.queries import RECEIPTS
from urikake.rooms.reports.queries import REPORTS

DOCS = reference.TOP / "docs"
COMMANDS = [c.name or c.callback.__name__.strip("_") for c in app.registered_commands if c.callback] + ["bench", "demo"]


@pytest.mark.parametrize(("path", "page"), reference.PAGES.items(), ids=lambda x: getattr(x, "name", None))
def test_the_page_is_up_to_date(path: Path, page: Callable[[], str]) -> None:
    assert page() == path.read_text(encoding="utf-8"), "python -m tests.stories.reference --update"


def test_every_refusal_in_the_source_is_on_the_page() -> None:
    told = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    source = "\n".join(path.read_text(encoding="utf-8") for path in reference.SOURCE.rglob("*.py"))
    codes = set(re.findall(r"Refusal\(\s*\"([a-z-]+)\"", source)) | {"file-refused"}
    assert len(codes) > 40
    assert {code for code in codes if f"| `{code}` |" not in told} == set()


def test_every_note_is_on_a_column() -> None:
    kinds = [kind for kind, _, _ in TAKERS.values()] + [RECEIPTS, SETTLEMENT]
    columns = {(kind.name, column.name) for kind in kinds for column in kind.columns}
    assert set(reference.NOTES) - columns == set()


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("reference/calculators.md", list(ADDRESSES)),
        ("reference/reports.md", list(REPORTS)),
        ("reference/commands.md", COMMANDS),
    ],
)
def test_the_page_leaves_out_nothing(page: str, names: list[str]) -> None:
    told = (DOCS / page).read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in told] == []


ALGORITHMS = DOCS / "guide" / "algorithms.md"
ASKED = re.compile(r"<!-- 計算 (\S+) (\{.*\}) ([a-z_. ]+) -->\n\n((?:\|.*\n)+)")
LINKS = re.compile(r"<!-- 鎖 -->\n\n((?:\|.*\n)+)")


def cells(table: str) -> list[list[str]]:
    """The rows of a Markdown table, without its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().split("\n")[2:]]


def figures(answer: dict[str, Any], path: str) -> list[int]:
    """The figures of an answer under ``name`` or ``list.name``."""
    name, _, inner = path.partition(".")
    return [row[inner] for row in answer[name]] if inner else [answer[name]]


@pytest.mark.parametrize(("name", "asked", "paths", "table"), ASKED.findall(ALGORITHMS.read_text(encoding="utf-8")))
def test_the_tables_of_the_algorithms_hold_what_is_computed(name: str, asked: str, paths: str, table: str) -> None:
    found = json.loads(answer(name, asked))
    wanted = [figure for path in paths.split() for figure in figures(found, path)]
    assert [int(row[-1].replace(",", "")) for row in cells(table)] == wanted


def test_the_running_sums_in_the_tables_add_up() -> None:
    (table,) = [t for name, _, _, t in ASKED.findall(ALGORITHMS.read_text(encoding="utf-8")) if name == "schedule"]
    rows = [[int(cell.replace(",", "")) for cell in row[1:]] for row in cells(table)]
    assert [total for total, _ in rows] == list(accumulate(part for _, part in rows))


def test_the_table_of_the_chain_holds_what_is_computed() -> None:
    head = facts.GENESIS
    (table,) = LINKS.findall(ALGORITHMS.read_text(encoding="utf-8"))
    for relation, first, count, content, told in cells(table):
        head = facts.chained(head, relation, int(first), int(count), content)
        assert told == head[:16], f"{relation} {first}"


def test_the_algorithms_have_tables_to_hold() -> None:
    assert len(ASKED.findall(ALGORITHMS.read_text(encoding="utf-8"))) >= 5
