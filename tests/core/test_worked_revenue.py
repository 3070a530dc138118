"""The worked examples of revenue in docs/algorithms: each table holds what the calculators answer."""

from __future__ import annotations

import pytest

from tests.core.worked import PAGES, Example, examples

MANY = {"allocation": 12, "modification": 10, "material-rights": 6, "progress": 5, "presentation": 6, "financing": 4}
ALL = [(page, example) for page in MANY for example in examples(f"{page}.md")]


@pytest.mark.parametrize(("page", "example"), ALL, ids=lambda it: it if isinstance(it, str) else it.title)
def test_the_table_holds_what_is_computed(page: str, example: Example) -> None:
    assert example.computed() == example.told(), f"{page}: {example.title}"


@pytest.mark.parametrize("page", MANY)
def test_every_table_of_figures_is_asked(page: str) -> None:
    assert len(examples(f"{page}.md")) == MANY[page]
    assert (PAGES / f"{page}.md").read_text(encoding="utf-8").count("<!-- 計算") == MANY[page]
