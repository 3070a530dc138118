"""The kernel of usage run on Apache Spark (optional extra ``spark``): shares of whole lines, rated where executors are.

Executors read the events of a share as Arrow batches and hand them, beside its spans, to the very function that rates
them on one machine. They need Python with this package; no database and no Django.
"""

from __future__ import annotations

import functools
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pyarrow as pa

from urikake.core import metering
from urikake.core.money import Rounding

if TYPE_CHECKING:
    from .rating import Laid

HERE: Final = "127.0.0.1"
SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.adaptive.enabled": "false",
}
ALONE: Final = {"spark.driver.host": HERE, "spark.driver.bindAddress": HERE}
"""Where driver and executors are on this machine, nothing of them listens to another."""


def require() -> None:
    """Return if Spark can be had here; refused, with what to install, where the extra or Java is missing."""
    from urikake.base.errors import Refusal

    missing = [name for name in ("pyspark", "pandas") if find_spec(name) is None]
    if missing:
        why = f"--engine spark に要る部品（{'・'.join(missing)}）が入っていません。"
        raise Refusal(
            "no-spark", why, "pip install 'urikake[spark]' で入れてください（--engine local なら要りません）。"
        )
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        how = "Java 17 以上（Debian/Ubuntu は apt-get install openjdk-17-jre-headless）を入れてください。"
        raise Refusal("no-java", "--engine spark に要る Java がありません。", how)


def rated(laid: Laid, master: str) -> pl.DataFrame:
    """The spans rated by the cluster of that master, in any order; ``master`` as Spark takes it (``local[2]``, ``spark://…``)."""
    from .rating import SHARE, SHARES

    laid.spans.write_parquet(laid.folder / "spans.parquet", compression="lz4")
    out = metering.rated(_none(laid.spans), laid.spans.clear(), laid.products, laid.rounding)
    with _session(master, SHARES) as spark:
        events = _none(laid.spans).with_columns(pl.lit(0, dtype=pl.Int64).alias(SHARE))
        used = spark.read.schema(_spelt(events.schema)).parquet(laid.events.as_uri())
        asked = spark.read.schema(_spelt(laid.spans.schema)).parquet((laid.folder / "spans.parquet").as_uri())
        both = used.groupBy(SHARE).cogroup(asked.groupBy(SHARE))
        work = both.applyInArrow(_work(laid.products, laid.rounding), _spelt(out.schema))
        found = pl.from_arrow(work.toArrow())
    assert isinstance(found, pl.DataFrame)
    return found.cast(dict(out.schema))  # type: ignore[arg-type]


def _none(spans: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(schema={name: metering.EVENT[name] for name in metering.columns(spans["meter"])})


def _work(products: pl.DataFrame, rounding: Rounding) -> Callable[[pa.Table, pa.Table], pa.Table]:
    """What an executor does with a share: products travel as bytes, so that nothing else need be known there."""
    data = io.BytesIO()
    products.write_ipc(data)
    return functools.partial(_share, data.getvalue(), rounding)


def _share(products: bytes, rounding: Rounding, used: pa.Table, asked: pa.Table) -> pa.Table:
    """The spans of one share, rated."""
    spans, events = pl.from_arrow(asked), pl.from_arrow(used)
    assert isinstance(spans, pl.DataFrame)
    assert isinstance(events, pl.DataFrame)
    done = metering.rated(events, spans, pl.read_ipc(products), rounding)
    return done.to_arrow().cast(pa.schema([(name, _KINDS[dtype][1]) for name, dtype in done.schema.items()]))


_KINDS: Final = {
    pl.Int64(): ("bigint", pa.int64()),
    pl.Date(): ("date", pa.date32()),
    pl.String(): ("string", pa.string()),
}
"""The types of columns as Spark names them, and as it wants them in Arrow."""


def _spelt(schema: pl.Schema) -> str:
    """The columns as Spark names their types."""
    return ", ".join(f"`{name}` {_KINDS[dtype][0]}" for name, dtype in schema.items())


@contextmanager
def _session(master: str, shares: int) -> Iterator[Any]:
    """A Spark session on the master, ended with the block; on this machine alone unless the master is elsewhere."""
    alone = master.startswith("local")
    if alone:
        os.environ["SPARK_LOCAL_IP"] = HERE
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    paths = {"spark.executorEnv.PYTHONPATH": os.pathsep.join(path for path in sys.path if path)} if alone else {}
    builder = SparkSession.builder.appName("urikake usage rate").master(master)
    for name, value in (SETTINGS | paths | (ALONE if alone else {}) | {"spark.sql.shuffle.partitions": shares}).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()
