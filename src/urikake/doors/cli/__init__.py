"""The command line: ``urikake``. It translates words into one action or query and its answer back."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments name."""
    from . import bench, demo, main, serve, tokens

    main.app.command()(demo.demo)
    assert bench and serve and tokens  # they register themselves
    main.run()
