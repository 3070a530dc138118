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
    rounded_together,
)
from .supply import commissioned, supply_rates

__all__ = [
    "INVOICE",
    "LINE",
    "PREFIX",
    "at_closing",
    "by_number",
    "commissioned",
    "corrections",
    "invoices",
    "lines",
    "number",
    "numbered",
    "originals",
    "rounded_together",
    "supply_rates",
]
