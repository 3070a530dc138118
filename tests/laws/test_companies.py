"""Several companies in one database: each lives as if it were alone, and none ever shows a row of another."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.simulator.play import do, found_company
from tests.simulator.story import Story, told
from urikake.base import runs
from urikake.base.company import companies
from urikake.base.errors import Refusal
from urikake.base.url import with_company
from urikake.doors import month, setup
from urikake.rooms.contracts.queries import contracts as contract_rows

PLAIN = ("invoices", "receipts", "schedule")
DATED = ("receivables", "trial-balance", "aging", "contracts", "renewals")
MONTHLY = ("recognized", "deferred", "close-status")


def books(url: str, story: Story) -> dict[str, str]:
    """Every report of the company, as it is printed."""
    found: dict[str, Any] = {name: builders.report(url, name) for name in PLAIN}
    found |= {name: builders.report(url, name, as_of="2099-12-31") for name in DATED}
    found["journals"] = builders.entries(url)
    last = max(step.on for step in story.steps)
    found |= {name: builders.report(url, name, month=f"{last:%Y-%m}") for name in MONTHLY}
    found |= {f"statement {p}": statement(url, p) for p in sorted({row["partner"] for row in found["invoices"]})}
    return {name: json.dumps(rows, ensure_ascii=False) for name, rows in found.items()}


def statement(url: str, partner: str) -> list[dict[str, Any]]:
    return builders.report(url, "statement", partner=partner, since="1900-01-01", until="2099-12-31")


@pytest.fixture(params=("sqlite", "postgresql"))
def databases(request: pytest.FixtureRequest, tmp_path: Path, sqlite_copies: Callable[[Path], str]) -> list[str]:
    """The URLs of three empty databases on the same engine."""
    if request.param == "postgresql":
        copies = request.getfixturevalue("postgresql_copies")
        return [copies() for _ in range(3)]
    folders = [tmp_path / name for name in ("shared", "first", "second")]
    for folder in folders:
        folder.mkdir()
    return [sqlite_copies(folder) for folder in folders]


def test_two_companies_in_one_database_live_as_if_alone(databases: list[str]) -> None:
    shared, *alone = databases
    stories = [told(3, months=3, size=8), told(7, months=3, size=8)]
    together = [with_company(shared, code) for code in ("first", "second")]
    for url, story in zip([*alone, *together], [*stories, *stories], strict=True):
        found_company(url, story)
    for url, story in zip(alone, stories, strict=True):
        for step in story.steps:
            do(url, step, checked=False)
    for steps in zip_longest(*(story.steps for story in stories)):  # day by day, one beside the other
        for url, step in zip(together, steps, strict=True):
            if step is not None:
                do(url, step, checked=False)
    for url, own, story in zip(together, alone, stories, strict=True):
        assert books(url, story) == books(own, story)
        builders.assert_coherent(url)


def test_the_same_codes_and_numbers_are_each_companys_own(database: str) -> None:
    urls = [with_company(database, code) for code in ("one", "two")]
    for url, price in zip(urls, (10_000, 20_000), strict=True):
        builders.a_shop(url)
        builders.a_contract(url, monthly=price)
        for kind in ("receivables", "openings", "users"):
            builders.take_rows(url, kind, builders.GIVEN[kind])
        builders.bill(url, "2026-04-30")
        builders.receive(url, price * 11 // 10)
        month.match(url)
        month.recognize(url, "2026-04")
    assert [builders.the_invoice(url)["total"] for url in urls] == [11_000, 22_000]
    assert {builders.the_invoice(url)["number"] for url in urls} == {"INV-2026-00001"}
    for url in urls:
        with runs.reading(url) as session:
            assert contract_rows(session)["contract_id"].to_list() == [session.low + 1]
        builders.assert_coherent(url)


def test_which_company_is_meant_must_be_said_where_there_are_several(database: str) -> None:
    assert companies(database) == []
    builders.a_company(database)
    assert [code for _, code, _ in companies(database)] == ["main"]
    assert builders.report(database, "invoices") == []  # the only one
    builders.a_company(with_company(database, "minato"))
    assert companies(database) == [(1, "main", "株式会社テスト"), (2, "minato", "株式会社テスト")]
    for door in (lambda url: builders.report(url, "invoices"), lambda url: month.recognize(url, "2026-04")):
        with pytest.raises(Refusal, match="main 株式会社テスト、minato 株式会社テスト") as refused:
            door(database)
        assert refused.value.code == "which-company"
        with pytest.raises(Refusal, match="unknown-company"):
            door(with_company(database, "kita"))
    assert builders.report(with_company(database, "minato"), "invoices") == []


def company_file(folder: Path, code: str) -> Path:
    file = folder / f"{code[:3]}.toml"
    file.write_text(f'[company]\nname = "株式会社{code}"\ncode = "{code}"\n', encoding="utf-8")
    return file


def test_a_company_is_added_under_its_own_code_only_once(database: str, tmp_path: Path) -> None:
    setup.set_up(database, company_file(tmp_path, "kita"))
    setup.set_up(with_company(database, "minami"), company_file(tmp_path, "minami"))
    assert [row[:2] for row in companies(database)] == [(1, "kita"), (2, "minami")]
    for url, code, reason in (
        (database, "kita", "company-exists"),
        (database, "Kita!", "company-code"),
        (database, "a" * 21, "company-code"),
        (with_company(database, "kita"), "nishi", "other-company"),
    ):
        with pytest.raises(Refusal) as refused:
            setup.set_up(url, company_file(tmp_path, code))
        assert refused.value.code == reason
    assert len(companies(database)) == 2


def test_a_closed_month_of_one_company_is_open_in_the_other(database: str) -> None:
    urls = [with_company(database, code) for code in ("one", "two")]
    for url in urls:
        builders.a_shop(url)
        builders.a_contract(url)
    month.close(urls[0], "2026-04")
    builders.bill(urls[1], "2026-04-30")
    with runs.reading(urls[0]) as session:
        assert session.company_id == 1
    assert [row["state"] for row in builders.report(urls[0], "close-status", month="2026-04")][-1] == "済"
    assert [row["state"] for row in builders.report(urls[1], "close-status", month="2026-04")][-1] == "未"
    assert date.fromisoformat(builders.the_invoice(urls[1])["issue_date"]) == date(2026, 4, 30)
