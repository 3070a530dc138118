"""The words and figures of screens and lists: their examples hold."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["shown", "table", "database", "pictures", "bridge", "ages"])
def test_the_examples_hold(name: str) -> None:
    found = doctest.testmod(import_module(f"urikake.doors.web.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
