"""A whole close struck dead anywhere — billing, matching, recognition, lock — and asked for again: the same books, the same report."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from tests import builders
from tests.simulator.arithmetic import month_end, next_month
from tests.simulator.model import Step
from tests.simulator.play import do, found_company
from urikake.doors.documents import asked

from .test_statements import DEATHS, books, days, dies, spread, statements, two_databases

__all__ = ["two_databases"]
CLOCK = ("closed_at", "issued", "head", "history")
"""What of a report holds the moment of the close, or a hash over it."""


def paper(url: str, month: str) -> dict[str, Any]:
    """The report of the month's close, without what tells the time."""
    told = asked.found(url, "close", ref=month).papers[0]
    return {name: value for name, value in told.items() if name not in CLOCK}


def test_a_close_killed_in_the_middle_and_run_again_is_the_close(two_databases: tuple[str, str]) -> None:
    calm, struck = two_databases
    story, steps = days(10)
    first: date = story.books.world.company.opening
    months = [first, next_month(first), next_month(next_month(first))]
    closes = [Step("close", month_end(month), f"{month:%Y-%m}") for month in months]
    for url in two_databases:
        found_company(url, story)
        for month, before in zip(months, [*closes[:-1], None], strict=True):
            for step in steps:
                if step.kind in {"take", "receipts"} and month <= step.on <= month_end(month):
                    do(url, step, checked=False)
            if before:
                do(url, before, checked=False)
    close, text = closes[-1], closes[-1].what
    count = statements(calm, close)
    deaths = sum(dies(struck, close, at) for at in spread(count, DEATHS and 2 * DEATHS))
    assert deaths >= min(count, 2 * DEATHS or count) // 3  # what earlier deaths left behind is not done again
    do(struck, close, checked=False)
    assert books(struck) == books(calm)
    assert builders.report(struck, "close-flux", month=text) == builders.report(calm, "close-flux", month=text)
    assert json.dumps(paper(struck, text), ensure_ascii=False) == json.dumps(paper(calm, text), ensure_ascii=False)
    assert [row["event"] for row in builders.report(struck, "close-history")] == ["close"] * 3
    assert len([row for row in builders.invoices(struck) if row["closing"].startswith(text)]) > 1
    do(struck, close, checked=False)
    assert builders.dump(struck)["base_period_event"].height == 3
    builders.assert_coherent(struck)
