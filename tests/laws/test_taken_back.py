"""Invoices of simulated companies taken back at random and billed again: in the end everything is as if nothing had been."""

from __future__ import annotations

from random import Random

import pytest

from tests import builders
from tests.simulator.model import Step
from tests.simulator.play import do, play
from tests.simulator.story import Story, told
from urikake.doors import month


def totals(url: str, story: Story) -> dict[str, tuple[int, int]]:
    """What each contract was billed in all, net of tax, and in how many lines; but for those that give nothing back."""
    keeping = {
        row["contract_no"]
        for step in story.steps
        if step.what == "contracts"
        for row in step.rows
        if row.get("refund") == "none"
    }
    found: dict[str, tuple[int, int]] = {}
    for paper in builders.invoices(url):
        for line in paper["lines"]:
            if (no := line["contract_no"]) not in keeping:
                net, count = found.get(no, (0, 0))
                found[no] = (net + line["net"], count + 1)
    return found


@pytest.mark.parametrize("seed", [3, 7])
def test_what_is_taken_back_and_billed_again_is_what_it_was(database: str, seed: int) -> None:
    story, rng = told(seed, 4, 6), Random(seed)
    story.steps = [step for step in story.steps if step.kind != "close"]
    play(database, story, checked=False)
    closings = sorted({step.on for step in story.steps if step.kind == "bill"})
    for day in closings:  # what came after the last closing of the story is billed first
        month.bill(database, day, issue=True)
    before, done = totals(database, story), 0
    for paper in builders.invoices(database):
        if paper["kind"] != "return" and rng.random() < 0.6:
            month.cancel_invoice(database, paper["number"], why="試し", reissue=rng.random() < 0.5)
            done += 1
    assert done > 3
    builders.assert_coherent(database)
    for day in closings:
        do(database, Step("bill", day, ""))
    after = totals(database, story)
    for no, (net, lines) in before.items():
        assert abs(after[no][0] - net) <= after[no][1] + lines, no  # each line was rounded once
    for step in story.steps:
        if step.kind == "recognize":
            do(database, step)
    builders.assert_coherent(database)
