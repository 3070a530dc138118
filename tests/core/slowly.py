"""Roundings and shares told slowly, with fractions: what the oracles of revenue have in common."""

from __future__ import annotations

import math
from fractions import Fraction

from urikake.core.money import Rounding


def rounded(value: Fraction, rounding: Rounding) -> int:
    """The value rounded by magnitude."""
    whole, sign = math.floor(abs(value)), -1 if value < 0 else 1
    rest, half = abs(value) - whole, Fraction(1, 2)
    up = {
        "floor": False,
        "ceil": rest > 0,
        "half_up": rest >= half,
        "half_even": rest > half or (rest == half and whole % 2 == 1),
    }
    return sign * (whole + up[rounding])


def shared(total: int, weights: list[int]) -> list[int]:
    """The total by weight, to the unit by largest remainder, ties to the earlier."""
    if sum(weights) == 0:
        weights = [1] * len(weights)
    exact = [Fraction(abs(total)) * weight / sum(weights) for weight in weights]
    parts = [int(share) for share in exact]
    for at in sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))[: abs(total) - sum(parts)]:
        parts[at] += 1
    return [part if total >= 0 else -part for part in parts]
