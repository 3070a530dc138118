"""How often: what one caller, or one link, is asked for in a minute is counted in the cache that all processes share."""

from __future__ import annotations

import time
from typing import Any

from django.core.cache import cache

SPAN = 60


def counted(key: str) -> tuple[int, int]:
    """How often the key was counted in this minute, this time included, and in how many seconds the minute ends."""
    minute, second = divmod(int(time.time()), SPAN)
    place = f"{key}:{minute}"
    cache.add(place, 0, timeout=2 * SPAN)
    try:
        count: Any = cache.incr(place)
    except ValueError:  # dropped from the cache between the two
        count = 1
    return int(count), SPAN - second
