"""The pen of exports: what things are called in a package, and its files of journals."""

from .exporting import Exported, export
from .mapping import MAPPINGS, import_mappings
from .tying import BALANCES, import_balances, import_journal, tie_out, tie_out_journal

__all__ = [
    "BALANCES",
    "MAPPINGS",
    "Exported",
    "export",
    "import_balances",
    "import_journal",
    "import_mappings",
    "tie_out",
    "tie_out_journal",
]
