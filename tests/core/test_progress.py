"""Revenue by cost, against an oracle with fractions and laws; the worked tables stand in docs/algorithms."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.slowly import rounded
from urikake.core.money import ROUNDINGS, Rounding
from urikake.core.progress import METHODS, PLACES, performed

LAW = settings(max_examples=60, deadline=None)
STEP = dict.fromkeys(("job", "price", "total_cost", "cost", "uninstalled", "places"), pl.Int64) | {"method": pl.String}
Step = dict[str, Any]
Answer = tuple[int | None, int, int, int]


def step(price: int, total_cost: int | None, cost: int, **more: Any) -> Step:
    given_ = {"job": 1, "price": price, "total_cost": total_cost, "cost": cost}
    return given_ | {"uninstalled": 0, "places": None, "method": "cost_to_cost"} | more


def answers(steps: list[Step], rounding: Rounding = "floor") -> list[Answer]:
    found = performed(pl.DataFrame(steps, schema=STEP), rounding)
    return found.select("progress", "revenue_to_date", "revenue", "loss_provision").rows()


def oracle(steps: list[Step], rounding: Rounding) -> list[Answer]:
    found: list[Answer] = []
    before = 0
    for told in steps:
        price, whole, cost, materials = told["price"], told["total_cost"], told["cost"], told["uninstalled"]
        progress = None
        if told["method"] == "cost_recovery":
            to_date = min(cost, price)
        else:
            share = min(Fraction(cost - materials, whole - materials), Fraction(1))
            places = told["places"]
            if places is not None:
                share = Fraction(rounded(share * 10**places, rounding), 10**places)
            progress = rounded(share * 10**PLACES, "floor")
            to_date = rounded((price - materials) * share, rounding) + materials
        loss = max(whole - price, 0) if whole is not None else 0
        provision = max(loss - (cost - to_date), 0) if loss else 0
        found.append((progress, to_date, to_date - before, provision))
        before = to_date
    return found


def drawn(luck: random.Random, job: int) -> list[Step]:
    size, method = luck.choice([50, 10_000, 10**12]), luck.choice(METHODS)
    places = luck.choice([None, None, 0, 1, 3, 12])
    steps, cost, materials = [], 0, 0
    for _ in range(luck.randint(1, 5)):
        cost += luck.randint(0, size)
        materials = luck.choice([materials, min(cost, materials + luck.randint(0, size // 3))])
        total: int | None = max(cost + luck.randint(-size // 4, size * 2), materials + 1)
        if method == "cost_recovery" and luck.random() < 0.3:
            total = None
        price = materials + luck.randint(0, size * 2)
        steps.append(step(price, total, cost, job=job, uninstalled=materials, method=method, places=places))
    return steps


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_jobs_agree_with_the_slow_way_and_do_not_mix(rounding: Rounding) -> None:
    luck = random.Random(rounding)
    jobs = [drawn(luck, key) for key in range(800)]
    at_once = [told for at in range(5) for job in jobs for told in job[at : at + 1]]  # all first steps, all second …
    found = performed(pl.DataFrame(at_once, schema=STEP), rounding)
    by_job = {key: rows for (key,), rows in found.group_by("job", maintain_order=True)}
    for key, steps in enumerate(jobs):
        rows = by_job[key].select("progress", "revenue_to_date", "revenue", "loss_provision").rows()
        assert rows == oracle(steps, rounding), steps


@LAW
@given(st.integers(0, 10**6), st.sampled_from(ROUNDINGS))
def test_a_job_that_is_done_has_earned_its_price_and_owes_no_loss(seed: int, rounding: Rounding) -> None:
    steps = drawn(random.Random(seed), 1)
    steps = [told | {"method": "cost_to_cost", "total_cost": told["total_cost"] or told["cost"] + 1} for told in steps]
    last = steps[-1] | {"total_cost": max(steps[-1]["total_cost"], steps[-1]["cost"])}
    found = answers([*steps, last | {"cost": last["total_cost"]}], rounding)
    progress, to_date, _, provision = found[-1]
    assert (progress, to_date, provision) == (10**PLACES, last["price"], 0)
    assert sum(revenue for _, _, revenue, _ in found) == to_date


@LAW
@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(0, 10**9))
def test_loss_to_date_and_provision_are_the_whole_loss_expected(price: int, loss: int, cost: int) -> None:
    total = price + loss
    ((_, to_date, _, provision),) = answers([step(price, total, min(cost, total))])
    assert provision - (to_date - min(cost, total)) == loss


def test_a_profitable_job_needs_no_provision() -> None:
    assert answers([step(1_000, 1_000, 999)])[0][3] == 0


def test_cost_beyond_what_was_expected_earns_no_more_than_the_price() -> None:
    assert answers([step(1_000, 800, 900)]) == [(10**PLACES, 1_000, 1_000, 0)]


def test_recovered_cost_stops_at_the_price_and_moves_on_to_measured_progress() -> None:
    recovering = [step(1_000, None, 400, method="cost_recovery"), step(1_000, None, 1_200, method="cost_recovery")]
    assert answers(recovering) == [(None, 400, 400, 0), (None, 1_000, 600, 0)]
    assert answers([recovering[0], step(1_000, 800, 400)])[1] == (10**PLACES // 2, 500, 100, 0)


def test_no_steps_no_revenue() -> None:
    assert answers([]) == []
