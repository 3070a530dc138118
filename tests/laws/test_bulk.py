"""What is written and removed in bulk is just what was named, be it little or much, by one thread or two."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from urikake.base.bulk import FEW, INSTANT, Overlapped, transaction


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


AWKWARD = """
SELECT n, t, d::date, i::timestamptz, b::boolean, x::bytea FROM (VALUES
  (1, '', '2026-04-01', '2026-04-01 10:00:00+09', 't', '\\x00ff'),
  (-5, 'a, "b"', NULL, '2026-04-01 10:00:00.123456+00', 'f', '\\x'),
  (9007199254740993, '一行目' || chr(10) || '二行目', '9999-12-31', NULL, NULL, NULL),
  (NULL, '\\.', '0001-01-01', '1969-12-31 23:59:59.999999+00', 't', '\\x22'),
  (0, NULL, NULL, NULL, NULL, '\\x0a2c')) v (n, t, d, i, b, x), generate_series(1, {times}) AS at (k) ORDER BY k, n
"""
KINDS = {"n": pl.Int64, "t": pl.String, "d": pl.Date, "i": INSTANT, "b": pl.Boolean, "x": pl.Binary}


def test_few_rows_read_as_many_do(postgresql_url: str) -> None:
    with transaction(postgresql_url, writing=False) as session:
        few, many = (session.read(AWKWARD.format(times=times), **KINDS) for times in (1, 1_000))
        none = session.read(f"SELECT * FROM ({AWKWARD.format(times=1)}) v WHERE n = 2", **KINDS)
        alone = session.read("SELECT n FROM (VALUES (1), (NULL), (3)) v (n)")
    assert many.height == 1_000 * few.height
    assert_frame_equal(few, many.head(few.height))
    assert few["d"].null_count() == few["b"].null_count() == few["i"].null_count() == 2
    assert_frame_equal(none, many.clear())
    assert alone["n"].to_list() == [1, None, 3]
