"""The pages by subject; each module enters its pages and deeds into `urikake.doors.web.book`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Have every module of this package enter its pages."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
