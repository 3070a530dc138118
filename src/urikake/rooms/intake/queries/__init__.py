"""What other rooms may read of intake: sheets of typed columns, how a file's columns are matched with ours."""

from .columns import Column, Kind, Mapping, options
from .large import Parts, parts, taken_before, whole
from .mappings import guessed, mappings, named
from .sheets import LINE, Check, Raw, Sheet, decoded, given, opened, raw, read, sheet

__all__ = [
    "LINE",
    "Check",
    "Column",
    "Kind",
    "Mapping",
    "Parts",
    "Raw",
    "Sheet",
    "decoded",
    "given",
    "guessed",
    "mappings",
    "named",
    "opened",
    "options",
    "parts",
    "raw",
    "read",
    "sheet",
    "taken_before",
    "whole",
]
