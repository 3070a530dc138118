"""``urikake demo``: the company of 14 months, whole or not at all, the same every time, never in anybody's books."""

from __future__ import annotations

import csv
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path

import polars as pl
import pytest

from tests import builders
from tests.stories.runner import World, done, living
from urikake.base.errors import Refusal
from urikake.base.url import with_company
from urikake.core import payer
from urikake.doors.demo_company import making
from urikake.doors.demo_company.plan import Plan, plan

SMALL = 0.06


@pytest.fixture(scope="module")
def whole() -> Plan:
    """The plan of the demo as it is shipped."""
    return plan()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The company at a few percent of its size, so that it is made in a few seconds."""
    monkeypatch.setattr(making, "make", partial(making.make, scale=SMALL))


# --- the plan --------------------------------------------------------------------------------------------------------


def test_the_company_has_the_size_that_it_says(whole: Plan) -> None:
    assert len(whole.partners) == 340
    assert 1_150 <= whole.contracts.height <= 1_250
    assert whole.contracts["month"].n_unique() == 14


def test_everything_that_a_contract_may_be_occurs(whole: Plan) -> None:
    with (making.MASTERS / "products.csv").open(encoding="utf-8") as text:
        products = {row["code"]: row for row in csv.DictReader(text)}
    sold = [products[code] for code in whole.contracts["product"].unique()]
    assert {row["code"] for row in sold} == set(products)
    assert {row["price_model"] for row in sold} == set("flat unit graduated volume package included free".split())
    assert {row["revenue"] for row in sold} == set("monthly daily usage point contract_start lifetime".split())
    assert {row["tax"] for row in sold} == set("standard standard_incl reduced exempt out_of_scope export".split())
    assert set(whole.contracts["timing"]) == {"advance", "current", "arrears"}
    assert set(whole.contracts["cycle_months"]) == {0, 1, 3, 6, 12}
    kinds = "change_plan change_quantity change_price add_option remove_option decline_renewal cancel withdraw"
    assert set(whole.events["type"]) == set(kinds.split())


def test_customers_pay_in_every_way_and_on_three_closing_days(whole: Plan) -> None:
    habits = {partner.habit for partner in whole.partners}
    assert habits == set("exact fee late slow part over alias stopped".split())
    assert {partner.row["closing_day"] for partner in whole.partners} == {"10", "20", "31", "10;20;31"}
    assert any(partner.row["split"] for partner in whole.partners)
    assert {partner.account for partner in whole.partners} == {"main", "sub"}


def test_a_bank_prints_each_customer_so_that_only_that_one_is_meant(whole: Plan) -> None:
    names = [partner.row for partner in whole.partners]
    printed = payer.folded(pl.Series([row["payer_names"] for row in names]))
    assert printed.to_list() == payer.folded(pl.Series([row["kana"] for row in names])).to_list()
    assert printed.n_unique() == len(names)


def test_the_plan_follows_from_its_seed_alone(whole: Plan) -> None:
    again, other = plan(), plan(7)
    assert again.contracts.equals(whole.contracts)
    assert again.usage.equals(whole.usage)
    assert not other.contracts.equals(whole.contracts)


def test_some_usage_comes_late_and_some_lines_are_silent_in_the_last_month(whole: Plan) -> None:
    served = whole.usage.with_columns(served=pl.col("timestamp").str.head(7))
    late = served.filter(pl.col("served") < pl.col("month").dt.strftime("%Y-%m"))
    assert late.height
    lines = {
        month: set(served.filter(pl.col("served") == month)["event_id"].str.head(5)) for month in ("2026-10", "2026-11")
    }
    assert len(lines["2026-10"] - lines["2026-11"]) >= 3


# --- the command -----------------------------------------------------------------------------------------------------


def books(url: str) -> list[object]:
    """The journal without what differs between two times of doing the same."""
    return builders.report(url, "journals", since="2025-10-01", until="2026-11-30")


@pytest.mark.usefixtures("small")
def test_it_is_made_whole_whatever_stopped_it_and_again_the_same(sqlite_url: str, tmp_path: Path) -> None:
    url, world = with_company(sqlite_url, making.CODE), World(tmp_path, sqlite_url)
    begin(sqlite_url, tmp_path)
    with living(world):
        told = done("urikake demo --files tables", world)
        first = books(url)
        assert "途中までのデモの会社があったので" in told
        assert told.count("・締め") == 14
        assert "消し込んでいない入金" in told
        assert "もう作ってあります" in done("urikake demo", world)
        assert books(url) == first
        assert "2026年11月" in done("urikake demo --reset", world)
    assert books(url) == first
    assert (tmp_path / "tables" / "receipts-main-2026-11-30.csv").exists()
    assert [row["state"] for row in builders.report(url, "close-status", month="2026-10")][-1] == "済"


def begin(url: str, folder: Path) -> None:
    """Do the first steps, as if the process had died after them."""
    assert len(list(islice(making.make(url, folder), 9))) == 9
    assert making.state(url) == "part"


@pytest.mark.usefixtures("small")
def test_it_is_removed_with_all_its_tables_and_may_be_made_again(database: str, tmp_path: Path) -> None:
    for _ in range(2):
        begin(database, tmp_path)
        making.remove(database)
        assert making.state(database) == "none"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("command", ["urikake demo", "urikake demo --reset"])
def test_another_company_is_left_alone(sqlite_url: str, tmp_path: Path, command: str) -> None:
    builders.a_company(sqlite_url)
    world = World(tmp_path, sqlite_url)
    with living(world):
        assert done(command, world).endswith("[demo-elsewhere]\n")
    assert builders.balances(sqlite_url) == {}


def test_only_the_demo_of_14_months_is_reset(sqlite_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, sqlite_url)
    with living(world):
        assert done("urikake demo water --reset", world).endswith("[demo-option]\n")


def test_removing_where_nothing_is_does_nothing(sqlite_url: str) -> None:
    making.remove(sqlite_url)
    assert making.state(sqlite_url) == "none"
    builders.a_company(sqlite_url)
    with pytest.raises(Refusal, match="demo-elsewhere"):
        making.remove(sqlite_url)


def test_it_stands_on_a_closing_day() -> None:
    assert date(2026, 11, 30) == making.LAST
