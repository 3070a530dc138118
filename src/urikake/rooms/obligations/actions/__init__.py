"""The pen of obligations: arrangements begun and changed, and what people judge of them."""

from .arranging import arrange
from .judging import NAME, expect, judge, words

__all__ = ["NAME", "arrange", "expect", "judge", "words"]
