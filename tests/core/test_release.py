"""Releases of liabilities, against an oracle with fractions and laws; the worked tables stand in docs/algorithms."""

from __future__ import annotations

import random
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.slowly import rounded
from urikake.core.money import ROUNDINGS, Rounding
from urikake.core.release import releases

LAW = settings(max_examples=60, deadline=None)
STEPS = dict.fromkeys(("right", "liability", "used", "expected"), pl.Int64)
Steps = list[tuple[int, int]]


def released(liability: int, steps: Steps, rounding: Rounding = "floor") -> list[tuple[int, int]]:
    frame = pl.DataFrame([(1, liability, *step) for step in steps], schema=STEPS, orient="row")
    return releases(frame, rounding).select("revenue", "remaining").rows()


def oracle(liability: int, steps: Steps, rounding: Rounding) -> list[tuple[int, int]]:
    found, before = [], 0
    for used, expected in steps:
        share = Fraction(1) if used >= expected else Fraction(used, expected)
        to_date = rounded(liability * share, rounding)
        found.append((to_date - before, liability - to_date))
        before = to_date
    return found


def drawn(luck: random.Random) -> Steps:
    size = luck.choice([3, 1_000, 10**12])
    return [(luck.randint(0, size), luck.randint(0, size)) for _ in range(luck.randint(1, 6))]


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_releases_agree_with_the_slow_way_and_mix_no_rights(rounding: Rounding) -> None:
    luck = random.Random(rounding)
    rights = [(luck.choice([0, 7, luck.randint(0, 10**15)]), drawn(luck)) for _ in range(800)]
    rows = [
        (at, key, liability, *step) for key, (liability, steps) in enumerate(rights) for at, step in enumerate(steps)
    ]
    frame = pl.DataFrame([row[1:] for row in sorted(rows)], schema=STEPS, orient="row")  # all first steps, all second …
    found = {key: rows for (key,), rows in releases(frame, rounding).group_by("right", maintain_order=True)}
    for key, (liability, steps) in enumerate(rights):
        assert found[key].select("revenue", "remaining").rows() == oracle(liability, steps, rounding), (
            liability,
            steps,
        )


@LAW
@given(st.integers(0, 10**12), st.integers(0, 10**6), st.sampled_from(ROUNDINGS))
def test_never_more_than_there_is_and_nothing_left_at_the_end(liability: int, seed: int, rounding: Rounding) -> None:
    steps = [*drawn(random.Random(seed)), (10**12, 10**12)]
    found = released(liability, steps, rounding)
    assert all(0 <= left <= liability for _, left in found)
    assert found[-1][1] == 0
    assert sum(revenue for revenue, _ in found) == liability


def test_a_new_estimate_catches_up_in_its_own_step_also_downwards() -> None:
    assert released(900, [(30, 90), (30, 60), (30, 100)]) == [(300, 600), (150, 450), (-180, 630)]


def test_nothing_more_expected_releases_the_rest() -> None:
    assert released(900, [(30, 90), (30, 30)]) == [(300, 600), (600, 0)]
    assert released(900, [(0, 90), (0, 0)]) == [(0, 900), (900, 0)]
    assert released(900, [(91, 90)]) == [(900, 0)]


def test_no_steps_no_releases() -> None:
    assert released(900, []) == []
