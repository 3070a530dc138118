"""A bridge as its page shows it: the picture, the rows under it, and the sum that proves them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import pictures
from .pictures import Part


def bridge(
    start: Part,
    parts: Sequence[Part],
    end: Part,
    *,
    label: str,
    width: int = 620,
    proof: str = "",
    wrong: int | None = None,
) -> dict[str, Any]:
    """What `<c-bridge>` draws; it holds when the parts lead from one end to the other and nothing else contradicts.

    ``proof`` names another figure that must be equal to the end, ``wrong`` is that figure where it is not.

    >>> found = bridge(Part("先月", 100), [Part("新規", 30), Part("解約", -10)], Part("今月", 121), label="差")
    >>> found["moved"], found["holds"], found["off"]
    (20, False, 1)
    """
    moved = sum(part.amount for part in parts)
    off = end.amount - start.amount - moved
    if not off and wrong is not None:
        off = end.amount - wrong
    return {
        "from": start,
        "parts": parts,
        "to": end,
        "moved": moved,
        "off": off,
        "holds": off == 0,
        "proof": proof,
        "picture": pictures.bridge(start, parts, end, label=label, width=width),
    }
