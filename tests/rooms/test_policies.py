"""Policies (方針): changed by proposal and a second person, for what is computed from then on; the past stays as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import (
    a_contract,
    a_shop,
    balances,
    bill,
    invoices,
    match,
    open_items,
    receive,
    report,
    unapply,
    users,
)
from urikake.base import policies as told
from urikake.base import proposals, runs
from urikake.base.company import SECOND_PERSON, policies
from urikake.base.errors import Refusal
from urikake.doors import company
from urikake.rooms.reports.queries.explain import explain


def staffed(url: str, **policy: object) -> str:
    a_shop(url, second_person=["policies"], **policy)
    users(url, kanri="admin", betsu="admin", syonin="approver", keiri="accountant")
    return url


def value(url: str, key: str) -> str:
    with runs.reading(url) as session:
        return policies(session)[key]


def change(url: str, **values: str) -> None:
    number = company.propose(url, values, why="ため", user="kanri")
    assert number is not None
    company.decide(url, number, "approved", user="syonin")


def test_a_change_waits_for_another_person_and_then_holds(database: str) -> None:
    staffed(database)
    number = company.propose(database, {"tax_rounding": "half_up"}, why="取引先と合わせる", user="kanri")
    assert number is not None
    assert value(database, "tax_rounding") == "floor"
    (row,) = company.waiting(database, user="syonin")
    assert (row["number"], row["text"], row["actor"], row["why"]) == (
        number, "消費税の端数: 切り捨て → 四捨五入", "kanri", "取引先と合わせる",
    )  # fmt: skip
    for who, code in (("kanri", "own-proposal"), ("keiri", "not-permitted")):
        with pytest.raises(Refusal) as refused:
            company.decide(database, number, "approved", user=who)
        assert refused.value.code == code
    assert company.decide(database, number, "approved", user="syonin") == row["text"]
    assert value(database, "tax_rounding") == "half_up"
    assert company.waiting(database) == []
    with pytest.raises(Refusal, match="not-waiting"):
        company.decide(database, number, "approved", user="betsu")


@pytest.mark.parametrize(("verdict", "who"), [("returned", "betsu"), ("withdrawn", "kanri")])
def test_what_is_returned_or_withdrawn_changes_nothing(database: str, verdict: str, who: str) -> None:
    staffed(database)
    number = company.propose(database, {"allocation": "proportional"}, why="ため", user="kanri")
    assert number is not None
    company.decide(database, number, verdict, user=who)  # type: ignore[arg-type]
    assert value(database, "allocation") == "oldest"
    assert company.waiting(database) == []


def test_only_the_proposer_withdraws(database: str) -> None:
    staffed(database)
    number = company.propose(database, {"allocation": "proportional"}, why="ため", user="kanri")
    assert number is not None
    with pytest.raises(Refusal, match="not-own"):
        company.decide(database, number, "withdrawn", user="betsu")


def test_a_proposal_that_was_overtaken_is_refused(database: str) -> None:
    staffed(database)
    number = company.propose(database, {"fee_tolerance": "440"}, why="ため", user="kanri")
    assert number is not None
    change(database, fee_tolerance="660")
    with pytest.raises(Refusal, match="stale-proposal"):
        company.decide(database, number, "approved", user="syonin")
    assert value(database, "fee_tolerance") == "660"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"amount_rounding": "ceil"}, "fixed-policy"),
        ({"currency": "USD"}, "fixed-policy"),
        ({"no_such": "1"}, "unknown-policy"),
        ({"tax_rounding": "up"}, "policy-value"),
        ({"fee_tolerance": "-1"}, "policy-value"),
        ({"fee_tolerance": "１"}, "policy-value"),
        ({"second_person": "receivables,all"}, "policy-value"),
        ({"registration_number": "T1234567890123"}, "registration-number"),
        ({"tax_rounding": "floor"}, "no-change"),
    ],
)
def test_a_value_that_cannot_be_is_refused(database: str, values: dict[str, str], code: str) -> None:
    staffed(database)
    with pytest.raises(Refusal) as refused:
        company.propose(database, values, why="ため", user="kanri")
    assert refused.value.code == code
    assert company.waiting(database) == []


def test_without_a_second_person_it_is_done_at_once_by_who_may(database: str) -> None:
    a_shop(database, second_person=[])
    users(database, kanri="admin", keiri="accountant")
    with pytest.raises(Refusal, match="not-permitted"):
        company.propose(database, {"fee_tolerance": "440"}, user="keiri")
    assert company.propose(database, {"fee_tolerance": "440"}, user="kanri") is None
    assert value(database, "fee_tolerance") == "440"


def test_an_issued_invoice_keeps_its_rounding_and_is_explained_by_it(database: str) -> None:
    staffed(database)
    a_contract(database, "C1", monthly=1_005)
    bill(database, "2026-04-30")
    change(database, tax_rounding="ceil")
    bill(database, "2026-05-31")
    assert [i["tax"] for i in invoices(database)] == [100, 101]  # 100.5, down and then up
    with runs.reading(database) as session:
        first, second = (explain(session, f"INV-2026-0000{n}", None) for n in (1, 2))
    assert (first.equal, second.equal) == (True, True)
    assert [dict(each.sources)["方針 消費税の端数"] for each in (first, second)] == ["1円未満切捨て", "1円未満切上げ"]


def test_undoing_a_fee_undoes_it_on_the_account_it_was_booked_to(database: str) -> None:
    staffed(database, fee_account="支払手数料")
    a_contract(database, "C1", monthly=10_000)
    bill(database, "2026-04-30")
    receive(database, 10_560)
    match(database)
    assert balances(database)["支払手数料"] == 440
    change(database, fee_account="売上値引")
    application = report(database, "receipts")[0]["applications"][0]
    unapply(database, int(application["id"] if isinstance(application, dict) else application))
    assert "支払手数料" not in balances(database)
    assert "売上値引" not in balances(database)
    assert open_items(database) == {"INV-2026-00001": 11_000}
    match(database)
    after = balances(database)
    assert (after["売上値引"], after["仮受消費税"]) == (
        400,
        40 - 1_000,
    )  # a discount carries the tax of the sale it lessens


def test_a_process_that_decides_knows_every_kind_of_proposal() -> None:
    asks = "from urikake.doors import company; from urikake.base.proposals import KINDS; print(*sorted(KINDS))"
    load = "import django; from django.conf import settings; import os"
    ready = "os.environ['DJANGO_SETTINGS_MODULE'] = 'urikake.doors.settings'; django.setup()"
    told = subprocess.run(
        [sys.executable, "-c", f"{load}; {ready}; {asks}"], check=True, capture_output=True, text=True
    )
    rooms = Path("src/urikake").rglob("*.py")
    entered = sum(path.read_text(encoding="utf-8").count("proposals.kind(") for path in rooms)
    assert len(told.stdout.split()) == entered == len(proposals.KINDS)


def test_the_order_in_which_kinds_are_named_is_no_change(database: str) -> None:
    a_shop(database, second_person=["policies", "refund", "receivables"])
    assert value(database, "second_person") == "receivables,refund,policies"
    with pytest.raises(Refusal, match="no-change"):
        company.propose(database, {"second_person": "policies,receivables,refund"}, why="ため")


def test_whatever_waits_for_a_second_person_can_be_named_in_the_policy() -> None:
    assert {kind.held_by for kind in proposals.KINDS.values()} - set(SECOND_PERSON) == set()
    assert set(told.KINDS) == set(SECOND_PERSON)
