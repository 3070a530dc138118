"""The benchmark: its company is coherent after its year, its answer has the promised shape, its floor writes the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from tests.builders import assert_coherent, report
from urikake.base import bulk, facts, periods, runs
from urikake.doors import asked
from urikake.doors.bench import company, floor, measured, phases
from urikake.doors.bench.phases import Clock
from urikake.doors.cli import bench
from urikake.doors.cli.main import app

WRITING = ["import", "bill+issue", "receipts+match", "recognise", "close"]
PHASES = [*WRITING, "trial-balance", "aging"]
SIZE = 40


@pytest.fixture
def year(database: str, tmp_path: Path) -> Iterator[Clock]:
    """The clock of a small company's year, on each database."""
    company.write(tmp_path, SIZE)
    yield phases.run(database, tmp_path, lambda _: None)


def test_the_company_is_coherent_after_its_year(database: str, year: Clock) -> None:
    assert_coherent(database)
    assert list(year.seconds) == PHASES
    with runs.reading(database) as session:
        months = session.rows("base_period_event", "id, locked")
        settled = session.rows("matching_application", "id").height
        received = session.rows("receipts_receipt", "id").height
        kinds = session.rows("contracts_event", "id, kind")["kind"].unique().sort().to_list()
    assert months["locked"].to_list() == [True] * 12
    assert settled == received > SIZE  # every payment found its invoices by itself
    assert kinds == ["change_plan", "change_quantity"]
    assert asked.answer(database, "receipts", {"status": "unapplied"}) == []


def test_fees_that_payers_deducted_were_booked(database: str, year: Clock) -> None:
    fees = {
        row["account"]: row["balance"]
        for row in report(database, "trial-balance", as_of=periods.last_day(company.MONTHS[-1]))
    }
    assert fees["支払手数料"] > 0
    assert fees["支払手数料"] % 440 == 0
    assert fees["仮受金"] == 0


def test_every_row_belongs_to_the_phase_that_wrote_it(database: str, year: Clock, tmp_path: Path) -> None:
    tables = floor.spooled(year, tmp_path)
    assert sorted(tables) == sorted(["init", *WRITING])
    assert {"billing_charge", "invoices_line", "ledger_line", "base_run", "base_link"} <= set(tables["bill+issue"])
    assert "ledger_line" not in tables["import"]
    with runs.reading(database) as session:
        for model in facts.fact_models():
            name = model._meta.db_table
            parts = [pl.read_parquet(paths[name]) for paths in tables.values() if name in paths]
            assert sum(part.height for part in parts) == session.rows(name, "id").height, name


def test_the_floor_writes_the_very_same_rows(database: str, year: Clock, tmp_path: Path) -> None:
    tables = floor.spooled(year, tmp_path)["bill+issue"]
    with floor.fresh(database, tmp_path) as empty:
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
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build/bench").mkdir(parents=True)
    monkeypatch.setenv("DATABASE_URL", database)
    answers: list[dict[str, Any]] = []
    for contracts in (20, SIZE):
        found = CliRunner().invoke(app, ["bench", "--contracts", str(contracts), "--format", "json"])
        assert found.exit_code == 0, found.output
        answers.append(json.loads(found.stdout))
    answer = answers[1]
    assert answer["contracts"] == SIZE
    assert answer["database"] == request.node.callspec.params["database"]
    assert [phase["name"] for phase in answer["phases"]] == PHASES
    for phase in answer["phases"]:
        assert set(phase) == {"name", "seconds", "rows", "floor_seconds", "ratio", "peak_mib"}
        assert phase["peak_mib"] > 0
        assert (phase["rows"] > 0) == (phase["floor_seconds"] is not None) == (phase["name"] in WRITING)
    assert set(answer["total"]) == {"seconds", "floor_seconds", "ratio", "peak_mib"}
    assert answer["rows"] == sum(phase["rows"] for phase in answer["phases"])
    assert [a["growth"] is None for a in answers] == [True, False]
    with bulk.transaction(database, writing=False) as session:  # what the URL names is left as it was
        assert session.value("SELECT count(*) AS n FROM base_company") == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("urikake-bench")] == []


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
    kana = company.partners(1_000)["kana"]
    assert kana.n_unique() == kana.len() == 900


def test_a_company_that_does_not_hold_together_is_no_result(
    database: str, year: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "verify", lambda _: ["仕訳 1: 貸借が 5 円ずれています"])
    with pytest.raises(measured.Refusal, match="5 円ずれています"):
        measured.prove(database)
