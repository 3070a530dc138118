"""``python -m urikake.doors.web.worker``: does the running work until it is told to stop."""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """Work until SIGTERM or SIGINT, or until the process that started it is gone."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "urikake.doors.web.settings"
    import django

    django.setup()
    from . import book, jobs, opened

    told: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        told.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    parent = os.getppid()
    jobs.work(
        book.books,
        until=lambda: bool(told) or os.getppid() != parent,
        between=lambda: opened.take_in(book.books),
    )


if __name__ == "__main__":
    main()
