"""What is written and removed in bulk is just what was named, be it little or much, by one thread or two."""

from __future__ import annotations

import polars as pl
import pytest

from urikake.base.bulk import FEW, Overlapped, transaction


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, 5_000])
def test_just_the_named_rows_are_removed(database: str, count: int) -> None:
    ids = pl.int_range(0, 10_000, eager=True).alias("item_id")
    gone = ids.sample(count, seed=1)
    with transaction(database, writing=True) as session:
        session.driver.write("receivables_open", ids.to_frame().with_columns(balance=1))
        session.remove("receivables_open", "item_id", gone)
        left = session.read("SELECT item_id FROM receivables_open ORDER BY item_id")["item_id"]
    assert left.to_list() == sorted(set(ids) - set(gone))


class Noting:
    """A driver that keeps the frame objects it is given."""

    kind = "none"

    def __init__(self) -> None:
        self.frames: list[pl.DataFrame] = []

    def write(self, table: str, frame: pl.DataFrame, *, temporary: bool = False) -> None:
        self.frames.append(frame)

    def end(self, *, keep: bool) -> None: ...

    def close(self) -> None: ...


def test_the_writer_works_on_a_frame_object_of_its_own() -> None:
    # Polars locks each frame object; two threads at one object have been seen to wait for each other for ever.
    inner, frame = Noting(), pl.DataFrame({"id": [1]})
    driver = Overlapped(inner)  # type: ignore[arg-type]
    driver.write("any", frame)
    driver.end(keep=True)
    driver.close()
    assert inner.frames[0] is not frame
    assert inner.frames[0].equals(frame)


def write_one_wrong_and_others_behind(url: str, behind: int) -> None:
    rows = pl.DataFrame({"item_id": [1], "balance": [1]})
    with transaction(url, writing=True) as session:
        session.driver.write("receivables_open", rows.rename({"balance": "unknown"}))
        for number in range(behind):
            session.driver.write("receivables_open", rows.with_columns(item_id=pl.lit(number)))


@pytest.mark.parametrize("behind", [1, 40])
def test_nothing_is_written_behind_a_write_that_failed(database: str, behind: int) -> None:
    """Were the transaction to end before the writes behind the failing one, each of them would stand by itself."""
    with pytest.raises(Exception, match="unknown"):
        write_one_wrong_and_others_behind(database, behind)
    with transaction(database, writing=False) as session:
        assert session.value("SELECT count(*) AS n FROM receivables_open") == 0
