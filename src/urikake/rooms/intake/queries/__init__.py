"""What other rooms may read of intake: sheets of typed columns, how a file's columns are matched with ours."""

from .banking import SHOWN, check_account, check_digits, check_kana, kana, made
from .columns import Column, Kind, Mapping, options
from .large import Parts, parts, taken_before, whole
from .mappings import guessed, mappings, named
from .sheets import LINE, Check, Raw, Sheet, content, decoded, encoding, given, opened, raw, read, sheet, typed

__all__ = [
    "LINE",
    "SHOWN",
    "Check",
    "Column",
    "Kind",
    "Mapping",
    "Parts",
    "Raw",
    "Sheet",
    "check_account",
    "check_digits",
    "check_kana",
    "content",
    "decoded",
    "encoding",
    "given",
    "guessed",
    "kana",
    "made",
    "mappings",
    "named",
    "opened",
    "options",
    "parts",
    "raw",
    "read",
    "sheet",
    "taken_before",
    "typed",
    "whole",
]
