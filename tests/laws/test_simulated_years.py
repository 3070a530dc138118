"""Laws over simulated companies: the order of a file's rows means nothing, and both engines keep the same books."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests import builders
from tests.simulator.model import Step
from tests.simulator.play import do, found_company, play
from tests.simulator.story import Story, told

REPORTS = ("invoices", "receipts", "schedule")
DATED = ("receivables", "trial-balance", "aging")


def books(url: str) -> dict[str, str]:
    """Every report that tells the whole of the books, as it is printed."""
    found = {name: builders.report(url, name) for name in REPORTS}
    found |= {name: builders.report(url, name, as_of="2099-12-31") for name in DATED}
    found["journals"] = builders.entries(url)
    return {name: json.dumps(rows, ensure_ascii=False) for name, rows in found.items()}


def test_both_engines_print_the_same_reports_to_the_byte(sqlite_url: str, postgresql_url: str) -> None:
    story = told(4, months=5, size=8)
    for url in (sqlite_url, postgresql_url):
        play(url, story, checked=False)
    assert books(sqlite_url) == books(postgresql_url)


def gathered(story: Story) -> dict[str, list[dict[str, Any]]]:
    """All rows of the story by kind; of events those that may be known in any order: prices, quantities, options."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for step in story.steps:
        if step.kind == "take":
            rows.setdefault(step.what, []).extend(step.rows)
    plain = {"change_price", "change_quantity", "add_option"}
    planned = {row["contract_no"] for row in rows["events"] if row["type"] == "change_plan"}
    rows["events"] = [r for r in rows["events"] if r["type"] in plain and r["contract_no"] not in planned]
    return rows


def told_at_once(url: str, story: Story, rows: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """The books after all was taken in four files and every closing billed."""
    found_company(url, story)
    for kind in ("partners", "products", "contracts", "events"):
        builders.take_rows(url, kind, rows[kind])
    for step in story.steps:
        if step.kind in {"bill", "recognize"}:
            do(url, Step(step.kind, step.on, step.what))
    return books(url)


def test_the_order_of_events_in_a_file_means_nothing(sqlite_copies: Callable[[Path], str], tmp_path: Path) -> None:
    story = told(12, months=8, size=32)
    rows = gathered(story)
    assert len(rows["events"]) > 8
    shuffled = rows | {"events": Random(1).sample(rows["events"], len(rows["events"]))}
    answers = []
    for name, given in (("told", rows), ("shuffled", shuffled)):
        folder = tmp_path / name
        folder.mkdir()
        answers.append(told_at_once(sqlite_copies(folder), story, given))
    assert answers[0] == answers[1]
