"""Where sign-in, sessions and running work are kept: beside the books, never in their file.

Python's ``sqlite3`` and ADBC each carry an SQLite library of their own, and two of them must not have one file open in
one process (decision 0004). So the web's own tables stand in a second file beside the books (``urikake.signin.db``); on
PostgreSQL in a schema of their own. Losing them loses passwords and sessions, never a fact.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from urikake.base import url
from urikake.doors.settings import ROOMS

SCHEMA: Final = "signin"
BOOKS: Final = frozenset({"base", *ROOMS})


def settings(books: str) -> dict[str, Any]:
    """Django's settings for the sign-in tables that belong to the books of the URL.

    >>> settings("sqlite:////srv/urikake.db")["NAME"]
    '/srv/urikake.signin.db'
    """
    found = url.django(books)
    if found["ENGINE"].endswith("sqlite3"):
        file = Path(found["NAME"])
        options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"}
        return found | {"NAME": str(file.with_name(f"{file.stem}.signin{file.suffix or '.db'}")), "OPTIONS": options}
    return found | {"OPTIONS": {"options": f"-c search_path={SCHEMA}"}, "CONN_MAX_AGE": 60}


class Apart:
    """Keeps the tables of the books out of the sign-in database."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """False for the tables of the books, which `urikake.base.schema` makes."""
        return False if app_label in BOOKS else None
