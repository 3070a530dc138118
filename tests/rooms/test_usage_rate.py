"""Usage rated by itself: what a bill would charge, less what was billed, on record or out of a file, here or on Spark."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests import java
from tests.builders import (
    a_line,
    a_product,
    a_shop,
    an_event,
    assert_same,
    bill,
    csv_text,
    dump,
    take_rows,
)
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import rating, spark

APRIL = rating.Asked(date(2026, 4, 1), date(2026, 4, 30))
MAY = rating.Asked(date(2026, 5, 1), date(2026, 5, 31))
METERS = ("", "max", "last", "unique")


def event(no: str, product: str, moment: str, quantity: float, subject: str = "", tag: str = "") -> dict[str, object]:
    id_ = f"{no}/{moment}/{quantity}{tag}"
    row = {"event_id": id_, "contract_no": no, "product": product, "timestamp": f"2026-{moment}", "quantity": quantity}
    return row | {"subject": subject}


def used() -> list[dict[str, object]]:
    """April's usage of every meter, of tiers, of a changed price, corrected, and at the edges of days in Japan."""
    gauges = [
        event(f"G{at}", f"GAUGE{at}", f"04-{day:02}T10:00", quantity, subject, str(at))
        for at in range(4)
        for day, quantity, subject in ((3, 7, "a"), (28, 5, "b"), (10, 4, "a"), (10, 2.5, "a"))
    ]
    tiers = [event("T1", "TIER", f"04-{day:02}T08:00", 33.3) for day in range(1, 7)]
    edges = [event("C1", "API", "04-30T14:59:59Z", 10), event("C1", "API", "03-31T15:00:00Z", 3)]
    may = [event("C1", "API", "04-30T15:00:00Z", 100)]
    corrected = [event("T1", "TIER", "04-06T23:00", -20.0)]
    changed = [event("P1", "API", "04-10T10:00", 9), event("P1", "API", "04-20T10:00", 4)]
    return gauges + tiers + edges + may + corrected + changed


def late() -> list[dict[str, object]]:
    return [event("C1", "API", "04-20T10:00", 5), event("T1", "TIER", "04-06T23:30", -10.0)] + [
        event(f"G{at}", f"GAUGE{at}", "04-27T10:00", 26, "c") for at in range(4)
    ]


def a_measured_shop(url: str) -> None:
    a_shop(url)
    for at, meter in enumerate(METERS):
        columns = {"meter": meter} if meter else {}
        a_product(url, f"GAUGE{at}", price_model="unit", unit_price=10, revenue="usage", **columns)
    a_product(url, "TIER", price_model="graduated", tiers="100@10;*@5.5", revenue="usage")
    a_product(url, "MIN", price_model="unit", unit_price=10, minimum=800, revenue="usage")
    lines = [a_line(f"G{at}", product=f"GAUGE{at}") for at in range(4)]
    others = [("C1", "API"), ("P1", "API"), ("T1", "TIER"), ("M1", "MIN")]
    take_rows(url, "contracts", lines + [a_line(no, product=product) for no, product in others])
    an_event(url, "change_price", "2026-04-16", contract_no="P1", unit_price=20)


def charged(url: str, closing: str) -> list[tuple[object, ...]]:
    """What the closing charged: product, days, amount."""
    from urikake.base import runs
    from urikake.rooms.billing.queries import at_closing
    from urikake.rooms.catalog.queries import products

    with runs.reading(url) as session:
        rows = at_closing(session, date.fromisoformat(closing))
        named = rows.join(products(session).select("product_id", "product"), on="product_id")
    return sorted(named.select("product", "from_on", pl.col("to_on").dt.offset_by("-1d"), "amount").rows())


def told(rated: pl.DataFrame) -> list[tuple[object, ...]]:
    return sorted(rated.filter(pl.col("unbilled") != 0).select("product", "from_on", "until_on", "unbilled").rows())


def test_usage_is_rated_as_it_is_billed_and_late_usage_as_the_difference(database: str) -> None:
    a_measured_shop(database)
    take_rows(database, "usage", used())
    before = dump(database)
    april = rating.rate(database, APRIL)
    assert_same(before, dump(database))
    bill(database, "2026-04-30")
    assert told(april) == charged(database, "2026-04-30")
    again = rating.rate(database, APRIL)
    assert told(again) == []
    assert again["amount"].to_list() == april["amount"].to_list() == again["billed"].to_list()
    take_rows(database, "usage", late())
    both = sorted(told(rating.rate(database, APRIL)) + told(rating.rate(database, MAY)))
    bill(database, "2026-05-31")
    assert both == charged(database, "2026-05-31")


def test_a_line_that_is_wanted_no_more_is_given_back(database: str) -> None:
    a_measured_shop(database)
    take_rows(database, "usage", used())
    bill(database, "2026-04-30")
    an_event(database, "cancel", "2026-04-15", contract_no="C1")
    found = rating.rate(database, APRIL).filter(pl.col("contract_no") == "C1")
    assert found.select("amount", "billed", "unbilled").rows() == [(30, 0, 30), (0, 130, -130)]


def test_a_file_is_rated_with_the_contracts_on_record_and_kept_nowhere(database: str, tmp_path: Path) -> None:
    a_measured_shop(database)
    file = tmp_path / "used.csv"
    rows = used()
    file.write_text(csv_text([*rows, rows[0], rows[-1]]))  # sent twice
    before = dump(database)
    found = rating.rate(database, rating.Asked(APRIL.first_on, APRIL.last_on, file))
    assert_same(before, dump(database))
    take_rows(database, "usage", rows)
    assert found.equals(rating.rate(database, APRIL))


@pytest.mark.usefixtures("small_parts")
def test_in_a_large_file_an_id_is_counted_once_and_other_content_under_it_refused(
    database: str, tmp_path: Path
) -> None:
    a_measured_shop(database)
    rows = [event("C1", "API", f"04-{1 + at % 28:02}T10:00", 1 + at % 7, tag=f"#{at}") for at in range(300)]
    once, twice = (tmp_path / f"{name}.csv" for name in ("once", "twice"))
    once.write_text(csv_text(rows))
    twice.write_text(csv_text([*rows, *rows[:30]]))
    found = [rating.rate(database, rating.Asked(APRIL.first_on, APRIL.last_on, file)) for file in (once, twice)]
    assert found[0].equals(found[1])
    twice.write_text(csv_text([*rows, rows[0] | {"quantity": 99}]))
    with pytest.raises(FileRefusal) as refused:
        rating.rate(database, rating.Asked(APRIL.first_on, APRIL.last_on, twice))
    assert [error.line for error in refused.value.errors] == [302]
    once.write_text(csv_text([*rows, event("C1", "API", "04-30T10:00", -3)]))
    with pytest.raises(FileRefusal, match="0 を下回ります"):
        rating.rate(database, rating.Asked(APRIL.first_on, APRIL.last_on, once))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urikake.rooms.intake.queries.large.BYTES", 4_000)


def test_without_its_parts_spark_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = rating.Asked(APRIL.first_on, APRIL.last_on, engine="spark")
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    with pytest.raises(Refusal, match=r"urikake\[spark\]"):
        rating.rate("sqlite:///nowhere.db", asked)
    monkeypatch.setattr(spark, "find_spec", lambda name: name)
    monkeypatch.setattr(spark.shutil, "which", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(Refusal, match="openjdk-17"):
        rating.rate("sqlite:///nowhere.db", asked)
    with pytest.raises(Refusal, match="unknown-engine"):
        rating.rate("sqlite:///nowhere.db", rating.Asked(APRIL.first_on, APRIL.last_on, engine="dask"))


def lacking() -> str:
    """Why Spark cannot run here; empty where it can."""
    if not java.find():
        return f"Java {java.OLDEST} 以上がありません。{java.HOW}"
    try:
        spark.require()
    except Refusal as refusal:
        return str(refusal)
    return ""


@pytest.mark.skipif(bool(lacking()), reason=lacking())
def test_spark_rates_on_two_worker_processes_to_the_byte_as_here(sqlite_url: str, tmp_path: Path) -> None:
    a_measured_shop(sqlite_url)
    take_rows(sqlite_url, "usage", used())
    bill(sqlite_url, "2026-04-30")
    take_rows(sqlite_url, "usage", late())
    out = {engine: tmp_path / f"{engine}.parquet" for engine in rating.ENGINES}
    period = ["--from", "2026-04-01", "--to", "2026-05-31"]
    for engine, file in out.items():
        how = ["--engine", engine, "--master", "local-cluster[2,1,1024]", "--out", str(file)]
        urikake(sqlite_url, "usage", "rate", *period, *how)
    here, there = (pl.read_parquet(file) for file in out.values())
    assert here.filter(pl.col("unbilled") != 0).height > 5
    assert here.equals(there)
    assert out["local"].read_bytes() == out["spark"].read_bytes()


def urikake(url: str, *arguments: str) -> str:
    """What the command prints; its Java starts quickly rather than running fast."""
    code, quick = "from urikake.doors.cli import main; main()", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    around = os.environ | {"DATABASE_URL": url, "JAVA_TOOL_OPTIONS": quick}
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=around, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
