"""A progress bar on a terminal; nothing where the output is not one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from urikake.base.progress import STEPS, watched


@contextmanager
def bar(work: str, times: int = 1) -> Iterator[None]:
    """Show the steps of the work on standard error while it lasts, if that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("準備", total=STEPS[work] * times)
        with watched(lambda text: progress.update(task, advance=1, description=text)):
            yield
