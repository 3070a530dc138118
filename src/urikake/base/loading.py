"""Loading the models of all rooms; comes before the import of anything that has tables."""

from __future__ import annotations

import os
from typing import Final

import django

BOOKS: Final = ("urikake.base.", "urikake.rooms.")
"""Where the models of the books stand; doors keep tables of their own."""


def load() -> None:
    """Make Django ready, once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "urikake.doors.settings")
    django.setup()
