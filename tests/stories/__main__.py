"""``python -m tests.stories [--update] [PAGE…]``: run the pages on SQLite, and show or write what has changed."""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from pathlib import Path

from urikake.base import loading

from .runner import World, pages, retold


def main() -> int:
    """The number of pages that tell something else than what happens."""
    asked = argparse.ArgumentParser(prog="python -m tests.stories", description=__doc__)
    asked.add_argument("--update", action="store_true", help="write the output that came into the pages")
    asked.add_argument("pages", nargs="*", type=Path)
    chosen = asked.parse_args()
    loading.load()
    return sum(told(page, chosen.update) for page in chosen.pages or pages())


def told(page: Path, update: bool) -> bool:
    """Whether the page tells something else than what happens; with ``update`` it is written anew."""
    text = page.read_text(encoding="utf-8")
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = retold(text, World(Path(folder), f"sqlite:///{folder}/urikake.db"))
    except Exception as error:  # one page that breaks must not keep the others from being told
        print(f"{page}: {type(error).__name__}: {error}")
        return True
    if found != text:
        print("\n".join(difflib.unified_diff(text.split("\n"), found.split("\n"), str(page), "now", lineterm="", n=1)))
        if update:
            page.write_text(found, encoding="utf-8")
    return found != text


sys.exit(main())
