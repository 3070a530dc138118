"""The pen of obligations: arrangements begun and changed, and what people judge of them."""

from .arranging import arrange
from .judging import NAME, expect, judge, words
from .performing import PERFORMED, import_progress

__all__ = ["NAME", "PERFORMED", "arrange", "expect", "import_progress", "judge", "words"]
