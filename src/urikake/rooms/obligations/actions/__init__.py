"""The pen of obligations: arrangements begun and changed, and what people judge of them."""

from .arranging import arrange
from .judging import NAME, judge, words
from .performing import PERFORMED, import_progress

__all__ = ["NAME", "PERFORMED", "arrange", "import_progress", "judge", "words"]
