"""The demo company, smaller than the real one, agrees with the oracle after every month, the last one closed here.

``python -m tests.simulator --demo`` does the same with the whole of it.
"""

from __future__ import annotations

from pathlib import Path

from tests import builders
from urikake.doors.demo_company import making

from .living import live


def test_the_demo_company_agrees_with_the_oracle(database: str, tmp_path: Path) -> None:
    assert live(database, tmp_path, scale=0.1) == 14
    assert builders.wrongs(f"{database}#{making.CODE}") == []
