"""The key that signs sessions: from the environment, else made once and kept beside the books."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from urikake.base.url import sqlite_path


def key(books: str) -> str:
    """The signing key of the installation; ``URIKAKE_SECRET_KEY`` where it is set."""
    if given := os.environ.get("URIKAKE_SECRET_KEY"):
        return given
    folder = Path(sqlite_path(books)).resolve().parent if books.startswith("sqlite") else Path.cwd()
    file = folder / ".urikake-secret"
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return file.read_text().strip()
