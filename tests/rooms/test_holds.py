"""Bills of single partners held back from issue (保留): neither issued nor approved, told everywhere, and issued once released."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import (
    a_line,
    a_partner,
    a_shop,
    an_event,
    assert_same,
    bill,
    dump,
    invoices,
    report,
    take_rows,
    users,
)
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import month
from urikake.rooms.billing import queries as billing

APRIL = "2026-04-30"


def a_drafted_shop(url: str, **policy: Any) -> str:
    """Three partners with a contract each, billed for April as drafts."""
    a_shop(url, **policy)
    for code in ("P2", "P3"):
        a_partner(url, code)
    take_rows(url, "contracts", [a_line(f"C{n}", partner=f"P{n}") for n in (1, 2, 3)])
    assert bill(url, APRIL, issue=False) == {"charges": 3, "drafts": 3}
    return url


def hold(url: str, partner: str, why: str = "検収待ち", **how: Any) -> dict[str, Any]:
    return month.hold_billing(url, date.fromisoformat(APRIL), partner=partner, why=why, **how)


def issued(url: str) -> list[tuple[str, str, str, str]]:
    return [(i["partner"], i["closing"], i["issue_date"], i["dues"][0]["date"]) for i in invoices(url)]


OTHERS = [(code, APRIL, APRIL, "2026-05-31") for code in ("P1", "P3")]


def test_a_held_partner_is_not_issued_and_once_released_is_as_it_would_have_been(database: str) -> None:
    a_drafted_shop(database)
    assert hold(database, "P2") == {"new": True, "held": 1}
    assert bill(database, APRIL) == {"charges": 0, "invoices": 2, "total": 22_000, "held": 1}
    assert bill(database, APRIL) == {"charges": 0, "invoices": 0, "total": 0, "held": 1}
    assert issued(database) == OTHERS
    assert hold(database, "P2", "", release=True) == {"new": True, "held": 0}
    assert bill(database, APRIL) == {"charges": 0, "invoices": 1, "total": 11_000}
    assert issued(database) == [*OTHERS, ("P2", APRIL, APRIL, "2026-05-31")]


def test_what_is_charged_anew_to_a_held_partner_stays_a_draft_too(database: str) -> None:
    a_drafted_shop(database)
    hold(database, "P2")
    for number in ("C1", "C2"):
        an_event(database, "change_price", "2026-04-16", contract_no=number, unit_price=20_000)
    assert bill(database, APRIL) == {"charges": 4, "invoices": 2, "total": 22_000 + 5_500, "held": 1}
    assert issued(database) == OTHERS
    hold(database, "P2", release=True)
    assert bill(database, APRIL)["total"] == 11_000 + 5_500
    assert bill(database, "2026-05-31") == {"charges": 3, "invoices": 3, "total": 22_000 + 22_000 + 11_000}


def test_an_approval_leaves_a_held_partner_out(database: str) -> None:
    a_drafted_shop(database, second_person=["invoices"])
    users(database, hana="approver")
    for code in ("P1", "P2", "P3"):
        hold(database, code)
    with pytest.raises(Refusal, match="all-held"):
        month.approve(database, "invoices", [APRIL], user="hana")
    for code in ("P1", "P3"):
        hold(database, code, release=True)
    assert month.approve(database, "invoices", [APRIL], user="hana") == {"invoices": 2, "total": 22_000, "held": 1}
    hold(database, "P2", release=True)
    assert month.approve(database, "invoices", [APRIL], user="hana") == {"invoices": 1, "total": 11_000}


def test_a_month_with_a_held_bill_is_not_closed_and_says_so(database: str) -> None:
    a_drafted_shop(database)
    hold(database, "P2")
    with pytest.raises(Refusal, match="保留している請求が1件（請求明細1件）あります") as refused:
        month.close(database, "2026-04")
    assert refused.value.code == "not-finished"
    assert "発行していない" not in str(refused.value)
    assert issued(database) == OTHERS
    hold(database, "P2", release=True)
    assert month.close(database, "2026-04")["locked"]
    assert len(invoices(database)) == 3


def test_holding_is_told_before_bills_go_out(database: str) -> None:
    a_drafted_shop(database)
    hold(database, "P2")
    found = [row for row in report(database, "billing-alarms", closing=APRIL) if row["kind"] == "held"]
    assert [(row["partner"], row["current"], row["reason"]) for row in found] == [("P2", 10_000, "検収待ち")]


def test_holding_twice_changes_nothing_and_another_reason_is_kept(database: str) -> None:
    a_drafted_shop(database)
    hold(database, "P2")
    before = dump(database)
    assert hold(database, "P2") == {"new": False, "held": 1}
    assert_same(before, dump(database))
    assert hold(database, "P2", "金額の確認") == {"new": True, "held": 1}
    assert hold(database, "P2", release=True) == {"new": True, "held": 0}
    before = dump(database)
    assert hold(database, "P2", release=True) == {"new": False, "held": 0}
    assert hold(database, "P2", preview=True) == {"new": True, "held": 1}
    assert_same(before, dump(database))


@pytest.mark.parametrize(
    ("code", "partner", "how"),
    [
        ("no-partner", "P9", {}),
        ("no-partner", "P9", {"release": True}),
        ("no-draft",   "P4", {}),
        ("no-reason",  "P2", {"why": " "}),
        ("long-reason", "P2", {"why": "長" * 501}),
        ("not-held",   "P2", {"release": True}),
    ],
)  # fmt: skip
def test_what_cannot_be_held_or_released_is_refused(
    database: str, code: str, partner: str, how: dict[str, Any]
) -> None:
    a_drafted_shop(database)
    a_partner(database, "P4")
    before = dump(database)
    with pytest.raises(Refusal) as refused:
        hold(database, partner, **how)
    assert refused.value.code == code
    assert_same(before, dump(database))


def test_an_issued_bill_cannot_be_held(database: str) -> None:
    a_drafted_shop(database)
    bill(database, APRIL)
    with pytest.raises(Refusal, match="no-draft"):
        hold(database, "P2")


def test_bills_that_are_held_and_sum_to_nothing_between_them_still_keep_the_month_open(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2")
    two = a_line("C2", partner="P2", cycle_months=2, proration="monthly")
    take_rows(database, "contracts", [a_line("C1", monthly=5_000), two])
    bill(database, APRIL)
    month.close(database, "2026-04")
    an_event(database, "cancel", "2026-05-01", contract_no="C2")
    bill(database, "2026-05-31", issue=False)
    for code in ("P1", "P2"):
        month.hold_billing(database, date(2026, 5, 31), partner=code, why="確認")
    with runs.reading(database) as session:
        assert sorted(billing.drafts(session, date(2026, 5, 31))["amount"]) == [-5_000, 5_000]
    with pytest.raises(Refusal, match="保留している請求が2件"):
        month.close(database, "2026-05")
