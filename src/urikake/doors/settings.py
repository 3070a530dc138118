"""Django settings: the database that DATABASE_URL names (default ``./urikake.db``), and the rooms."""

from __future__ import annotations

import os

from urikake.base import url

ROOMS = (
    "intake parties catalog contracts usage billing invoices deliveries receivables collecting refunds receipts matching "
    "deposits obligations revenue ledger closing exports reports"
).split()

DATABASES = {"default": url.django(url.from_environment())}
INSTALLED_APPS = ["urikake.base", *(f"urikake.rooms.{room}" for room in ROOMS)]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"
LANGUAGE_CODE = "ja"
SECRET_KEY = os.environ.get("URIKAKE_SECRET_KEY", "")
