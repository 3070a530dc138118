"""Rows leave a projection by their keys, be they few or many, and no others do."""

from __future__ import annotations

import polars as pl
import pytest

from urikake.base.bulk import FEW, transaction


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, 5_000])
def test_just_the_named_rows_are_removed(database: str, count: int) -> None:
    ids = pl.int_range(0, 10_000, eager=True).alias("item_id")
    gone = ids.sample(count, seed=1)
    with transaction(database, writing=True) as session:
        session.driver.write("receivables_open", ids.to_frame().with_columns(balance=1))
        session.remove("receivables_open", "item_id", gone)
        left = session.read("SELECT item_id FROM receivables_open ORDER BY item_id")["item_id"]
    assert left.to_list() == sorted(set(ids) - set(gone))
