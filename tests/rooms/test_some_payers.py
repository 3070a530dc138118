"""Billing of single payers and groups: they alone, whole, and the rest with the next run of the closing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import a_line, a_partner, a_shop, assert_same, bill, dump, invoices, report, take_rows
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import month
from urikake.rooms.closing.queries import billed_in_parts

APRIL = "2026-04-30"


def a_shop_of_four(url: str) -> str:
    """Three payers, one of whom pays for a fourth partner; contracts of two management groups."""
    a_shop(url)
    for code, columns in (("P2", {}), ("P3", {}), ("P4", {"bill_to": "P3"})):
        a_partner(url, code, **columns)
    groups = {"C1": ("P1", "東"), "C1b": ("P1", "西"), "C2": ("P2", "西"), "C3": ("P3", ""), "C4": ("P4", "東")}
    rows = [a_line(no, partner=partner, management_group=group) for no, (partner, group) in groups.items()]
    take_rows(url, "contracts", rows)
    return url


def issued(url: str) -> list[tuple[str, list[str]]]:
    return [(i["partner"], [line["contract_no"] for line in i["lines"]]) for i in invoices(url)]


def in_parts(url: str) -> bool:
    with runs.reading(url) as session:
        return billed_in_parts(session, date.fromisoformat(APRIL))


def test_a_payer_is_billed_alone_and_the_rest_later(database: str) -> None:
    a_shop_of_four(database)
    assert bill(database, APRIL, partners=["P2"]) == {"charges": 1, "invoices": 1, "total": 11_000}
    assert bill(database, APRIL, partners=["P2"]) == {"charges": 0, "invoices": 0, "total": 0}
    assert in_parts(database)
    assert bill(database, APRIL)["invoices"] == 2
    assert not in_parts(database)
    assert issued(database) == [("P2", ["C2"]), ("P1", ["C1", "C1b"]), ("P3", ["C3", "C4"])]
    assert [i["number"] for i in invoices(database, APRIL)] == [f"INV-2026-0000{n}" for n in (1, 2, 3)]


def test_a_group_bills_its_payers_whole(database: str) -> None:
    a_shop_of_four(database)
    assert bill(database, APRIL, groups=["東"])["invoices"] == 2
    assert issued(database) == [("P1", ["C1", "C1b"]), ("P3", ["C3", "C4"])]
    assert bill(database, APRIL, groups=["西"], partners=["P1"])["invoices"] == 1


def test_drafts_of_others_are_left(database: str) -> None:
    a_shop_of_four(database)
    assert bill(database, APRIL, partners=["P1"], issue=False) == {"charges": 2, "drafts": 1}
    assert bill(database, APRIL, issue=False) == {"charges": 3, "drafts": 2}
    assert bill(database, APRIL, partners=["P3"])["invoices"] == 1
    assert issued(database) == [("P3", ["C3", "C4"])]
    month.hold_billing(database, date.fromisoformat(APRIL), partner="P1", why="確認")
    assert bill(database, APRIL, partners=["P2"]) == {"charges": 0, "invoices": 1, "total": 11_000}
    assert bill(database, APRIL, partners=["P1"]) == {"charges": 0, "invoices": 0, "total": 0, "held": 1}


def test_the_close_of_the_month_bills_what_was_left(database: str) -> None:
    a_shop_of_four(database)
    bill(database, APRIL, partners=["P2"])
    assert month.close(database, "2026-04")["locked"]
    assert [partner for partner, _ in issued(database)] == ["P2", "P1", "P3"]


def test_a_bill_in_parts_is_compared_as_a_whole(database: str) -> None:
    a_shop_of_four(database)
    bill(database, APRIL, partners=["P1", "P2"])
    bill(database, APRIL)
    bill(database, "2026-05-31", groups=["東"])
    bill(database, "2026-05-31")
    assert report(database, "billing-diff", closing="2026-05-31") == []
    assert report(database, "billing-alarms", closing="2026-05-31") == []


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("no-partner", {"partners": ["P1", "P9"]}),
        ("not-payer",  {"partners": ["P4"]}),
        ("no-group",   {"groups": ["南"]}),
        ("no-group",   {"groups": [""]}),
    ],
)  # fmt: skip
def test_who_cannot_be_billed_is_refused(database: str, code: str, how: dict[str, Any]) -> None:
    a_shop_of_four(database)
    before = dump(database)
    with pytest.raises(Refusal) as refused:
        bill(database, APRIL, **how)
    assert refused.value.code == code
    assert_same(before, dump(database))
