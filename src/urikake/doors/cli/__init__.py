"""The command line: ``urikake``. It translates words into one action or query and its answer back."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments name."""
    from . import bench, demo, explain, main, serve, tokens  # noqa: F401 - they enter their commands when they are read

    main.app.command()(demo.demo)
    main.run()
