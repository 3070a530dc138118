"""The benchmark: its company is coherent after its year, its answer has the promised shape, its floor writes the same rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from tests.builders import report
from urikake.base import bulk, facts, runs
from urikake.base.errors import Refusal
from urikake.doors import setup
from urikake.doors.bench import company, floor, measured, phases
from urikake.doors.cli import bench
from urikake.doors.cli.main import app

WRITING = ["import", "bill+issue", "receipts+match", "recognise", "close"]
PHASES = [*WRITING, "trial-balance", "aging"]
SIZE = 60


@pytest.fixture(autouse=True)
def _a_short_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two months do for a test."""
    monkeypatch.setattr(phases, "MONTHS", company.MONTHS[:2])


def test_the_company_pays_and_is_coherent_and_its_rows_are_the_floors(database: str, tmp_path: Path) -> None:
    company.write(tmp_path, SIZE)
    clock = phases.run(database, tmp_path, lambda _: None)
    assert list(clock.seconds) == PHASES
    measured.prove(database)
    _its_payers_paid(database)
    tables = floor.spooled(clock, tmp_path)
    _every_row_belongs_to_one_phase(database, tables)
    _the_floor_writes_the_same_rows(database, tables["bill+issue"], tmp_path)


def _its_payers_paid(url: str) -> None:
    """Every payment found its invoices by itself, fees included."""
    assert report(url, "receipts", status="unapplied") == []
    balance = {row["account"]: row["balance"] for row in report(url, "trial-balance", as_of="2026-05-31")}
    assert balance["仮受金"] == 0
    assert balance["普通預金"] > 0
    assert balance["支払手数料"] > 0
    assert balance["支払手数料"] % 440 == 0
    with runs.reading(url) as session:
        assert session.rows("base_period_event", "id, locked")["locked"].to_list() == [True] * 2


def _every_row_belongs_to_one_phase(url: str, tables: dict[str, dict[str, Path]]) -> None:
    assert sorted(tables) == sorted(["init", *WRITING])
    assert {"billing_charge", "invoices_line", "ledger_line", "base_run", "base_link"} <= set(tables["bill+issue"])
    assert "ledger_line" not in tables["import"]
    with runs.reading(url) as session:
        for model in facts.fact_models():
            name = model._meta.db_table
            parts = [pl.read_parquet(paths[name]) for paths in tables.values() if name in paths]
            assert sum(part.height for part in parts) == session.rows(name, "id").height, name


def _the_floor_writes_the_same_rows(url: str, tables: dict[str, Path], folder: Path) -> None:
    with floor.migrated(url, folder) as template, floor.fresh(url, folder, template) as empty:
        seconds, count = floor.measure(empty, tables)
        with bulk.transaction(empty, writing=False, company_id=1) as session:
            for name, path in tables.items():
                rows = pl.read_parquet(path)
                assert session.rows(name, ", ".join(rows.columns)).equals(rows), name
    assert seconds > 0
    assert count == sum(pl.read_parquet(path).height for path in tables.values())


def test_the_answer_has_the_promised_shape(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    engine = request.node.callspec.params["database"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    history = tmp_path / "build/bench/results.jsonl"
    history.parent.mkdir(parents=True)
    history.write_text(json.dumps({"contracts": 1, "database": engine, "total": {"seconds": 0.5}}) + "\n")
    found = CliRunner().invoke(app, ["bench", "--contracts", "20", "--format", "json"])
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    assert (answer["contracts"], answer["database"]) == (20, engine)
    assert [phase["name"] for phase in answer["phases"]] == PHASES
    for phase in answer["phases"]:
        assert set(phase) == {"name", "seconds", "rows", "floor_seconds", "ratio", "peak_mib"}
        assert phase["peak_mib"] > 0
        assert (phase["rows"] > 0) == (phase["floor_seconds"] is not None) == (phase["name"] in WRITING)
    assert set(answer["total"]) == {"seconds", "floor_seconds", "ratio", "peak_mib"}
    assert answer["rows"] == sum(phase["rows"] for phase in answer["phases"])
    assert answer["growth"] is not None
    assert [json.loads(line)["contracts"] for line in history.read_text().splitlines()] == [1, 20]
    with bulk.transaction(database, writing=False) as session:  # what the URL names is left as it was
        assert session.value("SELECT count(*) AS n FROM base_company") == 0
    assert not list(tmp_path.glob("urikake-bench*"))


def test_the_table_can_be_pasted_into_a_document() -> None:
    phase = {"name": "import", "seconds": 1.5, "rows": 3000, "floor_seconds": 0.5, "ratio": 3.0, "peak_mib": 120}
    total = {"seconds": 1.5, "floor_seconds": 0.5, "ratio": 3.0, "peak_mib": 120}
    answer = {"contracts": 1000, "database": "sqlite", "rows": 3000, "phases": [phase], "total": total, "growth": 1.02}
    assert bench.table(answer).splitlines() == [
        "",
        "1,000 contracts, sqlite, 3,000 rows, growth exponent 1.02",
        "",
        "| phase | seconds | rows | rows/s | floor s | ratio | peak MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| import | 1.50 | 3,000 | 2,000 | 0.50 | 3.00 | 120 |",
        "| **total** | 1.50 | 3,000 | 2,000 | 0.50 | 3.00 | 120 |",
    ]


def test_growth_is_told_against_the_next_smaller_size_measured_last() -> None:
    def took(contracts: int, seconds: float, database: str = "sqlite") -> dict[str, Any]:
        return {"contracts": contracts, "database": database, "total": {"seconds": seconds}}

    past = [took(100, 1.0), took(1_000, 99.0), took(1_000, 2.0), took(1_000, 5.0, "postgresql"), took(10_000, 1.0)]
    assert measured.exponent(took(10_000, 200.0), past) == 2.0
    assert measured.exponent(took(10_000, 50.0, "postgresql"), past) == 1.0
    assert measured.exponent(took(100, 50.0), past) is None


def test_the_same_size_makes_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        company.write(tmp_path / name, 200)
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_the_company_is_mixed_as_it_says() -> None:
    lines = company.lines_of(1_000, annual=False)
    assert dict(lines["kind"].value_counts().iter_rows()) == {"M": 600, "Y": 250, "U": 150}
    assert company.events(lines).height == 50
    held = lines.group_by("partner").len()["len"].value_counts().sort("len")
    assert held.rows() == [(1, 833), (2, 34), (3, 33)]
    kana = company.partners(1_000)["kana"]
    assert kana.n_unique() == kana.len() == 900


def test_a_company_that_does_not_hold_together_is_no_result(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "company.toml").write_text(company.SETTINGS, encoding="utf-8")
    setup.set_up(sqlite_url, tmp_path / "company.toml")
    monkeypatch.setattr(measured, "verify", lambda _: ["仕訳 1: 貸借が 5 円ずれています"])
    with pytest.raises(Refusal, match="5 円ずれています"):
        measured.prove(sqlite_url)
