"""What the format of direct debits refuses, told as a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from urikake.base.errors import Refusal
from urikake.core.formats.zengin import Refused

T = TypeVar("T")
SHOWN: Final = 20
"""How many faults of a file are told one by one."""


def made(make: Callable[[], T]) -> T:
    """What the format makes; where it refuses, a refusal that tells all that is wrong."""
    try:
        return make()
    except Refused as refused:
        shown = "／".join(map(str, refused.faults[:SHOWN]))
        more = len(refused.faults) - SHOWN
        rest = f"／ほか{more}件" if more > 0 else ""
        raise Refusal(
            "debit-file",
            f"口座振替のファイルに、書けない・読めないところがあります: {shown}{rest}。",
            "直してから、もう一度行ってください。",
        ) from None
