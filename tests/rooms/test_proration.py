"""日割り: each policy at start, end, increase and decrease, with the numbers worked by hand."""

from __future__ import annotations

from tests.builders import a_contract, a_line, a_partner, a_shop, an_event, bill, billed, invoices, take_rows

POLICIES = ("daily", "monthly", "thirtieth", "thirty_360", "full_month", "free")


def nets(url: str, closing: str) -> dict[str, list[int]]:
    """The net amounts of each contract in one closing."""
    found: dict[str, list[int]] = {}
    for invoice in invoices(url, closing):
        for line in invoice["lines"]:
            found.setdefault(line["contract_no"], []).append(line["net"])
    return found


def contracts(url: str, column: str, **columns: object) -> None:
    """One contract for each policy, named by it."""
    take_rows(url, "contracts", [a_line(policy, **{column: policy}, **columns) for policy in POLICIES])


def test_a_cut_first_month(database: str) -> None:
    # 93,000 a month, from 11 May in a cycle of 1–31 May: 21 days. Under free it is not charged.
    a_shop(database)
    contracts(database, "proration_start", monthly=93_000, start="2026-05-11", anchor_day=1)
    bill(database, "2026-05-31")
    assert nets(database, "2026-05-31") == {
        "daily":      [63_000],  # × 21/31
        "monthly":    [63_000],  # a partial month by its days
        "thirtieth":  [65_100],  # × 21/30
        "thirty_360": [62_000],  # 5/11 → 6/1: 30 − 10 = 20 → × 20/30
        "full_month": [93_000],
    }  # fmt: skip


def test_a_cut_first_quarter_against_the_cycle_before_its_boundary(database: str) -> None:
    # Anchor 1, start 11 May: boundary 1 August, whole cycle 1 May – 31 July (92 days), used 82.
    a_shop(database)
    contracts(database, "proration_start", monthly=93_000, start="2026-05-11", anchor_day=1, cycle_months=3)
    bill(database, "2026-05-31")
    assert nets(database, "2026-05-31") == {
        "daily":      [82_891],  # × 82/92 = 82,891.3
        "monthly":    [83_000],  # (21/31 + 2) ÷ 3 = 83/93
        "thirtieth":  [83_700],  # (21 + 30 + 30) ÷ 90 = 81/90
        "thirty_360": [82_666],  # 5/11 → 8/1: 90 − 10 = 80 → × 80/90 = 82,666.7
        "full_month": [93_000],
    }  # fmt: skip


def test_a_cut_last_month(database: str) -> None:
    # 93,000 a month, billed after service, last day 10 May: 10 days.
    a_shop(database)
    contracts(database, "proration_end", monthly=93_000, timing="arrears")
    for policy in POLICIES:
        an_event(database, "cancel", contract_no=policy, last_day="2026-05-10")
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    assert nets(database, "2026-05-31") == {
        "daily":      [30_000],
        "monthly":    [30_000],
        "thirtieth":  [31_000],
        "thirty_360": [31_000],
        "full_month": [93_000],
    }  # fmt: skip
    assert nets(database, "2026-06-30") == {}


def test_an_increase_in_the_middle_of_a_billed_month(database: str) -> None:
    # Closing on the 10th: May is billed on 10 May at 31,000; from 17 May it costs 62,000: 15 of 31 days. The difference
    # belongs to the first closing on or after 17 May: 10 June.
    a_shop(database)
    a_partner(database, "TEN", closing_day=10)
    contracts(database, "proration_up", partner="TEN", monthly=31_000, start="2026-05-01")
    bill(database, "2026-05-10")
    for policy in POLICIES:
        an_event(database, "change_price", "2026-05-17", contract_no=policy, unit_price=62_000)
    bill(database, "2026-06-10")
    assert nets(database, "2026-06-10") == {
        "daily":      [-15_000, 30_000, 62_000],
        "monthly":    [-15_000, 30_000, 62_000],
        "thirtieth":  [-15_500, 31_000, 62_000],
        "thirty_360": [-14_466, 28_933, 62_000],  # 5/17 → 6/1: 14/30; 14,466.7 and 28,933.3 切捨て
        "full_month": [62_000],  # the current cycle stays as billed, the new price starts with the next
        "free":       [62_000],
    }  # fmt: skip


def test_a_decrease_in_the_middle_of_a_billed_month(database: str) -> None:
    a_shop(database)
    a_partner(database, "TEN", closing_day=10)
    contracts(database, "proration_down", partner="TEN", monthly=62_000, start="2026-05-01")
    bill(database, "2026-05-10")
    for policy in POLICIES:
        an_event(database, "change_price", "2026-05-17", contract_no=policy, unit_price=31_000)
    bill(database, "2026-06-10")
    assert nets(database, "2026-06-10") == {
        "daily":      [-30_000, 15_000, 31_000],
        "monthly":    [-30_000, 15_000, 31_000],
        "thirtieth":  [-31_000, 15_500, 31_000],
        "thirty_360": [-28_933, 14_466, 31_000],
        "full_month": [31_000],
        "free":       [31_000],
    }  # fmt: skip


def test_a_change_in_a_month_not_billed_yet_costs_as_one_in_a_month_that_was(database: str) -> None:
    # 後払: May is billed once it is over, a line for each price. Where 30分の1 counts 17〜31 May as 15 days, 1〜16 May is the
    # 15 others of the month's 30, although it has 16 days: 15,500 + 31,000 = 31,000 − 15,500 + 31,000.
    a_shop(database)
    a_partner(database, "END", closing_day=31)
    contracts(database, "proration_up", partner="END", monthly=31_000, start="2026-05-01", timing="arrears")
    for policy in POLICIES:
        an_event(database, "change_price", "2026-05-17", contract_no=policy, unit_price=62_000)
    bill(database, "2026-05-31")
    assert nets(database, "2026-05-31") == {
        "daily":      [16_000, 30_000],
        "monthly":    [16_000, 30_000],
        "thirtieth":  [15_500, 31_000],
        "thirty_360": [16_533, 28_933],
        "full_month": [31_000],
        "free":       [31_000],
    }  # fmt: skip


def test_the_four_policies_of_one_contract_are_separate(database: str) -> None:
    # start 満額, increase 30分の1, end 無料: April whole, 16–30 April credited and charged by 15/30, May not charged.
    a_shop(database)
    a_partner(database, "TEN", closing_day=10)
    a_contract(
        database, partner="TEN", monthly=31_000, start="2026-04-05", anchor_day=1,
        proration="daily", proration_start="full_month", proration_up="thirtieth", proration_end="free",
    )  # fmt: skip
    bill(database, "2026-04-10")
    an_event(database, "change_price", "2026-04-16", unit_price=62_000)
    an_event(database, "cancel", last_day="2026-05-20")
    bill(database, "2026-05-10", "2026-06-10")
    assert billed(database) == [
        ("2026-04-10", "2026-04-05", "2026-04-30", 31_000),
        ("2026-05-10", "2026-04-16", "2026-04-30", -15_500),
        ("2026-05-10", "2026-04-16", "2026-04-30", 31_000),
    ]


def test_a_cycle_not_yet_billed_gets_one_line_per_state_and_no_credit(database: str) -> None:
    a_shop(database)
    a_contract(database, monthly=30_000, timing="arrears")
    an_event(database, "change_price", "2026-04-11", unit_price=60_000)
    an_event(database, "change_quantity", "2026-04-21", quantity=2)
    bill(database, "2026-04-30")
    assert billed(database) == [
        ("2026-04-30", "2026-04-01", "2026-04-10", 10_000),  # 30,000 × 10/30
        ("2026-04-30", "2026-04-11", "2026-04-20", 20_000),  # 60,000 × 10/30
        ("2026-04-30", "2026-04-21", "2026-04-30", 40_000),  # 120,000 × 10/30
    ]


def test_amounts_are_rounded_by_the_companys_rule_and_credits_mirror_them(database: str) -> None:
    # 10,000 × 20/31 = 6,451.6…; the credit of the same days is the exact mirror.
    a_shop(database, amount_rounding="half_up")
    a_partner(database, "TEN", closing_day=10)
    a_contract(database, partner="TEN", start="2026-05-12", anchor_day=1)
    bill(database, "2026-06-10")
    an_event(database, "cancel", "2026-05-12")
    bill(database, "2026-07-10")
    assert [row[1:] for row in billed(database)] == [
        ("2026-05-12", "2026-05-31", 6_452),
        ("2026-06-01", "2026-06-30", 10_000),
        ("2026-05-12", "2026-05-31", -6_452),
        ("2026-06-01", "2026-06-30", -10_000),
    ]
