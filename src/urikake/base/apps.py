"""The ground as a Django application."""

from django.apps import AppConfig


class BaseConfig(AppConfig):
    """Tables of `urikake.base`."""

    name = "urikake.base"
    label = "base"
