"""What a database URL means: the SQLite file, and the form in which Django wants it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

DEFAULT: Final = "sqlite:///./urikake.db"


def from_environment() -> str:
    """The database of this process: ``DATABASE_URL``, or the embedded default in the current folder."""
    return os.environ.get("DATABASE_URL") or DEFAULT


def sqlite_path(url: str) -> str:
    """The file that a ``sqlite:///`` URL names.

    >>> sqlite_path("sqlite:///./urikake.db"), sqlite_path("sqlite:////var/lib/urikake.db"), sqlite_path("sqlite:///a.db")
    ('./urikake.db', '/var/lib/urikake.db', './a.db')
    """
    path = url.removeprefix("sqlite:///")
    return path if path.startswith(("/", ".")) or Path(path).is_absolute() else f"./{path}"


def place(url: str) -> str:
    """One spelling for each database: the absolute path of an SQLite file, else the URL itself."""
    return str(Path(sqlite_path(url)).resolve()) if url.startswith("sqlite:") else url


def django(url: str) -> dict[str, Any]:
    """The database settings of Django for a URL."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": sqlite_path(url)}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
    }
