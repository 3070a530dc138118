"""A few seeds of the simulator on both engines; ``python -m tests.simulator`` plays as many as one likes."""

from __future__ import annotations

import pytest

from .play import play
from .story import told

SEEDS = ((13, 10, 8), (309, 10, 8), (312, 10, 8))


@pytest.mark.parametrize(("seed", "months", "contracts"), SEEDS)
def test_the_doors_and_the_oracle_agree(database: str, seed: int, months: int, contracts: int) -> None:
    play(database, told(seed, months, contracts))
