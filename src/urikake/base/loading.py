"""Loading the models of all rooms; comes before the import of anything that has tables."""

from __future__ import annotations

import os

import django


def load() -> None:
    """Make Django ready, once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "urikake.doors.settings")
    django.setup()
