"""What other rooms may read of receipts: money that came, what banks told of accounts, and the formats of their files."""

from .formats import AHEAD, CSV, FORMATS, RECEIPTS, Brought, Format, brought, format_of, formats, listed, shown, told
from .layouts import layout_history, layouts
from .receipts import RECEIPT, TO_MATCH, named, payers, receipts, returned, standing, unapplied
from .statements import files, gaps, known_records, known_statements, record_of

__all__ = [
    "AHEAD",
    "CSV",
    "FORMATS",
    "RECEIPT",
    "RECEIPTS",
    "TO_MATCH",
    "Brought",
    "Format",
    "brought",
    "files",
    "format_of",
    "formats",
    "gaps",
    "known_records",
    "known_statements",
    "layout_history",
    "layouts",
    "listed",
    "named",
    "payers",
    "receipts",
    "record_of",
    "returned",
    "shown",
    "standing",
    "told",
    "unapplied",
]
