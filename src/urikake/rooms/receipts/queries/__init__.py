"""What other rooms may read of receipts: money that came, what banks told of accounts, and the formats of their files."""

from .formats import CSV, FORMATS, RECEIPTS, Brought, brought, shown
from .receipts import RECEIPT, TO_MATCH, named, payers, receipts, returned, standing, unapplied
from .statements import files, gaps, known_records, known_statements, record_of

__all__ = [
    "CSV",
    "FORMATS",
    "RECEIPT",
    "RECEIPTS",
    "TO_MATCH",
    "Brought",
    "brought",
    "files",
    "gaps",
    "known_records",
    "known_statements",
    "named",
    "payers",
    "receipts",
    "record_of",
    "returned",
    "shown",
    "standing",
    "unapplied",
]
