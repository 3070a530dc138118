"""What other rooms may read of invoices."""

from .papers import (
    INVOICE,
    LINE,
    PREFIX,
    at_closing,
    by_number,
    corrections,
    invoices,
    lines,
    number,
    numbered,
    originals,
)
from .supply import supply_rates

__all__ = [
    "INVOICE",
    "LINE",
    "PREFIX",
    "at_closing",
    "by_number",
    "corrections",
    "invoices",
    "lines",
    "number",
    "numbered",
    "originals",
    "supply_rates",
]
