"""The pages that the code writes are up to date, and the guide leaves out no calculator, report or command."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories import reference
from urikake.core.calculators import ADDRESSES
from urikake.doors.cli.main import app
from urikake.doors.files import TAKERS
from urikake.rooms.receipts.actions import RECEIPTS
from urikake.rooms.reports.queries import REPORTS

DOCS = reference.TOP / "docs"


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
    kinds = [kind for kind, _, _ in TAKERS.values()] + [RECEIPTS]
    columns = {(kind.name, column.name) for kind in kinds for column in kind.columns}
    assert set(reference.NOTES) - columns == set()


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("reference/calculators.md", list(ADDRESSES)),
        ("reference/reports.md", list(REPORTS)),
        ("reference/commands.md", [c.name or c.callback.__name__ for c in app.registered_commands if c.callback]),
    ],
)
def test_the_page_leaves_out_nothing(page: str, names: list[str]) -> None:
    told = (DOCS / page).read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in told] == []
