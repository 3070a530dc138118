"""JP PINT e-invoices (デジタルインボイス): invoices as Peppol XML, and what is wrong with such a file.

`written` makes the XML of an `Invoice`; `problems` holds any XML against the rules and says which are broken, why, and
what to do. What `written` gives has no problem. Source: OpenPeppol, PINT billing specialisation for Japan 1.1.3 (in force
since 2026-05-18), on UBL 2.1; what the document must say: 消費税法57条の4.
"""

from .codes import CATEGORIES, DOCUMENTS
from .content import Account, Due, Invoice, Line, Original, Party, Tax
from .problems import problems
from .rules import RULES, Problem
from .written import written

__all__ = [
    "CATEGORIES",
    "DOCUMENTS",
    "RULES",
    "Account",
    "Due",
    "Invoice",
    "Line",
    "Original",
    "Party",
    "Problem",
    "Tax",
    "problems",
    "written",
]
