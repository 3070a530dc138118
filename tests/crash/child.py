"""A process that does one step of a story and ends at its N-th statement: ``python -m tests.crash.child URL FILE N``."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path


def main() -> None:
    """Do the step that the file holds, and die on the way."""
    from urikake.base.loading import load

    load()
    from tests.crash.test_statements import Life, do, living

    url, file, at = sys.argv[1:]
    step = pickle.loads(Path(file).read_bytes())  # written by the test a moment ago
    with living(Life(int(at), at_once=True)):
        do(url, step, checked=False)


if __name__ == "__main__":
    main()
