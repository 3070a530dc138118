"""The web application as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class Web(AppConfig):
    """Enters all pages into the book when Django is ready."""

    name = "urikake.doors.web"
    label = "web"
    verbose_name = "売掛"

    def ready(self) -> None:
        """Read every module of pages."""
        from . import pages

        pages.load()
