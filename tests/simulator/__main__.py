"""``python -m tests.simulator --seed N --months M``: tell a story, play it on a fresh database, compare, prove.

With ``--demo`` the story is the demo company as ``urikake demo`` makes it, in its full size.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory


def main() -> int:
    """Play the seeds asked for; exit status 1 if any of them differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds from there on")
    parser.add_argument("--months", type=int, default=18)
    parser.add_argument("--size", type=int, default=12, help="contracts")
    parser.add_argument("--database", help="URL of an empty database; default: a temporary SQLite file")
    parser.add_argument("--demo", action="store_true", help="the demo company instead of a seed")
    parser.add_argument("--show", metavar="CONTRACT", help="print what happened to this contract")
    asked = parser.parse_args()
    from urikake.base.loading import load

    load()
    if asked.demo:
        return 0 if _demo(asked.database) else 1
    failed = [seed for seed in range(asked.seed, asked.seed + asked.seeds) if not _one(seed, asked)]
    if asked.seeds > 1:
        print(f"{asked.seeds - len(failed)} of {asked.seeds} seeds agree; not: {failed}")
    return 1 if failed else 0


def _demo(database: str | None) -> bool:
    from .living import live
    from .play import Mismatch

    began = time.monotonic()
    try:
        with TemporaryDirectory() as folder:
            months = live(database or f"sqlite:///{Path(folder) / 'urikake.db'}", Path(folder))
    except Mismatch as found:
        print(f"demo: {found}")
        return False
    print(f"demo: agrees after each of {months} closes ({time.monotonic() - began:.1f} s)")
    return True


def _one(seed: int, asked: argparse.Namespace) -> bool:
    from .play import Mismatch, play
    from .story import told

    began = time.monotonic()
    story = told(seed, asked.months, asked.size)
    kinds = Counter(step.what if step.kind == "take" else step.kind for step in story.steps)
    told_in = time.monotonic() - began
    try:
        with TemporaryDirectory() as folder:
            play(asked.database or f"sqlite:///{Path(folder) / 'urikake.db'}", story)
    except Mismatch as found:
        print(f"seed {seed}: {found}")
        print(f"  policies: {story.books.world.company.policy}")
        _show(story, asked.show or "", str(found))
        return False
    seconds = time.monotonic() - began
    print(f"seed {seed}: agrees ({dict(kinds)}; told in {told_in:.1f} s, {seconds:.1f} s in all)")
    return True


def _show(story: object, contract: str, text: str) -> None:
    """Print the lines and events of the contracts that the difference names."""
    from .story import Story

    assert isinstance(story, Story)
    world = story.books.world
    for name in sorted({line.contract for line in world.lines}):
        if name == contract or (not contract and name in text):
            for line in world.lines:
                if line.contract == name:
                    print(f"  {line}\n    {world.company.products[line.state.product]}")
            for event in world.events.get(name, []):
                print(f"  {event}")


if __name__ == "__main__":
    sys.exit(main())
