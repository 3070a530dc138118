"""Journal files (仕訳データ) of Japanese accounting software: slips laid out, written, and read back.

Facts: the vendors' import formats as their support pages give them (弥生会計 18545, PCA FAQ 1847, freee 204847430, マネーフォワード
import-books), and files seen in use for 勘定奉行.
"""

from .layouts import TARGETS, Target, cut
from .readback import Problem, Side, is_of, read, sides
from .slips import SIDES, folded, paired
from .tables import LINES, table
from .taxes import (
    KEYS,
    NONE,
    ROLES,
    TREATMENTS,
    UNQUALIFIED,
    WORDS,
    deducted,
    input_tax,
    invoices,
    is_purchase,
    known,
    names,
    tax_key,
    told,
)
from .tying import CHANGED, DIFFERENCE, DOUBLE, EXTRA, MISSING, beyond, differing

__all__ = [
    "CHANGED",
    "DIFFERENCE",
    "DOUBLE",
    "EXTRA",
    "KEYS",
    "LINES",
    "MISSING",
    "NONE",
    "ROLES",
    "SIDES",
    "TARGETS",
    "TREATMENTS",
    "UNQUALIFIED",
    "WORDS",
    "Problem",
    "Side",
    "Target",
    "beyond",
    "cut",
    "deducted",
    "differing",
    "folded",
    "input_tax",
    "invoices",
    "is_of",
    "is_purchase",
    "known",
    "names",
    "paired",
    "read",
    "sides",
    "table",
    "tax_key",
    "told",
]
