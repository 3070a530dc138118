"""What a database URL means: the SQLite file, the company in it, and the form in which Django wants it.

One database may hold several companies; the fragment of its URL names one: ``sqlite:///./urikake.db#minato``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

DEFAULT: Final = "sqlite:///./urikake.db"
COMPANY: Final = "URIKAKE_COMPANY"


def from_environment() -> str:
    """The database of this process: ``DATABASE_URL`` or the embedded default in the current folder, and in it the
    company that ``URIKAKE_COMPANY`` names."""
    url = os.environ.get("DATABASE_URL") or DEFAULT
    return with_company(url, os.environ.get(COMPANY) or company_code(url))


@contextmanager
def of_company(code: str) -> Iterator[None]:
    """Inside the block, the database of this process is meant with the company of that code."""
    before = os.environ.get(COMPANY)
    os.environ[COMPANY] = code
    try:
        yield
    finally:
        if before is None:
            del os.environ[COMPANY]
        else:
            os.environ[COMPANY] = before


def company_code(url: str) -> str:
    """The code of the company that the URL names, empty where it names none.

    >>> company_code("sqlite:///./urikake.db#minato"), company_code("sqlite:///./urikake.db")
    ('minato', '')
    """
    return url.partition("#")[2]


def with_company(url: str, code: str) -> str:
    """The URL of the company of that code in the same database; of no company where the code is empty.

    >>> with_company("sqlite:///./urikake.db#minato", "main"), with_company("sqlite:///./urikake.db#minato", "")
    ('sqlite:///./urikake.db#main', 'sqlite:///./urikake.db')
    """
    database = url.partition("#")[0]
    return f"{database}#{code}" if code else database


def sqlite_path(url: str) -> str:
    """The file that a ``sqlite:///`` URL names.

    >>> sqlite_path("sqlite:///./urikake.db"), sqlite_path("sqlite:////var/lib/urikake.db"), sqlite_path("sqlite:///a.db")
    ('./urikake.db', '/var/lib/urikake.db', './a.db')
    """
    path = with_company(url, "").removeprefix("sqlite:///")
    return path if path.startswith(("/", ".")) or Path(path).is_absolute() else f"./{path}"


def place(url: str) -> str:
    """One spelling for each database, whichever company is meant: the absolute path of an SQLite file, else the URL."""
    return str(Path(sqlite_path(url)).resolve()) if url.startswith("sqlite:") else with_company(url, "")


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
