"""Every test of a room ends with proof that the books hold together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def database(database: str) -> Iterator[str]:
    """A fresh database, whose company is coherent when the test is over."""
    yield database
    from tests.builders import assert_coherent  # here: the framework is not ready when this file is read
    from urikake.base.bulk import transaction

    with transaction(database, writing=False) as session:
        set_up = session.value("SELECT count(*) AS n FROM base_company")
    if set_up:
        assert_coherent(database)
