"""Files of banks to which something happened are taken whole, as their own sums say, or refused whole with line and reason."""

from __future__ import annotations

import random

import pytest

from tests.mutated_files import CSVS, FORMATS, good, held, mutated


@pytest.mark.parametrize("name", FORMATS)
def test_a_mutated_file_is_taken_whole_or_refused_whole(name: str) -> None:
    came = set()
    for seed in range(60 if name in CSVS else 100):
        dice = random.Random(f"{name}/{seed}")
        file = good(name, dice)
        if seed < 5:
            assert held(name, file) == "taken"
        came.add(held(name, mutated(file, dice)))
    assert came == {"taken", "refused"}
