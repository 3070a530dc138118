"""``python -m urikake.doors.web.prepare``: the sign-in tables made or brought up to date."""

from __future__ import annotations

import os


def main() -> None:
    """Make the schema where there is one to make, then the tables."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "urikake.doors.web.settings"
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS signin")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


if __name__ == "__main__":
    main()
