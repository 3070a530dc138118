"""The pen of exports: what things are called in a package, and its files of journals."""

from .exporting import Exported, export
from .mapping import MAPPINGS, import_mappings, map_one

__all__ = ["MAPPINGS", "Exported", "export", "import_mappings", "map_one"]
